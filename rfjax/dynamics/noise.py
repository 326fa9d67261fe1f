"""Thermal noise: how strong the random force on the amplitude is."""

import equinox as eqx
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, broadcast_shape, finite, non_negative, positive
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.diffusion import Diffusion
from rfjax.laws import auto_oscillator, thermal_noise
from rfjax.printing import described


class ThermalNoise(eqx.Module):
    r"""A white complex force on the amplitude, $\langle f(t)f^*(s)\rangle=2D(p)\,\delta(t-s)$.

    $D(p)=D_c+\Gamma_0\,p_T\,\frac{1+Qp}{1+Np}$: a force of the constant strength $D_c$, and that
    of thermal equilibrium at $p_T=k_BT/E_0$, which follows the damping of the devices that are
    integrated. `ThermalNoise(diffusion)` is the constant one alone, for measured or assumed noise;
    a device at a temperature has the other: see `of_temperature`.

    **Arguments:** `diffusion` $D_c$ in rad/s; `equilibrium_power` $p_T$, without unit; `linewidth`
    $\Gamma_0$ in rad/s: if it is given, devices of another one are refused; all (*lanes,).

    **Raises:** `InvalidInput` for a negative strength.
    """

    diffusion: Float[Array, "..."] = eqx.field(metadata={"unit": "rad/s"})
    equilibrium_power: Float[Array, "..."]
    linewidth: Float[Array, "..."] | None = None

    __repr__ = described

    def __init__(
        self,
        diffusion: ArrayLike = 0.0,
        equilibrium_power: ArrayLike = 0.0,
        linewidth: ArrayLike | None = None,
    ):
        self.diffusion = non_negative("diffusion", diffusion)
        self.equilibrium_power = non_negative("equilibrium_power", equilibrium_power)
        self.linewidth = None if linewidth is None else positive("linewidth", linewidth)
        _ = self.shape

    @classmethod
    def of_temperature(
        cls, temperature: ArrayLike, energy: ArrayLike, linewidth: ArrayLike | None = None
    ) -> "ThermalNoise":
        r"""The noise of devices in thermal equilibrium: $D(p)=\Gamma_+(p)\,k_BT/(dE/dp)$.

        Damping and nonlinearities are those of the devices that are integrated, so that without a
        current their energy $E(p)=E_0\,p\,(1+Np/2)$ has Boltzmann's distribution. What a current
        gives back carries no noise: integrate an `Oscillator` under a current below threshold, not
        a resonator that is `biased`, whose damping is already reduced.

        **Arguments:** `temperature` in K; `energy` $E_0$ of the device at $p=1$, without a
        nonlinear shift, J; `linewidth` $\Gamma_0$ in rad/s: if it is given, devices of another one
        are refused.

        **Returns:** the noise.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        power = thermal_noise.equilibrium_power(
            non_negative("temperature", temperature), positive("energy", energy)
        )
        return cls(0.0, power, linewidth)

    @classmethod
    def of_linewidth(
        cls, linewidth: ArrayLike, power: ArrayLike, nonlinearity: ArrayLike = 0.0
    ) -> "ThermalNoise":
        r"""The noise of constant strength that gives an oscillator above threshold a known line.

        It follows the law of weak noise, which ends where the line comes near the rate
        $\Gamma_p/\pi$ at which the power settles, and the power scatters: of an oscillator with
        $\Gamma_p/\pi$ = 4.6 MHz a line of 0.1 MHz is found within 5 %, one of 1 MHz is 1.5 times as
        wide.

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

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the lanes that it acts on, to be broadcast."""
        parts = {name: part.shape for name, part in vars(self).items() if part is not None}
        return broadcast_shape(**parts)

    def on(self, devices: Resonator | Oscillator) -> Diffusion:
        """The random displacements that it gives devices.

        **Raises:** `InvalidInput` for devices of another linewidth than that it was made for, and
        for resonators that are `biased` where the noise is that of a temperature.
        """
        power = self.equilibrium_power
        warm = not isinstance(power, Tracer) and np.any(power)
        if isinstance(devices, Resonator) and devices.under_current and warm:
            raise InvalidInput(
                "these resonators are biased, and thermal noise belongs to their damping without "
                "the current; integrate an Oscillator with that current instead"
            )
        width = auto_oscillator.linewidth(devices.frequency, devices.damping)
        if self.linewidth is not None and not _agree(self.linewidth, width):
            raise InvalidInput(
                "the noise is made for another linewidth than the devices have; leave it out of "
                "of_temperature"
            )
        numbers = (
            self.diffusion,
            self.equilibrium_power * width,
            devices.nonlinear_damping,
            devices.nonlinear_shift,
        )
        return Diffusion(*(each.astype(width.dtype) for each in numbers))

    def power(self, net_damping: ArrayLike, stiffness: ArrayLike, width: ArrayLike) -> np.ndarray:
        r"""About the power that it drives devices to.

        The smaller one of $D/|\delta|$, of a linear device, and $\sqrt{2D/S}$, at threshold.

        **Arguments:** `net_damping` $\delta$, `stiffness` $S$ and linewidth at rest, `width`, of
        the devices; all known, rad/s.
        """
        strength = np.asarray(self.diffusion) + np.asarray(self.equilibrium_power) * width
        with np.errstate(divide="ignore", invalid="ignore"):
            reached = np.fmin(strength / np.abs(net_damping), np.sqrt(2 * strength / stiffness))
        return np.where(strength > 0, reached, 0)


def coarseness(rate: float, step: float) -> float:
    r"""The share by which steps change the power of fluctuations.

    Random displacements before and after the drift of a step $h$ give an amplitude that decays at
    a rate $\Gamma$ the mean power $\frac D\Gamma\cdot\Gamma h\coth\Gamma h\approx
    \frac D\Gamma\left(1+\frac{(\Gamma h)^2}3\right)$.

    **Arguments:** the fastest `rate` at which amplitudes settle, rad/s; `step` in s.
    """
    return (rate * step) ** 2 / 3


def step_for_noise(rate: float, tolerance: float) -> float:
    """The step that changes the power of fluctuations by a tolerance, s; see `coarseness`."""
    return (3 * tolerance) ** 0.5 / rate


def _agree(one: Array, other: Array) -> bool:
    if any(isinstance(each, Tracer) for each in (one, other)):
        return True
    return np.allclose(one, other, rtol=1e-4, atol=0)
