"""What departs from an ideal array: the names and the shapes of its strengths."""

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
    found = []
    for part in filter(_is_innermost, jax.tree.leaves(model, is_leaf=_is_innermost)):
        owner = getattr(part, "field", None) or type(part).__name__
        held = eqx.filter(part, eqx.is_inexact_array)
        for path, value in jax.tree_util.tree_leaves_with_path(held):
            words = [str(getattr(key, "name", getattr(key, "idx", key))) for key in path]
            found.append((f"{owner} {'.'.join(words)}", value, part))
    return found


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


def _is_innermost(part: object) -> bool:
    """Whether a part departs from an ideal array, and is not made of others that do."""

    def within(other: object) -> bool:
        return isinstance(other, AbstractNonideality) and other is not part

    held = jax.tree.leaves(part, is_leaf=within)
    return isinstance(part, AbstractNonideality) and not any(map(within, held))
