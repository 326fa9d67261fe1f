r"""Intervals by profile likelihood: how the misfit grows as one parameter is held elsewhere.

The ends of an interval are where $\sqrt{(\chi^2-\chi^2_{min})/\hat\sigma^2}$, with all other
parameters fitted anew, reaches Student's $t$. They follow curved valleys of the misfit, which the
Jacobian does not.
"""

import numpy as np
from jaxtyping import Float

from rfjax.checks import instance_of, one_of
from rfjax.fitting.estimates import LEVEL, covariance_of
from rfjax.fitting.fit import Fit
from rfjax.numerics.least_squares import solve

# Of the standard error times the quantile: where a parameter is held, on either side.
_PLACES = np.array([0.2, 0.45, 0.7, 0.9, 1.1, 1.4, 1.9, 2.6, 3.6])
_STEPS = 18


def profile_intervals(fit: Fit, name: str, level: float = LEVEL) -> Float[np.ndarray, "2 *b"]:
    """The interval of one parameter by profile likelihood, for every one of a batch of fits.

    **Arguments:** `fit`; `name` of the parameter, as in `fit.estimates.names`; `level`: the rate at
    which it is to hold the true value.

    **Returns:** its lower and its upper end in SI; infinite, or its bound, where the misfit does
    not reach the level within 3.6 times the interval of the Jacobian, NaN for a parameter that is
    held.

    **Raises:** `InvalidInput` for what is no fit, and a name or a level that is not allowed.
    """
    instance_of("fit", fit, Fit, "a fit, as of fit_spin_diode")
    estimates = fit.estimates
    place = estimates.names.index(one_of("name", name, estimates.names))
    quantile = estimates.quantile(level).reshape(-1)
    values, errors = (each[..., place].reshape(-1) for each in (estimates.values, estimates.errors))
    spectra, solution, problem = np.arange(len(errors)), fit.solved.solution, fit.solved.problem
    own = fit.solved.order[:, place]
    samples = np.sum(problem.weights > 0, axis=(1, 2))
    variance = np.asarray(solution.variance, np.float64) * samples / estimates.degrees.reshape(-1)
    free = np.asarray(problem.free)
    if not free[spectra, own].any():
        return np.full((2, *fit.shape), np.nan)
    covariance = np.nan_to_num(
        covariance_of(np.asarray(solution.normal), variance, free), posinf=0.0
    )
    size = np.sqrt(covariance[spectra, own, own])
    # How all others follow the one, for each of its errors.
    follow = covariance[spectra, own] / np.where(size > 0, size, 1)[:, None]
    others = free.copy()
    others[spectra, own] = False
    held = problem._replace(free=others)
    room = np.asarray(solution.parameters - problem.lower, np.float64)[spectra, own]
    with np.errstate(divide="ignore", invalid="ignore"):
        to_bound = np.where(size > 0, room / (size * quantile), np.inf)
    ends = []
    for sign in (-1, 1):
        furthest = to_bound if sign < 0 else np.inf
        reached = np.full(len(errors), np.inf)
        place_before = rise_before = np.zeros(len(errors))
        parameters = solution.parameters
        for each in _PLACES:
            each = np.minimum(each, furthest)
            step = (sign * (each - place_before) * quantile)[:, None] * follow
            start = np.maximum(parameters + step, problem.lower).astype(parameters.dtype)
            found = solve(fit.solved.model, start, held, steps=_STEPS)
            rise = np.sqrt(np.maximum(found.cost - solution.cost, 0) / variance)
            rise = np.where(np.isfinite(rise), rise, np.inf)
            crosses = np.isinf(reached) & (rise >= quantile)
            share = (quantile - rise_before) / np.maximum(rise - rise_before, 1e-12)
            between = place_before + np.where(np.isfinite(rise), share, 0) * (each - place_before)
            reached = np.where(crosses, between, reached)
            parameters = found.parameters
            place_before, rise_before = each, np.minimum(rise, quantile)
        distance = reached * quantile * errors
        if not estimates.positive[place]:
            ends.append(np.maximum(values + sign * distance, estimates.lower[place]))
            continue
        with np.errstate(over="ignore"):
            ends.append(values * np.exp(sign * distance / np.abs(values)))
    return np.stack(ends).reshape(2, *fit.shape)
