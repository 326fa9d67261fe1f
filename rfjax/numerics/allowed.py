"""Whether the arrays of a model are what the fields that they stand in allow."""

import dataclasses
from typing import Any

import equinox as eqx
import jax


def check_fields(model: Any, unless: Any = ()) -> None:
    """Let the fields of all modules check their arrays, as where the modules are made.

    For arrays that came there in other ways: by training, or as values of parameters.

    **Arguments:** `model`: any tree of modules, without parameters that stand for values, see
    `rfjax.numerics.parametrisation.resolved`; `unless`: what holds the arrays that stay unchecked.

    **Raises:** `InvalidInput` where the converter of a field does.
    """
    _check(model, set(map(id, jax.tree.leaves(unless))))


def _check(node: Any, unchecked: set[int]) -> None:
    for field in dataclasses.fields(node) if isinstance(node, eqx.Module) else ():
        value = getattr(node, field.name)
        if "converter" in field.metadata and eqx.is_array(value) and id(value) not in unchecked:
            field.metadata["converter"](value)
    for child in jax.tree.leaves(node, is_leaf=lambda each: each is not node):
        if child is not node:
            _check(child, unchecked)
