"""Convolutions of few pixels, drawn at random, and what they give without any wiring."""

import jax
import numpy as np
from hypothesis import strategies as st

from rfjax.arrays import CompactCrossbar, ParallelCrossbar, SequentialChain, Windows

FORMS = (SequentialChain, ParallelCrossbar, CompactCrossbar)


@st.composite
def convolutions(draw):
    """(kernel shape, space, stride and padding), one or two axes of space."""
    axes = draw(st.integers(1, 2))
    kernel = [draw(st.integers(1, 3)) for _ in range(axes)]
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *kernel)
    space = tuple(draw(st.integers(size, 7)) for size in kernel)
    side = st.integers(0, 2)
    each = st.one_of(st.sampled_from(["VALID", "SAME"]), side, st.tuples(side, side))
    padding = draw(
        st.one_of(st.sampled_from(["VALID", "SAME"]), side, st.tuples(*[each for _ in kernel]))
    )
    stride = draw(st.one_of(st.integers(1, 2), st.tuples(*[st.integers(1, 2) for _ in kernel])))
    return shape, space, {"stride": stride, "padding": padding}


def drawn(shape, space, batch=(2,), seed=0):
    """Volts per watt of either sign and powers, in float32."""
    rng = np.random.default_rng(seed)
    kernel = 0.1 * rng.standard_normal(shape)
    powers = 1e-5 * rng.random((*batch, shape[1], *space))
    return kernel.astype(np.float32), powers.astype(np.float32)


def convolved(kernel, powers, stride, padding):
    """The signed sum over each window, in float64, by a library that knows no resonators."""
    places = kernel[0].size
    signed = kernel * ((-1.0) ** np.arange(places)).reshape(kernel.shape[1:])
    windows = Windows(kernel.shape[2:], stride, padding)
    space = powers.shape[-len(windows.size) :]
    return np.asarray(
        jax.lax.conv_general_dilated(
            powers.astype(np.float64).reshape(-1, kernel.shape[1], *space),
            signed.astype(np.float64),
            windows.stride,
            windows.pads(space),
        )
    )
