"""Fits of oscillators under a current: from frequency, power and linewidth to the device."""

import dataclasses
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float

from rfjax.checks import (
    InvalidInput,
    finite,
    non_negative_number,
    positive_integer,
    positive_number,
    small_number,
)
from rfjax.compilation import use_persistent_cache
from rfjax.devices import Oscillator
from rfjax.fitting.current_sweep import PARAMETERS, CurrentSweep, curves, starts
from rfjax.fitting.estimates import UNKNOWN
from rfjax.fitting.fit import Fit, Panel, Solved, Trace, dense_axis
from rfjax.fitting.results import best_of, estimates_of, in_batch, same_in_lanes
from rfjax.fitting.samples import expected_noise, samples_of, yardstick_of
from rfjax.laws.auto_oscillator import linewidth
from rfjax.numerics.least_squares import Problem, solve
from rfjax.printing import quantity

_UNITS = ("Hz", "", "", "A", "", "W/A²", "")
_LOGARITHMIC = (False, False, False, True, True, True, True)
_LARGEST_DAMPING = 10.0
_MOST_STARTS = 20
_ROUNDS = 3  # of weighing the blocks by what they leave
_KINDS = ("frequency", "power", "linewidth")
_LEAST = 1e-5  # of a scale: what a block leaves at least, for its weight


@dataclasses.dataclass(frozen=True, repr=False)
class OscillatorFit(Fit):
    r"""Oscillators fitted to their frequency, power and linewidth against the current.

    **Arguments:** those of `Fit`: `estimates` of the seven parameters, see `fit_oscillator`;
    `deviation` of the frequency, Hz; and

    - `noise` of frequency in Hz, of power in W, and of the linewidth as a share, (*b, 3): out of
      the residuals, zero for what was not measured; `scatter`: what is expected of it, (*b, 3).
    - `currents` (n,), A; `measured` and `fitted` (*b, 3, n): frequency in Hz, power in W, linewidth
      in Hz, NaN where it was not measured.
    """

    noise: Float[np.ndarray, "*b 3"]
    scatter: Float[np.ndarray, "*b 3"]
    currents: Float[np.ndarray, " n"]
    measured: Float[np.ndarray, "*b 3 n"]
    fitted: Float[np.ndarray, "*b 3 n"]

    @property
    def spin_torque_efficiency(self) -> Float[np.ndarray, "2 *b"]:
        r"""$\sigma=\alpha\omega_0/I_{th}$ (3.10) and its standard error, rad·s⁻¹·A⁻¹."""
        each = self.estimates
        rate = np.asarray(linewidth(each["frequency"], each["damping"]), np.float64)
        value = rate / each["threshold_current"]
        slopes = np.stack(
            [1 / each["frequency"], -1 / each["threshold_current"], 1 / each["damping"]], -1
        )
        places = [PARAMETERS.index(n) for n in ("frequency", "threshold_current", "damping")]
        covariance = np.nan_to_num(each.covariance[..., places, :][..., places], posinf=np.inf)
        variance = np.einsum("...p,...pq,...q->...", slopes, covariance, slopes)
        return np.stack([value, value * np.sqrt(variance)])

    @cached_property
    def oscillator(self) -> Oscillator:
        """The fitted devices, (*b,)."""
        each = self.estimates
        return Oscillator(
            each["frequency"],
            each["damping"],
            each["nonlinear_shift"],
            each["nonlinear_damping"],
            self.spin_torque_efficiency[0],
        )

    @property
    def yardstick(self) -> str:
        return yardstick_of(len(self.currents))

    @property
    def excess(self) -> Float[np.ndarray, "*b"]:
        """The largest of frequency, power and linewidth."""
        known = self.scatter > 0
        return np.asarray(
            np.where(known, self.noise / np.where(known, self.scatter, 1), 0.0).max(-1)
        )

    def given(self) -> dict[str, tuple[Any, str]]:
        return {}

    def notes(self, index: tuple[int, ...] = ()) -> list[str]:
        value, error = (float(each[index]) for each in self.spin_torque_efficiency)
        sizes = zip(_KINDS, self.noise[index], ("Hz", "W", ""), strict=True)
        noise = [f"{k} {quantity(float(f'{n:.4g}'), u)}" for k, n, u in sizes if n > 0]
        told = f"{value:.5g} rad/(s·A), error {error:.2g}" if np.isfinite(error) else UNKNOWN
        return [
            f"spin_torque_efficiency {told}",
            f"noise of {', '.join(noise)}; {int(self.estimates.degrees[index])} degrees of freedom",
        ]

    def panels(self, index: tuple[int, ...] = ()) -> list[Panel]:
        panels, dense = [], dense_axis(self.currents)
        data = self.solved.problem.data
        curves = self.drawn(index, currents=dense / np.asarray(data.largest[0], np.float64))
        scales = (np.asarray(each, np.float64)[self.lane(index)] for each in data[2:5])
        curves = _unscaled(curves[None], *(scale[None] for scale in scales))[0]
        for place, (name, unit) in enumerate(zip(_KINDS, ("Hz", "W", "Hz"), strict=True)):
            measured, fitted = self.measured[index][place], self.fitted[index][place]
            if np.isfinite(measured).any():
                curve = 1e3 * dense, curves[place]
                trace = Trace("", 1e3 * self.currents, measured, fitted, curve)
                # The noise of a linewidth is a share of it.
                panels.append(Panel("current (mA)", name, unit, [trace], name == _KINDS[2]))
        return panels


