"""Sliding products of images and filters, as fast inside of loops as outside.

XLA has fast convolutions for a processor where axes stand in one order, and brings them there by
itself only outside of loops. The derivatives that `jax.lax` makes of a convolution stand in other
orders, and take ten times as long in a training loop. Those made here keep the order.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Float

_AXES = {1: ("NHC", "HIO", "NHC"), 2: ("NHWC", "HWIO", "NHWC")}


class Sliding(NamedTuple):
    """How a filter slides along one axis.

    **Arguments:** as those of `jax.lax.conv_general_dilated`, along one axis: `stride`; `padding`
    before and after, negative to leave pixels out; `lhs_dilation` of the pixels and `rhs_dilation`
    of the filter.
    """

    stride: int
    padding: tuple[int, int]
    lhs_dilation: int = 1
    rhs_dilation: int = 1

    def outputs(self, pixels: int, elements: int) -> int:
        """How many places a filter of so many elements has among so many pixels."""
        room = _reach(pixels, self.lhs_dilation) + sum(self.padding)
        return (room - _reach(elements, self.rhs_dilation)) // self.stride + 1

    def to_pixels(self, pixels: int, elements: int) -> "Sliding":
        """How a filter slides over changes of outputs to give those of pixels."""
        before = _reach(elements, self.rhs_dilation) - self.padding[0] - 1
        outputs = _reach(self.outputs(pixels, elements), self.stride)
        after = _reach(pixels, self.lhs_dilation) + self.padding[0] - outputs
        return Sliding(self.lhs_dilation, (before, after), self.stride, self.rhs_dilation)

    def to_filters(self, pixels: int, elements: int) -> "Sliding":
        """How changes of outputs slide over pixels to give those of a filter."""
        outputs = _reach(self.outputs(pixels, elements), self.stride)
        before, room = self.padding[0], _reach(pixels, self.lhs_dilation)
        after = outputs + _reach(elements, self.rhs_dilation) - 1 - room - before
        return Sliding(self.rhs_dilation, (before, after), self.lhs_dilation, self.stride)


def sliding_product(
    pixels: Float[Array, "b *space channels"],
    filters: Float[Array, "*size channels filters"],
    slidings: tuple[Sliding, ...],
) -> Float[Array, "b *out filters"]:
    r"""The products of images with filters that slide over them, $y_{fo}=\sum_kw_{fk}u_{k+so}$.

    **Arguments:** `pixels`; `filters`, with one or two axes of space; `slidings` along each.

    **Returns:** the products, in the units of both.
    """
    kind = jnp.result_type(pixels, filters)
    return _product.bind(pixels.astype(kind), filters.astype(kind), slidings=tuple(slidings))


def _reach(count: int, dilation: int) -> int:
    """The places from the first of so many to the last, both included."""
    return (count - 1) * dilation + 1


def _convolved(pixels, filters, *, slidings):
    return jax.lax.conv_general_dilated(
        pixels,
        filters,
        [each.stride for each in slidings],
        [each.padding for each in slidings],
        [each.lhs_dilation for each in slidings],
        [each.rhs_dilation for each in slidings],
        dimension_numbers=_AXES[len(slidings)],
        precision=jax.lax.Precision.HIGHEST,
    )


def _abstract(pixels, filters, *, slidings):
    out = map(Sliding.outputs, slidings, pixels.shape[1:-1], filters.shape[:-2])
    return ShapedArray((pixels.shape[0], *out, filters.shape[-1]), pixels.dtype)


def _to_pixels(change, pixels, filters, *, slidings):
    space, size = pixels.aval.shape[1:-1], filters.shape[:-2]
    back = tuple(each.to_pixels(*at) for each, *at in zip(slidings, space, size, strict=True))
    turned = jnp.flip(filters, tuple(range(len(size))))
    return sliding_product(change, jnp.swapaxes(turned, -1, -2), back)


def _to_filters(change, pixels, filters, *, slidings):
    space, size = pixels.shape[1:-1], filters.aval.shape[:-2]
    back = tuple(each.to_filters(*at) for each, *at in zip(slidings, space, size, strict=True))
    images = jnp.moveaxis(change, 0, -2)
    return jnp.moveaxis(sliding_product(jnp.swapaxes(pixels, 0, -1), images, back), 0, -2)


def _batched(operands, axes, *, slidings):
    """Filters of one network after those of another: a convolution in groups is slow."""
    (pixels, filters), (at, ours) = operands, axes
    if ours is None:
        pixels = jnp.moveaxis(pixels, at, 0)
        found = sliding_product(pixels.reshape(-1, *pixels.shape[2:]), filters, slidings)
        return found.reshape(*pixels.shape[:2], *found.shape[1:]), 0
    filters = jnp.moveaxis(filters, ours, 0)
    if at is None:
        return jax.lax.map(lambda each: sliding_product(pixels, each, slidings), filters), 0
    both = jnp.moveaxis(pixels, at, 0), filters
    return jax.lax.map(lambda each: sliding_product(each[0], each[1], slidings), both), 0


_product = Primitive("sliding_product")
_product.def_impl(jax.jit(_convolved, static_argnames="slidings"))
_product.def_abstract_eval(_abstract)
mlir.register_lowering(_product, mlir.lower_fun(_convolved, multiple_results=False))
ad.defbilinear(_product, _to_pixels, _to_filters)
batching.primitive_batchers[_product] = _batched
