"""Which arrays of a module train: those that were chosen, or all but those of some fields."""

import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

from rfjax.checks import InvalidInput

_FIXED = {"trains": False}
_COMPUTED = _FIXED | {"chosen": False}


def fixed(*, unit: str = "", **options: Any) -> Any:
    """A field of an Equinox module whose arrays do not train, unless a user says otherwise.

    **Arguments:** `unit` in which it is printed, in SI; `options` of `equinox.field`.

    **Returns:** the field.
    """
    return eqx.field(metadata=_FIXED | {"unit": unit}, **options)


def computed(**options: Any) -> Any:
    """A field of an Equinox module whose arrays are computed from others of it, and never train.

    As the constants of a fast evaluation: trained, they would stand for nothing. They are not
    taken where a user chooses a part that holds them.

    **Arguments:** `options` of `equinox.field`.

    **Returns:** the field.
    """
    return eqx.field(metadata=_COMPUTED, **options)


class AbstractParameter(eqx.Module):
    """A node of a model that stands for a value, which it computes; see `Bounded`.

    Its own arrays train as its own fields say, whatever is said of the field that it stands in.
    """

    @abstractmethod
    def value(self, model: Any) -> Any:
        """The value that it stands for.

        **Arguments:** `model`: all of the model, for what is looked up in it.
        """

    def ends(self) -> tuple[Any, ...]:
        """The outermost values that it may come to; none where they are not known beforehand."""
        return ()

    def written(self, unit: str = "") -> str:
        """The parameter in a few words.

        **Arguments:** `unit` of the field that it stands in.
        """
        return type(self).__name__

    def __repr__(self) -> str:
        return self.written()


def trainable(model: Any, *, chosen: bool = True) -> Any:
    """The structure of a model with True at every array that trains, False elsewhere.

    All arrays of real numbers train, but those in fields that are declared with `fixed`, and those
    of an `AbstractParameter` wherever it stands. In a module that holds a `Choice`, as
    `rfjax.nn.Network.with_trained` returns, its arrays do instead.

    **Arguments:** `model`: any tree of modules; `chosen`: False for what fields alone say.

    **Returns:** a tree of truth values, for `equinox.partition`.
    """
    return _mask(model, chosen)


@dataclasses.dataclass(frozen=True)
class Choice:
    """The arrays of a module that train, by their paths in it; in a static field `trains`."""

    paths: tuple[str, ...]

    @classmethod
    def of(cls, model: Any, where: Callable[[Any], Any]) -> "Choice":
        """The arrays of real numbers in what a function takes out of a model.

        What is declared with `computed` is none of them.

        **Arguments:** `model`; `where`: a function that returns arrays of it, or parts that hold
        some, as that of `equinox.tree_at`.

        **Raises:** `InvalidInput` where it returns none, or takes what there is not.
        """
        may = _mask(model, False, "chosen")
        places = jax.tree_util.tree_map_with_path(
            lambda path, _, yes: _Place(path, yes), model, may
        )
        what = "give a function as lambda network: network.layers[0].array.detuning"
        try:
            taken = where(places)
        except (AttributeError, LookupError, TypeError) as error:
            raise InvalidInput(
                f"where takes something that the model does not have ({error}); {what}"
            ) from None
        found = [place for place in jax.tree.leaves(taken) if isinstance(place, _Place)]
        paths = tuple(dict.fromkeys(place.path for place in found if place.trains))
        if not paths:
            held = f" (but {found[0].path}, which is no parameter)" if found else ""
            raise InvalidInput(
                f"where takes no array that can train out of the model{held}; {what}"
            )
        return cls(paths)

    @classmethod
    def of_mask(cls, mask: Any) -> "Choice":
        """The arrays at which a tree of truth values, as of `trainable`, has True."""
        leaves = jax.tree_util.tree_leaves_with_path(mask)
        return cls(tuple(jax.tree_util.keystr(path) for path, trains in leaves if trains))


class _Place:
    """What stands for an array while a function chooses some."""

    def __init__(self, path: Any, trains: bool):
        self.path, self.trains = jax.tree_util.keystr(path), trains


def _mask(node: Any, chosen: bool, declared: str = "trains", trains: bool = True) -> Any:
    """True at real arrays in fields that are not declared otherwise, by the key in metadata."""
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
    trains = trains or isinstance(node, AbstractParameter)
    masks = [
        _mask(child, chosen, declared, trains and _allowed(node, path[0], declared))
        for path, child in children
    ]
    return jax.tree.unflatten(structure, masks)


def _allowed(node: Any, key: Any, declared: str) -> bool:
    """Whether a child of a module stands in a field that allows what is declared."""
    fields = getattr(type(node), "__dataclass_fields__", {})
    field = fields.get(getattr(key, "name", None))
    return field is None or field.metadata.get(declared, True)
