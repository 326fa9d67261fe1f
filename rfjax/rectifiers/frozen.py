"""The linear model that the nonlinear one becomes at full power."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.rectifiers.base import (
    AbstractRectifier,
    checked_peaks,
    volts_per_watt,
    with_tone_axis,
)
from rfjax.rectifiers.independent import Independent


class Frozen(AbstractRectifier):
    r"""Linear in the powers, with the oscillation powers frozen at their largest, $p_{max}$.

    $V=\sum_iP_i\,w_i$ with the weight $w_i$ of the nonlinear spin diode (5.10) at the oscillation
    power of the largest power of each tone (5.11, 5.17, 5.18). Derivatives leave $p_{max}$
    as it is: this is the model whose gradient the published algorithm follows.

    **Arguments:** `peak_powers` (tones,): the largest power of each tone, W.

    **Raises:** `InvalidInput` for powers that are negative or not finite.
    """

    peak_powers: Float[Array, " tones"] = eqx.field(converter=checked_peaks)

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        resonators = with_tone_axis(resonators)
        largest = Independent().oscillation_powers(resonators, detuning, self.peak_powers)
        weights = volts_per_watt(resonators, detuning, jax.lax.stop_gradient(largest))
        return jnp.tensordot(powers, weights, axes=(-1, -1), precision=jax.lax.Precision.HIGHEST)
