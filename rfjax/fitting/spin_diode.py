"""Fits of spin-diode spectra: from rectified voltages to the resonators that gave them."""

import dataclasses
import warnings
from functools import cached_property
from typing import Any

import jax
import numpy as np
from jaxtyping import ArrayLike, Bool, Float

from rfjax.checks import (
    InvalidInput,
    check_fit,
    host_numbers,
    instance_of,
    non_negative_integer,
    one_of,
    positive,
    positive_integer,
    positive_number,
)
from rfjax.devices import Resonator
from rfjax.fitting.fit import ROUGH, Fit, Panel, Solved, Trace, dense_axis, polynomial_through
from rfjax.fitting.results import estimates_of, in_batch, without_line
from rfjax.fitting.samples import samples_of
from rfjax.fitting.search import Found, Measured, Wanted, search
from rfjax.fitting.significance import told_from_noise
from rfjax.fitting.spectra import PARAMETERS, voltage
from rfjax.numerics.least_squares import in_packs, packs_of
from rfjax.printing import quantity

BRANCHES = ("either", "lower", "upper")
LOSSES = ("squares", "huber", "soft-l1")
_UNITS = ("Hz", "", "", "", "rad/C", "rad/C")
_POSITIVE = (False, True, False, False, False, False)
_LOWER = (-np.inf, 0.0, -np.inf, 0.0, -np.inf, -np.inf)
_HIGHEST_DEGREE = 6
_MOST_STARTS = 30
_UNEVEN = 2.0  # times the noise of another power, weighed, from where weights are worth a word


