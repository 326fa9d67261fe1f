"""The linear model that the nonlinear one becomes at full power."""

from typing import ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Resonator
from rfjax.rectifiers.base import AbstractToneByTone, checked_peaks, volts_per_watt
from rfjax.rectifiers.independent import Independent


class Linearised(AbstractToneByTone):
    r"""Linear in the powers, with the oscillation powers frozen at their largest, $p_{max}$.

    $V=\sum_iP_i\,w_i$ with the weight $w_i$ of the nonlinear spin diode (5.10) at the oscillation
    power of the largest power of each tone (5.11, 5.17, 5.18). Derivatives leave $p_{max}$
    as it is: this is the model whose gradient the published algorithm follows.

    **Arguments:** `peak_powers` (tones,): the largest power of each tone, W.

    **Raises:** `InvalidInput` for powers that are negative or not finite, and where there is not
    one for each tone.
    """

    linear_in_power: ClassVar[bool] = True
    peak_powers: Float[Array, " tones"] = eqx.field(converter=checked_peaks, metadata={"unit": "W"})

    def conversion(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "..."],
    ) -> Float[Array, "..."]:
        """See `AbstractToneByTone.conversion`; the powers do not matter."""
        if detuning.shape[-1:] != self.peak_powers.shape:
            raise InvalidInput(
                f"peak_powers have shape {self.peak_powers.shape} for {detuning.shape[-1]} tones; "
                "give one peak power for each tone"
            )
        largest = Independent().oscillation_powers(resonators, detuning, self.peak_powers)
        return volts_per_watt(resonators, detuning, jax.lax.stop_gradient(largest))
