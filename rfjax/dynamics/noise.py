"""Thermal noise on the amplitude."""

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import finite, non_negative, positive
from rfjax.laws import thermal_noise


class ThermalNoise(eqx.Module):
    r"""A white complex force with $\langle f(t)f^*(t')\rangle=2D\,\delta(t-t')$.

    **Arguments:** `diffusion` $D$ in rad/s, (*lanes,).

    **Raises:** `InvalidInput` for a negative strength.
    """

    diffusion: Float[Array, "..."]

    def __init__(self, diffusion: ArrayLike):
        self.diffusion = non_negative("diffusion", diffusion)

    @classmethod
    def of_temperature(
        cls, temperature: ArrayLike, energy: ArrayLike, linewidth: ArrayLike
    ) -> "ThermalNoise":
        r"""The noise of a device in thermal equilibrium: $D=\Gamma_0k_BT/E_0$.

        **Arguments:** `temperature` in K; `energy` $E_0$ of the device at $p=1$, J; `linewidth`
        $\Gamma_0$ in rad/s.

        **Returns:** the noise.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        power = thermal_noise.equilibrium_power(
            non_negative("temperature", temperature), positive("energy", energy)
        )
        return cls(thermal_noise.diffusion(power, positive("linewidth", linewidth)))

    @classmethod
    def of_linewidth(
        cls, linewidth: ArrayLike, power: ArrayLike, nonlinearity: ArrayLike = 0.0
    ) -> "ThermalNoise":
        r"""The noise that gives an oscillator above threshold a known line.

        **Arguments:** `linewidth` in Hz, full width at half maximum; `power` $p$ of the free
        oscillation; `nonlinearity` $\nu$, see `rfjax.laws.injection_locking`.

        **Returns:** the noise.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        return cls(
            thermal_noise.diffusion_of_linewidth(
                positive("linewidth", linewidth),
                positive("power", power),
                finite("nonlinearity", nonlinearity),
            )
        )