@dataclasses.dataclass(frozen=True, repr=False)
class SpinDiodeFit(Fit):
    r"""Resonators fitted to measured spectra, one or a batch.

    `print(fit)` prints the table of one spectrum.

    **Arguments:** those of `Fit`: `estimates` of six parameters a resonator, in the order of their
    frequencies, see `rfjax.fitting.spectra.PARAMETERS`, where $N$ and $Q$ belong to `drive`;
    `deviation` and `roughness` in V, of a power of weight one; and

    - `scatter` of each power from sample to sample, (*b, powers), V; zero where it is not known.
    - `drive` $\gamma$ that was given, rad·Hz·W^(−1/2).
    - `folds`: which spectra fold at the largest power, (*b,); `upper`: which lie on the upper
      branch there.
    - `start_cost` of every start, (*b, starts): what it left, over what the best one left.
    - `frequencies` (powers, n), `powers` (powers,), `voltages` and `fitted` (*b, powers, n): what
      was measured, and what the fit makes of it, with its `background`; `weights` (powers,).
    """

    scatter: Float[np.ndarray, "*b powers"]
    drive: float
    folds: Bool[np.ndarray, "*b"]
    upper: Bool[np.ndarray, "*b"]
    start_cost: Float[np.ndarray, "*b starts"]
    frequencies: Float[np.ndarray, "powers n"]
    powers: Float[np.ndarray, " powers"]
    weights: Float[np.ndarray, " powers"]
    voltages: Float[np.ndarray, "*b powers n"]
    fitted: Float[np.ndarray, "*b powers n"]
    background: Float[np.ndarray, "*b powers n"]
    wanted: Wanted

    @property
    def residuals(self) -> Float[np.ndarray, "*b powers n"]:
        """What was measured less what was fitted, V."""
        return self.voltages - self.fitted

    @property
    def excess(self) -> Float[np.ndarray, "*b"]:
        """The largest of all powers: what is left of each, over its noise from sample to sample."""
        known = self.scatter > 0
        over = np.where(known, self._left, 0) / np.where(known, self.scatter, 1)
        return np.asarray(over.max(-1))

    @cached_property
    def _left(self) -> Float[np.ndarray, "*b powers"]:
        """The deviation of the residuals of each power, V."""
        present = np.isfinite(self.voltages)
        samples = present.sum(-1)
        squares = np.where(present, self.residuals, 0.0) ** 2
        used = self.estimates.degrees / samples.sum(-1)  # degrees of freedom a sample
        return np.sqrt(squares.sum(-1) / np.maximum(samples * used[..., None], 1e-9))

    @cached_property
    def resonator(self) -> Resonator:
        r"""The fitted devices, (*b,), or (*b, resonators) where there are several.

        $\beta=\sqrt{(\beta\xi_A)^2+(\beta\xi_S)^2}$, so that the squares of $\xi_A$ and $\xi_S$ sum
        to one; their signs are those of the measured voltage. A line of warning tells where the
        data do not determine nonlinear parameters, see `Estimates.undetermined`.

        **Raises:** `InvalidInput` where a fit failed so far that its values are no device.
        """
        count = self.wanted.resonators
        values = self.estimates.values.reshape(*self.shape, count, len(PARAMETERS))
        values = values[..., 0, :] if count == 1 else values
        frequency, damping, shift, growth, antisymmetric, symmetric = np.moveaxis(values, -1, 0)
        size = np.hypot(antisymmetric, symmetric)
        if not np.all(size > 0):
            raise InvalidInput(
                "a fit failed, and its values are no device; take those that converged"
            )
        unknown = np.asarray(self.estimates.undetermined)
        if unknown.any():
            warnings.warn(self._not_determined(unknown), stacklevel=3)
        return Resonator(
            frequency,
            damping=damping,
            nonlinear_shift=shift,
            nonlinear_damping=growth,
            rectification=size,
            drive=self.drive,
            antisymmetric=antisymmetric / size,
            symmetric=symmetric / size,
        )

    def given(self) -> dict[str, tuple[Any, str]]:
        values: dict[str, tuple[Any, str]] = {"drive": (self.drive, "rad·Hz/√W")}
        return values | {"powers": (self.powers, "W"), "weights": (self.weights, "")}

    def notes(self, index: tuple[int, ...] = ()) -> list[str]:
        branch = "upper branch" if self.upper[index] else "lower branch"
        noise = quantity(float(f"{self.deviation[index]:.4g}"), "" if self._weighted else "V")
        return [
            f"noise {noise}{' times 1/√weight' if self._weighted else ''}, "
            f"{int(self.estimates.degrees[index])} degrees of freedom, "
            f"{branch if self.folds[index] else 'no fold'}"
        ]

    def warnings(self, index: tuple[int, ...] = ()) -> list[str]:
        unknown = self.estimates.undetermined[index]
        lines = [self._not_determined(unknown)] if unknown.any() and self.converged[index] else []
        if uneven := self._uneven(index):
            listed = " and ".join(
                f"{quantity(float(f'{self.scatter[index][n]:.2g}'), 'V')} at "
                f"{quantity(float(self.powers[n]), 'W')}"
                for n in uneven
            )
            lines.append(
                f"the noise differs between powers, {listed}, and intervals are not right: give "
                "weights, one for each power, 1/σ² of its noise (--weight)"
            )
        return lines

    def doubt(self, index: tuple[int, ...] = ()) -> str:
        unweighed = "powers of unequal noise were not weighed"
        return unweighed if self._uneven(index) else super().doubt(index)

    def _uneven(self, index: tuple[int, ...]) -> tuple[int, int] | None:
        """The powers of least and most noise, weighed, if it differs by more than weights say."""
        scatter, left = (each[index] * np.sqrt(self.weights) for each in (self.scatter, self._left))
        least, most = int(scatter.argmin()), int(scatter.argmax())
        differ = all(each[most] > _UNEVEN * each[least] > 0 for each in (scatter, left))
        # A line of few samples scatters as it bends, which leaves nothing.
        return (least, most) if differ and left[most] > scatter[most] / _UNEVEN else None

    @property
    def _weighted(self) -> bool:
        return bool(np.any(self.weights != 1))

    def _not_determined(self, unknown: Bool[np.ndarray, "*b parameters"]) -> str:
        """One line about parameters that the data do not determine."""
        flat = unknown.reshape(-1, unknown.shape[-1])
        names = [self.estimates.names[n] for n in np.flatnonzero(flat.any(0))]
        shares = f" in {flat.any(1).sum()} of {len(flat)} fits" if unknown.ndim > 1 else ""
        nonlinear = [n for n in self.estimates.names if n.startswith("nonlinear")]
        held = "; nonlinear=False (--linear) holds them at zero" if names == nonlinear else ""
        most = quantity(float(self.powers.max()), "W")
        advice = f"use the device at no power above {most}, up to which it was measured{held}"
        if not set(names) <= set(nonlinear):
            advice = "where steps ended says nothing of them; give more samples, or fit fewer"
        return f"{', '.join(names)} not determined{shares}: {advice}"

    def panels(self, index: tuple[int, ...] = ()) -> list[Panel]:
        data, lane = self.solved.problem.data, self.lane(index)
        dense = np.stack([dense_axis(tones) for tones in self.frequencies])
        centre, unit, volts = (float(each[lane]) for each in (data.centre, data.unit, data.volts))
        curves = volts * self.drawn(index, offsets=dense / unit - centre)
        traces = []
        for place, tones in enumerate(self.frequencies):
            beside = polynomial_through(
                tones, self.background[index][place], self.wanted.background, dense[place]
            )
            label = quantity(float(self.powers[place]), "W")
            pair = self.voltages[index][place], self.fitted[index][place]
            curve = dense[place] / 1e6, curves[place] + beside
            traces.append(Trace(label, tones / 1e6, *pair, curve))
        return [Panel("frequency of the tone (MHz)", "voltage", "V", traces)]


