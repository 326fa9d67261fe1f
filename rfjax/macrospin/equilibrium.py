"""Where the magnetisation of a stack rests."""

import equinox as eqx
import jax
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import where_valid
from rfjax.macrospin.stack import AbstractStack
from rfjax.macrospin.uniform import Uniform
from rfjax.macrospin.vectors import VectorLike
from rfjax.numerics.linear_systems import decays
from rfjax.printing import described


class Equilibrium(eqx.Module):
    """Where the magnetisation rests.

    **Arguments:** `magnetisation`: its direction, (*lanes, 3), or (*lanes, 2, 3) of coupled
    layers; `stable`: whether it comes back after a small displacement, (*lanes,).
    """

    magnetisation: Float[Array, "... 3"]
    stable: Bool[Array, "..."]

    __repr__ = described


def equilibrium(
    layer: AbstractStack,
    start: VectorLike,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
) -> Equilibrium:
    r"""The equilibrium of a free layer, or of coupled ones, that is reached from a direction.

    Downhill from there to a minimum of the energy, by Newton's steps along which curvatures count
    without their sign, then along with the current as it is switched on. Derivatives to the layer,
    field and current come from the implicit function theorem. Where several directions are
    equilibria, as along either way of an easy axis, the start decides; exactly on top of a maximum
    it stays there.

    **Arguments:** `layer`: a `FreeLayer` or `CoupledLayers`, (*lanes,); `start`: a direction,
    (*lanes, 3), of coupled layers one for each, (*lanes, 2, 3); `field` in A/m, (*lanes, 3);
    `current` in A, (*lanes,).

    **Returns:** the equilibrium, and whether it is stable: beyond the threshold current it is not.
    In compiled programs it is NaN where there is none.

    **Raises:** `InvalidInput` where a value is not allowed, and where the current leaves no
    equilibrium near the one without it.
    """
    system, currents, shape = Uniform.of(layer, field, current, start)
    m, stable, found = _rested(system, currents)
    m = where_valid(
        m,
        found.reshape(-1, *(1,) * (m.ndim - 1)),
        "no equilibrium is found at this current near the one without it; give a smaller current, "
        "or integrate with simulate",
    )
    return Equilibrium(m.reshape(*shape, *layer.bodies, 3), stable.reshape(shape))


@jax.jit
@jax.vmap
def _rested(system: Uniform, current: Float[Array, ""]):
    """The equilibrium of one lane, whether it is stable, and whether it is one at all."""
    m = system.equilibrium(current)
    slopes = jax.jacfwd(system.velocity)(system.zero, current, m)
    return system.observed(system.zero, m), decays(slopes), system.rests(current, m)
