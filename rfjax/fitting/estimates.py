"""What a fit found: values with units, their covariance and intervals."""

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.checks import fraction, one_of
from rfjax.labelled import dataframe, dataset, lanes
from rfjax.numerics import least_squares
from rfjax.numerics.least_squares import CONVERGED
from rfjax.printing import quantity

if TYPE_CHECKING:
    import pandas
    import xarray

LEVEL = 0.95
UNKNOWN = "not determined"
NO_TELLING = f"{UNKNOWN}: zero fits as well"
NOT_DETERMINED, NO_LINE, BEYOND = range(100, 103)  # minima that are no results
WORDS = least_squares.WORDS | {
    NOT_DETERMINED: "not determined: the data tell none of the parameters",
    NO_LINE: "no line found: none is told from noise, which would leave as little",
    BEYOND: "failed: g is not between 0.5 and 10",
}


@dataclasses.dataclass(frozen=True, repr=False)
class Estimates:
    r"""Parameters with their covariance, for one fit or for a batch of them.

    The covariance is $\hat\sigma^2(J^TWJ)^{-1}$, with the variance of the noise out of the
    residuals; intervals are those of Student's $t$. A parameter that is positive has the interval
    of its logarithm; one with a bound has its interval cut there.

    **Arguments:**

    - `names` and `units`, one a parameter.
    - `values` (*b, parameters), SI.
    - `covariance` (*b, parameters, parameters); NaN where a parameter is held, infinite where the
      data do not determine it.
    - `degrees` of freedom, (*b,): samples less parameters.
    - `status` (*b,): one of the numbers of `WORDS`.
    - `positive`: which parameters have to be.
    - `lower` bounds of the others, -∞ where there is none.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Float[np.ndarray, "*b parameters"]
    covariance: Float[np.ndarray, "*b parameters parameters"]
    degrees: Int[np.ndarray, "*b"]
    status: Int[np.ndarray, "*b"]
    positive: tuple[bool, ...]
    lower: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the batch."""
        return self.values.shape[:-1]

    @property
    def converged(self) -> Bool[np.ndarray, "*b"]:
        """Which fits ended in a minimum that tells something."""
        return np.asarray(self.status == CONVERGED)

    @property
    def errors(self) -> Float[np.ndarray, "*b parameters"]:
        """The standard error of every parameter, in its unit; NaN where it is held."""
        return np.sqrt(np.diagonal(self.covariance, axis1=-2, axis2=-1))

    @property
    def at_bound(self) -> Bool[np.ndarray, "*b parameters"]:
        """Which parameters were fitted and ended at their bound."""
        bounded = np.isfinite(self.lower) & ~np.array(self.positive)
        return bounded & (self.values <= np.array(self.lower)) & ~np.isnan(self.errors)

    @property
    def undetermined(self) -> Bool[np.ndarray, "*b parameters"]:
        """Which parameters were fitted and are not determined by the data.

        A nonlinear shift or damping is not determined where its 95 % interval holds zero, for then
        noise hides at the fitted powers whatever it does; any other one where its error is
        infinite.
        """
        low, high = self.intervals()
        nonlinear = np.array([name.startswith("nonlinear") for name in self.names])
        return np.isinf(self.errors) | (nonlinear & (low <= 0) & (high >= 0))

    def __getitem__(self, name: str) -> Float[np.ndarray, "*b"]:
        """The values of a parameter."""
        return self.values[..., self.names.index(one_of("name", name, self.names))]

    def intervals(self, level: float = LEVEL) -> Float[np.ndarray, "2 *b parameters"]:
        """Intervals that hold the true values at a rate, as far as the model is that of the data.

        **Arguments:** `level`: that rate, between 0 and 1.

        **Returns:** the lower and the upper ends, in the units of the parameters; NaN where a
        parameter is held or no degree of freedom is left.

        **Raises:** `InvalidInput` for another level.
        """
        quantiles = self.quantile(level)[..., None]
        errors = self.errors
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            low, high = self.values - quantiles * errors, self.values + quantiles * errors
            factor = np.exp(quantiles * errors / np.abs(self.values))
            positive = np.array(self.positive)
            low = np.where(positive, self.values / factor, np.maximum(low, self.lower))
            high = np.where(positive, self.values * factor, high)
        return np.stack([low, high])

    def quantile(self, level: float) -> Float[np.ndarray, "*b"]:
        """Student's two-sided quantile; NaN without degrees of freedom."""
        from scipy.special import stdtrit

        level = fraction("level", level)
        degrees = np.where(self.degrees > 0, self.degrees, np.nan)
        return np.asarray(stdtrit(degrees, 0.5 + level / 2))

    def rows(self, index: tuple[int, ...] = ()) -> list[tuple[str, str, str, str]]:
        """Name, value, standard error and interval of every parameter of one fit, as words."""
        rows = []
        for each in self.listed(index):
            value, unit = quantity(each["value"], each["unit"]), each["unit"]
            error, ends = "", each["note"]
            if each["error"] is not None:
                error = quantity(float(f"{each['error']:.2g}"), unit)
                ends = quantity(np.array([each["low"], each["high"]]), unit)
                ends += f" ({each['note']})" if each["note"] else ""
            elif each["note"] == UNKNOWN:  # where the steps ended says nothing
                value, ends = UNKNOWN, ""
            rows.append((each["name"], value, error, ends))
        return rows

    def listed(self, index: tuple[int, ...] = ()) -> list[dict[str, Any]]:
        """Every parameter of one fit: its name, value, unit, error, interval and a note.

        **Arguments:** `index` of the fit in the batch.

        **Returns:** a dictionary each; error and interval are None where a parameter is held or not
        determined, as the note says.
        """
        low, high = self.intervals()
        at_bound, undetermined = self.at_bound, self.undetermined
        listed = []
        for place, (name, unit) in enumerate(zip(self.names, self.units, strict=True)):
            at = (*index, place)
            error = self.errors[at]
            numbers = {"value": self.values[at], "error": error, "low": low[at], "high": high[at]}
            notes = {"at its bound": at_bound[at], NO_TELLING: undetermined[at]}
            note = "; ".join(words for words, holds in notes.items() if holds)
            if not np.isfinite(error):
                numbers |= dict.fromkeys(("error", "low", "high"))
                note = UNKNOWN if np.isinf(error) else "held"
            numbers = {key: None if v is None else float(v) for key, v in numbers.items()}
            listed.append({"name": name, "unit": unit, **numbers, "note": note})
        return listed

    def word(self, index: tuple[int, ...] = ()) -> str:
        """How a fit ended, in words."""
        return WORDS[int(self.status[index])]

    def to_xarray(self) -> "xarray.Dataset":
        """Value, standard error and interval of every parameter, and how every fit ended."""
        axes = lanes(self.shape)
        low, high = self.intervals()
        variables = {"status": (axes, np.vectorize(WORDS.get, [object])(self.status), "")}
        parts = {"": self.values, "_error": self.errors, "_low": low, "_high": high}
        for place, (name, unit) in enumerate(zip(self.names, self.units, strict=True)):
            for ending, values in parts.items():
                variables[name.replace(" ", "_") + ending] = (axes, values[..., place], unit or "1")
        return dataset(variables, {}, level=LEVEL)

    def to_dataframe(self) -> "pandas.DataFrame":
        """The same as a table, one fit a row."""
        import pandas

        data = self.to_xarray()
        if self.shape:
            return dataframe(data)
        row = {name: [data[name].item()] for name in data}
        table = pandas.DataFrame(row)
        units = {name: each.attrs["units"] for name, each in data.items() if "units" in each.attrs}
        table.attrs.update(data.attrs, units=units)
        return table


