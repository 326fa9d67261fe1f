"""The ferromagnetic resonance of a stack, linearised about its equilibrium."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import where_valid
from rfjax.macrospin.stack import AbstractStack
from rfjax.macrospin.uniform import Uniform
from rfjax.macrospin.vectors import VectorLike
from rfjax.numerics.linear_systems import oscillations
from rfjax.printing import described


class Resonance(eqx.Module):
    r"""A free oscillation of small amplitude, $\propto e^{-\Gamma t-2\pi ift}$.

    **Arguments:** `frequency` $f$, Hz; `decay_rate` $\Gamma$ of the amplitude, rad/s, below zero
    beyond the threshold current: the line is $\Gamma/\pi$ wide; `magnetisation`: the equilibrium,
    (*lanes, 3). Of coupled layers (*lanes, 2), both modes, that of the lower frequency first, and
    (*lanes, 2, 3).
    """

    frequency: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "Hz"})
    decay_rate: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "rad/s"})
    magnetisation: Float[Array, "*lanes 3"]

    __repr__ = described


def resonance(
    layer: AbstractStack,
    start: VectorLike,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
) -> Resonance:
    """The ferromagnetic resonance of a free layer, or both modes of coupled ones.

    The equation of motion is linearised about the equilibrium by `jax.jacfwd`; current and damping
    are in it. Derivatives reach the layer, field and current.

    **Arguments:** those of `rfjax.macrospin.equilibrium`.

    **Returns:** frequency and decay; in compiled programs NaN where nothing oscillates.

    **Raises:** `InvalidInput` where a value is not allowed, and where there is no equilibrium or
    none that is oscillated about.
    """
    system, currents, shape = Uniform.of(layer, field, current, start)
    frequency, decay, m, found = _linearised(system, currents)
    frequency = where_valid(
        frequency,
        found,
        "no oscillation is found: the magnetisation is overdamped, not at a minimum of its energy, "
        "or driven away by the current; give another start or a smaller current",
    )
    decay = jnp.where(found, decay, jnp.nan)
    modes = *shape, *layer.bodies
    return Resonance(frequency.reshape(modes), decay.reshape(modes), m.reshape(*modes, 3))


@jax.jit
@jax.vmap
def _linearised(system: Uniform, current: Float[Array, ""]):
    """Frequencies, decays and equilibrium of one lane, and which modes oscillate."""
    m = system.equilibrium(current)
    values = oscillations(jax.jacfwd(system.velocity)(system.zero, current, m))
    frequencies = system.rate * -values.imag / (2 * jnp.pi)
    resting = system.rests(current, m)
    observed = system.observed(system.zero, m)
    return frequencies, system.rate * -values.real, observed, resting & jnp.isfinite(frequencies)
