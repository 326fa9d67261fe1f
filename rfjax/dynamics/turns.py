"""Whole turns of amplitudes in the rotating frame, counted at every step of an integration."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Int

from rfjax.dynamics.force import Passed, cubic_weights

_LIFT = 2.0**60  # keeps products of the faintest amplitudes from vanishing
_PARTS = 4  # of a step: the way between them is nearly straight


class Turns(eqx.Module):
    r"""How often an amplitude went round, beyond the angle from -π to π that it shows.

    The way of an amplitude through a step is the cubic through its ends and its slopes there, which
    misses it by about 0.6 % of the amplitude where a step turns by 1.25 rad: on which side of zero
    an amplitude passes that comes nearer to it than that is not resolved.

    **Arguments:** `packed`: the amplitude up to which turns were counted, complex; `number` of
    them, those towards a rising angle less the others.
    """

    packed: Complex[Array, "..."]
    number: Int[Array, "..."]

    @classmethod
    def of(cls, packed: Complex[Array, "..."]) -> "Turns":
        """No turns yet."""
        return cls(packed, jnp.zeros(packed.shape, jnp.int32))

    def until(self, packed: Complex[Array, "..."]) -> "Turns":
        """The turns once the amplitude has gone on, by less than half a turn."""
        begin, end = self.packed * _LIFT, packed
        sense = begin.real * end.imag - begin.imag * end.real
        # The angle jumps from π to -π where the imaginary part changes its sign, -0 included.
        below, then_below = jnp.signbit(begin.imag), jnp.signbit(end.imag)
        along = (sense == 0) & (begin.real < 0) & (end.real < 0)
        up = ~below & then_below & ((sense > 0) | along)
        down = below & ~then_below & ((sense < 0) | along)
        return Turns(packed, self.number + up.astype(jnp.int32) - down.astype(jnp.int32))

    def along(self, passed: Passed, length: Float[Array, ""]) -> "Turns":
        """The turns after a step that was taken from the amplitude up to which they were counted.

        **Arguments:** the step, `passed`, and its `length`, s.
        """
        turns, known = self, jax.lax.stop_gradient(passed)
        for part in range(1, _PARTS):
            weights = cubic_weights(jnp.asarray(part / _PARTS, length.dtype), length)
            re, im = (
                sum(weight * value for weight, value in zip(weights, values, strict=True))
                for values in zip(*known, strict=True)
            )
            turns = turns.until(jax.lax.complex(re, im))
        return turns.until(jax.lax.complex(*passed.end))
