"""Devices and tones that train: what an ensemble is prepared for, and which values are allowed."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.arrays import covered, prepared
from rfjax.checks import InvalidInput
from rfjax.numerics.parameters import trainable
from rfjax.training.ensemble import Frame, separate

Parameters = dict[str, Float[Array, "..."]]


def prepared_ensemble(frame: Frame, parameters: Parameters, **options: Any) -> Frame:
    """The frame of an ensemble whose arrays are prepared for the detunings of all seeds.

    Devices and tones that train are prepared for as those of the first seed; `all_covered` says
    whether that holds for the others.

    **Arguments:** `frame` and `parameters` of the ensemble; `options` of `rfjax.arrays.prepared`.
    """
    devices = _devices(frame, parameters)
    first = {name: leaf[0] if name in devices else leaf for name, leaf in parameters.items()}
    return separate(prepared(frame.filled(first), **options))[1]


def all_covered(frame: Frame, parameters: Parameters) -> bool:
    """Whether what is prepared holds for the parameters of every seed."""
    each = jax.vmap(lambda one: covered(frame.filled(one)))(parameters)
    return bool(jnp.all(each))


def check_allowed(frame: Frame, parameters: Parameters, when: str) -> None:
    """Refuse devices and tones that were trained to values that there are not, as a damping of -1.

    **Arguments:** `frame` and `parameters` of the ensemble; `when`, for the message.

    **Raises:** `InvalidInput`.
    """
    trained = {id(parameters[name]) for name in _devices(frame, parameters)}
    if not trained:
        return
    try:
        _check(frame.filled(parameters), trained)
    except InvalidInput as error:
        raise InvalidInput(f"{when} {error}; lower its learning rate") from None


def _check(node: Any, trained: set[int]) -> None:
    """Let the fields of all modules check those of their arrays that were trained."""
    for field in dataclasses.fields(node) if isinstance(node, eqx.Module) else ():
        value = getattr(node, field.name)
        if id(value) in trained and "converter" in field.metadata:
            field.metadata["converter"](value)
    for child in jax.tree.leaves(node, is_leaf=lambda each: each is not node):
        if child is not node:
            _check(child, trained)


def _devices(frame: Frame, parameters: Parameters) -> set[str]:
    """The names of the trained arrays that train since they were chosen, whatever fields say."""
    by_field = trainable(frame.filled(parameters), chosen=False)
    named = zip(_leaves(frame.names), _leaves(by_field), strict=True)
    return {name for name, trains in named if name is not None and not trains}


def _leaves(tree: Any) -> list[Any]:
    return jax.tree.leaves(tree, is_leaf=lambda leaf: leaf is None)
