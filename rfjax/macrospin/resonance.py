"""The ferromagnetic resonance of a free layer, linearised about its equilibrium."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import where_valid
from rfjax.macrospin.free_layer import FreeLayer
from rfjax.macrospin.uniform import Uniform, at_rest
from rfjax.macrospin.vectors import VectorLike
from rfjax.numerics.normal_form import focus
from rfjax.printing import described


class Resonance(eqx.Module):
    r"""A free oscillation of small amplitude, $\propto e^{-\Gamma t-2\pi ift}$.

    **Arguments:** `frequency` $f$, Hz; `decay_rate` $\Gamma$ of the amplitude, rad/s, below zero
    beyond the threshold current: the line is $\Gamma/\pi$ wide; `magnetisation`: the equilibrium,
    (*lanes, 3).
    """

    frequency: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "Hz"})
    decay_rate: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "rad/s"})
    magnetisation: Float[Array, "*lanes 3"]

    __repr__ = described


def resonance(
    layer: FreeLayer,
    start: VectorLike,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
) -> Resonance:
    """The ferromagnetic resonance of a free layer.

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
    return Resonance(
        frequency.reshape(shape),
        jnp.where(found, decay, jnp.nan).reshape(shape),
        m.reshape(*shape, 3),
    )


@jax.jit
@jax.vmap
def _linearised(system: Uniform, current: Float[Array, ""]):
    """Frequency, decay and equilibrium of one lane, and whether it oscillates."""
    m = system.equilibrium(current)
    value = focus(jax.jacfwd(system.velocity)(jnp.zeros(2, m.dtype), current, m)).eigenvalue
    frequency = system.rate * -value.imag / (2 * jnp.pi)
    return (
        frequency,
        system.rate * -value.real,
        m,
        at_rest(system, current, m) & jnp.isfinite(frequency),
    )
