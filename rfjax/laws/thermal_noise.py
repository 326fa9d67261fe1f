r"""Thermal noise of an auto-oscillator and the linewidths that it leads to.

A complex white force $f$ with $\langle f(t)f^*(s)\rangle=2D(p)\,\delta(t-s)$ drives the amplitude
$c$, $p=|c|^2$ (Slavin and Tiberkevich, IEEE Trans. Magn. 45, 1875, section VII). The power is an
action: the energy of a free oscillation grows with it as $dE/dp=E_0\,\omega(p)/\omega_0$, where
$E_0$ is the energy that the device would hold at $p=1$ without a nonlinear shift. Fluctuation and
dissipation ask for

$$D(p)=\frac{\Gamma_+(p)\,k_BT}{dE/dp}=\Gamma_0\,p_T\,\frac{1+Qp}{1+Np},\qquad
p_T=\frac{k_BT}{E_0}.$$

The strength of a force that depends on the power is taken at the end of each short time (the
isothermal rule). As an equation of Itô that is

$$dc=-[\Gamma_+-\Gamma_-]\,c\,dt-i\omega c\,dt+\frac{dD}{dp}\,c\,dt
+\sqrt{D}\,(dW_1+i\,dW_2),$$

whose stationary density in the plane of $c$ is
$\exp\left(-\int_0^p\frac{\Gamma_+-\Gamma_-}{D}\,dp\right)$ up to a factor: without a current that
of Boltzmann, $e^{-E(p)/k_BT}$.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.auto_oscillator import power_without_frequency

BOLTZMANN = 1.380649e-23  # J/K


class Diffusion(NamedTuple):
    """The strength of a thermal force, and how it changes with the oscillation power.

    **Arguments:** `strength` $D(p)$ and its `first`, `second` and `third` derivative with respect
    to $p$; all in rad/s.
    """

    strength: Float[Array, "..."]
    first: Float[Array, "..."]
    second: Float[Array, "..."]
    third: Float[Array, "..."]


@jax.jit
def equilibrium_power(temperature: ArrayLike, energy: ArrayLike) -> Float[Array, "..."]:
    r"""The mean oscillation power of a linear resonator that only noise drives: $p_T=k_BT/E_0$.

    **Arguments:** `temperature` $T$ in K; `energy` $E_0$ in J: what the device holds at $p=1$.

    **Returns:** $p_T$, without unit; NaN for temperatures below zero and energies not above it.
    """
    temperature = jnp.where(jnp.less(temperature, 0), jnp.nan, temperature)
    energy = jnp.where(jnp.greater(energy, 0), energy, jnp.nan)
    # The constant goes with the energy: the product with the temperature leaves float32's range.
    return jnp.asarray(temperature / (energy / BOLTZMANN))


@jax.jit
def oscillation_energy(
    power: ArrayLike, energy: ArrayLike, nonlinear_shift: ArrayLike
) -> Float[Array, "..."]:
    r"""The energy of a free oscillation: $E(p)=E_0\,p\,(1+Np/2)$.

    **Arguments:** `power` $p$; `energy` $E_0$ in J; `nonlinear_shift` $N$.

    **Returns:** J; NaN where $\omega(p)=\omega_0(1+Np)$, with which it grows, is not above zero.
    """
    power = jnp.where(power < power_without_frequency(nonlinear_shift), power, jnp.nan)
    return jnp.asarray(energy * power * (1 + nonlinear_shift * power / 2))


@jax.jit
def diffusion(
    equilibrium_power: ArrayLike,
    linewidth: ArrayLike,
    power: ArrayLike = 0.0,
    nonlinear_damping: ArrayLike = 0.0,
    nonlinear_shift: ArrayLike = 0.0,
) -> Float[Array, "..."]:
    r"""The strength of the thermal force: $D(p)=\Gamma_0\,p_T\,\frac{1+Qp}{1+Np}$.

    A current changes it through the power only: the spin torque adds no noise of its own.

    **Arguments:** `equilibrium_power` $p_T$; `linewidth` $\Gamma_0$ in rad/s; `power` $p$, zero if
    none is given; `nonlinear_damping` $Q$; `nonlinear_shift` $N$.

    **Returns:** rad/s; NaN for powers below zero, and where damping or frequency are not above
    zero.
    """
    growth = _above_zero(power, nonlinear_damping) / _above_zero(power, nonlinear_shift)
    return jnp.asarray(equilibrium_power * linewidth * growth)


def diffusion_and_slopes(
    equilibrium_power: ArrayLike,
    linewidth: ArrayLike,
    power: ArrayLike,
    nonlinear_damping: ArrayLike,
    nonlinear_shift: ArrayLike,
) -> Diffusion:
    r"""The strength of the thermal force, see `diffusion`, with its slopes in the power.

    $\frac{dD}{dp}=\Gamma_0\,p_T\,\frac{Q-N}{(1+Np)^2}$; each further derivative is the one before
    times $-\frac{kN}{1+Np}$, $k=2,3$.

    **Arguments:** those of `diffusion`.

    **Returns:** the strength and its slopes; NaN where `diffusion` is.
    """
    strength = diffusion(equilibrium_power, linewidth, power, nonlinear_damping, nonlinear_shift)
    stretch = _above_zero(power, nonlinear_shift)
    at_rest = jnp.asarray(equilibrium_power * linewidth)
    first = at_rest * (nonlinear_damping - nonlinear_shift) / stretch**2
    second = -2 * nonlinear_shift / stretch * first
    return Diffusion(
        strength, *map(jnp.asarray, (first, second, -3 * nonlinear_shift / stretch * second))
    )


def linewidth_below_threshold(net_damping: ArrayLike) -> Float[Array, "..."]:
    r"""The full width at half maximum of the spectrum below threshold,
    $\frac{\Gamma_+-\Gamma_-}{\pi}$ at rest.

    It holds for weak noise, whose power does not change damping and frequency.

    **Arguments:** `net_damping` $\Gamma_+(0)-\Gamma_-(0)$ in rad/s, above zero.

    **Returns:** Hz; NaN at threshold and above.
    """
    return jnp.where(jnp.greater(net_damping, 0), net_damping, jnp.nan) / jnp.pi


@jax.jit
def linewidth_above_threshold(
    diffusion: ArrayLike, power: ArrayLike, nonlinearity: ArrayLike
) -> Float[Array, "..."]:
    r"""The full width at half maximum of the line of a free-running oscillator,
    $\frac{D(p)}{2\pi p}(1+\nu^2)$: phase noise, and power noise that moves the frequency.

    With $D(p)$ of thermal equilibrium that is
    $(1+\nu^2)\,\frac{\Gamma_+(p)}{2\pi}\,\frac{k_BT}{p\,dE/dp}$. It holds for weak noise, well
    above threshold.

    **Arguments:** `diffusion` $D$ at the power of the oscillation, rad/s; `power` $p$;
    `nonlinearity` $\nu$.

    **Returns:** Hz; NaN without a power above zero.
    """
    power = jnp.where(jnp.greater(power, 0), power, jnp.nan)
    return (1 + jnp.asarray(nonlinearity) ** 2) * diffusion / (2 * jnp.pi * power)


def diffusion_of_linewidth(
    linewidth: ArrayLike, power: ArrayLike, nonlinearity: ArrayLike
) -> Float[Array, "..."]:
    """The strength of the thermal force that gives a known line; see `linewidth_above_threshold`.

    **Arguments:** `linewidth` in Hz, full width at half maximum; `power`; `nonlinearity`.

    **Returns:** rad/s.
    """
    return jnp.asarray(linewidth / linewidth_above_threshold(1.0, power, nonlinearity))


def linewidth_of_phase(variance: ArrayLike, time: ArrayLike) -> Float[Array, "..."]:
    r"""The full width at half maximum of a line whose phase diffuses:
    $\frac{\langle\Delta\theta^2\rangle}{2\pi t}$.

    **Arguments:** `variance` of the phase that is gathered in a time, rad²; `time` $t$ in s.

    **Returns:** Hz.
    """
    return jnp.asarray(variance) / (2 * jnp.pi * jnp.asarray(time))


@partial(jax.jit, inline=True)
def _above_zero(power, slope) -> Float[Array, "..."]:
    """$1+kp$ of a slope $k$; NaN where it, or the power before, is not a physical one."""
    whole = 1 + slope * jnp.asarray(power)
    return jnp.where((whole > 0) & jnp.greater_equal(power, 0), whole, jnp.nan)
