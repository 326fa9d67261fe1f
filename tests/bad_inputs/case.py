"""One public callable, and arguments that it takes."""

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Case:
    """A public callable with arguments that it takes.

    **Arguments:** `name`; `function`, called with keywords; `arguments`: the kind and a valid value
    of each; `light`: whether what computes with values that are allowed is tried, too, which takes
    seconds where every shape of lanes is traced anew.
    """

    name: str
    function: Callable[..., Any]
    arguments: dict[str, tuple[str, Any]]
    light: bool = True


def case(name: str, function: Callable[..., Any], /, **arguments: tuple[str, Any]) -> Case:
    return Case(name, function, arguments)