def fit_spin_diode(
    frequencies: ArrayLike,
    voltages: ArrayLike,
    powers: ArrayLike,
    *,
    resonators: int = 1,
    nonlinear: bool = True,
    background: int = 0,
    branch: str = "either",
    loss: str = "squares",
    weights: ArrayLike = 1.0,
    deviation: ArrayLike | None = None,
    drive: float = 2e8,
    starts: int = 9,
) -> SpinDiodeFit:
    r"""Fit resonators in series to their rectified voltage, one tone at a time.

    The sum of (5.10), or of (3.15) where it is linear, over the resonators, and a polynomial in the
    frequency at each power, by Levenberg's and Marquardt's method with exact derivatives. Spectra
    of a batch are fitted together. The best one of several starts is taken: shapes of resonators of
    all places, widths, nonlinearities and branches, in the order in which they resemble the
    spectrum; a start is tried as long as none has explained the spectrum to the noise.

    Rectified voltages depend on $N\gamma^2$ and $Q\gamma^2$, and on no other combination of the
    three: $\gamma$ is given, and both go with it.

    **Arguments:**

    - `frequencies` of the tones in Hz, (n,), or (powers, n) where they differ; in any order.
    - `voltages` in V, (*b, *powers, n), NaN where a sample is missing.
    - `powers` into the resonators in W, one or several, (*powers): all are fitted together.
    - `resonators`: how many there are in series. Their voltages have the signs of the wiring.
    - `nonlinear`: whether nonlinear shift and damping are fitted, or zero.
    - `background`: degree of a polynomial in the frequency, for each power: 0 is an offset, 1 also
      what drifts along a sweep.
    - `branch`, where a response folds: "lower", "upper", or "either", the one that fits better. A
      sweep of rising frequency stays on the upper branch at $N>0$, on the lower one at $N<0$.
    - `loss`: "squares", or "huber" and "soft-l1", which outliers move less.
    - `weights` of the powers, (powers,), for what scatters more at one than at another: of the
      squares, $1/\sigma^2$ up to a factor.
    - `deviation` of the noise in V, at weight one, (*b,), if it is known: it scales the loss and
      says when to try another start; errors follow the residuals all the same. Without it, out of
      the differences from sample to sample.
    - `drive`: $\gamma$ of the resonators, rad·Hz·W^(−1/2).
    - `starts` to try at most.

    **Returns:** the fit. One that found no minimum, or no line that is told from noise, says so in
    its `status`.

    Of 1,000 resonators of all signs of $N$, shifted by up to five linewidths, with 2 % noise and a
    known branch, 95 % intervals held 95.0 % of the true values from three powers, and 93.9 % where
    the response folds (17 % of them); from the largest power alone 93.8 %, and where it folds 83 to
    87 % of $N$ and $\beta\xi_S$, whose misfit has a curved valley there.

    **Raises:** `InvalidInput` for values that are not allowed, shapes that do not fit, and fewer
    samples than parameters.
    """
    wanted = Wanted(
        positive_integer("resonators", resonators, 20),
        instance_of("nonlinear", nonlinear, bool, "True or False"),
        non_negative_integer("background", background, _HIGHEST_DEGREE),
        one_of("branch", branch, BRANCHES),
        one_of("loss", loss, LOSSES),
        positive_integer("starts", starts, _MOST_STARTS),
        positive_number("drive", drive),
    )
    measured, shape = _measured(frequencies, voltages, powers, weights, deviation, wanted)
    return _fit(measured, wanted, search(measured, wanted), shape)


