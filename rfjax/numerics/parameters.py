"""Which arrays of a module train: all but those of fields that say so."""

from typing import Any

import equinox as eqx
import jax

_FIXED = {"trains": False}


def fixed(*, unit: str = "", **options: Any) -> Any:
    """A field of an Equinox module whose arrays do not train, unless a user says otherwise.

    **Arguments:** `unit` in which it is printed, in SI; `options` of `equinox.field`.

    **Returns:** the field.
    """
    return eqx.field(metadata=_FIXED | {"unit": unit}, **options)


def trainable(model: Any) -> Any:
    """The structure of a model with True at every array that trains, False elsewhere.

    All arrays of real numbers train, but those in fields that are declared with `fixed`.

    **Arguments:** `model`: any tree of modules.

    **Returns:** a tree of truth values, for `equinox.partition`.
    """
    return _mask(model, True)


def _mask(node: Any, trains: bool) -> Any:
    children, structure = jax.tree_util.tree_flatten_with_path(
        node, is_leaf=lambda each: each is not node
    )
    if len(children) == 1 and not children[0][0]:
        return trains and eqx.is_inexact_array(node)
    masks = [_mask(child, trains and not _is_fixed(node, path[0])) for path, child in children]
    return jax.tree.unflatten(structure, masks)


def _is_fixed(node: Any, key: Any) -> bool:
    """Whether a child of a module stands in a field that does not train."""
    fields = getattr(type(node), "__dataclass_fields__", {})
    field = fields.get(getattr(key, "name", None))
    return field is not None and not field.metadata.get("trains", True)
