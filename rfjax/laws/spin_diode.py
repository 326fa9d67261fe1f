r"""The spin diode: a resonator that turns the power of a tone into a DC voltage.

Everything is computed in reduced variables, of order one and safe in float32:
detuning $x_0=(\omega_{rf}-\omega_0)/\Gamma_0$, drive $s=\gamma^2P/\Gamma_0^2$, nonlinear shift
$n=N/\alpha$, nonlinear damping $Q$, with the linewidth $\Gamma_0=\alpha\omega_0$.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.auto_oscillator import linewidth, linewidth_frequency
from rfjax.laws.steady_oscillation import (
    fold_drives,
    fold_onset,
    oscillation_power,
    oscillation_power_on,
    phase_lead,
    response_denominator,
    stable_branches,
)

__all__ = [
    "broadened",
    "continued_resonance_frequency",
    "detuned_voltage_scale",
    "detuning_from_own_tone",
    "fold_drives",
    "fold_onset",
    "mixing",
    "oscillation_power",
    "oscillation_power_on",
    "phase_lead",
    "rectification",
    "reduced_detuning",
    "reduced_drive",
    "reduced_shift",
    "resonance_frequency",
    "response",
    "response_slopes",
    "stable_branches",
    "torque_shares",
    "voltage_scale",
]


def reduced_detuning(
    tone: ArrayLike, frequency: ArrayLike, damping: ArrayLike
) -> Float[Array, "..."]:
    r"""How far a tone lies from a resonance, in linewidths: $x_0=(f_{rf}-f_0)/(\alpha f_0)$.

    **Arguments:** `tone` and `frequency` (the resonance) in Hz; `damping` $\alpha$.

    **Returns:** $x_0$, without unit.
    """
    return jnp.asarray((tone - frequency) / linewidth_frequency(frequency, damping))


def resonance_frequency(
    tone: ArrayLike, detuning: ArrayLike, damping: ArrayLike
) -> Float[Array, "..."]:
    r"""The resonance that lies `detuning` linewidths below a tone: $f_0=f_{rf}/(1+\alpha x_0)$.

    The inverse of `reduced_detuning`, with the linewidth of the resonance itself.

    **Arguments:** `tone` in Hz; `detuning` $x_0$ in linewidths; `damping` $\alpha$.

    **Returns:** $f_0$ in Hz; NaN for detunings of $-1/\alpha$ and below, which no resonance has.
    """
    return jnp.asarray(tone / _tone_over_resonance(detuning, damping))


def continued_resonance_frequency(
    tone: ArrayLike, detuning: ArrayLike, damping: ArrayLike
) -> Float[Array, "..."]:
    r"""`resonance_frequency`, continued to detunings below $-1/\alpha$, where it is negative.

    Voltages are smooth there, so that nodes of an interpolation in the detuning may lie beyond the
    detunings that a resonance can have.

    **Arguments:** as for `resonance_frequency`.

    **Returns:** $f_0$ in Hz.
    """
    return jnp.asarray(tone / (1 + damping * detuning))


def detuning_from_own_tone(
    tone: ArrayLike, own_tone: ArrayLike, own_detuning: ArrayLike, damping: ArrayLike
) -> Float[Array, "..."]:
    r"""The detuning of any tone from a resonator given by the detuning from its own tone.

    $x = \frac{f_{rf}-f_k}{\alpha f_k} + \frac{f_{rf}}{f_k}\delta_k$: `reduced_detuning` of the
    resonance $f_k/(1+\alpha\delta_k)$, without the loss of digits of a difference in Hz.

    **Arguments:** `tone` $f_{rf}$ and `own_tone` $f_k$ in Hz; `own_detuning` $\delta_k$ in
    linewidths; `damping` $\alpha$.

    **Returns:** $x$, without unit.
    """
    return reduced_detuning(tone, own_tone, damping) + tone / own_tone * own_detuning


@jax.jit
def reduced_drive(
    power: ArrayLike, frequency: ArrayLike, damping: ArrayLike, drive: ArrayLike
) -> Float[Array, "..."]:
    r"""The reduced drive of a tone: $s=\gamma^2P/\Gamma_0^2$, from $F=\gamma\sqrt P$.

    **Arguments:** `power` $P$ in W; `frequency` in Hz; `damping` $\alpha$; `drive` $\gamma$ in
    rad·Hz·W^(−1/2).

    **Returns:** $s$, without unit.
    """
    # The two factors are squared apart: the products of their parts leave float32's range.
    return jnp.asarray(power * (drive / linewidth(frequency, damping)) ** 2)


def reduced_shift(nonlinear_shift: ArrayLike, damping: ArrayLike) -> Float[Array, "..."]:
    r"""The nonlinear frequency shift in linewidths, $n=N/\alpha$; all without unit."""
    return jnp.asarray(nonlinear_shift / damping)


@jax.jit
def torque_shares(
    field_like: ArrayLike, damping_like: ArrayLike
) -> tuple[Float[Array, "..."], Float[Array, "..."], Float[Array, "..."]]:
    r"""The one force that a field-like and a damping-like torque add up to (A.13, A.14).

    Both follow one microwave current, the damping-like torque in phase and the field-like one a
    quarter of a turn behind (A.6): $\gamma=\sqrt{\gamma_{FL}^2+\gamma_{DL}^2}$,
    $\xi_A=\gamma_{FL}/\gamma$, $\xi_S=\gamma_{DL}/\gamma$, at any power.

    **Arguments:** `field_like` $\gamma_{FL}$ and `damping_like` $\gamma_{DL}$ in
    rad·Hz·W^(−1/2), of either sign.

    **Returns:** `drive` $\gamma$ in rad·Hz·W^(−1/2), `antisymmetric` $\xi_A$ and `symmetric`
    $\xi_S$, whose squares sum to one; NaN where there is no torque.
    """
    drive = jnp.hypot(field_like, damping_like)
    return drive, jnp.asarray(field_like) / drive, jnp.asarray(damping_like) / drive


@jax.jit
def rectification(
    drive: ArrayLike, change: ArrayLike, sensitivity: ArrayLike, efficiency: ArrayLike
) -> Float[Array, "..."]:
    r"""The scaling factor of the rectified voltage: $\beta=\gamma^2\,\Delta R\,\beta_s/(2\sigma)$.

    From (A.10) and (A.12) with $F=\gamma\sqrt P$; with one torque only it is $\beta\xi$ of that
    torque, which (A.15) prints without the square of $\gamma$.

    **Arguments:** `drive` $\gamma$ in rad·Hz·W^(−1/2); `change` $\Delta R$ in Ω; `sensitivity`
    $\beta_s$, without unit; `efficiency` $\sigma$ of the torque in rad·s⁻¹·A⁻¹: force over
    amplitude of the microwave current.

    **Returns:** rad·C⁻¹.
    """
    # The square of the drive leaves float32's comfortable range.
    return jnp.asarray(drive / efficiency * (change * sensitivity / 2) * drive)


@jax.jit
def response(
    detuning: ArrayLike,
    power: ArrayLike,
    shift: ArrayLike,
    damping: ArrayLike,
    antisymmetric: ArrayLike,
    symmetric: ArrayLike,
) -> Float[Array, "..."]:
    r"""The rectification of a resonator, in reduced form, while it oscillates with power $p$.

    $R = \frac{\xi_A(x_0-np)+\xi_S(1+Qp)}{(1+Qp)^2+(x_0-np)^2}$ (5.10, A.17, A.18, with the lost
    square put back); at $p=0$ it is the linear spin diode $\frac{\xi_Ax_0+\xi_S}{1+x_0^2}$ (3.15,
    A.9–A.12). The voltage is $R\,P$ times `voltage_scale`.

    **Arguments:** all without unit, broadcast: `detuning` $x_0$; `power` $p$, the
    effective power of the tone; `shift` $n$; `damping` $Q$; `antisymmetric` $\xi_A$ (field-like
    torque); `symmetric` $\xi_S$ (damping-like torque).

    **Returns:** $R$, without unit.
    """
    numerator = antisymmetric * (detuning - shift * power) + symmetric * (1 + damping * power)
    return jnp.asarray(numerator / response_denominator(detuning, power, shift, damping))


@jax.jit
def response_slopes(
    detuning: ArrayLike,
    power: ArrayLike,
    shift: ArrayLike,
    damping: ArrayLike,
    antisymmetric: ArrayLike,
    symmetric: ArrayLike,
) -> tuple[Float[Array, "..."], ...]:
    r"""The derivatives of the steady `response`, whose power $p$ follows the drive $s=pD$.

    With $u=x_0-np$, $v=1+Qp$ and $D=u^2+v^2$, at fixed power
    $R_u=\frac{\xi_A-2uR}{D}$ and $R_v=\frac{\xi_S-2vR}{D}$; the power grows by
    $p_s=\frac{1}{D+2p(Qv-nu)}$. All together

    $$R_s=(QR_v-nR_u)\,p_s,\quad R_{x_0}=R_u-2puR_s,\quad R_n=-p\,R_{x_0},\quad
    R_Q=p\,(R_v-2pvR_s),\quad R_{\xi_A}=\frac uD,\quad R_{\xi_S}=\frac vD.$$

    **Arguments:** as for `response`; `power` $p$: the steady one.

    **Returns:** the derivatives to $x_0$, $s$, $n$, $Q$, $\xi_A$ and $\xi_S$, without unit.
    """
    across, along = detuning - shift * power, 1 + damping * power
    over = 1 / response_denominator(detuning, power, shift, damping)
    by_torques = across * over, along * over
    doubled = 2 * (antisymmetric * by_torques[0] + symmetric * by_torques[1])
    by_across = over * antisymmetric - doubled * by_torques[0]
    by_along = over * symmetric - doubled * by_torques[1]
    turning = damping * along - shift * across
    by_drive = (damping * by_along - shift * by_across) * over / (1 + 2 * power * turning * over)
    carried = 2 * power * by_drive
    by_detuning = by_across - carried * across
    by_damping = power * (by_along - carried * along)
    return by_detuning, by_drive, -power * by_detuning, by_damping, *by_torques


@jax.jit
def voltage_scale(
    frequency: ArrayLike, damping: ArrayLike, rectification: ArrayLike
) -> Float[Array, "..."]:
    r"""The volts per watt of a resonator whose reduced response is one: $\beta/\Gamma_0$ (3.15).

    **Arguments:** `frequency` in Hz; `damping` $\alpha$; `rectification` $\beta$ in rad·C⁻¹.

    **Returns:** V/W.
    """
    return jnp.asarray(rectification / linewidth(frequency, damping))


def broadened(
    detuning: ArrayLike, width: ArrayLike
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""A linear resonator under a tone whose phase diffuses, as one under a sharp tone.

    A Lorentzian tone of half width $\delta$, as an oscillator emits it, adds to the linewidth,
    $\Gamma\to\Gamma+\delta$: the mean of $\frac1{\Gamma-i\Delta\omega}$ over its spectrum. It
    is exact for the mean voltage where $N=Q=0$; the oscillation power falls less, by
    $\frac{\Gamma+\delta}\Gamma$.

    **Arguments:** `detuning` $x$ in linewidths; `width` $\delta/\Gamma$: the half width at half
    maximum of the tone.

    **Returns:** the detuning $x/(1+\delta/\Gamma)$ at which `response` is taken, and what
    `voltage_scale` is multiplied with.
    """
    scale = 1 / (1 + jnp.asarray(width))
    return jnp.asarray(detuning * scale), scale


