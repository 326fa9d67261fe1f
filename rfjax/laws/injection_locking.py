r"""Injection locking: a free-running oscillator that follows a tone.

With the amplitude $c=\sqrt p\,e^{-i(\omega t+\theta)}$ in step with a tone
$F e^{-i\omega t}$, the lag $\theta$ follows Adler's equation

$$\dot\theta = (\omega_s-\omega) - \Delta\,\sin(\theta-\theta_0), \qquad
\Delta = \frac{F}{\sqrt p}\sqrt{1+\nu^2}, \qquad \theta_0 = \arctan\nu,$$

to first order in $F$, $\omega_s$ being the free-running frequency. (3.12-3.14) are its isochronous
form, $\nu=0$; (3.12) prints the frequency at rest where the free-running one belongs. With
$\nu\ne0$ the tone also moves the power, and with it the frequency.

First order ends where the tone moves the power much. At $F/\sqrt p=0.2\,\Gamma_0$, $Q=2$ and twice
the threshold current the edges of the range lie 0.5 % farther away at $\nu=0$; at $\nu=1.25$ the
edge below the free-running frequency lies 10 % farther away and the edge above 6 % nearer, the
other way round at $\nu=-1.25$; at a tenth of that force both are 0.8 % off. At any force,
`locked_power`, `locked_phase` and `relaxation_rates` are exact: the steady state of (3.3) under a
tone, its stability, and how fast it is reached.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from rfjax.laws.auto_oscillator import power_stiffness, rates
from rfjax.laws.steady_oscillation import oscillation_power


@jax.jit
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


@jax.jit
def locking_range(
    force: ArrayLike, power: ArrayLike, nonlinearity: ArrayLike = 0.0
) -> Float[Array, "..."]:
    r"""The largest detuning at which an oscillator follows a tone (3.13):
    $\Delta=\frac{F}{\sqrt p}\sqrt{1+\nu^2}$, to either side.

    **Arguments:** `force` $F=\gamma\sqrt P$ in rad/s; `power` $p>0$ of the free oscillation;
    `nonlinearity` $\nu$: zero, the default, is the isochronous oscillator of (3.13).

    **Returns:** rad/s.
    """
    growth = jnp.sqrt(1 + jnp.asarray(nonlinearity) ** 2)
    return growth * force / jnp.sqrt(jnp.asarray(power))


@jax.jit
def locked_lag(
    detuning: ArrayLike, locking_range: ArrayLike, nonlinearity: ArrayLike = 0.0
) -> Float[Array, "..."]:
    r"""The phase by which a locked oscillator lags the tone (3.12, with the opposite sign):
    $\theta=\arcsin\frac{\omega_s-\omega}{\Delta}+\arctan\nu$.

    **Arguments:** `detuning` $\omega_s-\omega$ of the free-running oscillator from the tone and
    `locking_range` $\Delta$, both in rad/s; `nonlinearity` $\nu$.

    **Returns:** rad; at the edge of the range where the detuning lies outside it.
    """
    ratio = jnp.asarray(detuning) / locking_range
    # The slope of the arcsine is infinite at the edge; inside it the bound changes nothing.
    edge = 1 - jnp.finfo(ratio.dtype).eps
    return jnp.arcsin(jnp.clip(ratio, -edge, edge)) + jnp.arctan(nonlinearity)


@jax.jit
def pulled_frequency(detuning: ArrayLike, locking_range: ArrayLike) -> Float[Array, "..."]:
    r"""The mean frequency of an oscillator under a tone, from that tone (3.14).

    $\langle\dot\theta\rangle=\mathrm{sign}(\delta)\sqrt{\delta^2-\Delta^2}$ for
    $\delta=\omega_s-\omega$ outside the locking range, zero inside.

    **Arguments:** `detuning` $\delta$ and `locking_range` $\Delta$ in rad/s.

    **Returns:** rad/s.
    """
    detuning = jnp.asarray(detuning)
    free = jnp.abs(detuning) > locking_range
    beat = jnp.where(free, (detuning - locking_range) * (detuning + locking_range), 1)
    return jnp.where(free, jnp.sign(detuning) * jnp.sqrt(beat), 0)


def locked_power(
    force: ArrayLike,
    tone: ArrayLike,
    gain: ArrayLike,
    frequency: ArrayLike,
    damping: ArrayLike,
    nonlinear_shift: ArrayLike,
    nonlinear_damping: ArrayLike,
) -> Float[Array, "..."]:
    r"""The oscillation power of an oscillator in step with a tone, at any force: the largest $p$ of
    $p\,|\lambda_0+\lambda_1p|^2=F^2$ (the steady state of 3.3).

    $\lambda_0=\alpha\omega_0-\sigma I+i(\omega_0-\omega)$,
    $\lambda_1=\alpha\omega_0Q+\sigma I+i\omega_0N$. If any root is stable, the largest one is;
    `relaxation_rates` tells whether it is, that is, whether the oscillator locks. Under strong
    forces a smaller one may be stable too: which is reached then depends on the start.

    **Arguments:** `force` $F>0$ in rad/s; `tone` $\omega/2\pi$ in Hz; `gain` $\sigma I$ in rad/s;
    `frequency` at threshold in Hz; `damping` $\alpha$; `nonlinear_shift` $N$; `nonlinear_damping`
    $Q$.

    **Returns:** $p$, without unit.
    """
    offset = jnp.asarray(frequency) - tone
    at_rest, growth = rates(frequency, damping, nonlinear_shift, nonlinear_damping, gain, offset)
    # Turned and scaled so that λ0 is one, this is the cubic of a resonator on resonance.
    scaled = growth / at_rest
    drive = (force / jnp.abs(at_rest)) ** 2
    return oscillation_power(0.0, drive, scaled.imag, scaled.real, "upper")


def locked_phase(
    power: ArrayLike,
    tone: ArrayLike,
    gain: ArrayLike,
    frequency: ArrayLike,
    damping: ArrayLike,
    nonlinear_shift: ArrayLike,
    nonlinear_damping: ArrayLike,
) -> Float[Array, "..."]:
    r"""The phase by which an oscillator in step with a tone lags it, at any force:
    $\theta=\arg(\lambda_0+\lambda_1p)$.

    **Arguments:** `power` by `locked_power`; the others as there.

    **Returns:** rad.
    """
    offset = jnp.asarray(frequency) - tone
    at_rest, growth = rates(frequency, damping, nonlinear_shift, nonlinear_damping, gain, offset)
    whole = at_rest + growth * power
    return jnp.arctan2(whole.imag, whole.real)


def relaxation_rates(
    power: ArrayLike,
    tone: ArrayLike,
    gain: ArrayLike,
    frequency: ArrayLike,
    damping: ArrayLike,
    nonlinear_shift: ArrayLike,
    nonlinear_damping: ArrayLike,
) -> tuple[Complex[Array, "..."], Complex[Array, "..."]]:
    r"""How fast an oscillator in step with a tone returns to that state when it is disturbed.

    The eigenvalues of (3.3) about the steady state of power $p$, with the sign turned:
    $r=\mathrm{Re}A\mp\sqrt{|\lambda_1|^2p^2-(\mathrm{Im}A)^2}$, $A=\lambda_0+2\lambda_1p$ (see
    `locked_power`). At weak force the slow one is that of the phase,
    $\Delta\cos(\theta-\theta_0)$, and the fast one that of the power, $2p$ times
    `power_stiffness`.

    **Arguments:** `power` by `locked_power`; the others as there.

    **Returns:** the slow and the fast rate, rad/s: a disturbance decays as $e^{-rt}$, and turns
    where they are complex. The state is stable, and the oscillator locked, where both real parts
    are positive. The slow one is a difference of large numbers at weak force: in float32 it is off
    by up to 1e-4 at $F/\sqrt p=0.02\,\Gamma_0$ and by 1 % at a twentieth of that.
    """
    offset = jnp.asarray(frequency) - tone
    at_rest, growth = rates(frequency, damping, nonlinear_shift, nonlinear_damping, gain, offset)
    whole, nonlinear = at_rest + growth * power, growth * power
    across = (whole + nonlinear).imag
    size = jnp.abs(nonlinear)
    inside = (size - across) * (size + across)
    mean = (whole + nonlinear).real
    root = jnp.sqrt(jax.lax.complex(inside, jnp.zeros_like(inside)))
    larger = mean + jnp.where(mean < 0, -root, root)
    # The product of both keeps the digits that the difference of the smaller one loses.
    product = jnp.abs(whole) ** 2 + 2 * (whole * jnp.conj(nonlinear)).real
    smaller = product / larger
    return jnp.where(mean < 0, larger, smaller), jnp.where(mean < 0, smaller, larger)
