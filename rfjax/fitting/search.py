"""The best fit of many spectra out of several starts each."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.compilation import use_persistent_cache
from rfjax.fitting.fit import SKIPPED
from rfjax.fitting.guesses import Guesses, Starts, as_parameters
from rfjax.fitting.results import at_lanes
from rfjax.fitting.samples import (
    filled_in,
    held_by,
    in_order,
    noise_of_curves,
    root_mean_square,
)
from rfjax.fitting.significance import resembles_noise
from rfjax.fitting.spectra import PARAMETERS, Sweep, physical, voltage
from rfjax.fitting.starts import kinds
from rfjax.laws import spin_diode
from rfjax.numerics.least_squares import (
    CONVERGED,
    LOSSES,
    NOT_FINITE,
    Problem,
    Solution,
    in_packs,
    packs_of,
    solve,
)

_APPROACH = 12  # steps towards a minimum that forget what lies far off
_FAR = 0.15  # of the largest voltage
_SAME = 1e-3  # of a misfit, by which two starts agree
_PLAUSIBLE = 1.4  # times what is enough, below which two starts that agree are
_HOP = 3.0  # standard errors, of a step away from the best
_NEARLY = 0.7  # of the drive at which a response begins to fold
_SHAPES = 4  # starts that are shapes; those behind are steps away from the best
_FITS = 1.1  # times the variance of the noise, below which no further start is tried


class Measured(NamedTuple):
    """Spectra as they are fitted, on one axis of spectra.

    **Arguments:** `frequencies` (powers, n) in Hz; `powers` in W; `voltages` (spectra, powers, n)
    in V, NaN where one is missing; `weights` of the powers, over the `heaviest` of those that were
    given; `deviation` of the noise at weight one, (spectra,), V, or None.
    """

    frequencies: Float[np.ndarray, "powers n"]
    powers: Float[np.ndarray, " powers"]
    voltages: Float[np.ndarray, "spectra powers n"]
    weights: Float[np.ndarray, " powers"]
    heaviest: float
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
    largest power; `roughness`: the deviation of the noise from sample to sample, in V, of a power
    of weight one; `scatter` of each power, as it is;
    `start_status` and `start_cost` of every start, (spectra, starts), `SKIPPED` and NaN for one
    that was not needed.
    """

    solution: Solution
    problem: Problem
    folds: Bool[np.ndarray, " spectra"]
    roughness: Float[np.ndarray, " spectra"]
    scatter: Float[np.ndarray, "spectra powers"]
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
    filled = filled_in(measured.voltages, measured.frequencies)
    middle = np.median(filled, axis=-1, keepdims=True)
    volts = np.maximum(np.abs(filled - middle).max(axis=(1, 2)), np.finfo(np.float32).tiny * 1e6)
    scaled = filled / volts[:, None, None]
    weights = measured.weights[:, None] * present
    ordered = in_order(measured.voltages, measured.frequencies)
    scatter = noise_of_curves(ordered) / volts[:, None]
    rough = root_mean_square(scatter * np.sqrt(measured.weights), present.sum(-1))
    noise = rough if measured.deviation is None else measured.deviation / volts
    together = packs_of(spectra)
    guesses = Guesses(
        scaled,
        basis,
        offsets,
        measured.powers,
        kinds(wanted.nonlinear, wanted.branch),
        centre / unit,
        wanted.resonators,
        dtype,
    )
    strongest = measured.powers.max()

    def placed(shapes, lanes, scale=None):
        arguments = centre / unit, unit, strongest, volts[lanes], wanted.drive, scale
        return as_parameters(shapes, *arguments, together, dtype)

    # Most spectra are explained from a shape that does not fold, by the shortest way.
    short = wanted.nonlinear and wanted.loss == "squares" and wanted.resonators == 1 < wanted.starts
    everyone = np.arange(spectra)
    first = guesses.mild() if short else guesses.all(everyone, _SHAPES)
    begun, upper, scale = placed(first, everyone)
    starts = Starts(
        begun,
        upper,
        short,
        lambda lanes: placed(guesses.all(lanes, _SHAPES), lanes, scale[lanes])[:2],
    )

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
            scale.astype(dtype),
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
    order = np.argsort(offsets, axis=1)
    found = _best_of(problem, starts, enough, order, wanted, together)
    return found._replace(roughness=rough * volts, scatter=scatter * volts[:, None])


