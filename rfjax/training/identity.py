"""What a training is, in a few words that all machines agree on."""

import hashlib
import re
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from rfjax.numerics.keys import is_key
from rfjax.training.ensemble import without_evaluations

Parameters = dict[str, Float[Array, "..."]]


def identity_of(run: Any, parameters: Parameters, memory: Any) -> dict[str, object]:
    """What names a run, so that no checkpoint of another one is mistaken for its own.

    **Arguments:** `run`: a module with the `frame`, `inputs`, `labels`, `keys`, `split`,
    `optimiser`, `loss` and `batch_size` of a training; `parameters` at the start and the
    optimiser's `memory`, with a leading axis of seeds.
    """

    def digest(*arrays) -> str:
        together = hashlib.sha256()
        for array in map(np.asarray, arrays):
            together.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
        return together.hexdigest()[:12]

    named = isinstance(run.split, eqx.Module)
    one = {name: (leaf.shape[1:], leaf.dtype) for name, leaf in parameters.items()}
    kept = [(leaf.shape[1:], leaf.dtype) for leaf in jax.tree.leaves(memory)]
    first = jax.tree.map(lambda leaf: jnp.zeros_like(leaf[0]), parameters)
    defined = without_evaluations(run.frame)
    constants = _arrays(defined)
    # By fields: what a module prints of itself may be rounded. Addresses are no settings.
    described = re.sub("0x[0-9a-f]+", "", eqx.tree_pformat(defined))
    named_loss = re.sub("0x[0-9a-f]+", "", eqx.tree_pformat(run.loss))
    return {
        "seeds": len(run.keys),
        "precision": ", ".join(sorted({leaf.dtype.name for leaf in parameters.values()})),
        "network": digest(repr(one), described, *map(_summary, constants)),
        "optimiser": digest(repr(kept), _steps_taken(run.optimiser, first)),
        "loss": digest(named_loss, *map(_summary, _arrays(run.loss))),
        "batch_size": run.batch_size,
        "data": digest(
            run.inputs, run.labels, *jax.tree.leaves(eqx.filter(run.split, eqx.is_array))
        ),
        "keys": digest(jax.random.key_data(run.keys)),
        "start": digest(*map(_summary, jax.tree.leaves(parameters))),
        "split": repr(run.split) if named else type(run.split).__name__,
    }


def _arrays(tree: Any) -> list[Any]:
    """All arrays of a tree, with the numbers of keys in their place."""
    leaves = jax.tree.leaves(eqx.filter(tree, eqx.is_array))
    return [jax.random.key_data(each) if is_key(each) else each for each in leaves]


_TRIED = 64  # steps of an optimiser, after which schedules tell themselves apart


def _steps_taken(optimiser: optax.GradientTransformation, parameters: Any) -> str:
    """Where an optimiser goes under gradients that are given: rates and moments are in no array."""

    def step(state, number):
        parameters, memory = state
        gradient = jax.tree.map(lambda leaf: 0.01 * jnp.cos(number + leaf), parameters)
        updates, memory = optimiser.update(gradient, memory, parameters)
        return (eqx.apply_updates(parameters, updates), memory), None

    moved = jax.jit(lambda state: jax.lax.scan(step, state, jnp.arange(_TRIED))[0][0])
    return " ".join(map(_summary, jax.tree.leaves(moved((parameters, optimiser.init(parameters))))))


def _summary(array: Any) -> str:
    """Whole numbers; else sizes of all and of the first half, in digits that machines share."""
    if not np.issubdtype(np.asarray(array).dtype, np.inexact):
        return repr(np.asarray(array).tolist())
    flat = np.ravel(np.asarray(array, np.float64))
    return " ".join(f"{np.linalg.norm(part):.4g}" for part in (flat, flat[: (len(flat) + 1) // 2]))
