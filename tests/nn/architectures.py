"""Convolutional networks of few pixels, drawn at random."""

from hypothesis import strategies as st


@st.composite
def architectures(draw):
    """What `ConvolutionalNetwork.create` is told of sizes, one or two axes of space."""
    axes = draw(st.integers(1, 2))
    depth = draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    pool = tuple(draw(st.integers(1, 2)) for _ in range(axes))
    # Room for a window after every block.
    space = [draw(st.integers(4 * k + 2 * p, 4 * k + 2 * p + 3)) for k, p in zip(kernel, pool)]
    return {
        "image": (draw(st.integers(1, 2)), *space),
        "filters": tuple(draw(st.integers(1, 3)) for _ in range(depth)),
        "kernel": kernel,
        "pool": pool,
        "outputs": tuple(draw(st.integers(2, 4)) for _ in range(draw(st.integers(1, 2)))),
        "padding": draw(st.sampled_from(["VALID", "SAME", 1])),
    }