def _measured(frequencies, voltages, powers, weights, deviation, wanted: Wanted):
    """What was measured on one axis of spectra, checked, and the shape of the batch."""
    positive("frequencies", frequencies)
    frequencies = np.asarray(host_numbers("frequencies", frequencies), np.float64)
    positive("powers", powers)
    powers = host_numbers("powers", powers).astype(np.float64)
    voltages = samples_of("voltages", voltages)
    if powers.ndim > 1:
        raise InvalidInput(f"powers have shape {powers.shape}; give one power, or one axis of them")
    own = (*powers.shape, frequencies.shape[-1]) if frequencies.ndim else ()
    fits = frequencies.ndim == 1 or frequencies.shape == own
    if not fits or not own or voltages.shape[-len(own) :] != own:
        raise InvalidInput(
            f"frequencies have shape {frequencies.shape}, powers {powers.shape} and voltages "
            f"{voltages.shape}; give (n,), (powers,) and (..., powers, n)"
        )
    shape = voltages.shape[: voltages.ndim - len(own)]
    powers = np.atleast_1d(powers)
    weights = np.asarray(positive("weights", weights), np.float64)
    check_fit("weights", weights, powers.shape, "one for each power")
    # Relative to the largest, since single precision has no room for what 1/σ² may be in volts.
    heaviest = float(weights.max())
    weights = np.broadcast_to(weights / heaviest, powers.shape)
    tones = np.broadcast_to(frequencies, (len(powers), frequencies.shape[-1]))
    voltages = voltages.reshape(-1, *tones.shape)
    unknowns = wanted.resonators * (6 if wanted.nonlinear else 4)
    unknowns += len(powers) * (wanted.background + 1)
    samples = np.isfinite(voltages).sum((1, 2))
    if not voltages.size:
        raise InvalidInput("voltages are empty; give one spectrum or more")
    if (few := samples <= unknowns).any():
        raise InvalidInput(
            f"{_spectrum(few, shape)} has {samples[few][0]} samples for {unknowns} parameters; "
            "give more samples, fit fewer, or leave it out"
        )
    if (few := np.isfinite(voltages).sum(-1) <= wanted.background).any():
        power = np.argwhere(few)[0][1]
        raise InvalidInput(
            f"{_spectrum(few.any(-1), shape)} has too few samples for its background at "
            f"{powers[power]:g} W; leave that power out"
        )
    if not np.ptp(tones) > 0:
        raise InvalidInput("all frequencies are the same; give a spectrum")
    if deviation is not None:
        deviation = np.asarray(positive("deviation", deviation), np.float64)
        check_fit("deviation", deviation, shape, "one for each spectrum")
        deviation = np.broadcast_to(deviation, shape).reshape(-1) / np.sqrt(heaviest)
    flat = np.nanmax(voltages, (1, 2)) <= np.nanmin(voltages, (1, 2))
    if flat.any():
        raise InvalidInput(
            f"{_spectrum(flat, shape)} is the same voltage everywhere: there is nothing to fit; "
            "leave it out"
        )
    return Measured(tones, powers, voltages, weights, heaviest, deviation), shape


