r"""Injection locking: a free-running oscillator that follows a tone.

With the amplitude $c=\sqrt p\,e^{-i(\omega t+\theta)}$ in step with a tone
$F e^{-i\omega t}$, the lag $\theta$ follows Adler's equation

$$\dot\theta = (\omega_s-\omega) - \Delta\,\sin(\theta-\theta_0), \qquad
\Delta = \frac{F}{\sqrt p}\sqrt{1+\nu^2}, \qquad \theta_0 = \arctan\nu,$$

to first order in $F$, $\omega_s$ being the free-running frequency. (3.12-3.14) are its isochronous
form, $\nu=0$. With $\nu\ne0$ the tone also moves the power, and with it the frequency.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.auto_oscillator import power_stiffness


def nonlinearity(
    gain: ArrayLike,
    frequency: ArrayLike,
    damping: ArrayLike,
    nonlinear_shift: ArrayLike,
    nonlinear_damping: ArrayLike,
) -> Float[Array, "..."]:
    r"""The nonlinear frequency shift over the effective damping,
    $\nu=\frac{N\omega_0}{\alpha\omega_0Q+\sigma I}$.

    **Arguments:** `gain` $\sigma I$ in rad/s; `frequency` in Hz; `damping` $\alpha$;
    `nonlinear_shift` $N$; `nonlinear_damping` $Q$.

    **Returns:** $\nu$, without unit.
    """
    stiffness = power_stiffness(gain, frequency, damping, nonlinear_damping)
    return 2 * jnp.pi * jnp.asarray(nonlinear_shift * frequency / stiffness)


def locking_range(
    force: ArrayLike, power: ArrayLike, nonlinearity: ArrayLike = 0.0
) -> Float[Array, "..."]:
    r"""The largest detuning at which an oscillator follows a tone (3.12):
    $\Delta=\frac{F}{\sqrt p}\sqrt{1+\nu^2}$, to either side.

    **Arguments:** `force` $F=\gamma\sqrt P$ in rad/s; `power` $p>0$ of the free oscillation;
    `nonlinearity` $\nu$: zero, the default, is the isochronous oscillator of (3.12).

    **Returns:** rad/s.
    """
    growth = jnp.sqrt(1 + jnp.asarray(nonlinearity) ** 2)
    return growth * force / jnp.sqrt(jnp.asarray(power))


def locked_lag(
    detuning: ArrayLike, locking_range: ArrayLike, nonlinearity: ArrayLike = 0.0
) -> Float[Array, "..."]:
    r"""The phase by which a locked oscillator lags the tone (3.13):
    $\theta=\arcsin\frac{\omega_s-\omega}{\Delta}+\arctan\nu$.

    **Arguments:** `detuning` $\omega_s-\omega$ of the free-running oscillator from the tone and
    `locking_range` $\Delta$, both in rad/s; `nonlinearity` $\nu$.

    **Returns:** rad; at the edge of the range where the detuning lies outside it.
    """
    ratio = jnp.asarray(detuning) / locking_range
    # The slope of the arcsine is infinite at the edge; inside it the bound changes nothing.
    edge = 1 - jnp.finfo(ratio.dtype).eps
    return jnp.arcsin(jnp.clip(ratio, -edge, edge)) + jnp.arctan(nonlinearity)


def pulled_frequency(detuning: ArrayLike, locking_range: ArrayLike) -> Float[Array, "..."]:
    r"""The mean frequency of an oscillator beside a tone, from that tone (3.14).

    $\langle\dot\theta\rangle=\mathrm{sign}(\delta)\sqrt{\delta^2-\Delta^2}$ for
    $\delta=\omega_s-\omega$ outside the locking range, zero inside.

    **Arguments:** `detuning` $\delta$ and `locking_range` $\Delta$ in rad/s.

    **Returns:** rad/s.
    """
    detuning = jnp.asarray(detuning)
    free = jnp.abs(detuning) > locking_range
    beat = jnp.where(free, (detuning - locking_range) * (detuning + locking_range), 1)
    return jnp.where(free, jnp.sign(detuning) * jnp.sqrt(beat), 0)
