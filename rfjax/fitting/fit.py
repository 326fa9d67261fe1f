"""What all fits have in common: estimates, how they were solved, and how they tell it."""

import abc
import dataclasses
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from rfjax.fitting.estimates import LEVEL, UNKNOWN, WORDS, Estimates
from rfjax.fitting.samples import SCATTER
from rfjax.numerics.least_squares import CONVERGED, Problem, Solution
from rfjax.printing import quantity

if TYPE_CHECKING:
    import pandas
    import xarray

SKIPPED = 0  # a start that was not needed
_DRAWN = 500  # places of a curve
ROUGH = 3.0  # times what is expected, above which residuals are worth a word


class Solved(NamedTuple):
    """How fits were solved, on one axis of lanes.

    **Arguments:** `model` that was fitted, see `rfjax.numerics.least_squares.solve`; `problem` and
    `solution`, in the units of the problem; `order`: which parameter of the problem each estimate
    is, (lanes, parameters). A parameter of the problem is linear in its estimate, or in the
    logarithm of one that is positive.
    """

    model: Callable[[Any, Any], Array]
    problem: Problem
    solution: Solution
    order: Int[np.ndarray, "lanes parameters"]


class Trace(NamedTuple):
    """One measured curve and what a fit makes of it, for a figure.

    **Arguments:** `label`; `abscissa`; what was `measured` there, and `fitted`; `curve`: abscissa
    and ordinate of the fit between the samples, too.
    """

    label: str
    abscissa: Float[np.ndarray, " n"]
    measured: Float[np.ndarray, " n"]
    fitted: Float[np.ndarray, " n"]
    curve: tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]


class Panel(NamedTuple):
    """Curves over one abscissa, for a figure: labels of the axes, with units, and the curves.

    Residuals are differences, or `relative`, as shares of what was fitted, where the noise is.
    """

    abscissa: str
    ordinate: str
    unit: str
    traces: list[Trace]
    relative: bool = False


