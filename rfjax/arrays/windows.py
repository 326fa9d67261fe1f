"""Windows that slide over the pixels of one or two axes of space."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from rfjax.checks import (
    MOST,
    InvalidInput,
    finite_if_known,
    one_of,
    positive_integer,
    positive_integers,
    sequence,
    shown,
)
from rfjax.numerics.convolution import Sliding, sliding_product

Padding = str | int | Sequence[str | int | tuple[int, int]]


class Windows(eqx.Module):
    """Windows of one size, a stride apart, over pixels padded with zeros.

    **Arguments:**

    - `size`: pixels along each axis of space, one or two axes.
    - `stride`: pixels between windows, one number or one for each axis.
    - `padding`: pixels of zeros around: "VALID" for none, "SAME" for as many as leave one
      window for every stride, a number, or for each axis a word, a number or the pair
      (before, after).

    **Raises:** `InvalidInput` where a value is not allowed or axes do not match.
    """

    size: tuple[int, ...] = eqx.field(static=True)
    stride: tuple[int, ...] = eqx.field(static=True)
    padding: tuple[str | tuple[int, int], ...] = eqx.field(static=True)

    def __init__(
        self, size: Sequence[int], stride: int | Sequence[int] = 1, padding: Padding = "VALID"
    ):
        self.size = positive_integers("window", size)
        if len(self.size) not in (1, 2):
            raise InvalidInput(f"window is {shown(self.size)}; give a length along one or two axes")
        axes = len(self.size)
        one = isinstance(stride, int | np.integer)
        strides = (stride,) * axes if one else sequence("stride", stride, "whole numbers")
        one = isinstance(padding, str | int | np.integer)
        paddings: Any = (padding,) * axes
        if not one:
            paddings = sequence("padding", padding, "words and numbers")
        for name, values in {"stride": strides, "padding": paddings}.items():
            if len(values) != axes:
                raise InvalidInput(
                    f"{name} is {shown(values)} for a window {self.size}; give one for all axes, "
                    "or one for each"
                )
        self.stride = tuple(positive_integer("stride", step) for step in strides)
        self.padding = tuple(map(_checked_padding, paddings))

    def pads(self, space: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """The pixels of padding before and after those of each axis.

        **Arguments:** `space`: pixels along each axis.

        **Returns:** a pair for each axis.

        **Raises:** `InvalidInput` for another number of axes.
        """
        pairs = []
        space = self._checked(space)
        for length, size, stride, padding in zip(space, self.size, self.stride, self.padding):
            if isinstance(padding, str):
                ((before, after),) = jax.lax.padtype_to_pads((length,), (size,), (stride,), padding)
                padding = (int(before), int(after))
            pairs.append(padding)
        return tuple(pairs)

    def outputs(self, space: tuple[int, ...]) -> tuple[int, ...]:
        """The number of windows along each axis.

        **Arguments:** `space`: pixels along each axis.

        **Returns:** windows along each axis.

        **Raises:** `InvalidInput` if no window fits, or for another number of axes.
        """
        space = self._checked(space)
        room = [
            length + sum(pads) - size
            for length, pads, size in zip(space, self.pads(space), self.size)
        ]
        if min(room) < 0:
            raise InvalidInput(
                f"a window {self.size} does not fit into space {space} with padding "
                f"{self.padding}; give more space or more padding"
            )
        return tuple(free // stride + 1 for free, stride in zip(room, self.stride))

    def patches(self, pixels: Float[Array, "..."]) -> Float[Array, "..."]:
        """What each window shows, element by element.

        **Arguments:** `pixels`: (*b, channels, *space), in any unit.

        **Returns:** (elements, *b, *out) in that unit, elements counted over (channels, *size), the
        last axis first; zero for padding.

        **Raises:** `InvalidInput` if no window fits, or for known pixels that are not finite.
        """
        axes, pixels = len(self.size), self._checked_pixels(pixels)
        out = self.outputs(pixels.shape[-axes:])
        around = [(0, 0)] * (pixels.ndim - axes) + list(self.pads(pixels.shape[-axes:]))
        padded = jnp.moveaxis(jnp.pad(pixels, around), -axes - 1, 0)
        shifted = []
        for first in itertools.product(*map(range, self.size)):
            spans = zip(first, out, self.stride)
            shown = (slice(at, at + (count - 1) * step + 1, step) for at, count, step in spans)
            shifted.append(padded[(..., *shown)])
        elements = len(padded) * len(shifted)
        return jnp.stack(shifted, axis=1).reshape(elements, *padded.shape[1:-axes], *out)

    def products(
        self, pixels: Float[Array, "..."], filters: Float[Array, "filters elements"]
    ) -> Float[Array, "..."]:
        """The sums of what each window shows, weighted by each of the filters.

        **Arguments:** `pixels`: (*b, channels, *space), in any unit; `filters`: elements counted
        as those of `patches`.

        **Returns:** (*b, filters, *out), in the unit of both.

        **Raises:** as `patches`, and where filters have another number of elements.
        """
        axes, pixels = len(self.size), self._checked_pixels(pixels)
        *batch, channels = pixels.shape[:-axes]
        elements = channels * math.prod(self.size)
        if filters.ndim != 2 or filters.shape[1] != elements:
            raise InvalidInput(
                f"filters have shape {filters.shape}; give (filters, {elements}), an element for "
                f"each of {channels} channels of a window {self.size}"
            )
        slidings = map(Sliding, self.stride, self.pads(pixels.shape[-axes:]))
        # Channels last on the way through: so they are fastest.
        images = jnp.moveaxis(pixels.reshape(math.prod(batch), *pixels.shape[-axes - 1 :]), 1, -1)
        kernel = jnp.moveaxis(filters.reshape(-1, channels, *self.size), (0, 1), (-1, -2))
        found = jnp.moveaxis(sliding_product(images, kernel, tuple(slidings)), -1, 1)
        return found.reshape(*batch, *found.shape[1:])

    def reads(self, space: tuple[int, ...]) -> Int[np.ndarray, "windows elements"]:
        """The pixel that each element of each window lies on.

        **Arguments:** `space`: pixels along each axis.

        **Returns:** pixels, windows and elements all counted along the last axis first; −1 for
        padding.

        **Raises:** `InvalidInput` if no window fits.
        """
        space = self._checked(space)
        count = math.prod(self.outputs(space))
        pixels = np.arange(math.prod(space)).reshape(space)
        padded = np.pad(pixels, np.asarray(self.pads(space)), constant_values=-1)
        everywhere = np.lib.stride_tricks.sliding_window_view(padded, self.size)
        strided = everywhere[tuple(slice(None, None, step) for step in self.stride)]
        return strided.reshape(count, math.prod(self.size))

    def _checked_pixels(self, pixels: Float[Array, "..."]) -> Float[Array, "..."]:
        axes, pixels = len(self.size), finite_if_known("pixels", pixels)
        if pixels.ndim <= axes:
            raise InvalidInput(
                f"pixels have shape {pixels.shape}; a window {self.size} needs "
                f"(..., channels, *space) with {axes} axes of space"
            )
        self.outputs(pixels.shape[-axes:])
        return pixels

    def _checked(self, space: Sequence[int]) -> tuple[int, ...]:
        space = positive_integers("space", space)
        if len(space) != len(self.size):
            raise InvalidInput(
                f"space is {shown(space)}; a window {self.size} needs {len(self.size)} axes"
            )
        return space


def _checked_padding(padding: str | int | tuple[int, int]) -> str | tuple[int, int]:
    if isinstance(padding, str):
        return one_of("padding", padding, ("VALID", "SAME"))
    pair = padding if isinstance(padding, list | tuple) else (padding, padding)
    if len(pair) != 2 or not all(map(_is_count, pair)):
        raise InvalidInput(
            f"padding is {shown(padding)}; it must be VALID, SAME, a number of pixels or the pair "
            "(before, after)"
        )
    return int(pair[0]), int(pair[1])


def _is_count(side: object) -> bool:
    if not isinstance(side, int | np.integer) or isinstance(side, bool):
        return False
    return 0 <= int(side) <= MOST
