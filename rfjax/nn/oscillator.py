"""Oscillators as neurons: a direct current in, the power of a tone out."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.checks import InvalidInput, positive_number
from rfjax.laws import auto_oscillator, magnetoresistance


class OscillatorActivation(eqx.Module):
    r"""The power that oscillators emit, as a share of the most that they can.

    $a(\zeta)=\frac{\zeta^2p(\zeta)}{\zeta_c^2p(\zeta_c)}$ with $\zeta=I/I_{th}$, the free-running
    power $p$ (3.11) and the power that a junction gives to its load, clamped at the largest
    current $\zeta_c$ that it bears. Zero below the threshold, one at the clamp: the resistances
    drop out, and the tone is amplified to the peak power of the next line.

    **Arguments:** `nonlinear_damping` $Q$; `largest` $\zeta_c$, the largest current in thresholds.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    nonlinear_damping: float = eqx.field(static=True, default=2.0)
    largest: float = eqx.field(static=True, default=4.0)

    def __check_init__(self):
        positive_number("nonlinear_damping", self.nonlinear_damping)
        if positive_number("largest", self.largest) <= 1:
            raise InvalidInput(
                f"largest is {self.largest:g}, in threshold currents; an oscillator that emits "
                "needs more than 1"
            )

    @property
    def middle(self) -> float:
        r"""The middle of the currents at which they emit, $\sqrt{\zeta_c}$ thresholds."""
        return math.sqrt(self.largest)

    def __call__(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."]:
        r"""The emitted powers.

        **Arguments:** `supercriticality` $\zeta=I/I_{th}$, of any sign and shape.

        **Returns:** the share of the largest, in [0, 1].
        """
        clamped = jnp.clip(supercriticality, 0, self.largest)
        return self._emitted(clamped) / self._emitted(jnp.asarray(self.largest, clamped.dtype))

    def _emitted(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."]:
        power = auto_oscillator.steady_power(supercriticality, self.nonlinear_damping)
        return magnetoresistance.emitted_power(power, supercriticality, 1.0, 1.0, 1.0)