def fit_oscillator(
    currents: ArrayLike,
    frequencies: ArrayLike,
    powers: ArrayLike | None = None,
    linewidths: ArrayLike | None = None,
    *,
    threshold_current: float | None = None,
    nonlinear_damping: float | None = None,
    damping: float | None = None,
    starts: int = 6,
) -> OscillatorFit:
    r"""Fit an oscillator to its frequency, power and linewidth against the current.

    With $p$ of (3.11) the frequency is $f_0(1+Np)$ (3.6), the emitted power $\kappa I^2p$ (as B.11)
    and the full width at half maximum $\frac{\Gamma_+(p)}{2\pi p}\frac{p_T}{1+Np}(1+\nu^2)$ above
    threshold, $(\Gamma_0-\sigma I)/\pi$ below it. Both widths hold for weak noise: leave out
    samples about the threshold, which noise rounds off. Linewidths are compared by their
    logarithms; the three are weighed by what they leave.

    What is in which: $p$ is counted so that the spin torque ends at $p=1$ (3.8), and $N$ and $Q$
    belong to that. The scale $\kappa$ of the power is of no device. Frequencies alone give
    $QI_{th}$ and two more combinations of $f_0$, $N$, $Q$ and $I_{th}$; with power, whose onset is
    the threshold, or with linewidths all four. Damping, and $p_T=k_BT/E_0$ with it, is in the
    linewidth alone: above threshold in how $1+\nu^2$ changes with the current, where $\nu$ is about
    one, and below it directly. $\sigma=\alpha\omega_0/I_{th}$ follows.

    **Arguments:**

    - `currents` in A, (n,), some above threshold.
    - `frequencies` in Hz, `powers` in W, `linewidths` in Hz, (*b, n), NaN where a sample is
      missing.
    - `threshold_current` in A, `nonlinear_damping`, `damping`, where they are known: they are held.
    - `starts` to try at most.

    **Returns:** the fit; `fit.oscillator` is the device.

    **Raises:** `InvalidInput` for values that are not allowed, shapes that do not fit, too few
    samples, and where nothing that is given determines threshold or damping.
    """
    given = {
        "threshold_current": (threshold_current, positive_number),
        "nonlinear_damping": (nonlinear_damping, non_negative_number),
        "damping": (damping, partial(small_number, below=_LARGEST_DAMPING)),
    }
    known = {
        PARAMETERS.index(name): check(name, value)
        for name, (value, check) in given.items()
        if value is not None
    }
    count = positive_integer("starts", starts, _MOST_STARTS)
    if powers is None and linewidths is None and threshold_current is None:
        raise InvalidInput(
            "frequencies alone do not tell the threshold current; give powers, or threshold_current"
        )
    if linewidths is None and damping is None:
        raise InvalidInput("damping is in linewidths alone; give linewidths, or damping")
    free = np.ones(len(PARAMETERS), bool)
    free[list(known)] = False
    free[5], free[6] = powers is not None, linewidths is not None
    places, measured, shape = _measured(currents, frequencies, powers, linewidths, free)
    return _fitted(places, measured, shape, known, free, count)


