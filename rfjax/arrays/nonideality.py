"""What departs from an ideal array: the names and the shapes of its strengths."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from rfjax.checks import check_fit
from rfjax.printing import described


class AbstractNonideality(eqx.Module):
    """An effect of a chip, or of a reading; its strengths are all real arrays that it holds.

    A subclass says by `over` what its strengths may differ over, chains, tones or both, and by
    `steps` which of them count something, as faults, and so have no derivative.
    """

    over: ClassVar[tuple[str, ...]] = ("chains", "tones")
    steps: ClassVar[tuple[str, ...]] = ()

    __repr__ = described


def strengths(model: Any) -> list[tuple[str, Float[Array, "..."], AbstractNonideality]]:
    """All strengths of a tree of effects or readings: name, value, and what holds it.

    **Arguments:** `model`: an effect, a reading, or several.
    """
    field, found = getattr(model, "field", None), []
    owner = field if isinstance(field, str) else type(model).__name__
    for path, each in jax.tree_util.tree_leaves_with_path(model, is_leaf=_within(model)):
        if isinstance(each, AbstractNonideality):
            found += strengths(each)
        elif eqx.is_inexact_array(each):
            found.append((f"{owner} {_name(path)}", each, model))
    return found


def has_slopes(model: Any) -> Any:
    """Which leaves of a tree of effects are strengths that have a derivative.

    **Arguments:** `model`: an effect, or several.

    **Returns:** truth values in the same structure, as `equinox.partition` takes them.
    """
    steps = getattr(model, "steps", ())

    def of_leaf(path, each):
        if isinstance(each, AbstractNonideality):
            return has_slopes(each)
        return eqx.is_inexact_array(each) and _name(path[:1]) not in steps

    return jax.tree_util.tree_map_with_path(of_leaf, model, is_leaf=_within(model))


def check_strengths(model: Any, shape: tuple[int, ...]) -> None:
    """Refuse strengths that do not fit an array; see `AbstractNonideality.over`.

    **Arguments:** `model`: an effect, a reading, or several; `shape`: (chains, tones).

    **Raises:** `InvalidInput` for the first that does not fit.
    """
    sizes: dict[str, int] = dict(zip(("chains", "tones"), shape, strict=True))
    for name, value, part in strengths(model):
        axes = ", ".join(part.over)
        what = f"what broadcasts to ({axes})" if part.over[1:] else f"one for each of the {axes}"
        check_fit(name, value, tuple(sizes[axis] for axis in part.over), f"one number, or {what}")


def _name(path: Sequence[Any]) -> str:
    return ".".join(str(getattr(key, "name", getattr(key, "idx", key))) for key in path)


def _within(model: Any) -> Callable[[Any], bool]:
    """Whether a part departs from an ideal array, and is not the model itself."""
    return lambda part: isinstance(part, AbstractNonideality) and part is not model
