r"""The weight of a synapse: the voltage of a resonator for one tone, as a function of detuning.

A resonator whose response is purely antisymmetric ($\xi_S=0$), far from saturation, multiplies the
power of a tone by a number of either sign. Two resonances, one nearer to the tone than a linewidth
and one farther, give the same number.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.spin_diode import response


@jax.jit
def weight(detuning: ArrayLike, damping: ArrayLike = 0.0) -> Float[Array, "..."]:
    r"""The weight of a resonator on its tone: $W=(1+\alpha x)\,\frac{2x}{1+x^2}$ (6.1, 6.2).

    The voltage is $W\,\xi_AP/2$ times `spin_diode.voltage_scale`. The fraction, which lies in
    $[-1,1]$, belongs to the scale of the resonance actually reached; that one is
    $1+\alpha x$ times the scale of a resonance at the tone, to which $W$ belongs.

    **Arguments:** `detuning` $x$ in linewidths of the resonance actually reached; `damping`
    $\alpha$; zero, if none is given, leaves the fraction alone.

    **Returns:** $W$, without unit.
    """
    rectified = response(detuning, 0.0, 0.0, 0.0, 1.0, 0.0)
    return jnp.asarray((1 + damping * detuning) * 2 * rectified)


@jax.jit
def largest_weight(damping: ArrayLike = 0.0) -> Float[Array, "..."]:
    r"""The largest weight that a resonator can have with either sign: $\sqrt{1+\alpha^2}-\alpha$.

    **Arguments:** `damping` $\alpha$.

    **Returns:** one for $\alpha=0$, without unit.
    """
    return jnp.asarray(jnp.sqrt(1 + jnp.square(damping)) - damping)


@jax.jit
def near_detuning(weight: ArrayLike, damping: ArrayLike = 0.0) -> Float[Array, "..."]:
    r"""The nearer of the two detunings of a weight: $x=\frac{W}{1+\sqrt{1-W^2+2\alpha W}}$.

    An inverse of `weight`, which keeps its digits about zero. The derivative diverges at the
    ends of the range; there it is large but finite.

    **Arguments:** `weight` $W$, in size no more than `largest_weight`; `damping` $\alpha$.

    **Returns:** $x$ in linewidths, $|x|\le1$ for $\alpha=0$; NaN where no detuning gives the
    weight.
    """
    return jnp.asarray(weight / (1 + _root(weight, damping)))


@jax.jit
def far_detuning(
    weight: ArrayLike, damping: ArrayLike = 0.0, farthest: ArrayLike = jnp.inf
) -> Float[Array, "..."]:
    r"""The farther of the two detunings of a weight.

    $x=\frac{1+\sqrt{1-W^2+2\alpha W}}{W-2\alpha}$: for $\alpha=0$ the one that (6.3) prints. It
    diverges at $W=2\alpha$. What would lie farther away than `farthest` stays there, on the side
    that the sign of the weight says, a weight of zero included. Derivatives are as for
    `near_detuning`, and zero where nothing moves.

    **Arguments:** `weight` $W$, in size no more than `largest_weight`; `damping` $\alpha$;
    `farthest` in linewidths, above one and below $1/\alpha$, where a resonance would leave the
    axis of frequencies.

    **Returns:** $x$ in linewidths, $|x|\ge1$ for $\alpha=0$; NaN where no detuning gives the
    weight.
    """
    above, below = 1 + _root(weight, damping), weight - 2 * damping
    # Divided by `farthest`, which may be infinite.
    beyond = above / farthest >= jnp.abs(below)
    bound = jnp.where(jnp.signbit(weight), -farthest, farthest)
    return jnp.where(beyond, bound, above / jnp.where(beyond, 1, below))


def _root(weight, damping) -> Float[Array, "..."]:
    r"""$\sqrt{1-W^2+2\alpha W}$ with a finite derivative where it vanishes."""
    lowest = -largest_weight(damping)
    # A product of differences, which vanishes exactly at both ends.
    square = (lowest + 2 * jnp.sqrt(1 + jnp.square(damping)) - weight) * (weight - lowest)
    rounding = jnp.finfo(square.dtype).eps
    root = square / jnp.sqrt(jnp.maximum(square, rounding / 2))
    return jnp.where(square < -8 * rounding, jnp.nan, root)
