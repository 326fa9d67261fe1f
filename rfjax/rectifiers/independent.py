"""The rectifier model in which every tone is on its own."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import one_of
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.laws.steady_oscillation import Branches
from rfjax.rectifiers.base import (
    AbstractToneByTone,
    detuned_tones,
    over_resonators,
    reduced_drives,
    volts_per_watt,
    with_tone_axis,
)
from rfjax.rectifiers.fast.base import Circumstances
from rfjax.rectifiers.fast.poles import Poles
from rfjax.rectifiers.fast.presets import poles
from rfjax.rectifiers.refusal import answered

_RESOLVED = 0.01  # linewidths of a shift that rounding may take


class Independent(AbstractToneByTone):
    """The nonlinear spin diode with every tone solving its own cubic, then summed.

    (5.3) with (5.10): the model of the thesis.

    **Arguments:** `branch`, where the response folds: "lower", reached with slowly rising power,
    "upper", with slowly falling power, or "rest": the one of both on which a tone ends that is
    switched on at once, found by integration, and slower.

    A voltage is refused where rounding of the shift $np$ moves the resonance by more than 0.01
    linewidths ($np$ above 84,000 in float32); inside compiled functions it is NaN.
    """

    branch: str = eqx.field(static=True, default="lower")

    def __check_init__(self):
        one_of("branch", self.branch, Branches)

    def bistable(
        self, resonators: Resonator, powers: ArrayLike, frequencies: ArrayLike
    ) -> Bool[Array, "..."]:
        """Which resonators have two stable states, for one tone at least.

        **Arguments:** as for the call.

        **Returns:** truth values, (*b, *r).
        """
        resonators, detuning, powers = detuned_tones(resonators, powers, frequencies)
        branches = spin_diode.stable_branches(
            detuning,
            reduced_drives(with_tone_axis(resonators), over_resonators(powers, resonators)),
            resonators.reduced_shift[..., None],
            resonators.nonlinear_damping[..., None],
        )
        return jnp.any(branches == 2, axis=-1)

    def oscillation_powers(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "..."],
    ) -> Float[Array, "..."]:
        """The oscillation power that one tone excites in each resonator, all broadcast."""
        return spin_diode.oscillation_power(
            detuning,
            reduced_drives(resonators, powers),
            resonators.reduced_shift,
            resonators.nonlinear_damping,
            self.branch,
        )

    def conversion(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "..."],
    ) -> Float[Array, "..."]:
        """See `AbstractToneByTone.conversion`.

        It is NaN where rounding of the shift $np$ hides the resonance that it leads to.
        """
        excited = self.oscillation_powers(resonators, detuning, powers)
        volts = volts_per_watt(resonators, detuning, excited)
        moved = jax.lax.stop_gradient(jnp.abs(resonators.reduced_shift) * excited)
        return jnp.where(moved * jnp.finfo(volts.dtype).eps > _RESOLVED, jnp.nan, volts)

    def prepare(self, wanted: Circumstances) -> Poles:
        """See `AbstractRectifier.prepare`."""
        return poles(wanted, linear=False, single=self.branch != "lower")

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        return answered(
            super().rectify(resonators, detuning, powers),
            "a tone shifts its resonator by so many linewidths that rounding hides the resonance; "
            "check the units, or set jax_enable_x64",
        )
