r"""The energy of oscillators that excite each other through synapses of equal weight both ways.

The current $\zeta_i$ of an oscillator, in thresholds, is what its synapses give, smoothed by an
integrator: $\tau\dot u_i=-u_i+b_i+\sum_jJ_{ij}p(u_j)$ with $u=\zeta-1$ and the power
$p(u)=\frac{u}{u+1+Q}$ above threshold (3.11). Where $J_{ij}=J_{ji}$ this descends
$E=\sum_iG(p_i)-\sum_ib_ip_i-\frac12\sum_{ij}p_iJ_{ij}p_j$ with $G'(p)=u$ (Hopfield, PNAS 81, 3088
(1984)): $\dot E=-\tau\sum_ip'(u_i)\,\dot u_i^2\le0$. Its fixed points are the stationary points of
$E$ for $0\le p_i$, and there is one alone where $1+Q$ exceeds every eigenvalue of $J$.

Such a network learns by two relaxations (Scellier and Bengio, Front. Comput. Neurosci. 11, 24
(2017)): with $\beta C$ added to $E$, $\frac{d}{d\beta}\frac{\partial E}{\partial\theta}$ at the
fixed point is $\frac{dC}{d\theta}$ at $\beta=0$.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def excess_current(power: ArrayLike, nonlinear_damping: ArrayLike) -> Float[Array, "..."]:
    r"""The current at which an oscillator has a power: $u=\zeta-1=\frac{(1+Q)p}{1-p}$.

    From (3.11), of which it is the inverse.

    **Arguments:** `power` $p$, below one; `nonlinear_damping` $Q$.

    **Returns:** $u$ in threshold currents above the threshold.
    """
    power = jnp.asarray(power)
    return jnp.asarray((1 + nonlinear_damping) * power / (1 - power))


@jax.jit
def neuron_energy(power: ArrayLike, nonlinear_damping: ArrayLike) -> Float[Array, "..."]:
    r"""The energy of an oscillator by itself: $G(p)=-(1+Q)\left[p+\ln(1-p)\right]$.

    The integral of `excess_current`. It is convex, $G''\ge1+Q$.

    **Arguments:** `power` $p$, below one; `nonlinear_damping` $Q$.

    **Returns:** $G$, without unit.
    """
    power = jnp.asarray(power)
    return jnp.asarray(-(1 + nonlinear_damping) * (power + jnp.log1p(-power)))


@jax.jit
def layer_energy(
    share: Float[Array, "*b neurons"],
    current: Float[Array, "*b neurons"],
    full: ArrayLike,
    nonlinear_damping: ArrayLike,
) -> Float[Array, "*b"]:
    r"""The energy of a layer of oscillators: $E_l=\sum_i\frac{G(p_fa_i)}{p_f}-(\zeta_i-1)\,a_i$.

    In shares $a=p/p_f$ of a full power. With $\zeta$ from the layer before alone, the sum over the
    layers of a network counts every coupling once: it is $E/p_f$.

    **Arguments:** `share` $a$ of the full power; `current` $\zeta$ in thresholds that the offsets
    and the layer before give; `full`: $p_f$; `nonlinear_damping` $Q$.

    **Returns:** $E_l$, without unit.
    """
    alone = neuron_energy(full * share, nonlinear_damping) / full
    return jnp.sum(alone - (current - 1) * share, axis=-1)


def relaxation(
    excess: Float[Array, "..."], given: Float[Array, "..."], time: ArrayLike
) -> Float[Array, "..."]:
    r"""How fast the currents of the oscillators change: $\dot u=\frac{-u+s}{\tau}$.

    **Arguments:** `excess` $u=\zeta-1$; `given`: $s_i=b_i+\sum_jJ_{ij}p_j$, what synapses and
    offsets give; `time` $\tau$ of the integrators, s.

    **Returns:** 1/s.
    """
    return jnp.asarray((given - excess) / time)


@jax.jit
def squared_error(
    outputs: Float[Array, "*b outputs"], wanted: Float[Array, "*b outputs"]
) -> Float[Array, "*b"]:
    r"""What outputs cost: $C=\frac12\sum_i(a_i-y_i)^2$.

    **Arguments:** `outputs` $a$; `wanted` $y$.
    """
    return jnp.sum(jnp.square(outputs - wanted), axis=-1) / 2


def nudging(
    outputs: Float[Array, "..."], wanted: Float[Array, "..."], strength: ArrayLike
) -> Float[Array, "..."]:
    r"""The current that draws outputs to what is wanted: $-\beta\frac{\partial C}{\partial a}=
    \beta\,(y-a)$.

    **Arguments:** `outputs` $a$; `wanted` $y$; `strength` $\beta$, below zero to push them away.

    **Returns:** in threshold currents.
    """
    return jnp.asarray(strength * (wanted - outputs))


def contrast(
    one: Float[Array, "..."], other: Float[Array, "..."], between: ArrayLike
) -> Float[Array, "..."]:
    r"""The difference of a quantity between two nudged states: $\frac{X(\beta_1)-X(\beta_2)}
    {\beta_1-\beta_2}$.

    With $X=\partial E/\partial\theta$ it estimates $dC/d\theta$: to first order in $\beta$ from
    $\beta_2=0$, to second from $\beta_2=-\beta_1$. For a synapse with the response $R(x)$ and the
    gain $g$ it is local: $X=-g\,a_ia_jR'(x)$.

    **Arguments:** `one` and `other`; `between`: $\beta_1-\beta_2$.
    """
    return jnp.asarray((one - other) / between)
