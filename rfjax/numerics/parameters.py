"""Which arrays of a module train: those that were chosen, or all but those of some fields."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

from rfjax.checks import InvalidInput

_FIXED = {"trains": False}


def fixed(*, unit: str = "", **options: Any) -> Any:
    """A field of an Equinox module whose arrays do not train, unless a user says otherwise.

    **Arguments:** `unit` in which it is printed, in SI; `options` of `equinox.field`.

    **Returns:** the field.
    """
    return eqx.field(metadata=_FIXED | {"unit": unit}, **options)


def trainable(model: Any, *, chosen: bool = True) -> Any:
    """The structure of a model with True at every array that trains, False elsewhere.

    All arrays of real numbers train, but those in fields that are declared with `fixed`. In a
    module that holds a `Choice`, as `rfjax.nn.Network.with_trained` returns, its arrays do instead.

    **Arguments:** `model`: any tree of modules; `chosen`: False for what fields alone say.

    **Returns:** a tree of truth values, for `equinox.partition`.
    """
    return _mask(model, True, chosen)


@dataclasses.dataclass(frozen=True)
class Choice:
    """The arrays of a module that train, by their paths in it; in a static field `trains`."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, model: Any, where: Callable[[Any], Any]) -> "Choice":
        """The arrays of real numbers in what a function takes out of a model.

        **Arguments:** `model`; `where`: a function that returns arrays of it, or parts that hold
        some, as that of `equinox.tree_at`.

        **Raises:** `InvalidInput` where it returns none.
        """
        places = jax.tree_util.tree_map_with_path(lambda path, leaf: _Place(path, leaf), model)
        found = [place for place in jax.tree.leaves(where(places)) if isinstance(place, _Place)]
        paths = tuple(dict.fromkeys(place.path for place in found if place.trains))
        if not paths:
            raise InvalidInput(
                "where takes no array of real numbers out of the model; give a function as "
                "lambda network: network.layers[0].array.detuning"
            )
        return cls(paths)


class _Place:
    """What stands for an array while a function chooses some."""

    def __init__(self, path: Any, leaf: Any):
        self.path, self.trains = jax.tree_util.keystr(path), eqx.is_inexact_array(leaf)


def _mask(node: Any, trains: bool, chosen: bool) -> Any:
    choice = getattr(node, "trains", None) if chosen else None
    if isinstance(choice, Choice):
        return jax.tree_util.tree_map_with_path(
            lambda path, _: trains and jax.tree_util.keystr(path) in choice.paths, node
        )
    children, structure = jax.tree_util.tree_flatten_with_path(
        node, is_leaf=lambda each: each is not node
    )
    if len(children) == 1 and not children[0][0]:
        return trains and eqx.is_inexact_array(node)
    masks = [
        _mask(child, trains and not _is_fixed(node, path[0]), chosen) for path, child in children
    ]
    return jax.tree.unflatten(structure, masks)


def _is_fixed(node: Any, key: Any) -> bool:
    """Whether a child of a module stands in a field that does not train."""
    fields = getattr(type(node), "__dataclass_fields__", {})
    field = fields.get(getattr(key, "name", None))
    return field is not None and not field.metadata.get("trains", True)