def _measured(currents, frequencies, powers, linewidths, free):
    """Currents (n,) and what was measured, (lanes, 3, n), checked, and the shape of the batch."""
    finite("currents", currents)
    currents = samples_of("currents", currents)
    given = {"frequencies": frequencies, "powers": powers, "linewidths": linewidths}
    blocks = {
        name: samples_of(name, each)
        for name, each in given.items()
        if each is not None or name == "frequencies"
    }
    shapes = {each.shape for each in blocks.values()}
    first = blocks["frequencies"].shape
    if currents.ndim != 1 or len(shapes) > 1 or first[-1:] != currents.shape:
        listed = ", ".join(f"{name} {each.shape}" for name, each in blocks.items())
        raise InvalidInput(
            f"currents have shape {currents.shape}, {listed}; give (n,) and (..., n), all alike"
        )
    for name, each in blocks.items():
        each = each[np.isfinite(each)]
        wrong, what = each <= 0, "not above zero"
        if name == "powers":
            wrong, what = each < 0, "below zero"
        if name == "powers" and each.size and not each.any():
            raise InvalidInput(
                "powers are zero everywhere; give what was measured, or leave it out"
            )
        if wrong.any():
            raise InvalidInput(f"{name} are {what} somewhere; give NaN where one is missing")
    missing = np.full(first, np.nan)
    measured = np.stack([blocks.get(name, missing) for name in given], -2)
    measured = measured.reshape(-1, 3, len(currents))
    samples = np.isfinite(measured).sum(2)
    enough = samples.sum(1) > free.sum()
    if not measured.size or not enough.all() or samples[:, 0].min() < 3 or currents.max() <= 0:
        raise InvalidInput(
            f"{len(currents)} currents give {samples.sum(1).min() if samples.size else 0} samples "
            f"for {free.sum()} parameters; give more, some of them above threshold"
        )
    if not np.ptp(currents) > 0:
        raise InvalidInput("all currents are the same; give a sweep of the current")
    return currents, measured, first[:-1]


