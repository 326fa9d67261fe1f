r"""The Slavin–Tiberkevich auto-oscillator: its coefficients and its steady state.

$\dot c = -[\Gamma_+(p)-\Gamma_-(p)]\,c - i\,\omega(p)\,c + \ldots$ (3.3), $p=|c|^2$. A resonator is
the same device with $\Gamma_-=0$.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float


@jax.jit
def angular_frequency(
    power: ArrayLike,
    frequency: ArrayLike,
    nonlinear_shift: ArrayLike,
    offset: ArrayLike | None = None,
) -> Float[Array, "..."]:
    r"""The angular frequency at oscillation power $p$: $\omega(p)=\omega_0(1+Np)$ (3.6).

    **Arguments:** `power` $p$, without unit; `frequency` in Hz; `nonlinear_shift` $N$; `offset` in
    Hz: the frequency at rest in a rotating frame, where that is wanted: a small number, whose
    digits rounding of a large sum would take.

    **Returns:** rad/s; NaN from the power on at which no frequency is left, see
    `power_without_frequency`.
    """
    at_rest = frequency if offset is None else offset
    power = jnp.where(power < power_without_frequency(nonlinear_shift), power, jnp.nan)
    return 2 * jnp.pi * jnp.asarray(at_rest + frequency * nonlinear_shift * power)


@jax.jit
def power_without_frequency(nonlinear_shift: ArrayLike) -> Float[Array, "..."]:
    r"""The power at which the first-order frequency $\omega_0(1+Np)$ (3.6) reaches zero: $-1/N$.

    The model means nothing at that power and beyond.

    **Arguments:** `nonlinear_shift` $N$.

    **Returns:** $p$, without unit; infinite where the frequency does not fall, $N\ge0$.
    """
    shift = jnp.asarray(nonlinear_shift)
    return jnp.where(shift < 0, -1 / jnp.where(shift < 0, shift, -1), jnp.inf)


def linewidth(frequency: ArrayLike, damping: ArrayLike) -> Float[Array, "..."]:
    r"""The linewidth at rest: $\Gamma_0=\alpha\omega_0$.

    **Arguments:** `frequency` in Hz; `damping` $\alpha$.

    **Returns:** rad/s.
    """
    return 2 * jnp.pi * linewidth_frequency(frequency, damping)


def linewidth_frequency(frequency: ArrayLike, damping: ArrayLike) -> Float[Array, "..."]:
    r"""The linewidth at rest as a frequency: $\Gamma_0/2\pi=\alpha f_0$.

    **Arguments:** `frequency` in Hz; `damping` $\alpha$.

    **Returns:** Hz.
    """
    return jnp.asarray(damping * frequency)


@jax.jit
def positive_damping(
    power: ArrayLike, frequency: ArrayLike, damping: ArrayLike, nonlinear_damping: ArrayLike
) -> Float[Array, "..."]:
    r"""The damping rate at oscillation power $p$: $\Gamma_+(p)=\alpha\omega_0(1+Qp)$ (3.7).

    **Arguments:** `power` $p$; `frequency` in Hz; `damping` $\alpha$; `nonlinear_damping` $Q$.

    **Returns:** rad/s.
    """
    return linewidth(frequency, damping) * (1 + nonlinear_damping * power)


def negative_damping(
    power: ArrayLike, current: ArrayLike, spin_torque_efficiency: ArrayLike
) -> Float[Array, "..."]:
    r"""What the spin torque of a current gives back: $\Gamma_-(p)=\sigma I(1-p)$ (3.8).

    **Arguments:** `power` $p$; `current` $I$ in A; `spin_torque_efficiency` $\sigma$ in
    rad·s⁻¹·A⁻¹.

    **Returns:** rad/s.
    """
    return jnp.asarray(spin_torque_efficiency * current * (1 - power))


def threshold_current(
    frequency: ArrayLike, damping: ArrayLike, spin_torque_efficiency: ArrayLike
) -> Float[Array, "..."]:
    r"""The current at which oscillation sets in: $I_{th}=\alpha\omega_0/\sigma$ (3.10).

    **Arguments:** `frequency` in Hz; `damping` $\alpha$; `spin_torque_efficiency` $\sigma$ in
    rad·s⁻¹·A⁻¹.

    **Returns:** A.
    """
    return linewidth(frequency, damping) / spin_torque_efficiency


def supercriticality(
    current: ArrayLike,
    frequency: ArrayLike,
    damping: ArrayLike,
    spin_torque_efficiency: ArrayLike,
) -> Float[Array, "..."]:
    r"""A current over the threshold current: $\zeta=I/I_{th}=\sigma I/(\alpha\omega_0)$ (3.10).

    **Arguments:** `current` $I$ in A; `frequency` in Hz; `damping` $\alpha$;
    `spin_torque_efficiency` $\sigma$ in rad·s⁻¹·A⁻¹.

    **Returns:** $\zeta$, without unit.
    """
    return jnp.asarray(current / threshold_current(frequency, damping, spin_torque_efficiency))


@jax.jit
def biased_damping(
    supercriticality: ArrayLike, damping: ArrayLike, nonlinear_damping: ArrayLike
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""The damping of a resonator under a current below threshold, as that of one without current.

    $\Gamma_+(p)-\sigma I(1-p)=\alpha'\omega_0(1+Q'p)$ (3.7 with 3.8) with
    $\alpha'=\alpha(1-\zeta)$ and $Q'=\frac{Q+\zeta}{1-\zeta}$.

    **Arguments:** `supercriticality` $\zeta=I/I_{th}<1$, negative where the current adds damping;
    `damping` $\alpha$; `nonlinear_damping` $Q$.

    **Returns:** $\alpha'$ and $Q'$, without unit; NaN at and above threshold.
    """
    left = 1 - jnp.where(jnp.less(supercriticality, 1), supercriticality, jnp.nan)
    return left * damping, jnp.asarray(nonlinear_damping + supercriticality) / left


