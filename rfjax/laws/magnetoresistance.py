r"""The resistance of a magnetic tunnel junction.

Between its two states it is the *conductance* of a junction that is linear in $\cos\theta$; a
resistance that is (`resistance`) holds for small changes, $R_{AP}-R_P\ll R_P$.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.junction_voltage import tone_amplitude
from rfjax.laws.switching_on import effective_powers
from rfjax.numerics.implicit import elementwise_division, implicit_root

_NEWTONS = 24
_PARTS = 32  # of a quarter of a period, over which means are taken
_SMALL = 0.03  # half voltages, below which a share is a parabola


@jax.jit
def tunnel_magnetoresistance(parallel: ArrayLike, antiparallel: ArrayLike) -> Float[Array, "..."]:
    r"""The relative change of resistance between the two states: $(R_{AP}-R_P)/R_P$ (3.1).

    **Arguments:** `parallel` $R_P$ and `antiparallel` $R_{AP}$ in Ω.

    **Returns:** a ratio, without unit (1 is 100 %).
    """
    return jnp.asarray((antiparallel - parallel) / parallel)


@jax.jit
def spin_polarisation(up: ArrayLike, down: ArrayLike) -> Float[Array, "..."]:
    r"""The spin polarisation of an electrode (3.2):
    $P=(D^\uparrow-D^\downarrow)/(D^\uparrow+D^\downarrow)$.

    **Arguments:** `up` and `down`: the densities of states of either spin at the Fermi level, both
    in the same unit.

    **Returns:** $P\in[-1,1]$, without unit; NaN for densities below zero.
    """
    up, down = (jnp.where(jnp.less(each, 0), jnp.nan, each) for each in (up, down))
    return (up - down) / (up + down)


@jax.jit
def julliere_magnetoresistance(first: ArrayLike, second: ArrayLike) -> Float[Array, "..."]:
    r"""The tunnel magnetoresistance of two electrodes after Jullière:
    $\frac{2P_1P_2}{1-P_1P_2}$ (3.1).

    **Arguments:** `first` $P_1$ and `second` $P_2$: their `spin_polarisation`.

    **Returns:** a ratio, without unit, as of `tunnel_magnetoresistance`; infinite for half-metals,
    $P_1P_2=1$; NaN where a polarisation lies outside of $[-1,1]$.
    """
    first, second = (jnp.where(jnp.abs(each) > 1, jnp.nan, each) for each in (first, second))
    product = first * second
    return 2 * product / (1 - product)


@jax.jit
def conductance(
    angle: ArrayLike, parallel: ArrayLike, antiparallel: ArrayLike
) -> Float[Array, "..."]:
    r"""The conductance of a junction at an angle between the magnetisations:
    $G(\theta)=\frac{G_P+G_{AP}}2+\frac{G_P-G_{AP}}2\cos\theta$.

    Of electrons that tunnel with the spins of one electrode into those of the other; not in the
    thesis, which gives both states only (3.1).

    **Arguments:** `angle` $\theta$ in rad; `parallel` $R_P=1/G_P$ and `antiparallel`
    $R_{AP}=1/G_{AP}$ in Ω.

    **Returns:** S; the resistance is one over it.
    """
    # From one state to the other, so that each end is met exactly.
    change = (1 - jnp.cos(angle)) / 2
    return (1 - change) / parallel + change / antiparallel


@jax.jit
def biased_magnetoresistance(
    ratio: ArrayLike, bias: ArrayLike, half_voltage: ArrayLike
) -> Float[Array, "..."]:
    r"""The tunnel magnetoresistance under a voltage: $\frac{T_0}{1+(V/V_h)^2}$.

    **Arguments:** `ratio` $T_0$ without bias; `bias` $V$ in V; `half_voltage` $V_h$, at which half
    of it is left, V; infinite where it does not depend on the bias.

    **Returns:** a ratio, without unit, as of `tunnel_magnetoresistance`.
    """
    return jnp.asarray(ratio / (1 + jnp.square(bias / jnp.asarray(half_voltage))))


@jax.jit
def resistance_of_conductance(
    cosine: ArrayLike, parallel: ArrayLike, ratio: ArrayLike
) -> Float[Array, "..."]:
    r"""One over `conductance`, of the cosine of the angle:
    $R=R_P\,\frac{1+T}{1+T(1+\cos\theta)/2}$.

    **Arguments:** `cosine` $\cos\theta$; `parallel` $R_P$ in Ω; `ratio` $T$: the tunnel
    magnetoresistance, under the bias that there is.

    **Returns:** Ω.
    """
    return jnp.asarray(parallel * (1 + ratio) / (1 + ratio * (1 + jnp.asarray(cosine)) / 2))


@jax.jit
def bias_of_current(
    current: ArrayLike,
    cosine: ArrayLike,
    parallel: ArrayLike,
    ratio: ArrayLike,
    half_voltage: ArrayLike,
) -> Float[Array, "..."]:
    r"""The voltage that a current leaves on a junction whose magnetoresistance falls with it.

    $V=R(\cos\theta,V)\,I$. With $u=V/V_h$, $i=R_PI/V_h$, $x=(1-\cos\theta)/2$ and $T$ the ratio
    without bias it is the root of $u^3-iu^2+(1+T-xT)u-i(1+T)$, of which there is one: the current
    grows with the voltage.

    **Arguments:** `current` $I$ in A; `cosine`, `parallel` $R_P$ in Ω, `ratio` $T$ and
    `half_voltage` $V_h$ in V, finite.

    **Returns:** V.
    """
    reduced = current * jnp.asarray(parallel) / half_voltage
    turned = (1 - jnp.asarray(cosine)) / 2
    arguments = jnp.broadcast_arrays(reduced, turned, jnp.asarray(ratio, reduced.dtype))
    return half_voltage * implicit_root(_bias, _left, elementwise_division(_left), tuple(arguments))


def _left(u: Array, current: Array, turned: Array, ratio: Array) -> Array:
    # Divided by 1 + T + u², so that nothing overflows.
    return u * (1 - turned * ratio / (1 + ratio + u * u)) - current


def _bias(current: Array, turned: Array, ratio: Array) -> Array:
    def step(_, u):
        # From above, where it is convex, towards the root without passing it.
        cubic = ((u - size) * u + 1 + ratio - turned * ratio) * u - size * (1 + ratio)
        slope = (3 * u - 2 * size) * u + 1 + ratio - turned * ratio
        return u - cubic / slope

    size = jnp.abs(current)
    return jnp.sign(current) * jax.lax.fori_loop(0, _NEWTONS, step, size * (1 + ratio))


@jax.jit
def rectified_share(
    current: ArrayLike,
    cosine: ArrayLike,
    parallel: ArrayLike,
    ratio: ArrayLike,
    half_voltage: ArrayLike,
) -> Float[Array, "..."]:
    r"""The share of the rectified voltage that remains when the TMR falls with bias:
    $\frac{2\langle\cos\theta\,\partial_cV(I\cos\theta)\rangle}{I\,\partial_cR}$.

    A microwave current $I\cos\theta$ meets a resistance that oscillates with it by a little,
    $c=\cos\angle$ of the magnetisations, and $V(I,c)$ of `bias_of_current` follows the voltage of
    each moment; without bias it is $\frac12I\,\partial_cR\,\delta c$. With $v=\frac{RI}{V_h}$ the
    share is $\frac2{v^2}\left(1-\frac1{\sqrt{1+v^2}}\right)$ for $T\ll1$; a small voltage leaves
    $1-\frac34\frac{(1+Ty)+4T(1-y)}{(1+T)(1+Ty)}v^2$ with $y=\frac{1+c}2$. To 1e-5 up to $v=10$.

    **Arguments:** `current`: the amplitude $I$ in A; all others as for `bias_of_current`.

    **Returns:** a share, one without current.
    """

    def voltage(cosine):
        return bias_of_current(instants, cosine, parallel, ratio, half_voltage)

    none = jnp.equal(current, 0)
    amplitude = jnp.where(none, 1, current)
    cosine = jnp.asarray(cosine, jnp.result_type(float))
    # The quarter of a period that all others repeat, at the middles of equal parts.
    wave = jnp.cos((jnp.arange(_PARTS) + 0.5) * jnp.pi / 2 / _PARTS)
    instants = wave * amplitude[..., None]
    each = jnp.broadcast_to(cosine, instants.shape)
    _, slope = jax.jvp(voltage, (each,), (jnp.ones_like(each),))
    _, at_rest = jax.jvp(
        lambda cosine: resistance_of_conductance(cosine, parallel, ratio),
        (cosine,),
        (jnp.ones_like(cosine),),
    )
    share = 2 * jnp.mean(wave * slope, axis=-1) / (amplitude * at_rest)
    return jnp.where(none, 1, share)


@jax.jit
def rectified_share_of_tone(
    power: ArrayLike,
    cosine: ArrayLike,
    parallel: ArrayLike,
    ratio: ArrayLike,
    half_voltage: ArrayLike,
) -> Float[Array, "..."]:
    r"""`rectified_share` of a tone of some power, with its slope also where there is no power.

    Below $v=0.03$ it falls in proportion to the power, to 1e-6.

    **Arguments:** `power` into the junction, W; all others as for `bias_of_current`.

    **Returns:** a share, one without power.
    """
    resistance = resistance_of_conductance(cosine, parallel, ratio)
    low = (_SMALL * half_voltage) ** 2 / (2 * resistance)
    amplitude = tone_amplitude(jnp.maximum(power, low), resistance)
    share = rectified_share(amplitude / resistance, cosine, parallel, ratio, half_voltage)
    return 1 - (1 - share) * jnp.minimum(power / low, 1)


@jax.jit
def equivalent_power(powers: Float[Array, "*b tones"]) -> Float[Array, "*b"]:
    r"""The power of one tone that stands for several in `rectified_share`: $\frac{\sum_iP_iq_i}
    {\sum_iP_i}$ with $q_i=2\sum_jP_j-P_i$.

    One tone of several finds less of the magnetoresistance the stronger the others are, which count
    twice to leading order, as in `rfjax.laws.cross_coupling`: its share is that of one tone of the
    power $q_i$. This is the mean over the tones by their powers.

    **Arguments:** `powers` $P_i$ into the junction, W.

    **Returns:** W; zero without power.
    """
    total = jnp.sum(powers, axis=-1)
    weighed = jnp.sum(powers * effective_powers(powers), axis=-1)
    none = total == 0
    return jnp.where(none, 0, weighed / jnp.where(none, 1, total))


@jax.jit
def resistance(
    angle: ArrayLike, parallel: ArrayLike, antiparallel: ArrayLike
) -> Float[Array, "..."]:
    r"""The resistance at an angle between the magnetisations, taken as linear in the cosine:
    $R(\theta)=R_P+(R_{AP}-R_P)\,(1-\cos\theta)/2$.

    It holds in a spin valve, and in a tunnel junction for small changes only, where one over
    `conductance` has to be taken otherwise; not in the thesis.

    **Arguments:** `angle` $\theta$ in rad; `parallel` $R_P$ and `antiparallel` $R_{AP}$ in Ω.

    **Returns:** Ω.
    """
    return resistance_of_cosine(jnp.cos(angle), parallel, antiparallel)


def resistance_of_cosine(
    cosine: ArrayLike, parallel: ArrayLike, antiparallel: ArrayLike
) -> Float[Array, "..."]:
    r"""`resistance`, of the cosine of the angle, which is smooth where both are aligned.

    **Arguments:** `cosine` $\cos\theta$; `parallel` $R_P$ and `antiparallel` $R_{AP}$ in Ω.

    **Returns:** Ω.
    """
    return jnp.asarray(parallel + (antiparallel - parallel) * (1 - jnp.asarray(cosine)) / 2)


@jax.jit
def oscillating_resistance(
    power: ArrayLike, phase: ArrayLike, change: ArrayLike, sensitivity: ArrayLike
) -> Float[Array, "..."]:
    r"""The part of the resistance that follows the oscillation (A.7):
    $R(t)=\Delta R\,\beta_s\sqrt p\,\cos\varphi$.

    **Arguments:** `power` $p$; `phase` $\varphi$ in rad; `change` $\Delta R$ in Ω; `sensitivity`
    $\beta_s$, without unit.

    **Returns:** Ω.
    """
    at_rest = jnp.equal(power, 0)
    amplitude = jnp.where(at_rest, 0, jnp.sqrt(jnp.where(at_rest, 1, power)))
    return jnp.asarray(change * sensitivity * amplitude * jnp.cos(phase))


@jax.jit
def emitted_power(
    power: ArrayLike,
    current: ArrayLike,
    change: ArrayLike,
    sensitivity: ArrayLike,
    load: ArrayLike,
) -> Float[Array, "..."]:
    r"""The microwave power that an oscillating junction under a direct current gives to a matched
    load: $P=\frac{(I\,\Delta R\,\beta_s)^2p}{8R}$.

    From (A.7): the voltage has the amplitude $I\,\Delta R\,\beta_s\sqrt p$, half of which falls on
    the load.

    **Arguments:** `power` $p$; `current` $I$ in A; `change` $\Delta R$ in Ω; `sensitivity`
    $\beta_s$, without unit; `load` $R$ in Ω.

    **Returns:** W.
    """
    return jnp.asarray((current * change * sensitivity) ** 2 * power / (8 * load))
