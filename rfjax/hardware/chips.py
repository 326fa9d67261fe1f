"""What many chips of a network do: a distribution, a yield, and what it depends on."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import equinox as eqx
import numpy as np
from jaxtyping import Float

from rfjax.arrays.nonideality import has_slopes, strengths
from rfjax.checks import InvalidInput, number, path
from rfjax.hardware.effect import AbstractEffect
from rfjax.labelled import dataframe, dataset

if TYPE_CHECKING:
    import pandas
    import xarray

_COLUMNS = "chip,accuracy,loss (nat)"
_SHOWN = (0.05, 0.5, 0.95)  # quantiles that are printed


class Chips(eqx.Module):
    """Accuracy (0 to 1) and loss (nats) of many chips.

    **Arguments:** `accuracy` and `loss`, (chips,); `slopes` of each loss to the strengths of the
    effects that have derivatives, (chips, *strength) for each of them in turn, where they were
    asked for; `effect` that the chips had.
    """

    accuracy: Float[np.ndarray, " chips"]
    loss: Float[np.ndarray, " chips"]
    slopes: tuple[Float[np.ndarray, "chips ..."], ...]
    effect: AbstractEffect

    def fraction_above(self, accuracy: float | int) -> float:
        """The yield: the fraction of chips that reach an accuracy.

        **Arguments:** `accuracy` that is specified, from 0 to 1.

        **Returns:** from 0 to 1.

        **Raises:** `InvalidInput` for no such number.
        """
        wanted = number("accuracy", accuracy)
        if not 0 <= wanted <= 1:
            raise InvalidInput(f"accuracy is {wanted:g}; it must be from 0 to 1")
        return float(np.mean(self.accuracy >= wanted))

    def quantile(self, share: float | int) -> float:
        """The accuracy that a share of the chips stays below.

        **Arguments:** `share` of the chips, from 0 to 1.

        **Raises:** `InvalidInput` for no such number.
        """
        wanted = number("share", share)
        if not 0 <= wanted <= 1:
            raise InvalidInput(f"share is {wanted:g}; it must be from 0 to 1")
        return float(np.quantile(self.accuracy, wanted))

    def sensitivities(self) -> dict[str, tuple[float, float]]:
        """How the mean loss changes with the strength of each effect, and its standard error.

        **Returns:** by the name of each strength, numbered where several have it, nats for a
        relative change of it: its slope times the strength, summed over its numbers. Strengths that
        set a number of faults, as the fraction of `Stuck`, have no derivative, and are left out; so
        are those that are zero, which no relative change moves.

        **Raises:** `InvalidInput` where no slopes were asked for, or no strength has any.
        """
        if not self.slopes:
            raise InvalidInput(
                "chips have no slopes; ask for monte_carlo(sensitivities=True), of effects whose "
                "strengths have derivatives, not fractions of faults"
            )
        found = {}
        smooth = strengths(eqx.filter(self.effect, has_slopes(self.effect)))
        for (name, strength, _), slopes in zip(smooth, self.slopes, strict=True):
            if not np.any(np.asarray(strength)):
                continue
            each = (slopes * np.asarray(strength)).reshape(len(slopes), -1).sum(axis=1)
            error = each.std(ddof=1) / len(each) ** 0.5 if len(each) > 1 else np.nan
            alike = sum(other.split(" (")[0] == name for other in found)
            found[f"{name} ({alike + 1})" if alike else name] = float(each.mean()), float(error)
        return found

    def __repr__(self) -> str:
        low, middle, high = (100 * self.quantile(share) for share in _SHOWN)
        lines = [
            f"Chips({len(self.accuracy)}: accuracy {100 * self.accuracy.mean():.2f} %, "
            f"5 / 50 / 95 % of chips below {low:.2f} / {middle:.2f} / {high:.2f} %)"
        ]
        if self.slopes:
            lines += [
                f"  {name}: {slope:+.3g} ± {error:.1g} nats for a relative change"
                for name, (slope, error) in self.sensitivities().items()
            ]
        return "\n".join(lines)

    def to_xarray(self) -> "xarray.Dataset":
        """Accuracy and loss over `chip`."""
        variables = {
            "accuracy": (("chip",), self.accuracy, ""),
            "loss": (("chip",), self.loss, "nat"),
        }
        return dataset(variables, {"chip": (("chip",), np.arange(len(self.loss)), "")})

    def to_dataframe(self) -> "pandas.DataFrame":
        """Accuracy and loss as a table, one row a chip."""
        return dataframe(self.to_xarray())

    def write_csv(self, file: str | os.PathLike) -> Path:
        """Write accuracy and loss of every chip as text with commas.

        **Arguments:** `file`: its path; one that is there is replaced if it is such a file itself.

        **Returns:** the path.

        **Raises:** `InvalidInput` if something else stands at the path; `OSError` if the file
        cannot be written.
        """
        there = path("file", file)
        if there.exists() and not _is_of_chips(there):
            raise InvalidInput(f"{there} is there and no table of chips; give another path")
        rows = np.column_stack([np.arange(len(self.loss)), self.accuracy, self.loss])
        there.parent.mkdir(parents=True, exist_ok=True)
        digits = "%d", "%.7g", "%.7g"
        np.savetxt(there, rows, digits, delimiter=",", header=_COLUMNS, comments="")
        return there


def _is_of_chips(there: Path) -> bool:
    if not there.is_file():
        return False
    with there.open("rb") as file:
        return file.readline(len(_COLUMNS) + 2).rstrip() == _COLUMNS.encode()
