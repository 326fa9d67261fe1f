r"""Mutual synchronisation: oscillators of equal power that pull each other.

With $c_j=\sqrt p\,e^{-i\theta_j}$ and a coupling $\dot c_1=\ldots+\kappa e^{i\beta}c_2$, the same
both ways, the phase difference of two oscillators follows Adler's equation

$$\dot\phi = (\omega_1-\omega_2) - \Delta\,\sin\phi, \qquad
\Delta = 2\kappa\,(\cos\beta+\nu\sin\beta),$$

to first order in $\kappa$ (after Slavin and Tiberkevich, IEEE Trans. Magn. 45, 1875). Its beat
outside the locking range is that of `rfjax.laws.injection_locking.pulled_frequency`.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


def locking_range(
    coupling: ArrayLike, phase: ArrayLike = 0.0, nonlinearity: ArrayLike = 0.0
) -> Float[Array, "..."]:
    r"""The largest detuning of two oscillators that synchronise:
    $2\kappa\,|\cos\beta+\nu\sin\beta|$, to either side.

    **Arguments:** `coupling` $\kappa\ge0$ in rad/s; `phase` $\beta$ in rad: zero is a coupling that
    acts like damping; `nonlinearity` $\nu$, see `rfjax.laws.injection_locking`.

    **Returns:** rad/s.
    """
    return 2 * jnp.abs(jnp.cos(phase) + nonlinearity * jnp.sin(phase)) * coupling


def common_linewidth(linewidth: ArrayLike, count: ArrayLike) -> Float[Array, "..."]:
    r"""The full width at half maximum of the line of $n$ oscillators in step: $\Delta f/n$.

    The thermal forces are independent, so that their mean, which turns the common phase, has one
    $n$-th of the strength of each.

    **Arguments:** `linewidth` of one oscillator alone, Hz; `count` $n$.

    **Returns:** Hz.
    """
    return jnp.asarray(linewidth / jnp.asarray(count))
