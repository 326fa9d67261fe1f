"""Images on their way through blocks of filters and pooling."""

import math
from collections.abc import Sequence

from jaxtyping import Array, Float

from rfjax.arrays import Windows
from rfjax.arrays.windows import Padding
from rfjax.checks import InvalidInput, positive_integers, shown


def architecture(
    image: Sequence[int],
    filters: Sequence[int],
    kernel: Sequence[int],
    pool: Sequence[int],
    padding: Padding,
) -> list[tuple[int, ...]]:
    """The shapes (channels, *space) of an image and of what each block makes of it.

    **Raises:** `InvalidInput` where sizes do not fit.
    """
    sizes, filters = positive_integers("image", image), positive_integers("filters", filters)
    kernel, pool = positive_integers("kernel", kernel), positive_integers("pool", pool)
    if len(sizes) != len(kernel) + 1 or len(pool) != len(kernel):
        raise InvalidInput(
            f"image is {shown(sizes)}, kernel {shown(kernel)} and pool {shown(pool)}; give "
            "(channels, *space), and kernel and pool with one length for each axis of space"
        )
    convolution, pooling = Windows(kernel, 1, padding), Windows(pool, pool)
    shapes = [sizes]
    for count in filters:
        space = pooling.outputs(convolution.outputs(shapes[-1][1:]))
        shapes.append((count, *space))
    return shapes


def as_images(rows: Float[Array, "*b features"], image: tuple[int, ...]) -> Float[Array, "..."]:
    """Rows of pixels as images, (*b, channels, *space).

    **Raises:** `InvalidInput` for another number of pixels.
    """
    if not rows.ndim or rows.shape[-1] != math.prod(image):
        raise InvalidInput(
            f"inputs have shape {rows.shape}; give (..., {math.prod(image)}), the pixels of images "
            f"{image} in rows"
        )
    return rows.reshape(*rows.shape[:-1], *image)
