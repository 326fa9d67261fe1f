r"""Voltages that depend on a total which depends on itself, both as short Chebyshev series."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.numerics.chebyshev import polynomials

Series = tuple[Float[Array, "..."], ...]


class SelfConsistent(NamedTuple):
    """The steady state: the voltage, the total, and what the voltage gains as the total rises."""

    volts: Float[Array, "..."]
    total: Float[Array, "..."]
    sensitivity: Float[Array, "..."]


def self_consistent(of_total: Series, of_volts: Series) -> SelfConsistent:
    r"""The voltage $\sum_mB_mT_m(2\sigma-1)$ at the total $\sigma=\sum_mA_mT_m(2\sigma-1)$.

    The root from 0 to 1 by Newton's steps.

    **Arguments:** the coefficients $A_m$ and $B_m$, of equal shapes, one array for each order.

    **Returns:** the steady state, in arrays of that shape.
    """

    def step(_, total):
        value, slope = _value_and_slope(of_total, total)
        return jnp.clip(total + (value - total) / (1 - slope), 0, 1)

    # From where the chord between no total and the largest leads, which is the root of a straight
    # line; Newton's steps double the digits. A loop, or each result would repeat the steps.
    even, odd = sum(of_total[2::2], of_total[0]), sum(of_total[3::2], of_total[1])
    total = jnp.clip((even - odd) / (1 - 2 * odd), 0, 1)
    total = jax.lax.fori_loop(0, math.ceil(math.log2(len(of_total))), step, total)
    _, slope = _value_and_slope(of_total, total)
    volts, growth = _value_and_slope(of_volts, total)
    return SelfConsistent(volts, total, growth / (1 - slope))


def changed(state: SelfConsistent, of_total: Series, of_volts: Series) -> Float[Array, "..."]:
    """What the voltage changes by, to first order, when its coefficients change by so much.

    **Arguments:** `state`: from `self_consistent`; the changes of $A_m$ and $B_m$.
    """
    basis = polynomials(2 * state.total - 1, len(of_volts) * state.total.shape[-1:])
    parts = [
        term * (state.sensitivity * one + other)
        for term, one, other in zip(basis, of_total, of_volts, strict=True)
    ]
    return sum(parts[1:], parts[0])


def _value_and_slope(series, total):
    """A Chebyshev series and its derivative with the total, by Clenshaw's recurrence."""
    x = 2 * total - 1
    one, two = jnp.zeros_like(x), jnp.zeros_like(x)
    slope_one, slope_two = one, two
    for coefficient in series[:0:-1]:
        slope_one, slope_two = 2 * one + 2 * x * slope_one - slope_two, slope_one
        one, two = coefficient + 2 * x * one - two, one
    slope = one + x * slope_one - slope_two
    return series[0] + x * one - two, 2 * slope
