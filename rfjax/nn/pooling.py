"""Pooling: fewer outputs of a convolution, the largest of each neighbourhood."""

from collections.abc import Sequence
from functools import partial, reduce

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.arrays import Windows
from rfjax.checks import InvalidInput, finite_if_known, positive_integers


def max_pool(
    volts: Float[Array, "..."],
    window: Sequence[int],
    stride: int | Sequence[int] | None = None,
) -> Float[Array, "..."]:
    r"""The largest voltage in each window: $V_o=\max_kV_{k+so}$, a stride $s$ apart (6.2.3).

    Pixels at the end of an axis that fill no window are left out. The derivative goes to the
    largest alone; among equals, to the first.

    **Arguments:** `volts` (*b, channels, *space), in any unit; `window`: pixels along each axis of
    space, one or two axes; `stride`: pixels between windows, one number or one for each axis; as
    far as a window reaches if none is given.

    **Returns:** (*b, channels, *out), in the unit of `volts`.

    **Raises:** `InvalidInput` where the window, the stride or the shape of the volts do not fit.
    """
    windows = Windows(window, window if stride is None else stride)
    axes, volts = len(windows.size), finite_if_known("volts", volts)
    if volts.ndim <= axes:
        raise InvalidInput(
            f"volts have shape {volts.shape}; a window {windows.size} needs "
            f"(..., channels, *space) with {axes} axes of space"
        )
    out = windows.outputs(volts.shape[-axes:])
    # Channels last, and one axis after the other: so it and its derivative are fastest.
    largest = jnp.moveaxis(volts, -axes - 1, -1)
    for axis in reversed(range(axes)):
        along, step = largest.ndim - 1 - axes + axis, windows.stride[axis]
        reach = (out[axis] - 1) * step + 1
        shifted = [
            jax.lax.slice_in_dim(largest, first, first + reach, step, along)
            for first in range(windows.size[axis])
        ]
        largest = reduce(_larger, shifted)
    return jnp.moveaxis(largest, -1, -axes - 1)


def _larger(first: Float[Array, "..."], other: Float[Array, "..."]) -> Float[Array, "..."]:
    """The larger of two, the first of equals, and what is not a number where there is such."""
    return jnp.where((other > first) | jnp.isnan(other), other, first)


class MaxPool(eqx.Module):
    """A layer that keeps the largest of each neighbourhood; see `max_pool`.

    **Arguments:** `window`: pixels of a neighbourhood along each axis of space; `stride`: pixels
    between neighbourhoods, as far as one reaches if none is given.
    """

    window: tuple[int, ...] = eqx.field(static=True, converter=partial(positive_integers, "window"))
    stride: int | tuple[int, ...] | None = eqx.field(static=True, default=None)

    def __call__(self, values: Float[Array, "..."]) -> Float[Array, "..."]:
        """The largest values, (*b, channels, *out)."""
        return max_pool(values, self.window, self.stride)
