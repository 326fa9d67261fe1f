"""Whole turns of amplitudes in the rotating frame, counted at every step of an integration."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Complex, Int

_LIFT = 2.0**60  # keeps products of the faintest amplitudes from vanishing


class Turns(eqx.Module):
    r"""How often an amplitude went round, beyond the angle from -π to π that it shows.

    A step resolves how an amplitude turns, so that it goes the shorter way round.

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
