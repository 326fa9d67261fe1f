"""The resistance of a magnetic tunnel junction."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


def tunnel_magnetoresistance(parallel: ArrayLike, antiparallel: ArrayLike) -> Float[Array, "..."]:
    r"""The relative change of resistance between the two states: $(R_{AP}-R_P)/R_P$ (3.1).

    **Arguments:** `parallel` $R_P$ and `antiparallel` $R_{AP}$ in Ω.

    **Returns:** a ratio, without unit (1 is 100 %).
    """
    return jnp.asarray((antiparallel - parallel) / parallel)


def resistance(
    angle: ArrayLike, parallel: ArrayLike, antiparallel: ArrayLike
) -> Float[Array, "..."]:
    r"""The resistance at an angle between the magnetisations (3.2):
    $R(\theta)=R_P+(R_{AP}-R_P)\,(1-\cos\theta)/2$.

    **Arguments:** `angle` $\theta$ in rad; `parallel` $R_P$ and `antiparallel` $R_{AP}$ in Ω.

    **Returns:** Ω.
    """
    return jnp.asarray(parallel + (antiparallel - parallel) * (1 - jnp.cos(angle)) / 2)


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
