"""Least squares of many lanes end in minima that are known, or say why they do not."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.numerics.least_squares import (
    CONVERGED,
    LOSSES,
    OUT_OF_STEPS,
    Problem,
    loss_of,
    solve,
)


class Places(NamedTuple):
    """Where the curve was measured, and which model it is: a valley, or a decay."""

    places: np.ndarray
    valley: np.ndarray


def model(parameters, data):
    """Rosenbrock's residuals 10(b - a²) and a, or a·exp(-b·x) of the first two parameters."""
    a, b = parameters[0], parameters[1]
    x = data.places
    bent = jnp.where(x < 0.5, 10 * (b - a**2), jnp.where(x < 1.5, a, 0.0))
    decay = a * jnp.exp(-b * x) + 0 * parameters[2]
    return jnp.where(data.valley > 0, bent, decay)[None]


X = np.arange(8.0)
DECAY = 2.0 * np.exp(-0.5 * X)
STARTS = np.array([[-1.2, 1.0, 0.3], [1.0, 1.0, 0.3], [1.0, 1.0, 0.3], [1.0, 1.0, 0.3]])


def problem(measured, valley, *, weights=None, linear=0, lower=-np.inf, free=True):
    lanes = len(measured)
    return Problem(
        data=Places(np.tile(X, (lanes, 1)), np.asarray(valley, float)),
        measured=np.asarray(measured)[:, None],
        weights=np.ones((lanes, 1, 8)) if weights is None else weights,
        basis=np.ones((lanes, 1, 8, linear)),
        lower=np.broadcast_to(lower, (lanes, 3)).astype(float),
        free=np.broadcast_to(free, (lanes, 3)),
        spread=np.ones(lanes),
        loss=np.zeros(lanes, np.int32),
    )


@pytest.fixture(scope="module")
def solved():
    """Rosenbrock's valley, a decay, a decay without its start, and one at a bound."""
    valley = np.array([0.0, 1.0, *np.zeros(6)])
    weights = np.ones((4, 1, 8))
    weights[2, 0, 0] = 0.0  # a sample that is missing
    off = np.where(X > 0, DECAY, 1e6)
    lower = np.full((4, 3), -np.inf)
    lower[3, 1] = 0.7
    given = problem([valley, DECAY, off, DECAY], [1, 0, 0, 0], weights=weights, lower=lower)
    return given, solve(model, STARTS, given)


def test_the_minimum_of_rosenbrock_is_found(solved):
    _, found = solved
    assert found.status[0] == CONVERGED
    np.testing.assert_allclose(found.parameters[0, :2], [1.0, 1.0], rtol=1e-6)
    assert found.cost[0] < 1e-12


def test_what_nothing_depends_on_stays_where_it_was(solved):
    # The third column of the Jacobian is zero: its rank is two.
    _, found = solved
    assert (found.status == CONVERGED).all()
    np.testing.assert_allclose(found.parameters[1, :2], [2.0, 0.5], rtol=1e-6)
    assert (found.parameters[:, 2] == 0.3).all()
    assert (found.normal[:, 2] == 0).all()


def test_missing_samples_count_for_nothing(solved):
    _, found = solved
    np.testing.assert_allclose(found.parameters[2, :2], [2.0, 0.5], rtol=1e-6)


def test_a_bound_holds_and_the_others_are_best_there(solved):
    _, found = solved
    assert found.parameters[3, 1] == 0.7
    shape = np.exp(-0.7 * X)
    best = shape @ DECAY / (shape @ shape)
    np.testing.assert_allclose(found.parameters[3, 0], best, rtol=1e-4)
    np.testing.assert_allclose(found.cost[3], np.sum((best * shape - DECAY) ** 2), rtol=1e-4)


def test_the_normal_matrix_is_that_of_the_jacobian(solved):
    _, found = solved
    slopes = np.stack([np.exp(-0.5 * X), -2.0 * X * np.exp(-0.5 * X)])
    np.testing.assert_allclose(found.normal[1][:2, :2], slopes @ slopes.T, rtol=1e-5)


def test_parameters_that_are_held_stay_and_steps_are_counted(solved):
    given, _ = solved
    free = np.array([True, False, True])
    found = solve(model, STARTS, given._replace(free=np.broadcast_to(free, (4, 3))))
    assert (found.parameters[1:, 1] == 1.0).all()
    assert (solve(model, STARTS, given, steps=1).status[:2] == OUT_OF_STEPS).all()


def test_linear_parameters_are_eliminated_and_their_share_of_the_normal_matrix_with_them():
    start = np.array([[1.5, 0.6, 0.3]] * 2)
    random = np.random.default_rng(0)
    measured = np.tile(DECAY + 5.0, (2, 1)) + np.array([[0.0], [0.01]]) * random.normal(size=8)
    found = solve(model, start, problem(measured, [0, 0], linear=1))
    assert (found.status == CONVERGED).all()
    np.testing.assert_allclose(found.parameters[0, :2], [2.0, 0.5], rtol=1e-5)
    np.testing.assert_allclose(found.linear[0], [[5.0]], rtol=1e-5)
    a, b = found.parameters[1, :2]
    columns = np.stack([np.exp(-b * X), -a * X * np.exp(-b * X), np.ones(8)], 1)
    left = a * columns[:, 0] + found.linear[1, 0, 0] - measured[1]
    # At the minimum residuals are orthogonal to all columns, linear ones too.
    np.testing.assert_allclose(columns.T @ left, 0.0, atol=1e-3)
    np.testing.assert_allclose(found.cost[1], left @ left, rtol=1e-3)
    whole = np.linalg.inv(columns.T @ columns)[:2, :2]
    np.testing.assert_allclose(np.linalg.inv(found.normal[1][:2, :2]), whole, rtol=1e-2)


def test_a_lane_ends_where_it_ends_in_any_company(solved):
    # More than one pack, and far more than take steps at once.
    given, alone = solved
    company = np.random.default_rng(0).integers(0, 4, 300)
    many = given._replace(
        data=Places(*(each[company] for each in given.data)),
        **{name: each[company] for name, each in given._asdict().items() if name != "data"},
    )
    found = solve(model, STARTS[company], many)
    for name, each, own in zip(found._fields, found, alone, strict=True):
        np.testing.assert_array_equal(each, np.asarray(own)[company], err_msg=name)


@pytest.mark.parametrize("loss", range(len(LOSSES)))
def test_weights_of_losses_are_their_slopes(loss):
    square, step = np.array([0.01, 0.5, 4.0, 30.0]), 1e-6
    value, weight, curvature = loss_of(square, jnp.asarray(loss))
    above, below = (loss_of(square + s, jnp.asarray(loss)) for s in (step, -step))
    np.testing.assert_allclose(weight, (above[0] - below[0]) / (2 * step), rtol=1e-6)
    if LOSSES[loss] in ("huber", "soft-l1"):  # influence ρ'r against r
        rise = [each[1] * np.sqrt(square + s) for each, s in ((above, step), (below, -step))]
        run = np.sqrt(square + step) - np.sqrt(square - step)
        np.testing.assert_allclose(curvature, (rise[0] - rise[1]) / run, rtol=1e-4, atol=1e-6)