def _fitted(currents, measured, shape, known, free, count: int) -> OscillatorFit:
    use_persistent_cache()
    lanes, dtype = len(measured), np.result_type(np.asarray(jnp.zeros(())))
    present = np.isfinite(measured)
    largest = currents.max()
    centre = np.nanmean(measured[:, 0], 1)
    spans = np.nanmax(measured[:, 0], 1) - np.nanmin(measured[:, 0], 1)
    unit = np.maximum(spans, 1e-6 * centre)
    watts = np.max(np.nan_to_num(measured[:, 1]), 1)
    watts = np.where(watts > 0, watts, 1.0)
    shift = unit / centre
    with np.errstate(invalid="ignore"):
        scaled = np.stack(
            [
                (measured[:, 0] - centre[:, None]) / unit[:, None],
                measured[:, 1] / watts[:, None],
                np.log(measured[:, 2] / unit[:, None]),
            ],
            1,
        )
    scaled = np.where(present, scaled, 0)
    scales = (centre, unit, watts, shift)
    data = CurrentSweep(
        same_in_lanes(currents / largest, lanes, dtype),
        same_in_lanes(largest, lanes, dtype),
        *(each.astype(dtype) for each in scales),
    )
    held = known | {n: 0.0 for n in (5, 6) if not free[n]}
    held |= {3: np.log(known[3] / largest)} if 3 in known else {}
    held |= {4: np.log(known[4])} if 4 in known else {}
    lower = [0.0 if name == "nonlinear_damping" else -np.inf for name in PARAMETERS]
    problem = Problem(
        data=data,
        measured=scaled.astype(dtype),
        weights=present.astype(dtype),
        basis=np.zeros((lanes, 3, len(currents), 0), dtype),
        lower=same_in_lanes(lower, lanes, dtype),
        free=same_in_lanes(free, lanes, bool),
        spread=np.ones(lanes, dtype),
        loss=np.zeros(lanes, np.int32),
    )
    guesses = [
        starts(scaled[lane], present[lane] * 1.0, _lane(data, lane), held, count)
        for lane in range(lanes)
    ]
    solution, status = best_of(curves, np.stack(guesses).astype(dtype), problem, np.zeros(lanes))
    for _ in range(_ROUNDS):
        noise = _noise(solution, problem, present)
        weights = present * (noise.min(1, keepdims=True) / noise)[..., None] ** 2
        problem = problem._replace(weights=weights.astype(dtype))
        solution = solve(curves, np.asarray(solution.parameters), problem)
    solved = Solved(curves, problem, solution, same_in_lanes(np.arange(len(lower)), lanes, int))
    values, slopes = _in_si(np.asarray(solution.parameters, np.float64), scales, largest)
    estimates, _ = estimates_of(
        solved,
        values,
        slopes,
        shape,
        names=PARAMETERS,
        units=_UNITS,
        positive=_LOGARITHMIC,
        lower=[0.0 if bounded else -np.inf for bounded in (False, False, *[True] * 5)],
    )
    sizes = np.stack([unit, watts, np.ones(lanes)], 1)
    noise = np.where(present.any(2), _noise(solution, problem, present), 0) * sizes
    ordered = np.where(present, scaled, np.nan)[..., np.argsort(currents)]
    scatter = np.where(present.any(2), np.maximum(expected_noise(ordered), _LEAST), 0) * sizes
    model = np.asarray(_curves(solution.parameters, data), np.float64)
    fitted = _unscaled(model, centre, unit, watts)
    return OscillatorFit(
        estimates,
        solved,
        in_batch(status, shape),
        in_batch(noise[:, 0], shape),
        in_batch(scatter[:, 0], shape),
        in_batch(noise, shape),
        in_batch(scatter, shape),
        currents,
        in_batch(measured, shape),
        in_batch(fitted, shape),
    )


def _unscaled(model, centre, unit, watts):
    """Curves in their units as they were measured."""
    place, size, power = (each[:, None] for each in (centre, unit, watts))
    return np.stack(
        [place + size * model[:, 0], power * model[:, 1], size * np.exp(model[:, 2])], 1
    )


def _noise(solution, problem: Problem, present) -> np.ndarray:
    """What every block leaves, (lanes, 3), for the degrees of freedom that are its share."""
    model = np.asarray(_curves(solution.parameters, problem.data), np.float64)
    left = np.where(present, model - np.asarray(problem.measured, np.float64), 0)
    samples = present.sum((1, 2))
    used = np.asarray(problem.free).sum(1) / samples  # parameters a sample
    degrees = np.maximum(present.sum(2) * (1 - used[:, None]), 1)
    squares = np.nan_to_num(np.sum(left**2, 2), nan=1.0, posinf=1.0)
    return np.where(present.any(2), np.maximum(np.sqrt(squares / degrees), _LEAST), 1.0)


def _in_si(found, scales, largest):
    """Parameters in SI and their slopes to those of the problem."""
    centre, unit, watts, shift = scales
    logs = np.exp(found[:, 3:]) * np.stack(
        [
            np.full(len(found), largest),
            np.ones(len(found)),
            watts / largest**2,
            np.ones(len(found)),
        ],
        1,
    )
    ones = np.ones(len(found))
    straight = np.stack([centre + unit * found[:, 0], shift * found[:, 1], found[:, 2]], 1)
    slopes = np.stack([unit, shift, ones], 1)
    return np.concatenate([straight, logs], 1), np.concatenate([slopes, logs], 1)


def _lane(data: CurrentSweep, lane: int) -> CurrentSweep:
    return CurrentSweep(*(np.asarray(each)[lane] for each in data))


_curves = jax.jit(jax.vmap(curves))
