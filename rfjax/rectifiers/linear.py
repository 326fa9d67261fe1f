"""The rectifier model of the linear spin diode."""

from typing import ClassVar

from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.rectifiers.base import AbstractToneByTone, volts_per_watt
from rfjax.rectifiers.fast.base import Circumstances
from rfjax.rectifiers.fast.poles import Poles
from rfjax.rectifiers.fast.presets import poles


class Linear(AbstractToneByTone):
    r"""The linear spin diode, summed over tones.

    $V=\sum_i\frac{\beta P_i}{\Gamma}\frac{\xi_Ax_i+\xi_S}{1+x_i^2}$ (3.15): exact where the
    oscillation power is small; $N$ and $Q$ have no part in it.
    """

    linear_in_power: ClassVar[bool] = True

    def conversion(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "..."],
    ) -> Float[Array, "..."]:
        """See `AbstractToneByTone.conversion`; the powers do not matter."""
        return volts_per_watt(resonators, detuning, 0.0)

    def prepare(self, wanted: Circumstances) -> Poles:
        """See `AbstractRectifier.prepare`."""
        return poles(wanted, linear=True)