@jax.jit
def steady_power(supercriticality: ArrayLike, nonlinear_damping: ArrayLike) -> Float[Array, "..."]:
    r"""The free-running oscillation power, at which gain and loss balance:
    $p=\frac{I/I_{th}-1}{I/I_{th}+Q}$ above threshold (3.11), zero below.

    **Arguments:** `supercriticality` $I/I_{th}$; `nonlinear_damping` $Q>-1$.

    **Returns:** $p\in[0,1)$, without unit; NaN for other $Q$, which no power balances.
    """
    nonlinear_damping = jnp.where(jnp.greater(nonlinear_damping, -1), nonlinear_damping, jnp.nan)
    # The larger of the ratio and one keeps the quotient, and its derivative, finite below it.
    above = jnp.maximum(supercriticality, 1.0)
    return (above - 1) / (above + nonlinear_damping)


@jax.jit
def tunability(
    supercriticality: ArrayLike,
    frequency: ArrayLike,
    nonlinear_shift: ArrayLike,
    nonlinear_damping: ArrayLike,
    threshold: ArrayLike,
) -> Float[Array, "..."]:
    r"""How fast the frequency of a free-running oscillator moves with its current (3.9).

    $\frac{df}{dI}=f_0N\frac{dp}{dI}=\frac{f_0N}{I_{th}}\frac{1+Q}{(I/I_{th}+Q)^2}$ above
    threshold, zero below.

    **Arguments:** `supercriticality` $I/I_{th}$; `frequency` in Hz; `nonlinear_shift` $N$;
    `nonlinear_damping` $Q$; `threshold` $I_{th}$ in A.

    **Returns:** Hz/A.
    """
    above = jnp.maximum(supercriticality, 1.0)
    slope = (1 + nonlinear_damping) / (above + nonlinear_damping) ** 2
    return jnp.where(supercriticality > 1, frequency * nonlinear_shift * slope / threshold, 0)


def relaxation_time(frequency: ArrayLike, damping: ArrayLike) -> Float[Array, "..."]:
    r"""How long the amplitude of a resonator takes to settle: $\tau=1/\Gamma_0$ (5.21).

    **Arguments:** `frequency` in Hz; `damping` $\alpha$.

    **Returns:** s.
    """
    return 1 / linewidth(frequency, damping)


@jax.jit
def least_decay(
    power: ArrayLike,
    frequency: ArrayLike,
    damping: ArrayLike,
    nonlinear_shift: ArrayLike,
    nonlinear_damping: ArrayLike,
) -> Float[Array, "..."]:
    r"""The rate at which neighbouring states of a driven resonator approach each other, at least:
    $\Gamma_0(1+2Qp)-p\,|\Gamma_0Q+i\omega_0N|$ (3.3, linearised about a state of power $p$).

    It is linear in $p$, so that the mean of a changing power gives the mean rate. A negative one
    says nothing: states may approach all the same.

    **Arguments:** `power` $p$; `frequency` $f_0$ in Hz; `damping` $\alpha$; `nonlinear_shift` $N$;
    `nonlinear_damping` $Q$.

    **Returns:** rad/s.
    """
    width = linewidth(frequency, damping)
    growing = jnp.hypot(width * nonlinear_damping, 2 * jnp.pi * frequency * nonlinear_shift)
    return width + (2 * width * nonlinear_damping - growing) * power


