"""The third rung: tones that feel each other."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.laws import cross_coupling
from rfjax.rectifiers.base import (
    AbstractRectifier,
    over_resonators,
    reduced_drives,
    volts_per_watt,
    with_tone_axis,
)


class CrossCoupled(AbstractRectifier):
    r"""The nonlinear spin diode with all tones in one self-consistent steady state.

    Tone $i$ feels its own oscillation power once and every other tone's twice: $p$ becomes
    $2S-p_i$, $S=\sum_jp_j$, in the frequency and in the damping.
    """

    def oscillation_powers(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """The oscillation power that every tone excites beside all others, (*b, *r, tones)."""
        drives = reduced_drives(with_tone_axis(resonators), over_resonators(powers, resonators))
        return cross_coupling.coupled_powers(
            detuning,
            drives,
            resonators.reduced_shift[..., None],
            resonators.nonlinear_damping[..., None],
        )

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        felt = cross_coupling.felt_powers(self.oscillation_powers(resonators, detuning, powers))
        volts = volts_per_watt(with_tone_axis(resonators), detuning, felt)
        return jnp.sum(over_resonators(powers, resonators) * volts, axis=-1)