def _best_of(problem, starts: Starts, enough, order, wanted: Wanted, together: int) -> Found:
    """Start after start, and then steps away from the best, for spectra that are not explained."""
    spectra = len(enough)
    status = np.full((spectra, wanted.starts), SKIPPED, np.int64)
    costs = np.full((spectra, wanted.starts), np.nan)
    best, branch = _nothing(problem), np.zeros(spectra, np.int32)
    alone = problem.measured.shape[1] == 1
    settled, doubtful, explained = (np.zeros(spectra, bool) for _ in range(3))
    for each in range(wanted.starts):
        lanes = np.flatnonzero(~settled)
        if not lanes.size:
            break
        plausible = (best.cost[lanes] <= _PLAUSIBLE * enough[lanes]) & ~doubtful[lanes]
        start, side, direct, turn = starts.next(lanes, plausible)
        away = np.flatnonzero(turn >= 0)
        if away.size:
            start[away] = _away(best, problem, lanes[away], turn[away])
            side[away] = branch[lanes[away]]
        part = at_lanes(problem._replace(data=_on(problem, branch)), lanes)
        part = part._replace(data=part.data._replace(upper=side))
        found = _from_start(start, part, direct, wanted, together)
        status[lanes, each], costs[lanes, each] = found.status, found.cost
        new, old = found.cost, best.cost[lanes]
        first = ~np.isfinite(old)
        known = np.where(first, 0, old)
        agree = (
            ~first & (np.abs(new - known) <= _SAME * known) & (new <= _PLAUSIBLE * enough[lanes])
        )
        better = (new < old * (1 - _SAME)) | first
        # A minimum is better than where steps ended, at the same misfit.
        minimum = found.status == CONVERGED
        better |= minimum & (best.status[lanes] != CONVERGED) & (new <= old * (1 + _SAME))
        for old_field, new_field in zip(best, found, strict=True):
            old_field[lanes[better]] = np.asarray(new_field)[better]
        branch[lanes[better]] = side[better]
        left = in_packs(_left, together, found.parameters, found.linear, part)
        noise = resembles_noise(np.take_along_axis(left, order[None], 2))
        explained[lanes[better]] = noise[better]
        data = at_lanes(problem._replace(data=_on(problem, branch)), lanes).data
        doubtful[lanes] = in_packs(_nearly_folds, together, best.parameters[lanes], data)
        # About a fold there are minima beside the best one, of nearly its misfit; where one power
        # alone is known, along a valley that even noise does not tell from them.
        ended = (best.status[lanes] == CONVERGED) & ~(alone & direct & doubtful[lanes])
        likely = (best.cost[lanes] <= enough[lanes]) | (minimum & agree)
        settled[lanes] = ended & (explained[lanes] | (likely & ~doubtful[lanes]))
    problem = problem._replace(data=_on(problem, branch))
    folds = in_packs(_folds, together, best.parameters, problem.data)
    powers = problem.measured.shape[1]
    nothing = np.zeros(spectra), np.zeros((spectra, powers))
    return Found(best, problem, folds, *nothing, status, costs)


def _nothing(problem: Problem) -> Solution:
    """What is found before the first start."""
    lanes, count = problem.lower.shape
    blocks, linear = problem.basis.shape[1], problem.basis.shape[3]
    dtype = problem.measured.dtype
    return Solution(
        np.zeros((lanes, count), dtype),
        np.zeros((lanes, blocks, linear), dtype),
        np.full(lanes, np.inf, dtype),
        np.full(lanes, SKIPPED),
        np.zeros(lanes, int),
        np.zeros((lanes, count, count), dtype),
        np.zeros(lanes, dtype),
    )


