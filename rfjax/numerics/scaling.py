"""Scales that numbers far from one are computed on, without an error of rounding."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def power_of_two_over(size: Float[Array, "*b"]) -> Float[Array, "*b"]:
    r"""The power of two that brings a number to $[1/2, 1)$, or to 4 at most next to overflow.

    To multiply by it is exact, where $1/x$ leaves the range of numbers whose inverse is subnormal.

    **Arguments:** `size`: zero or above.

    **Returns:** the scale, one for zero; it has no derivative.
    """
    _, exponent = jnp.frexp(jax.lax.stop_gradient(size))
    least = jnp.finfo(size.dtype).minexp
    return jnp.ldexp(jnp.ones((), size.dtype), jnp.clip(-exponent, least, -least))