@jax.jit
def power_stiffness(
    gain: ArrayLike, frequency: ArrayLike, damping: ArrayLike, nonlinear_damping: ArrayLike
) -> Float[Array, "..."]:
    r"""How fast the net damping of an oscillator grows with its power,
    $\frac{d}{dp}(\Gamma_+-\Gamma_-)=\alpha\omega_0Q+\sigma I$ (from 3.7 and 3.8).

    A free-running oscillator settles its power at the rate $2p$ times this.

    **Arguments:** `gain` $\sigma I$ in rad/s; `frequency` in Hz; `damping` $\alpha$;
    `nonlinear_damping` $Q$.

    **Returns:** rad/s.
    """
    return jnp.asarray(linewidth(frequency, damping) * nonlinear_damping + gain)


@jax.jit
def rates(
    frequency: ArrayLike,
    damping: ArrayLike,
    nonlinear_shift: ArrayLike,
    nonlinear_damping: ArrayLike,
    gain: ArrayLike = 0.0,
    offset: ArrayLike | None = None,
) -> tuple[Complex[Array, "..."], Complex[Array, "..."]]:
    r"""What a device does by itself, in powers of $p$: $\dot c=-(\lambda_0+\lambda_1p)\,c$
    (3.3 with 3.6 to 3.8).

    $\lambda_0=\alpha\omega_0-\sigma I+i\omega_0$,
    $\lambda_1=\alpha\omega_0Q+\sigma I+i\omega_0N$.

    **Arguments:** `frequency` in Hz; `damping` $\alpha$; `nonlinear_shift` $N$;
    `nonlinear_damping` $Q$; `gain` $\sigma I$ in rad/s; `offset` in Hz: the frequency at rest in a
    rotating frame, where that is wanted.

    **Returns:** $\lambda_0$ and $\lambda_1$, rad/s.
    """
    turning = angular_frequency(0.0, frequency, nonlinear_shift, offset)
    # A coefficient, and no frequency that a device would have.
    shifting = 2 * jnp.pi * jnp.asarray(frequency * nonlinear_shift)
    decay = positive_damping(0.0, frequency, damping, nonlinear_damping) - gain
    stiffness = power_stiffness(gain, frequency, damping, nonlinear_damping)
    return _complex(decay, turning), _complex(stiffness, shifting)


@jax.jit
def largest_power(
    force: ArrayLike, net_damping: ArrayLike, stiffness: ArrayLike
) -> Float[Array, "..."]:
    r"""A bound of the power at which forces in step and on resonance make up for the damping.

    $(\delta+Sp)\sqrt p=F$ (the steady state of 3.3) with the net damping at rest
    $\delta=\Gamma_0-\sigma I$ and its growth $S$ cannot hold beyond
    $\max(0,-\delta/S)+\min[(F/S)^{2/3},(F/\delta)^2]$.

    **Arguments:** `force` $F$, the largest that all can add up to; `net_damping` $\delta$;
    `stiffness` $S\ge0$, see `power_stiffness`; all in rad/s.

    **Returns:** $p$, without unit; infinite where nothing bounds it.
    """

    def over(value, rate):
        return jnp.where(rate > 0, value / jnp.where(rate > 0, rate, 1), jnp.inf)

    free = jnp.where(net_damping < 0, over(-net_damping, stiffness), 0)
    return free + jnp.minimum(over(force, stiffness) ** (2 / 3), over(force, net_damping) ** 2)


@jax.jit
def force(power: ArrayLike, drive: ArrayLike) -> Float[Array, "..."]:
    r"""How strongly a tone drives a device: $F=\gamma\sqrt P$.

    **Arguments:** `power` $P$ in W; `drive` $\gamma$ in rad·Hz·W^(−1/2).

    **Returns:** rad/s.
    """
    zero = jnp.equal(power, 0)
    return jnp.asarray(drive) * jnp.where(zero, 0, jnp.sqrt(jnp.where(zero, 1, power)))


def _complex(real: Array, imaginary: Array) -> Complex[Array, "..."]:
    parts = jnp.broadcast_arrays(real, imaginary)
    return jax.lax.complex(*(part.astype(jnp.result_type(*parts)) for part in parts))
