"""Time as whole steps and an offset: phases that stay exact however long an integration is.

In float32 the phase of a tone is lost after a few thousand periods if it is computed as frequency
times time. Here the turns that a tone makes in one step are split into a whole number of units of
2⁻³² turns, whose multiples wrap round exactly in unsigned integers, and a small rest.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int, UInt32

_UNITS = 2.0**32  # in a turn


class Clock(eqx.Module):
    """What all parts of one integration agree on.

    **Arguments:** `step` in s; `reference`: the frequency of the rotating frame, Hz.
    """

    step: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    reference: Float[Array, ""] = eqx.field(converter=jnp.asarray)

    def rotation(self, frequency: ArrayLike) -> "Rotation":
        """How something at a frequency (Hz) turns in the rotating frame."""
        offset, rest = _difference(jnp.asarray(frequency), self.reference)
        return Rotation.of(offset, rest, self.step)

    def reference_rotation(self) -> "Rotation":
        """How the rotating frame itself turns."""
        return Rotation.of(self.reference, jnp.zeros_like(self.reference), self.step)


class Rotation(eqx.Module):
    """A steady rotation, known to rounding at any step.

    **Arguments:** `units`: whole units of 2⁻³² turns a step; `rest`: turns a step beyond them;
    `frequency` of the rotation, Hz.
    """

    units: UInt32[Array, "..."]
    rest: Float[Array, "..."]
    frequency: Float[Array, "..."]

    @classmethod
    def of(cls, frequency: Array, rest: Array, step: Array) -> "Rotation":
        """The rotation at the sum of two frequencies (Hz), the second one small."""
        turns, lost = _product(frequency, step)
        within = turns - jnp.round(turns)
        units = jnp.clip(jnp.round(within * _UNITS), -(2.0**31), 2.0**31 - 128).astype(jnp.int32)
        kept = jax.lax.stop_gradient(units.astype(within.dtype) / _UNITS)
        return cls(units.astype(jnp.uint32), within - kept + lost + rest * step, frequency + rest)

    def phase(self, number: Int[Array, "*n"]) -> Float[Array, "..."]:
        """The angle after a number of steps.

        **Arguments:** `number` of steps; its axes come first.

        **Returns:** rad, from about -π to π.
        """
        number = number.reshape(number.shape + (1,) * self.units.ndim)
        wrapped = jax.lax.bitcast_convert_type(self.units * number.astype(jnp.uint32), jnp.int32)
        turns = wrapped.astype(self.rest.dtype) / _UNITS + self.rest * number
        return 2 * jnp.pi * turns

    def summed(self, number: Int[Array, ""]) -> "Rotation":
        """What comes before each along the first axis, when all turn in turn by so many steps."""
        units, rest = self.units * number.astype(jnp.uint32), self.rest * number
        return Rotation(
            jnp.cumsum(units, 0, units.dtype) - units,
            jnp.cumsum(rest, 0) - rest,
            jnp.zeros_like(self.frequency),
        )

    def turned(self, offset: ArrayLike) -> Float[Array, "..."]:
        """The further angle after an offset in s, which is at most about a step."""
        return 2 * jnp.pi * self.frequency * offset


def _difference(a: Array, b: Array) -> tuple[Array, Array]:
    """a - b, and what rounding took from it (Knuth)."""
    difference = a - b
    back = difference + b
    return difference, jax.lax.stop_gradient((a - back) - (b - (back - difference)))


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    """a·b, and what rounding took from it (Dekker)."""
    dtype = jnp.result_type(a, b)
    bits = (jnp.finfo(dtype).nmant - 1) // 2  # the product of two such numbers is exact
    product = a * b
    (a_high, a_low), (b_high, b_low) = (_halves(value.astype(dtype), bits) for value in (a, b))
    lost = (a_high * b_high - product) + a_high * b_low + a_low * b_high + a_low * b_low
    return product, jax.lax.stop_gradient(lost)


def _halves(value: Array, bits: int) -> tuple[Array, Array]:
    exponent = 8 if value.dtype == jnp.float32 else 11
    high = jax.lax.reduce_precision(value, exponent_bits=exponent, mantissa_bits=bits)
    return high, value - high
