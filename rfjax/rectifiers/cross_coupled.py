"""The third rung: tones that feel each other."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.laws import cross_coupling
from rfjax.rectifiers.base import AbstractRectifier, over_tones, reduced_drives, summed_voltage


class CrossCoupled(AbstractRectifier):
    r"""The nonlinear spin diode with all tones in one self-consistent steady state.

    Tone $i$ feels its own oscillation power once and every other tone's twice: $p$ becomes
    $2S-p_i$, $S=\sum_jp_j$, in the frequency and in the damping.
    """

    def oscillation_powers(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*r tones"],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """The oscillation power that every tone excites beside all others, (*b, *r, tones)."""
        drives = reduced_drives(resonators, powers)
        return cross_coupling.coupled_powers(
            jnp.broadcast_to(detuning, drives.shape),
            drives,
            over_tones(resonators.reduced_shift),
            over_tones(resonators.nonlinear_damping),
        )

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*r tones"],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        own = self.oscillation_powers(resonators, detuning, powers)
        return summed_voltage(resonators, detuning, powers, cross_coupling.felt_powers(own))