def covariance_of(
    normal: Float[np.ndarray, "lanes parameters parameters"],
    variance: Float[np.ndarray, " lanes"],
    free: Bool[np.ndarray, "lanes parameters"],
) -> Float[np.ndarray, "lanes parameters parameters"]:
    r"""$\sigma^2(J^TWJ)^{-1}$ in double precision.

    **Arguments:** `normal` $J^TWJ$; `variance` $\sigma^2$; `free`: which parameters are varied.

    **Returns:** the covariance; NaN for parameters that are held, infinite where the data do not
    determine a parameter.
    """
    normal = np.asarray(normal, np.float64)
    diagonal = np.diagonal(normal, axis1=-2, axis2=-1)
    scale = np.sqrt(np.where(free & (diagonal > 0), diagonal, 1))
    both = free[:, :, None] & free[:, None, :]
    unit = np.where(both, normal / (scale[:, :, None] * scale[:, None]), 0)
    unit = np.where(np.isfinite(unit), unit, 0)
    size, directions = np.linalg.eigh(unit)
    # What rounding in float32 leaves of a direction that the data do not determine.
    seen = size > 1e-6
    inverse = np.einsum(
        "npe,ne,nqe->npq", directions, np.where(seen, 1 / np.where(seen, size, 1), 0), directions
    )
    blind = np.einsum("npe,ne->np", directions**2, ~seen & (np.abs(size) >= 0)) > 1e-2
    blind &= free
    found = variance[:, None, None] * inverse / (scale[:, :, None] * scale[:, None])
    identity = np.eye(normal.shape[-1], dtype=bool)
    found = np.where(identity & blind[:, :, None], np.inf, found)
    return np.where(both, found, np.nan)