def detuned_voltage_scale(
    tone: ArrayLike, detuning: ArrayLike, damping: ArrayLike, rectification: ArrayLike
) -> Float[Array, "..."]:
    r"""The `voltage_scale` of a resonance given by its detuning from a tone.

    $\frac{\beta}{\alpha\omega_{rf}}(1+\alpha x_0)$: that of `resonance_frequency`, without its
    divisions.

    **Arguments:** `tone` in Hz; `detuning` $x_0$ in linewidths; `damping` $\alpha$;
    `rectification` $\beta$ in rad·C⁻¹.

    **Returns:** V/W; NaN where no resonance has the detuning.
    """
    return voltage_scale(tone, damping, rectification) * _tone_over_resonance(detuning, damping)


@jax.jit
def mixing(
    in_phase: ArrayLike,
    in_quadrature: ArrayLike,
    rectification: ArrayLike,
    drive: ArrayLike,
    antisymmetric: ArrayLike,
    symmetric: ArrayLike,
) -> Float[Array, "..."]:
    r"""The voltage that current and resistance mix down to, whatever the oscillation does.

    $V=\frac{\beta}{\gamma^2}\,[\xi_A\,\mathrm{Im}\langle cf^*\rangle+\xi_S\,\mathrm{Re}\langle
    cf^*\rangle]$ with the force $f=\sum_iF_ie^{-i(\omega_it-\psi_i)}$ of all tones: from (A.7), and
    (3.15) again for a steady state under one tone.

    **Arguments:** `in_phase` $\mathrm{Re}\langle cf^*\rangle$ and `in_quadrature`
    $\mathrm{Im}\langle cf^*\rangle$ in rad/s, means over time; `rectification` $\beta$ in rad·C⁻¹;
    `drive` $\gamma$ in rad·Hz·W^(−1/2); `antisymmetric` $\xi_A$; `symmetric` $\xi_S$.

    **Returns:** V.
    """
    mixed = antisymmetric * in_quadrature + symmetric * in_phase
    # Divided twice: the square leaves float32's comfortable range.
    return jnp.asarray(mixed / drive * (rectification / drive))


def _tone_over_resonance(detuning, damping) -> Float[Array, "..."]:
    r"""$f_{rf}/f_0=1+\alpha x_0$; NaN where it is not above zero."""
    ratio = jnp.asarray(1 + damping * detuning)
    return jnp.where(ratio > 0, ratio, jnp.nan)
