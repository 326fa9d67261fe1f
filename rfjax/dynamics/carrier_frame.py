"""Phases that stay exact however long an integration is.

In float32 the phase of a tone is lost after a few thousand periods if it is computed as frequency
times time. Here the turns that a tone makes in a time are split into a whole number of units of
2⁻³² turns, whose sums and multiples wrap round exactly in unsigned integers, and a small rest.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, UInt32

_UNITS = 2.0**32  # in a turn


class CarrierFrame(eqx.Module):
    """Equal steps, and the rotating frame.

    **Arguments:** `step` in s; `reference`: the frequency of the rotating frame, Hz; `correction`:
    what rounding took from the step, s.
    """

    step: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    reference: Float[Array, ""] = eqx.field(converter=jnp.asarray)
    correction: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=0.0)

    @classmethod
    def of(cls, step: float, reference: float, dtype: np.dtype) -> "CarrierFrame":
        """The frame of steps that are known to all digits, in arrays of a `dtype`."""
        step_and_correction = split(np.asarray(step), dtype)
        reference_ = np.asarray(reference, dtype)
        with jax.ensure_compile_time_eval():
            return cls(step_and_correction[0], reference_, step_and_correction[1:].sum(0))

    def length(self, number: Int[Array, ""]) -> Float[Array, ""]:
        """How long step `number` is, s."""
        return self.step

    @partial(jax.jit, inline=True)
    def rotation(self, frequency: ArrayLike) -> "Rotation":
        """How something at a frequency (Hz) turns in the rotating frame."""
        offset, rest = difference(jnp.asarray(frequency), self.reference)
        return Rotation.of(offset, rest, self.step, self.correction)

    @partial(jax.jit, inline=True)
    def reference_rotation(self) -> "Rotation":
        """How the rotating frame itself turns."""
        rest = jnp.zeros_like(self.reference)
        return Rotation.of(self.reference, rest, self.step, self.correction)


class UnequalCarrierFrame(eqx.Module):
    """Steps of any lengths, and the rotating frame.

    **Arguments:** `begin`: when each step begins, s, as a sum along the first axis, see `split`;
    `step`: how long each is, s; `reference`: the frequency of the rotating frame, Hz.
    """

    begin: Float[Array, "parts steps"]
    step: Float[Array, " steps"]
    reference: Float[Array, ""]

    def length(self, number: Int[Array, ""]) -> Float[Array, ""]:
        """How long step `number` is, s."""
        return self.step[number]

    @partial(jax.jit, inline=True)
    def rotation(self, frequency: ArrayLike) -> "UnequalRotation":
        """How something at a frequency (Hz) turns in the rotating frame."""
        return UnequalRotation(*difference(jnp.asarray(frequency), self.reference), self.begin)


class UnequalRotation(eqx.Module):
    """A steady rotation, known to rounding at the beginning of any step of any length.

    **Arguments:** `frequency` of the rotation and what rounding took from it, `correction`, Hz;
    `begin` of the steps, see `UnequalCarrierFrame`.
    """

    frequency: Float[Array, "..."]
    correction: Float[Array, "..."]
    begin: Float[Array, "parts steps"]

    def phase(self, number: Int[Array, ""]) -> Float[Array, "..."]:
        """The angle at the beginning of a step, rad, from about -π to π."""
        return Rotation.of(self.frequency, self.correction, *self.begin[:, number]).angle

    def turned(self, offset: ArrayLike) -> Float[Array, "..."]:
        """The further angle after an offset in s, which is at most about a step."""
        return 2 * jnp.pi * self.frequency * offset


class Rotation(eqx.Module):
    """A steady rotation, known to rounding at any step of equal ones.

    **Arguments:** `units`: whole units of 2⁻³² turns a step; `rest`: turns a step beyond them;
    `frequency` of the rotation, Hz.
    """

    units: UInt32[Array, "..."]
    rest: Float[Array, "..."]
    frequency: Float[Array, "..."]

    @classmethod
    def of(cls, frequency: Array, correction: Array, *step: Array) -> "Rotation":
        """The rotation at the sum of two frequencies (Hz), the second one small.

        `step` in s is a sum too, of numbers each of which is small against the one before.
        """
        rest = correction * step[0]
        units = jnp.zeros((), jnp.uint32)
        for part in step:
            turns, rounding = _product(frequency, part)
            within = turns - jnp.round(turns)
            whole = jnp.clip(jnp.round(within * _UNITS), -(2.0**31), 2.0**31 - 128)
            whole = whole.astype(jnp.int32)
            kept = jax.lax.stop_gradient(whole.astype(within.dtype) / _UNITS)
            units = units + whole.astype(jnp.uint32)
            rest = rest + (within - kept) + rounding
        return cls(units, rest, frequency + correction)

    @property
    def angle(self) -> Float[Array, "..."]:
        """The angle after one step, rad, from about -π to π."""
        wrapped = jax.lax.bitcast_convert_type(self.units, jnp.int32)
        return 2 * jnp.pi * (wrapped.astype(self.rest.dtype) / _UNITS + self.rest)

    @partial(jax.jit, inline=True)
    def phase(self, number: Int[Array, "*n"]) -> Float[Array, "..."]:
        """The angle after a number of steps.

        **Arguments:** `number` of steps; its axes come first.

        **Returns:** rad, from about -π to π.
        """
        number = number.reshape(number.shape + (1,) * self.units.ndim)
        wrapped = jax.lax.bitcast_convert_type(self.units * number.astype(jnp.uint32), jnp.int32)
        turns = wrapped.astype(self.rest.dtype) / _UNITS + self.rest * number
        return 2 * jnp.pi * turns

    @partial(jax.jit, inline=True)
    def turns(self, number: Int[Array, "*n"], step: Array) -> Int[Array, "..."]:
        """The whole turns that `phase` leaves out after a number of steps of a length, s."""
        rotation = jax.lax.stop_gradient(self)
        within = rotation.angle / (2 * jnp.pi)
        whole = jnp.round(rotation.frequency * step - within).astype(jnp.int32)
        left = rotation.phase(number) / (2 * jnp.pi)
        number = number.reshape(number.shape + (1,) * within.ndim)
        return whole * number + jnp.round(within * number - left).astype(jnp.int32)

    def summed(self) -> "Rotation":
        """What comes before each along the first axis, when each turns for one step in turn."""
        return Rotation(
            jnp.cumsum(self.units, 0, self.units.dtype) - self.units,
            jnp.cumsum(self.rest, 0) - self.rest,
            jnp.zeros_like(self.frequency),
        )

    def turned(self, offset: ArrayLike) -> Float[Array, "..."]:
        """The further angle after an offset in s, which is at most about a step."""
        return 2 * jnp.pi * self.frequency * offset


def split(time: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Times (s) as sums, along a new first axis, of numbers that a `dtype` can hold.

    Two of float32 hold 48 binary digits of a float64; in float64 there is one.
    """
    leading = time.astype(dtype)
    if dtype == np.float64:
        return leading[None]
    return np.stack([leading, (time - leading).astype(dtype)])


def difference(a: Array, b: Array) -> tuple[Array, Array]:
    """a - b, and what rounding took from it (Knuth)."""
    found = a - b
    back = found + b
    return found, jax.lax.stop_gradient((a - back) - (b - (back - found)))


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    """a·b, and what rounding took from it (Dekker)."""
    dtype = jnp.result_type(a, b)
    bits = (jnp.finfo(dtype).nmant - 1) // 2  # the product of two such numbers is exact
    product = a * b
    (a_high, a_low), (b_high, b_low) = (_halves(value.astype(dtype), bits) for value in (a, b))
    rounding = (a_high * b_high - product) + a_high * b_low + a_low * b_high + a_low * b_low
    return product, jax.lax.stop_gradient(rounding)


def _halves(value: Array, bits: int) -> tuple[Array, Array]:
    exponent = 8 if value.dtype == jnp.float32 else 11
    high = jax.lax.reduce_precision(value, exponent_bits=exponent, mantissa_bits=bits)
    return high, value - high
