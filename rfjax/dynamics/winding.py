"""Whole turns of amplitudes in the rotating frame, counted at every step of an integration."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Int

from rfjax.dynamics.dense_output import Passed

_LIFT = 2.0**60  # keeps products of the smallest amplitudes from vanishing
_PARTS = 4  # of a step, in each of which an amplitude makes much less than half a turn


class Winding(eqx.Module):
    r"""How often an amplitude went round, beyond the angle from -π to π that it shows.

    Within a step the amplitude is the cubic Hermite interpolant of its ends, in `_PARTS` straight
    parts. One that passes zero nearer than these are off may be counted on the other side: 1.5 % of
    the largest amplitude where steps turn by 1.25 rad, as at the default tolerance, and 4 % in the
    longest ones of 2 rad.

    **Arguments:** `packed`: the amplitude up to which turns were counted, complex; `number` of
    them, those towards a rising angle less the others.
    """

    packed: Complex[Array, "..."]
    number: Int[Array, "..."]

    @classmethod
    def of(cls, packed: Complex[Array, "..."]) -> "Winding":
        """No turns yet."""
        return cls(packed, jnp.zeros(packed.shape, jnp.int32))

    def until(self, packed: Complex[Array, "..."]) -> "Winding":
        """The turns once the amplitude has gone on, by less than half a turn."""
        begin, end = self.packed * _LIFT, packed
        sense = begin.real * end.imag - begin.imag * end.real
        # The angle jumps from π to -π where the imaginary part changes its sign, -0 included.
        below, then_below = jnp.signbit(begin.imag), jnp.signbit(end.imag)
        along = (sense == 0) & (begin.real < 0) & (end.real < 0)
        up = ~below & then_below & ((sense > 0) | along)
        down = below & ~then_below & ((sense < 0) | along)
        return Winding(packed, self.number + up.astype(jnp.int32) - down.astype(jnp.int32))

    def along(self, passed: Passed) -> "Winding":
        """The turns after a step from the amplitude up to which they were counted."""
        turns, known = self, jax.lax.stop_gradient(passed)
        for part in range(1, _PARTS):
            turns = turns.until(jax.lax.complex(*known.at(part / _PARTS)))
        return turns.until(jax.lax.complex(passed.real.end, passed.imaginary.end))
