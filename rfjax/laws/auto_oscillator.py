r"""The Slavin–Tiberkevich auto-oscillator: its coefficients and its steady state.

$\dot c = -[\Gamma_+(p)-\Gamma_-(p)]\,c - i\,\omega(p)\,c + \ldots$ (3.3), $p=|c|^2$. A resonator is
the same device with $\Gamma_-=0$.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


def angular_frequency(
    power: ArrayLike, frequency: ArrayLike, nonlinear_shift: ArrayLike
) -> Float[Array, "..."]:
    r"""The angular frequency at oscillation power $p$: $\omega(p)=\omega_0(1+Np)$ (3.6).

    **Arguments:** `power` $p$, without unit; `frequency` in Hz; `nonlinear_shift` $N$.

    **Returns:** rad/s.
    """
    return 2 * jnp.pi * jnp.asarray(frequency * (1 + nonlinear_shift * power))


def linewidth(frequency: ArrayLike, damping: ArrayLike) -> Float[Array, "..."]:
    r"""The linewidth at rest: $\Gamma_0=\alpha\omega_0$.

    **Arguments:** `frequency` in Hz; `damping` $\alpha$.

    **Returns:** rad/s.
    """
    return 2 * jnp.pi * jnp.asarray(damping * frequency)


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


def steady_power(supercriticality: ArrayLike, nonlinear_damping: ArrayLike) -> Float[Array, "..."]:
    r"""The free-running oscillation power, at which gain and loss balance (3.9):
    $p=\frac{I/I_{th}-1}{I/I_{th}+Q}$ above threshold (3.11), zero below.

    **Arguments:** `supercriticality` $I/I_{th}$; `nonlinear_damping` $Q\ge0$.

    **Returns:** $p\in[0,1)$, without unit.
    """
    # The larger of the ratio and one keeps the quotient, and its derivative, finite below it.
    above = jnp.maximum(supercriticality, 1.0)
    return (above - 1) / (above + nonlinear_damping)
