"""The first rung: the linear spin diode."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.rectifiers.base import AbstractRectifier, reduced_response, volts_per_watt


class Linear(AbstractRectifier):
    r"""The linear spin diode, summed over tones.

    $V=\sum_i\frac{\beta P_i}{\Gamma}\frac{\xi_Ax_i+\xi_S}{1+x_i^2}$ (3.15): exact where the
    oscillation power is small; $N$ and $Q$ have no part in it.
    """

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*r tones"],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        response = reduced_response(resonators, detuning, 0.0)
        response = response * volts_per_watt(resonators)[..., None]
        return jnp.tensordot(powers, response, axes=(-1, -1), precision=jax.lax.Precision.HIGHEST)