def _spectrum(bad: Bool[np.ndarray, " spectra"], shape: tuple[int, ...]) -> str:
    """The first bad one of a batch of spectra, by its place among the voltages."""
    place = np.unravel_index(np.flatnonzero(bad)[0], shape) if shape else ()
    return f"voltages[{', '.join(map(str, place))}]" if place else "the spectrum"


def _fit(measured: Measured, wanted: Wanted, found: Found, shape) -> SpinDiodeFit:
    """The solution in SI units, resonators in the order of their frequencies."""
    solution, problem = found.solution, found.problem
    spectra, data = len(measured.voltages), problem.data
    count = wanted.resonators
    values = np.asarray(solution.parameters, np.float64).reshape(spectra, count, 6)
    centre, unit = np.asarray(data.centre, np.float64), np.asarray(data.unit, np.float64)
    scale = np.broadcast_to(np.asarray(data.scale, np.float64)[:, None], (spectra, count, 4))
    with np.errstate(over="ignore"):
        damping = np.exp(values[..., 1])
    frequency = (centre[:, None] + values[..., 0]) * unit[:, None]
    in_si = np.concatenate(
        [frequency[..., None], damping[..., None], values[..., 2:] * scale], -1
    ).reshape(spectra, -1)
    slopes = np.concatenate(
        [np.broadcast_to(unit[:, None, None], (spectra, count, 1)), damping[..., None], scale], -1
    ).reshape(spectra, -1)
    order = np.argsort(np.where(np.isfinite(frequency), frequency, np.inf), axis=1)
    places = (order[:, :, None] * 6 + np.arange(6)).reshape(spectra, -1)
    solved = Solved(voltage, problem, solution, places)
    volts = np.asarray(data.volts, np.float64)[:, None, None]
    background = volts * np.einsum("bknl,bkl->bkn", problem.basis, solution.linear)
    model = volts * in_packs(_voltages, packs_of(spectra), solution.parameters, data).astype(
        np.float64
    )
    names = [f"{name} {n + 1}" if count > 1 else name for n in range(count) for name in PARAMETERS]
    with np.errstate(invalid="ignore", divide="ignore"):
        cost = found.start_cost / np.nanmin(found.start_cost, 1, keepdims=True)

    estimates, variance = estimates_of(
        solved,
        in_si,
        slopes,
        shape,
        names=names,
        units=_UNITS * count,
        positive=_POSITIVE * count,
        lower=_LOWER * count,
    )

    left = (model + background) / volts - np.asarray(problem.measured, np.float64)
    # Outliers, and whatever else is far above the noise from sample to sample, are no noise.
    quiet = np.sqrt(variance) * volts[:, 0, 0] <= ROUGH * found.roughness
    none = ~told_from_noise(problem, left, estimates.degrees.reshape(-1)) & quiet
    estimates = without_line(estimates, none)

    heaviest = np.sqrt(measured.heaviest)

    def whole(array):
        return in_batch(array, shape)

    return SpinDiodeFit(
        estimates,
        solved,
        whole(found.start_status),
        whole(np.sqrt(variance) * volts[:, 0, 0] * heaviest),
        whole(found.roughness * heaviest),
        whole(found.scatter),
        wanted.drive,
        whole(found.folds),
        whole(np.asarray(data.upper) == 1),
        whole(cost),
        measured.frequencies,
        measured.powers,
        measured.weights * measured.heaviest,
        whole(measured.voltages),
        whole(model + background),
        whole(background),
        wanted,
    )


_voltages = jax.jit(jax.vmap(voltage))
