r"""Thermal noise of an auto-oscillator and the linewidths that it leads to.

A complex white force $f$ with $\langle f(t)f^*(t')\rangle=2D\,\delta(t-t')$ drives the amplitude
(Slavin and Tiberkevich, IEEE Trans. Magn. 45, 1875, section VII). $D=\Gamma_0p_T$ lets a
resonator at rest oscillate with the mean power $p_T=k_BT/E_0$ that equipartition asks for.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

BOLTZMANN = 1.380649e-23  # J/K


def equilibrium_power(temperature: ArrayLike, energy: ArrayLike) -> Float[Array, "..."]:
    r"""The mean oscillation power of a resonator that only noise drives: $p_T=k_BT/E_0$.

    **Arguments:** `temperature` $T$ in K; `energy` $E_0$ in J: what the device holds at $p=1$.

    **Returns:** $p_T$, without unit.
    """
    # The constant goes with the energy: the product with the temperature leaves float32's range.
    return jnp.asarray(temperature / (energy / BOLTZMANN))


def diffusion(equilibrium_power: ArrayLike, linewidth: ArrayLike) -> Float[Array, "..."]:
    r"""The strength of the thermal force: $D=\Gamma_0p_T$.

    **Arguments:** `equilibrium_power` $p_T$; `linewidth` $\Gamma_0$ in rad/s.

    **Returns:** rad/s.
    """
    return jnp.asarray(equilibrium_power * linewidth)


def linewidth_below_threshold(net_damping: ArrayLike) -> Float[Array, "..."]:
    r"""The full width at half maximum of the spectrum below threshold,
    $\frac{\Gamma_+-\Gamma_-}{\pi}$ at rest.

    **Arguments:** `net_damping` $\Gamma_+(0)-\Gamma_-(0)$ in rad/s, above zero.

    **Returns:** Hz.
    """
    return jnp.asarray(net_damping) / jnp.pi


def linewidth_above_threshold(
    diffusion: ArrayLike, power: ArrayLike, nonlinearity: ArrayLike
) -> Float[Array, "..."]:
    r"""The full width at half maximum of the line of a free-running oscillator,
    $\frac{D}{2\pi p}(1+\nu^2)$: phase noise, and power noise that moves the frequency.

    **Arguments:** `diffusion` $D$ in rad/s; `power` $p$ of the oscillation; `nonlinearity` $\nu$.

    **Returns:** Hz.
    """
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
