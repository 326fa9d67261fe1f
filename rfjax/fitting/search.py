"""The best fit of many spectra out of several starts each."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.compilation import use_persistent_cache
from rfjax.fitting.fit import SKIPPED
from rfjax.fitting.results import at_lanes
from rfjax.fitting.samples import filled_in, held_by, sample_noise
from rfjax.fitting.spectra import PARAMETERS, Sweep, voltage
from rfjax.fitting.starts import best_shapes, kinds, placements
from rfjax.laws import spin_diode
from rfjax.numerics.least_squares import CONVERGED, LOSSES, NOT_FINITE, Problem, Solution, solve

_SAMPLES = 100  # of a power, that starts are found from
_AT_ONCE = 512  # spectra that starts are found for together
_APPROACH = 12  # steps towards a minimum that forget what lies far off
_FAR = 0.15  # of the largest voltage
_SAME = 1e-3  # of a misfit, by which two starts agree
_PLAUSIBLE = 1.4  # times what is enough, below which two starts that agree are
_HOP = 8.0  # standard errors
_STRIDE = 2.0  # standard errors to either side of a minimum, where a response folds
_TURNS = 4  # of such steps
_BESIDE = 30  # steps of each
_SHAPES = 4  # starts that are shapes; those behind are steps away from the best
_FITS = 1.1  # times the variance of the noise, below which no further start is tried


class Measured(NamedTuple):
    """Spectra as they are fitted, on one axis of spectra.

    **Arguments:** `frequencies` (powers, n) in Hz; `powers` in W; `voltages` (spectra, powers, n)
    in V, NaN where one is missing; `weights` of the powers; `deviation` of the noise at weight one,
    (spectra,), V, or None.
    """

    frequencies: Float[np.ndarray, "powers n"]
    powers: Float[np.ndarray, " powers"]
    voltages: Float[np.ndarray, "spectra powers n"]
    weights: Float[np.ndarray, " powers"]
    deviation: Float[np.ndarray, " spectra"] | None


class Wanted(NamedTuple):
    """What is fitted: see `rfjax.fitting.fit_spin_diode`."""

    resonators: int
    nonlinear: bool
    background: int
    branch: str
    loss: str
    starts: int
    drive: float


class Found(NamedTuple):
    """The best of every spectrum.

    **Arguments:** `solution`, in the units of the `problem`; `folds`: which spectra fold at the
    largest power; `roughness`: the deviation of the noise from sample to sample, in V;
    `start_status` and `start_cost` of every start, (spectra, starts), `SKIPPED` and NaN for one
    that was not needed.
    """

    solution: Solution
    problem: Problem
    folds: Bool[np.ndarray, " spectra"]
    roughness: Float[np.ndarray, " spectra"]
    start_status: Int[np.ndarray, "spectra starts"]
    start_cost: Float[np.ndarray, "spectra starts"]


def search(measured: Measured, wanted: Wanted) -> Found:
    """The best fit of every spectrum: start after start, until one explains it to the noise.

    **Arguments:** `measured`; `wanted`.

    **Returns:** what was found.
    """
    use_persistent_cache()  # a few spectra are compiled for longer than they are fitted
    dtype = np.result_type(np.asarray(spin_diode.voltage_scale(1.0, 1.0, 1.0)))
    spectra = len(measured.voltages)
    present = np.isfinite(measured.voltages)
    centre = (measured.frequencies.min() + measured.frequencies.max()) / 2
    unit = np.ptp(measured.frequencies) / 20
    offsets = (measured.frequencies - centre) / unit
    basis = _background(offsets, wanted.background)
    filled = filled_in(measured.voltages)
    middle = np.median(filled, axis=-1, keepdims=True)
    volts = np.maximum(np.abs(filled - middle).max(axis=(1, 2)), np.finfo(np.float32).tiny * 1e6)
    scaled = filled / volts[:, None, None]
    weights = measured.weights[:, None] * present
    rough = sample_noise(scaled * np.sqrt(measured.weights)[:, None], (-2, -1))
    noise = rough if measured.deviation is None else measured.deviation / volts
    shapes = _shapes(scaled, basis, offsets, measured.powers, wanted, centre / unit, dtype)
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        strongest = measured.powers.max()
        starts, scale = _parameters(shapes, centre / unit, unit, strongest, volts, wanted)
    what = "voltages, powers, frequencies and drive"
    starts, scale = held_by(dtype, starts, what), held_by(dtype, scale, what)
    upper = shapes[:, :, 0, -1].astype(np.int32)

    def lanes(value, kind: Any = dtype):
        return np.broadcast_to(np.asarray(value, kind), (spectra, *np.shape(value)))

    count = wanted.resonators * len(PARAMETERS)
    nonlinear = np.array([name.startswith("nonlinear") for name in PARAMETERS])
    lower = np.array([-np.inf, -np.inf, -np.inf, 0.0, -np.inf, -np.inf])
    problem = Problem(
        data=Sweep(
            lanes(offsets),
            lanes(centre / unit),
            lanes(unit),
            lanes(measured.powers),
            lanes(wanted.drive),
            scale,
            volts.astype(dtype),
            np.zeros(spectra, np.int32),
        ),
        measured=scaled.astype(dtype),
        weights=weights.astype(dtype),
        basis=lanes(basis),
        lower=lanes(np.tile(lower, wanted.resonators)),
        free=lanes(np.tile(wanted.nonlinear | ~nonlinear, wanted.resonators), bool),
        spread=held_by(dtype, np.maximum(noise, 1e-6), "deviation and voltages"),
        loss=lanes(LOSSES.index(wanted.loss), np.int32),
    )
    enough = noise**2 * _FITS * np.maximum(present.sum((1, 2)) - count - basis[..., 0, :].size, 1)
    found = _best_of(problem, starts, upper, enough, wanted)
    return found._replace(roughness=rough * volts)


def _best_of(problem, starts, upper, enough, wanted: Wanted) -> Found:
    """Start after start, and then steps away from the best, for spectra that are not explained."""
    spectra, shapes = starts.shape[:2]
    status = np.full((spectra, wanted.starts), SKIPPED, np.int64)
    costs = np.full((spectra, wanted.starts), np.nan)
    best = _from_start(starts[:, 0], problem._replace(data=_on(problem, upper[:, 0])), wanted)
    best = Solution(*(np.array(field) for field in best))
    branch = upper[:, 0].copy()
    status[:, 0], costs[:, 0] = best.status, best.cost
    settled = (best.status == CONVERGED) & (best.cost <= enough)
    for each in range(1, wanted.starts):
        lanes = np.flatnonzero(~settled)
        if not lanes.size:
            break
        if each < shapes:
            start, side = starts[lanes, each], upper[lanes, each]
        else:
            start, side = _away(best, problem, lanes, each - shapes, _HOP), branch[lanes]
        part = at_lanes(problem._replace(data=_on(problem, branch)), lanes)
        found = _from_start(start, part._replace(data=part.data._replace(upper=side)), wanted)
        status[lanes, each], costs[lanes, each] = found.status, found.cost
        new, old = found.cost, best.cost[lanes]
        agree = (np.abs(new - old) <= _SAME * old) & (new <= _PLAUSIBLE * enough[lanes])
        better = (new < old * (1 - _SAME)) | ~np.isfinite(old)
        # A minimum is better than where steps ended, at the same misfit.
        minimum = found.status == CONVERGED
        better |= minimum & (best.status[lanes] != CONVERGED) & (new <= old * (1 + _SAME))
        for old_field, new_field in zip(best, found, strict=True):
            old_field[lanes[better]] = np.asarray(new_field)[better]
        branch[lanes[better]] = side[better]
        ended = best.status[lanes] == CONVERGED
        settled[lanes] = ended & ((best.cost[lanes] <= enough[lanes]) | (minimum & agree))
    problem = problem._replace(data=_on(problem, branch))
    _among_jumps(best, problem, np.flatnonzero(_folds(best, problem)))
    folds = np.asarray(_folds(best, problem))
    return Found(best, problem, folds, np.zeros(spectra), status, costs)


def _folds(best: Solution, problem: Problem):
    """Which fits fold at the largest power."""
    data = problem.data
    values = best.parameters.reshape(len(best.cost), -1, len(PARAMETERS))
    damping = np.exp(values[..., 1])
    frequency = (data.centre[:, None] + values[..., 0]) * data.unit[:, None]
    strongest = np.max(data.powers, axis=1)[:, None]
    drive = spin_diode.reduced_drive(strongest, frequency, damping, data.drive[:, None])
    shift, growth = values[..., 2] * data.scale[:, None, 0], values[..., 3] * data.scale[:, None, 1]
    _, onset = spin_diode.fold_onset(spin_diode.reduced_shift(shift, damping), growth)
    return np.any(np.asarray(drive > onset), axis=1)


def _among_jumps(best: Solution, problem: Problem, lanes) -> None:
    """Go on from either side of the best: a jump between two samples makes minima of its own."""
    for turn in range(_TURNS if lanes.size else 0):
        start = _away(best, problem, lanes, turn, _STRIDE)
        found = solve(voltage, start, at_lanes(problem, lanes), steps=_BESIDE)
        better = found.cost < best.cost[lanes]
        for old_field, new_field in zip(best, found, strict=True):
            old_field[lanes[better]] = np.asarray(new_field)[better]


def _on(problem: Problem, upper) -> Sweep:
    return problem.data._replace(upper=upper)


def _away(best: Solution, problem: Problem, lanes, turn: int, far: float):
    """Away from the best so far, along the directions that change the spectrum least."""
    normal = np.asarray(best.normal[lanes], np.float64)
    diagonal = np.diagonal(normal, axis1=1, axis2=2)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1))
    unit = np.nan_to_num(normal / (scale[:, :, None] * scale[:, None]))
    size, directions = np.linalg.eigh(unit)
    place, sign = turn // 2 % size.shape[1], 1 - 2 * (turn % 2)
    along = directions[:, :, place] / np.sqrt(np.maximum(size[:, place], 1e-4))[:, None]
    deviation = np.sqrt(np.nan_to_num(np.maximum(best.variance[lanes], 0)))
    step = np.clip(sign * far * deviation[:, None] * along / scale, -3, 3)
    moved = best.parameters[lanes] + np.where(np.asarray(problem.free)[lanes], step, 0)
    moved = np.maximum(moved, np.asarray(problem.lower)[lanes])
    return moved.astype(best.parameters.dtype)


def _from_start(start, problem: Problem, wanted: Wanted) -> Solution:
    """The minimum next to a start, approached without what lies far off."""
    if wanted.nonlinear or wanted.loss != "squares":
        far = np.maximum(np.full_like(problem.spread, _FAR), problem.spread)
        forgetting = np.full_like(problem.loss, LOSSES.index("geman-mcclure"))
        near = solve(voltage, start, problem._replace(spread=far, loss=forgetting), steps=_APPROACH)
        moved = near.status != NOT_FINITE
        start = np.where(moved[:, None], near.parameters, start)
    return solve(voltage, start, problem)


def _shapes(scaled, basis, offsets, powers, wanted: Wanted, centre, dtype):
    """Shapes of resonators to start from, (spectra, starts, resonators, fields of `Shapes`)."""
    scaled, offsets, basis = _coarse(scaled, offsets, basis)
    places, widths = placements(offsets)
    below = places > -0.95 * centre  # resonances lie above zero
    table = kinds(wanted.nonlinear, wanted.branch)
    count = min(wanted.starts, len(table), _SHAPES)
    fixed = [np.asarray(each, dtype) for each in (basis, offsets, powers / powers.max())]
    tried = [np.asarray(each, dtype) for each in (places[below], widths[below], table)]
    together = min(_AT_ONCE, 1 << max(len(scaled) - 1, 0).bit_length())
    parts = []
    for first in range(0, len(scaled), together):
        rows = np.minimum(np.arange(first, first + together), len(scaled) - 1)
        shapes, rest = best_shapes(scaled[rows].astype(dtype), *fixed, *tried)
        picks = [[np.asarray(field)[:, :count] for field in shapes]]
        for _ in range(wanted.resonators - 1):
            # The next line in what is left of the spectrum, of the same kind for every start.
            more, rest = best_shapes(rest, *fixed, *tried)
            picks.append([np.repeat(np.asarray(field)[:, :1], count, 1) for field in more])
        parts.append(np.stack([np.stack(pick, -1) for pick in picks], 2))
    return np.concatenate(parts)[: len(scaled)].astype(np.float64)


def _coarse(scaled, offsets, basis):
    """Means of neighbouring samples, no more of them than starts need."""
    order = np.argsort(offsets, axis=1)
    together = offsets.shape[1] // _SAMPLES
    if together < 2:
        return scaled, offsets, basis
    count = offsets.shape[1] // together * together

    def means(array, axis):
        ordered = np.take_along_axis(array, np.expand_dims(order, (0,) * (axis - 1)), axis)
        shape = array.shape[:axis], (count // together, together), array.shape[axis + 1 :]
        kept = np.take(ordered, np.arange(count), axis)
        return kept.reshape(*shape[0], *shape[1], *shape[2]).mean(axis + 1)

    polynomials = np.stack([means(basis[..., each], 1) for each in range(basis.shape[-1])], -1)
    return means(scaled, 2), means(offsets, 1), np.linalg.qr(polynomials)[0]


def _parameters(shapes, centre, unit, strongest, volts, wanted: Wanted):
    """Starts as parameters, (spectra, starts, resonators · 6), and the scale of the last four.

    They are counted in what one linewidth of the first resonator of the first start gives.
    """
    place, width, shift, nonlinear_damping, antisymmetric, symmetric, _ = np.moveaxis(shapes, -1, 0)
    damping, frequency = width / (centre + place), (centre + place) * unit
    reduced = np.asarray(
        spin_diode.reduced_drive(strongest, frequency, damping, wanted.drive), np.float64
    )
    per_unit = strongest * np.asarray(spin_diode.voltage_scale(frequency, damping, 1.0), np.float64)
    heights = volts[:, None, None] / per_unit
    units = np.stack([damping / reduced, 1 / reduced, heights, heights], -1)
    values = np.stack([shift, nonlinear_damping, antisymmetric, symmetric], -1) * units
    scale = units[:, 0, 0]
    whole = np.concatenate(
        [place[..., None], np.log(damping)[..., None], values / scale[:, None, None]], -1
    )
    return whole.reshape(*whole.shape[:2], -1), scale


def _background(offsets, degree: int) -> np.ndarray:
    """Polynomials in the frequency up to a degree, orthonormal at every power."""
    spread = np.abs(offsets).max()
    powers = (offsets / spread)[..., None] ** np.arange(degree + 1)
    return np.linalg.qr(powers)[0]
