r"""Injection locking with noise: how the phase of an oscillator drifts and diffuses beside a tone.

Adler's equation with white noise, $\dot\theta=\delta-\Delta\sin\theta+\sqrt{2D}\,\xi(t)$, is
diffusion in a tilted periodic potential $V=-\delta\theta-\Delta\cos\theta$. With

$$I_\pm(\theta)=\frac1D\int_0^{2\pi}e^{[\pm V(\theta)\mp V(\theta\mp y)]/D}\,dy$$

the phase drifts and diffuses over long times with

$$v=\frac{1-e^{-2\pi\delta/D}}{\langle I_+\rangle},\qquad
D_\infty=D\,\frac{\langle I_+^2I_-\rangle}{\langle I_+\rangle^3},$$

means over one turn (Reimann et al., Phys. Rev. Lett. 87, 010602, 2001). $D$ is $\pi$ times the
free-running linewidth, $\Delta$ and $\delta$ as in `rfjax.laws.injection_locking`: it holds where
the power settles faster than the phase turns. The thesis draws this (Fig. 20), without an equation.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

_NODES = 256  # for ratios Δ/D up to about 1000


def mean_beat(
    detuning: ArrayLike, locking_range: ArrayLike, diffusion: ArrayLike
) -> Float[Array, "..."]:
    r"""The mean frequency of an oscillator with noise beside a tone, from that tone.

    Without noise it is `rfjax.laws.injection_locking.pulled_frequency`.

    **Arguments:** `detuning` $\delta$ of the free-running oscillator from the tone, `locking_range`
    $\Delta$ to either side and `diffusion` $D>0$ of the free-running phase, all in rad/s.

    **Returns:** $v$, rad/s.
    """
    beat, _ = _drift_and_diffusion(detuning, locking_range, diffusion)
    return beat


def phase_diffusion(
    detuning: ArrayLike, locking_range: ArrayLike, diffusion: ArrayLike
) -> Float[Array, "..."]:
    r"""How fast the phase of an oscillator with noise diffuses beside a tone, over long times.

    The line of the oscillator is $D_\infty/\pi$ wide, in Hz, full width at half maximum: narrow
    where it is locked and only slips now and then, wider than without a tone just beside.

    **Arguments:** as for `mean_beat`.

    **Returns:** $D_\infty$, rad/s.
    """
    _, spread = _drift_and_diffusion(detuning, locking_range, diffusion)
    return spread


def _drift_and_diffusion(detuning, locking_range, diffusion):
    tilt = jnp.abs(jnp.asarray(detuning) / diffusion)
    depth = jnp.abs(jnp.asarray(locking_range) / diffusion)
    tilt, depth = jnp.broadcast_arrays(tilt, depth)
    beat, spread = jax.vmap(_reduced)(tilt.ravel(), depth.ravel())
    beat, spread = (part.reshape(tilt.shape) * diffusion for part in (beat, spread))
    return jnp.sign(detuning) * beat, spread


def _reduced(tilt, depth):
    """Drift and diffusion over D, for a tilt and a depth over D."""
    angle = 2 * jnp.pi * jnp.arange(_NODES) / _NODES
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    back, weights = jnp.asarray(np.pi * (nodes + 1)), jnp.asarray(np.pi * weights)
    half = jnp.sin(back / 2)
    exponents = [
        2 * depth * jnp.sin(angle[:, None] + side * back / 2) * half - tilt * back
        for side in (-1, 1)
    ]
    # One factor for both, which drops out of the diffusion: no exponential overflows.
    largest = jnp.maximum(exponents[0].max(), exponents[1].max())
    above, below = (jnp.exp(each - largest) @ weights for each in exponents)
    mean = above.mean()
    beat = -jnp.expm1(-2 * jnp.pi * tilt) * jnp.exp(-largest) / mean
    return beat, (above**2 * below).mean() / mean**3