@dataclasses.dataclass(frozen=True, repr=False)
class Fit(abc.ABC):
    """A fit of one measurement, or of a batch of them; `print(fit)` prints the table of one.

    **Arguments:**

    - `estimates` of the parameters.
    - `solved`: how they were found.
    - `start_status` of every start, (*b, starts): a number of
      `rfjax.fitting.estimates.WORDS`, 0 for one that was not needed.
    - `deviation` of the noise, (*b,): out of the residuals, in the unit of what was measured.
    - `roughness`, (*b,): the deviation to be expected, in the same unit, out of what `yardstick`
      names: mostly the noise from sample to sample; zero where it is not known.
    """

    estimates: Estimates
    solved: Solved
    start_status: Int[np.ndarray, "*b starts"]
    deviation: Float[np.ndarray, "*b"]
    roughness: Float[np.ndarray, "*b"]

    def lane(self, index: tuple[int, ...]) -> int:
        """Where a fit of the batch is on the one axis of lanes."""
        return int(np.ravel_multi_index(index, self.shape)) if index else 0

    def drawn(self, index: tuple[int, ...], **data: Any) -> Float[np.ndarray, "blocks m"]:
        """The model of one fit for other data, as more places to draw it at.

        **Arguments:** `index` of the fit in the batch; `data`: fields of those of the problem, in
        its units, in place of its own.

        **Returns:** the model, in the units of the problem.
        """
        lane, (model, problem, solution, _) = self.lane(index), self.solved
        own = jax.tree.map(lambda array: np.asarray(array)[lane], problem.data)
        parameters = np.asarray(solution.parameters)[lane]
        given = {name: np.asarray(each, parameters.dtype) for name, each in data.items()}
        found = _model(model, parameters, own._replace(**given))
        return np.asarray(found, np.float64)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the batch."""
        return self.estimates.shape

    @property
    def converged(self) -> Bool[np.ndarray, "*b"]:
        """Which fits ended in a minimum that tells something."""
        return self.estimates.converged

    @property
    def yardstick(self) -> str:
        """What residuals are held against, in words."""
        return SCATTER

    @property
    def excess(self) -> Float[np.ndarray, "*b"]:
        """The deviation over what is expected; zero where that is not known."""
        known = self.roughness > 0
        return np.asarray(np.where(known, self.deviation / np.where(known, self.roughness, 1), 0))

    @property
    def rough(self) -> Bool[np.ndarray, "*b"]:
        """Which fits leave far more than is expected: more than three times `yardstick`."""
        return np.asarray(~(self.excess <= ROUGH))

    @abc.abstractmethod
    def given(self) -> dict[str, tuple[Any, str]]:
        """What was not fitted but handed in: value and unit by name."""

    @abc.abstractmethod
    def notes(self, index: tuple[int, ...] = ()) -> list[str]:
        """What else is worth knowing of one fit, a line each."""

    @abc.abstractmethod
    def panels(self, index: tuple[int, ...] = ()) -> list[Panel]:
        """What was measured and fitted, for the figure of one fit."""

    def __repr__(self) -> str:
        count, good = int(np.prod(self.shape)), int(np.sum(self.converged))
        names = self.estimates.names
        some = (self.estimates.undetermined & self.converged[..., None]).reshape(-1, len(names))
        unknown = [names[n] for n in np.flatnonzero(some.any(0))]
        where = " in some" if self.shape else ""
        told = f"; {UNKNOWN}{where}: {', '.join(unknown)}" if unknown else ""
        return f"{type(self).__name__}({count} fitted, {good} of them converged{told})"

    def __str__(self) -> str:
        return self.table() if not self.shape else repr(self)

    def table(self, index: tuple[int, ...] = ()) -> str:
        """The parameters of one fit with their intervals, and how its starts ended.

        **Arguments:** `index` of the fit in the batch.
        """
        head = ("parameter", "value", "error", f"{LEVEL:.0%} interval")
        rows = [head, *self.estimates.rows(index)]
        rows += [
            (name, value if isinstance(value, str) else quantity(value, unit), "", "given")
            for name, (value, unit) in self.given().items()
            if np.ndim(value) == 0
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(f"{w:{n}}" for w, n in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, *self.notes(index), *self.ending(index)])

    def ending(self, index: tuple[int, ...] = ()) -> list[str]:
        """How one fit ended, and each of its starts without a minimum, a line each."""
        starts = [int(code) for code in self.start_status[index] if code != SKIPPED]
        failed = sum(code != CONVERGED for code in starts)
        lines = [
            f"{self.estimates.word(index)}; starts tried: {len(starts)}, without a minimum: "
            f"{failed}",
            *(f"start {n} {WORDS[code]}" for n, code in enumerate(starts, 1) if code != CONVERGED),
        ]
        if self.rough[index]:
            lines.append(
                f"warning: the residuals are {self.excess[index]:.2g} times {self.yardstick}: the "
                f"model is not that of the data, or {self.doubt(index)}"
            )
        return [*lines, *(f"warning: {each}" for each in self.warnings(index))]

    def doubt(self, index: tuple[int, ...] = ()) -> str:
        """Why residuals of one fit may be large although the model is right, in words."""
        cause = "the noise is slow" if self.yardstick == SCATTER else "that is too small"
        return f"{cause} and intervals are narrow"

    def warnings(self, index: tuple[int, ...] = ()) -> list[str]:
        """What has to be minded where one fit is used, a line each."""
        return []

    def to_xarray(self) -> "xarray.Dataset":
        """See `Estimates.to_xarray`."""
        return self.estimates.to_xarray()

    def to_dataframe(self) -> "pandas.DataFrame":
        """See `Estimates.to_dataframe`."""
        return self.estimates.to_dataframe()

    def to_dict(self, index: tuple[int, ...] = ()) -> dict[str, Any]:
        """One fit as plain words and numbers, as JSON takes them.

        **Arguments:** `index` of the fit in the batch.

        **Returns:** `parameters`, as `Estimates.listed` has them, None for what is not finite;
        `given`, with units; `deviation` of the noise, that to be expected, and out of what;
        `notes`; `status`, and whether it `converged`.
        """
        given = {
            name: {"value": np.asarray(value).tolist(), "unit": unit}
            for name, (value, unit) in self.given().items()
        }
        return {
            "parameters": [
                {name: _finite(value) for name, value in each.items()}
                for each in self.estimates.listed(index)
            ],
            "level": LEVEL,
            "given": given,
            "deviation": _finite(float(self.deviation[index])),
            "expected_deviation": _finite(float(self.roughness[index])),
            "expected_from": self.yardstick,
            "degrees_of_freedom": int(self.estimates.degrees[index]),
            "converged": bool(self.converged[index]),
            "status": self.estimates.word(index),
            "notes": [*self.notes(index), *self.ending(index)],
        }


def dense_axis(places: Float[np.ndarray, " n"]) -> Float[np.ndarray, " m"]:
    """Places between the lowest and the highest one, for curves: more of them than samples."""
    return np.linspace(np.min(places), np.max(places), max(_DRAWN, 4 * len(places)))


def polynomial_through(
    places: Float[np.ndarray, " n"],
    values: Float[np.ndarray, " n"],
    degree: int,
    between: Float[np.ndarray, " m"],
) -> Float[np.ndarray, " m"]:
    """A background, which is a polynomial of a degree, between the samples."""
    return np.polynomial.Polynomial.fit(places, values, degree)(between)


@partial(jax.jit, static_argnums=0)
def _model(model, parameters, data):
    return model(parameters, data)


def _finite(value: Any) -> Any:
    """None in place of a number that is not finite, which JSON does not have."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
