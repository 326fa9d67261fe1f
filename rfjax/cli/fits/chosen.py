"""What was asked for on the command line, and what a model makes of it."""

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rfjax.fitting import Fit


@dataclasses.dataclass(frozen=True)
class Chosen:
    """Options of `rfjax fit` by their names, None or empty where they were left out."""

    options: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.options[name]

    def given(self, *names: str) -> dict[str, Any]:
        """Those of some options that were given."""
        left_out = (None, False)
        values = {name: self[name] for name in names if self[name] not in ([], ())}
        return {n: v for n, v in values.items() if not any(v is each for each in left_out)}

    def check(self, model: str, taken: tuple[str, ...]) -> None:
        """Refuse options that a model does not take.

        **Raises:** `InvalidInput` naming them.
        """
        from rfjax.checks import InvalidInput

        others = [name for name in self.given(*self.options) if name not in taken]
        if others:
            listed = ", ".join(f"--{name}" for name in others)
            raise InvalidInput(f"{listed}: no option of --model {model}; leave it out")


@dataclasses.dataclass(frozen=True)
class Fitted:
    """What came of a table: fits, and by name the reasons why others cannot be made of them."""

    fits: list["Named"]
    failed: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Named:
    """One fit of a table: its name, the fit, and its place in a batch."""

    name: str
    fit: "Fit"
    index: tuple[int, ...] = ()
