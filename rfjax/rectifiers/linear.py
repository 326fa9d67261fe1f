"""The rectifier model of the linear spin diode."""

from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.rectifiers.base import (
    AbstractLinearInPower,
    AbstractToneByTone,
    volts_per_watt,
)
from rfjax.rectifiers.fast.base import Circumstances
from rfjax.rectifiers.fast.poles import Poles
from rfjax.rectifiers.fast.presets import poles


class Linear(AbstractLinearInPower, AbstractToneByTone):
    r"""The linear spin diode, summed over tones.

    $V=\sum_i\frac{\beta P_i}{\Gamma}\frac{\xi_Ax_i+\xi_S}{1+x_i^2}$ (3.15): exact where the
    oscillation power is small; $N$ and $Q$ have no part in it.
    """

    def conversion(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "..."],
    ) -> Float[Array, "..."]:
        """See `AbstractToneByTone.conversion`; the powers do not matter."""
        return volts_per_watt(resonators, detuning, 0.0)

    def weights(
        self, resonators: Resonator, detuning: Float[Array, "*r tones"]
    ) -> Float[Array, "*r tones"]:
        """See `AbstractLinearInPower.weights`."""
        return volts_per_watt(resonators, detuning, 0.0)

    def on_shared_line(self, wanted: Circumstances) -> Poles:
        """See `AbstractRectifier.on_shared_line`."""
        return poles(wanted, linear=True)

    def on_own_tones(self, wanted: Circumstances) -> Poles:
        """See `AbstractRectifier.on_own_tones`."""
        return poles(wanted, linear=True, near=0)
