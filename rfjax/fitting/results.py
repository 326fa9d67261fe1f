"""From where steps ended to estimates in SI, and the best of several starts."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.fitting.estimates import NO_LINE, NOT_DETERMINED, Estimates, covariance_of
from rfjax.fitting.fit import SKIPPED, Solved
from rfjax.numerics.least_squares import CONVERGED, NOT_FINITE, Problem, Solution, solve

_SAME = 1e-3  # of a misfit, by which minima count as one


def best_of(
    model: Callable[[Any, Any], Any],
    starts: Float[np.ndarray, "lanes starts parameters"],
    problem: Problem,
    enough: Float[np.ndarray, " lanes"],
) -> tuple[Solution, Int[np.ndarray, "lanes starts"]]:
    """The best fit of every lane out of several starts.

    **Arguments:** `model` and `problem`, see `rfjax.numerics.least_squares.solve`; `starts`, the
    best guess first; `enough`: the misfit at which no further start is tried.

    **Returns:** the best, and how every start ended, `SKIPPED` for one that was not needed.
    """
    status = np.full(starts.shape[:2], SKIPPED, np.int64)
    first = solve(model, starts[:, 0], problem)
    best = Solution(*(np.array(field) for field in first))
    status[:, 0] = best.status
    for each in range(1, starts.shape[1]):
        lanes = np.flatnonzero((best.status != CONVERGED) | ~(best.cost <= enough))
        if not lanes.size:
            break
        part = at_lanes(problem, lanes)
        found = solve(model, starts[lanes, each], part)
        status[lanes, each] = found.status
        new, old = found.cost, best.cost[lanes]
        better = (new < old * (1 - _SAME)) | ~np.isfinite(old)
        # A minimum is better than where steps ended, at the same misfit.
        minimum = (found.status == CONVERGED) & (best.status[lanes] != CONVERGED)
        better |= minimum & (new <= old * (1 + _SAME))
        for old_field, new_field in zip(best, found, strict=True):
            old_field[lanes[better]] = np.asarray(new_field)[better]
    return best, status


def at_lanes(problem: Problem, lanes: Int[np.ndarray, " some"]) -> Problem:
    """The problem of some lanes."""

    def some(array):
        return np.asarray(array)[lanes]

    data = type(problem.data)(*(some(field) for field in problem.data))
    return Problem(data, *(some(field) for field in problem[1:]))


def estimates_of(
    solved: Solved,
    values: Float[np.ndarray, "lanes parameters"],
    slopes: Float[np.ndarray, "lanes parameters"],
    shape: tuple[int, ...],
    *,
    names: Sequence[str],
    units: Sequence[str],
    positive: Sequence[bool],
    lower: Sequence[float],
) -> tuple[Estimates, Float[np.ndarray, " lanes"]]:
    """Estimates in SI, in the order in which the problem has the parameters, taken into theirs.

    **Arguments:** `solved`; `values` in SI and their `slopes` to the parameters of the problem;
    `shape` of the batch; `names`, `units`, `positive` and `lower`, see `Estimates`.

    **Returns:** the estimates, and the variance of the noise in the units of the problem.
    """
    problem, solution, order = solved.problem, solved.solution, solved.order
    free = np.asarray(problem.free)
    samples = np.sum(np.asarray(problem.weights) > 0, axis=(1, 2))
    degrees = samples - free.sum(1) - problem.basis[0, :, 0].size
    variance = np.asarray(solution.variance, np.float64) * samples / degrees
    covariance = covariance_of(np.asarray(solution.normal), variance, free)
    with np.errstate(invalid="ignore", over="ignore"):
        covariance = covariance * slopes[:, :, None] * slopes[:, None]
    status = np.where(np.isfinite(values).all(1), solution.status, NOT_FINITE)
    known = np.isfinite(np.diagonal(covariance, axis1=1, axis2=2)).any(1) & (degrees > 0)
    status = np.where((status == CONVERGED) & ~known, NOT_DETERMINED, status)
    lanes = np.arange(len(values))[:, None]
    covariance = covariance[lanes[:, :, None], order[:, :, None], order[:, None]]
    estimates = Estimates(
        tuple(names),
        tuple(units),
        in_batch(values[lanes, order], shape),
        in_batch(covariance, shape),
        in_batch(degrees, shape),
        in_batch(status, shape),
        tuple(positive),
        tuple(lower),
    )
    return estimates, variance


def without_result(
    estimates: Estimates, lanes: Bool[np.ndarray, " lanes"], status: int
) -> Estimates:
    """The same estimates, where minima of some lanes have another status: they are no results."""
    here = in_batch(lanes, estimates.shape) & estimates.converged
    return dataclasses.replace(estimates, status=np.where(here, status, estimates.status))


def without_line(estimates: Estimates, lanes: Bool[np.ndarray, " lanes"]) -> Estimates:
    """The same estimates, where some lanes found no line: nothing is determined there."""
    here = in_batch(lanes, estimates.shape)
    nothing = here[..., None, None] & ~np.isnan(estimates.covariance)
    return dataclasses.replace(
        estimates,
        status=np.where(here, NO_LINE, estimates.status),
        covariance=np.where(nothing, np.inf, estimates.covariance),
    )


def in_batch(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An array on one axis of lanes as one of a batch."""
    return array.reshape((*shape, *array.shape[1:]))


def same_in_lanes(value: Any, lanes: int, dtype: Any) -> np.ndarray:
    """One value for every lane."""
    return np.broadcast_to(np.asarray(value, dtype), (lanes, *np.shape(value)))
