"""Images on their way through blocks of filters and pooling."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays import Windows
from rfjax.arrays.windows import Padding
from rfjax.checks import (
    InvalidInput,
    finite_if_known,
    positive_integer,
    positive_integers,
    shown,
)


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


class Images(eqx.Module):
    """A layer that makes images of rows of pixels.

    **Arguments:** `shape`: (channels, *space).
    """

    shape: tuple[int, ...] = eqx.field(static=True, converter=partial(positive_integers, "shape"))

    def __call__(self, rows: ArrayLike) -> Float[Array, "..."]:
        """Rows of pixels (*b, features) as images (*b, channels, *space), the last axis first.

        **Raises:** `InvalidInput` for another number of pixels.
        """
        rows = finite_if_known("inputs", rows)
        if not rows.ndim or rows.shape[-1] != math.prod(self.shape):
            raise InvalidInput(
                f"inputs have shape {rows.shape}; give (..., {math.prod(self.shape)}), the pixels "
                f"of images {self.shape} in rows"
            )
        return rows.reshape(*rows.shape[:-1], *self.shape)


class Flatten(eqx.Module):
    """A layer that makes one axis of the last axes, of values or of tones.

    **Arguments:** `axes`: how many of the last axes become one.
    """

    axes: int = eqx.field(static=True, converter=partial(positive_integer, "axes"))

    def __call__(self, values: Any) -> Any:
        """The same with the last axes as one, the last of them counted first."""
        return jax.tree.map(lambda each: each.reshape(*each.shape[: -self.axes], -1), values)
