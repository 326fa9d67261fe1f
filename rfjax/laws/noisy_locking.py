r"""Injection locking with noise: how the phase of an oscillator drifts and diffuses under a tone.

Adler's equation with white noise, $\dot\theta=\delta-\Delta\sin\theta+\sqrt{2D}\,\xi(t)$, is
diffusion in a tilted periodic potential $V=-\delta\theta-\Delta\cos\theta$. With

$$I_\pm(\theta)=\frac1D\int_0^{2\pi}e^{[\pm V(\theta)\mp V(\theta\mp y)]/D}\,dy$$

the phase drifts and diffuses over long times with

$$v=\frac{1-e^{-2\pi\delta/D}}{\langle I_+\rangle},\qquad
D_\infty=D\,\frac{\langle I_+^2I_-\rangle}{\langle I_+\rangle^3},$$

means over one turn (Reimann et al., Phys. Rev. Lett. 87, 010602, 2001); $\Delta$ and $\delta$ as in
`rfjax.laws.injection_locking`. It holds where the power settles faster than the phase turns, and
where tone and noise change the amplitude by a few percent at most: three ranges $\Delta$ away from
an isochronous oscillator, under a tone whose $F/\sqrt p$ is 4 % of the rate at which its power
settles, the line is 1.07 ± 0.09 times as wide as here, at 15 % 1.7 ± 0.3 times (rows of `rfjax
reproduce injection-locking`). The thesis draws this (Fig. 20), without an equation.

$D$ is the diffusion rate of the *phase*: $\pi$ times the free-running linewidth in Hz, as of
`rfjax.laws.thermal_noise.linewidth_above_threshold`, and not the strength of the thermal force on
the amplitude, which has the same letter there.

The integrals are computed for $\Delta\le1000\,D$, and outside of the locking range,
$|\delta|>\Delta$, for $\Delta\le10^4\,D$; beyond both, and unless $D>0$ and $\Delta\ge0$, the
results are NaN. There the laws without noise hold.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

_NODES = 256  # resolve wells of depth Δ/D up to these:
_DEEPEST, _DEEPEST_UNLOCKED = 1e3, 1e4
_NEGLIGIBLE = 40.0  # exponent beyond which an exponential adds nothing


@jax.jit
def mean_beat(
    detuning: ArrayLike, locking_range: ArrayLike, phase_diffusion_rate: ArrayLike
) -> Float[Array, "..."]:
    r"""The mean frequency of an oscillator with noise under a tone, from that tone.

    Without noise it is `rfjax.laws.injection_locking.pulled_frequency`.

    **Arguments:** all in rad/s, broadcast:

    - `detuning` $\delta$ of the free-running oscillator from the tone, of either sign;
    - `locking_range` $\Delta\ge0$ to either side;
    - `phase_diffusion_rate` $D>0$ of the free-running phase: $\pi$ times the linewidth in Hz.

    **Returns:** $v$, rad/s; NaN outside of the range that the module states.
    """
    beat, _ = _drift_and_diffusion(detuning, locking_range, phase_diffusion_rate)
    return beat


@jax.jit
def phase_diffusion(
    detuning: ArrayLike, locking_range: ArrayLike, phase_diffusion_rate: ArrayLike
) -> Float[Array, "..."]:
    r"""How fast the phase of an oscillator with noise diffuses under a tone, over long times.

    The line of the oscillator is $D_\infty/\pi$ wide, in Hz, full width at half maximum: narrow
    where it is locked and only slips now and then, wider than without a tone just
    outside of the range.

    **Arguments:** as for `mean_beat`.

    **Returns:** $D_\infty$, rad/s; NaN outside of the range that the module states.
    """
    _, spread = _drift_and_diffusion(detuning, locking_range, phase_diffusion_rate)
    return spread


@partial(jax.jit, inline=True)
def _drift_and_diffusion(detuning, locking_range, rate):
    detuning, wide, rate = jnp.broadcast_arrays(
        *(jnp.asarray(each) for each in (detuning, locking_range, rate))
    )
    side = jnp.where(detuning < 0, -1, 1)
    tilt, depth = side * detuning / rate, wide / rate
    deepest = jnp.where(tilt > depth, _DEEPEST_UNLOCKED, _DEEPEST)
    valid = (rate > 0) & (wide >= 0) & (depth <= deepest) & (tilt < jnp.inf)
    tilt, depth = (jnp.where(valid, each, 1) for each in (tilt, depth))
    reduced = jax.lax.map(
        lambda each: _reduced(*each), (tilt.ravel(), depth.ravel()), batch_size=16
    )
    beat, spread = (jnp.where(valid, part.reshape(tilt.shape) * rate, jnp.nan) for part in reduced)
    return side * beat, spread


def _reduced(tilt, depth):
    """Drift and diffusion over D, for a tilt and a depth over D."""
    angle = 2 * jnp.pi * jnp.arange(_NODES, dtype=tilt.dtype) / _NODES
    nodes, weights = (each.astype(tilt.dtype) for each in np.polynomial.legendre.leggauss(_NODES))
    reach = _reach(tilt, depth)
    back, weights = reach * (nodes + 1) / 2, weights / 2
    half = jnp.sin(back / 2)
    exponents = [
        2 * depth * jnp.sin(angle[:, None] + side * back / 2) * half - tilt * back
        for side in (-1, 1)
    ]
    # One factor for both, which drops out of the diffusion: no exponential overflows.
    largest = jnp.maximum(exponents[0].max(), exponents[1].max())
    # In shares of the reach, whose cube may leave the range of floats.
    above, below = (
        jnp.matmul(jnp.exp(each - largest), weights, precision=jax.lax.Precision.HIGHEST)
        for each in exponents
    )
    mean = above.mean()
    beat = -jnp.expm1(-2 * jnp.pi * tilt) * jnp.exp(-largest) / (mean * reach)
    return beat, ((above / mean) ** 2 * (below / mean)).mean()


def _reach(tilt, depth):
    r"""How far back the integrals of a tilt above the depth have anything to add, at most a turn.

    Their exponents are at most $-(t-d)y-d(y-2\sin(y/2))$, whose second part is below $-dy^3/40$.
    """
    steep = _NEGLIGIBLE / jnp.where(tilt > depth, tilt - depth, 1)
    cubic = jnp.cbrt(40 * _NEGLIGIBLE / jnp.where(depth > 0, depth, 1))
    reach = jnp.minimum(steep, jnp.where(depth > 0, cubic, jnp.inf))
    return jnp.where(tilt > depth, jnp.minimum(reach, 2 * jnp.pi), 2 * jnp.pi)