@jax.jit
@jax.vmap
def _folds(parameters, data: Sweep):
    """Whether a fit folds at the largest power."""
    return _over_onset(parameters, data, 1.0)


@jax.jit
@jax.vmap
def _nearly_folds(parameters, data: Sweep):
    return _over_onset(parameters, data, _NEARLY)


@jax.jit
@jax.vmap
def _left(parameters, linear, problem: Problem):
    """Weighed residuals, NaN where a sample is missing."""
    background = jnp.einsum("knl,kl->kn", problem.basis, linear)
    residual = voltage(parameters, problem.data) + background - problem.measured
    return jnp.where(problem.weights > 0, jnp.sqrt(problem.weights) * residual, jnp.nan)


def _over_onset(parameters, data: Sweep, share: float):
    each = physical(parameters.reshape(-1, len(PARAMETERS)), data)
    frequency, damping = (data.centre + each[:, 0]) * data.unit, each[:, 1]
    drive = spin_diode.reduced_drive(jnp.max(data.powers), frequency, damping, data.drive)
    shift = spin_diode.reduced_shift(each[:, 2], damping)
    return jnp.any(drive > share * spin_diode.fold_onset(shift, each[:, 3])[1])


def _on(problem: Problem, upper) -> Sweep:
    return problem.data._replace(upper=upper)


def _away(best: Solution, problem: Problem, lanes, turn):
    """Away from the best so far, along the directions that change the spectrum least."""
    normal = np.asarray(best.normal[lanes], np.float64)
    diagonal = np.diagonal(normal, axis1=1, axis2=2)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1))
    unit = np.nan_to_num(normal / (scale[:, :, None] * scale[:, None]))
    size, directions = np.linalg.eigh(unit)
    place, sign = turn // 2 % size.shape[1], 1 - 2 * (turn % 2)
    each = np.arange(len(lanes))
    along = directions[each, :, place] / np.sqrt(np.maximum(size[each, place], 1e-4))[:, None]
    deviation = np.sqrt(np.nan_to_num(np.maximum(best.variance[lanes], 0)))
    step = np.clip((sign * _HOP * deviation)[:, None] * along / scale, -3, 3)
    moved = best.parameters[lanes] + np.where(np.asarray(problem.free)[lanes], step, 0)
    moved = np.maximum(moved, np.asarray(problem.lower)[lanes])
    return moved.astype(best.parameters.dtype)


def _from_start(start, problem: Problem, direct, wanted: Wanted, together: int) -> Solution:
    """The minimum next to a start, approached without what lies far off unless it is `direct`."""
    lanes = np.flatnonzero(~direct)
    if lanes.size and (wanted.nonlinear or wanted.loss != "squares"):
        part = at_lanes(problem, lanes)
        far = np.maximum(_FAR * _largest(part), part.spread)
        forgetting = np.full_like(part.loss, LOSSES.index("geman-mcclure"))
        part = part._replace(spread=far, loss=forgetting)
        near = solve(voltage, start[lanes], part, steps=_APPROACH, together=together)
        moved = near.status != NOT_FINITE
        start = start.copy()
        start[lanes[moved]] = near.parameters[moved]
    return solve(voltage, start, problem, together=together)


def _largest(problem: Problem) -> Float[np.ndarray, " lanes"]:
    """How far weighed voltages reach from the middle of their power, one at equal weights."""
    middle = np.median(problem.measured, axis=-1, keepdims=True)
    away = np.sqrt(problem.weights) * np.abs(problem.measured - middle)
    return np.asarray(away.max(axis=(1, 2)), problem.spread.dtype)


def _background(offsets, degree: int) -> np.ndarray:
    """Polynomials in the frequency up to a degree, orthonormal at every power."""
    spread = np.abs(offsets).max()
    powers = (offsets / spread)[..., None] ** np.arange(degree + 1)
    return np.linalg.qr(powers)[0]
