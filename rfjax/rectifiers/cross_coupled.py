"""Rectifier model with the cross-Kerr shift: tones shift each other's resonance."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import one_of
from rfjax.devices import Resonator
from rfjax.laws import cross_coupling
from rfjax.rectifiers.base import (
    AbstractRectifier,
    detuned_tones,
    over_resonators,
    reduced_drives,
    volts_per_watt,
    with_tone_axis,
)
from rfjax.rectifiers.fast.base import Circumstances, NotPrepared
from rfjax.rectifiers.fast.coupled import CoupledExpansion, coupled_expansion
from rfjax.rectifiers.refusal import answered


class CrossCoupled(AbstractRectifier):
    r"""The nonlinear spin diode with all tones in one self-consistent steady state.

    The effective power of tone $i$ is its own oscillation power once and every other tone's
    twice: $p$ becomes $2S-p_i$, $S=\sum_jp_j$, in the frequency and in the damping.

    **Arguments:** `branch`, where the response folds: "lower", reached with slowly rising power,
    or "rest": the one on which tones end that are switched on at once, found by integration of
    their amplitudes, and slower. There is no "upper": `Independent` has it, for tones on their own.

    **Raises:** `InvalidInput` where no steady state is found, with how many; inside of compiled
    functions their voltages are NaN.
    """

    branch: str = eqx.field(static=True, default="lower")

    def __check_init__(self):
        one_of("branch", self.branch, cross_coupling.Branches)

    def bistable(
        self, resonators: Resonator, powers: ArrayLike, frequencies: ArrayLike
    ) -> Bool[Array, "..."]:
        """Which resonators have two stable states: for one tone at least, while the others stay.

        **Arguments:** as for the call.

        **Returns:** truth values, (*b, *r).
        """
        resonators, detuning, powers = detuned_tones(resonators, powers, frequencies)
        found = self.oscillation_powers(resonators, detuning, powers)
        return cross_coupling.bistable(
            found,
            detuning,
            reduced_drives(with_tone_axis(resonators), over_resonators(powers, resonators)),
            resonators.reduced_shift[..., None],
            resonators.nonlinear_damping[..., None],
        )

    def oscillation_powers(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """The oscillation power that every tone excites among all others, (*b, *r, tones)."""
        drives = reduced_drives(with_tone_axis(resonators), over_resonators(powers, resonators))
        return cross_coupling.coupled_powers(
            detuning,
            drives,
            resonators.reduced_shift[..., None],
            resonators.nonlinear_damping[..., None],
            self.branch,
        )

    def prepare(self, wanted: Circumstances) -> CoupledExpansion | None:
        """See `AbstractRectifier.prepare`; none where tones are alone in their resonators."""
        if not wanted.shared:
            return None
        if self.branch != "lower":
            raise NotPrepared(f"the branch is {self.branch!r}")
        return coupled_expansion(wanted)

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        return answered(
            self._volts(resonators, detuning, powers),
            "no steady state was found, the tones are too strong for these resonators; lower the "
            "powers or the nonlinear shift",
        )

    @eqx.filter_jit  # one program for a call, and not one an operation
    def _volts(self, resonators, detuning, powers) -> Float[Array, "..."]:
        effective = cross_coupling.effective_powers(
            self.oscillation_powers(resonators, detuning, powers)
        )
        volts = volts_per_watt(with_tone_axis(resonators), detuning, effective)
        return jnp.sum(over_resonators(powers, resonators) * volts, axis=-1)
