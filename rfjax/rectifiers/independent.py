"""The second rung: every tone on its own."""

import equinox as eqx
from jaxtyping import Array, Float

from rfjax.checks import one_of
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.laws.steady_oscillation import Branches
from rfjax.rectifiers.base import AbstractRectifier, over_tones, reduced_drives, summed_voltage


class Independent(AbstractRectifier):
    """The nonlinear spin diode with every tone solving its own cubic, then summed.

    (5.3) with (5.10): the model of the thesis.

    **Arguments:** `branch`: "lower" (reached from rest) or "upper", where the response folds.
    """

    branch: str = eqx.field(static=True, default="lower")

    def __check_init__(self):
        one_of("branch", self.branch, Branches)

    def oscillation_powers(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*r tones"],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """The oscillation power that every tone excites on its own, (*b, *r, tones)."""
        return spin_diode.oscillation_power(
            detuning,
            reduced_drives(resonators, powers),
            over_tones(resonators.reduced_shift),
            over_tones(resonators.nonlinear_damping),
            self.branch,
        )

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*r tones"],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        felt = self.oscillation_powers(resonators, detuning, powers)
        return summed_voltage(resonators, detuning, powers, felt)
