"""The arrays of many chips, for what has to hold for all of them."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from rfjax.arrays import ResonatorArray
from rfjax.arrays.of_models import arrays_of, computed_directly
from rfjax.hardware.effect import AbstractEffect, fabricated


def drawn_arrays(
    model: Any, effect: AbstractEffect, keys: Key[Array, " chips"]
) -> list[ResonatorArray]:
    """The arrays of many chips, as `ResonatorArray.prepared` takes them.

    **Arguments:** `model`: a network; `effect` on its chips; `keys` of these.

    **Returns:** for each array of the model one whose detunings and all fields of whose devices
    have shape (chips, chains, tones).
    """
    return _drawn(computed_directly(model), effect, keys)


@eqx.filter_jit
def _drawn(model, effect, keys):
    def of_chip(key):
        return [_in_full(array) for array in arrays_of(fabricated(model, effect, key=key))]

    return jax.vmap(of_chip)(keys)


def _in_full(array: ResonatorArray) -> ResonatorArray:
    """An array all fields of whose devices have the shape of its detunings."""
    whole = jax.tree.map(lambda f: jnp.broadcast_to(f, array.detuning.shape), array.resonators)
    return eqx.tree_at(lambda array: array.resonators, array, whole)
