"""From a vortex to a device: the oscillators and resonators that its gyration amounts to."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import where_valid
from rfjax.compilation import use_persistent_cache
from rfjax.macrospin.core import Core, resting
from rfjax.macrospin.expansion import expansion, threshold
from rfjax.macrospin.reduction import Reduction, reduced
from rfjax.macrospin.vectors import VectorLike
from rfjax.macrospin.vortex import Vortex
from rfjax.numerics.normal_form import focus


def vortex_reduction(
    disc: Vortex,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
    scale: ArrayLike = 1.0,
) -> Reduction:
    r"""The auto-oscillator that a vortex is about its equilibrium at a current.

    Thiele's equation is expanded to third order and brought to normal form, as the equation of a
    uniform layer is by `rfjax.macrospin.reduction`. The gyrovector does not depend on the
    position, so that the action that the normal form counts in is the area of the orbit:
    $p=s^2=|\mathbf X|^2/R^2$ of a circle about the middle, or $s^2/u$ in another `scale` $u$.

    With currents, the gain of a vortex is $\sigma I$ at any power, where `rfjax.Oscillator` has
    $\sigma I(1-p)$: the same above threshold with $Q=u\lambda-1$, where
    $\lambda=\frac{\kappa'}\kappa+\frac{d'}d$ is how fast $d\,\omega/g$ grows with $s^2$. An
    oscillator has $Q\ge0$: ask for a `scale` of $1/\lambda$ or more, 4 for a thin disc, for one.
    Its power is 6 % low at 1.1 thresholds, where the core is half a radius off; do not go beyond.

    **Arguments:** `disc`, (*lanes,); `field` in A/m, (*lanes, 3), below saturation along z;
    `current` in A, (*lanes,); `scale` $u$: $s^2$ at the oscillation power one, (*lanes,).

    **Returns:** the reduction, whose magnetisation is the mean of the disc; in compiled programs
    NaN where nothing oscillates.

    **Raises:** `InvalidInput` where a value is not allowed, and where the core does not rest within
    half a radius of the middle.
    """
    use_persistent_cache()  # it is compiled for longer than it runs
    system, currents, shape = Core.of(disc, field, current)
    found, rests = _expanded(system, currents)
    return reduced(
        found,
        rests,
        current,
        scale,
        shape,
        "the core does not rest within half a radius of the middle, or the field along z saturates "
        "the disc; give a smaller field or current",
    )


def vortex_threshold_current(
    disc: Vortex, *, field: VectorLike = (0.0, 0.0, 0.0)
) -> Float[Array, "..."]:
    """The current from which a vortex gyrates by itself.

    The Oersted field that comes with the current, and with it the frequency, is taken into account.

    **Arguments:** `disc`, (*lanes,); `field` in A/m, (*lanes, 3).

    **Returns:** A, (*lanes,); negative where a negative current does it; in compiled programs NaN
    where none does.

    **Raises:** `InvalidInput` where a value is not allowed, and where no current does.
    """
    use_persistent_cache()
    system, _, shape = Core.of(disc, field, 0.0)
    found, valid = _thresholds(system)
    message = (
        "no threshold current is found: none takes the damping away; give the torque a polariser "
        "with a component along z"
    )
    return where_valid(found, valid, message).reshape(shape)


@jax.jit
@jax.vmap
def _expanded(system: Core, current: Float[Array, ""]):
    """The expansion of one lane, and whether it is about an equilibrium."""
    return expansion(system, current), resting(system, current, system.equilibrium(current))


@jax.jit
@jax.vmap
def _thresholds(system: Core):
    """The threshold of one lane, and whether it is one."""
    current = threshold(system)
    origin, none = system.equilibrium(current), jnp.zeros(2, current.dtype)
    value = focus(jax.jacfwd(system.velocity)(none, current, origin)).eigenvalue
    # Where the Oersted field has undone the stiffness nothing gyrates that could lose its damping.
    tolerance = jnp.sqrt(jnp.finfo(current.dtype).eps)
    found = (jnp.abs(value.real) <= tolerance) & (-value.imag > tolerance)
    return current, found & resting(system, current, origin)
