"""Field lines that reach the neighbours of their resonators."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import one, share
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.hardware.spread import shifted
from rfjax.laws.variability import relative_shift

_HOW = "as a share of the field before"
_exactly = jax.lax.Precision.HIGHEST


class CrossTalk(AbstractEffect):
    r"""Fields of tuning that leak to neighbours in the chain: $d_k'=d_k+\epsilon\sum_{l\ne
    k}\kappa^{|k-l|-1}d_l$.

    $d_k$ is the relative shift of a resonance from its tone that its own line makes. Nothing is
    drawn.

    **Arguments:** `leak` $\epsilon$ to the next neighbours, `decay` $\kappa$ from one to the next;
    both from 0 to 1.

    **Raises:** `InvalidInput` for others.
    """

    leak: Float[Array, ""] = eqx.field(converter=partial(one, share, "leak", why=_HOW))
    decay: Float[Array, ""] = eqx.field(
        converter=partial(one, share, "decay", why=_HOW), default=0.0
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.leak):
            return array
        own = relative_shift(array.detuning, array.resonators.damping)
        place = jnp.arange(array.tones)
        apart = jnp.abs(place[:, None] - place)
        reach = jnp.where(apart > 0, self.decay ** jnp.maximum(apart - 1, 0), 0)
        leaked = self.leak * jnp.matmul(own, reach.astype(own.dtype), precision=_exactly)
        # Both are shares of the tone: the resonance that moves is at 1 + d of it.
        return shifted(array, leaked / (1 + own))
