from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import solve_ivp

from rfjax.checks import InvalidInput
from rfjax.laws.cross_coupling import coupled_powers
from rfjax.laws.spin_diode import fold_drives, fold_onset, oscillation_power, stable_branches
from tests.helpers import slope_at
from tests.laws.cases import Point, anywhere, folding, moderate, slope, unbalance

POWER = {
    branch: jax.jit(partial(oscillation_power, branch=branch)) for branch in ("lower", "upper")
}
BRANCHES = jax.jit(stable_branches)
PRECISION = {np.float64: 1e-14, np.float32: 1e-5}
branches = pytest.mark.parametrize("branch", ["lower", "upper"])
dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def total_power(branch):
    return lambda *point: jnp.sum(oscillation_power(*point, branch=branch))


SLOPES = {branch: jax.jit(jax.grad(total_power(branch), argnums=(0, 1, 2, 3))) for branch in POWER}


@branches
@dtypes
def test_the_cubic_is_solved_everywhere(branch, dtype):
    point = Point(*(values.astype(dtype) for values in anywhere(300_000)))
    power = np.asarray(POWER[branch](*point))
    assert power.dtype == dtype
    assert (power >= 0).all()
    assert (power[point.drive == 0] == 0).all()
    assert unbalance(power, point).max() <= PRECISION[dtype]


def numbers(limit, dtype, *, signed):
    """Zero, numbers of order one, and numbers up to the limit; none so small that it underflows."""
    width = np.finfo(dtype).bits
    positive = st.floats(2.0**-90, limit, width=width)
    element = st.one_of(positive, st.floats(0.125, 8, width=width), st.sampled_from([0.0, limit]))
    if signed:
        element = st.builds(lambda value, sign: sign * value, element, st.sampled_from([1, -1]))
    return arrays(dtype, 32, elements=element)


@branches
@dtypes
def test_the_cubic_is_solved_wherever_a_search_looks(branch, dtype):
    @settings(max_examples=60, deadline=None)
    @given(
        numbers(2.0**13, dtype, signed=True),
        numbers(2.0**27, dtype, signed=False),
        numbers(2.0**12, dtype, signed=True),
        numbers(2.0**6, dtype, signed=False),
    )
    def search(x, s, n, q):
        point = Point(x, s, n, q)
        power = np.asarray(POWER[branch](*point))
        assert (power >= 0).all()
        assert unbalance(power, point).max() <= PRECISION[dtype]
        assert all(np.isfinite(values).all() for values in SLOPES[branch](*point))

    search()


def test_both_branches_are_stable_and_in_order():
    point = anywhere(300_000, seed=1)
    lower, upper = (np.asarray(POWER[branch](*point)) for branch in ("lower", "upper"))
    assert (lower <= upper * (1 + 1e-14)).all()
    for power in (lower, upper):
        steepness = slope(power, point)
        # At the edge of the fold the slope vanishes: there it may be lost in rounding.
        rounding = 1e-6 * (1 + (np.abs(point.detuning) + np.abs(point.shift * power)) ** 2)
        assert (steepness > -rounding).all()
    folded = np.asarray(BRANCHES(*point)) == 2
    assert folded.sum() > 1000
    assert (lower[folded] < upper[folded]).all()
    np.testing.assert_allclose(lower[~folded], upper[~folded], rtol=1e-9)


def test_the_number_of_branches_is_that_of_the_roots():
    x, n, q = folding(1500)
    begin, end = (np.asarray(drive) for drive in fold_drives(x, n, q))
    around = np.random.default_rng(1).uniform(-0.5, 1.5, x.shape)
    folds = np.isfinite(begin)
    span = np.where(folds, end, 1e4) / np.where(folds, begin, 1)
    s = np.where(folds, begin, 1) * span**around
    away = (np.abs(s / begin - 1) > 1e-4) & (np.abs(s / end - 1) > 1e-4)
    point = Point(*(values[away] for values in (x, s, n, q)))
    counts = np.asarray(BRANCHES(*point))
    assert (counts == 2).sum() > 100
    lower, upper = (np.asarray(POWER[branch](*point)) for branch in ("lower", "upper"))
    for i, (xi, si, ni, qi) in enumerate(zip(*point, strict=True)):
        roots = np.roots([qi**2 + ni**2, 2 * (qi - xi * ni), 1 + xi**2, -si])
        roots = np.sort(roots.real[np.abs(roots.imag) < 1e-9 * np.abs(roots)])
        assert counts[i] == (len(roots) + 1) / 2
        np.testing.assert_allclose([lower[i], upper[i]], roots[[0, -1]], rtol=1e-8)


def test_two_branches_exist_just_between_the_fold_drives():
    x, n, q = folding(20_000)
    begin, end = (np.asarray(drive) for drive in fold_drives(x, n, q))
    folds = np.isfinite(begin)
    assert (folds == np.isfinite(end)).all()
    assert 1000 < folds.sum() < len(x)
    assert (BRANCHES(x[~folds], 10 * np.abs(x[~folds]) ** 3, n[~folds], q[~folds]) == 1).all()
    # Where the two drives fall together there is no room between them.
    wide = folds & (end > begin * 1.001)
    x, n, q, begin, end = (values[wide] for values in (x, n, q, begin, end))
    for drive, expected in (
        (begin * (1 - 1e-8), 1),
        (begin * (1 + 1e-8), 2),
        (end * (1 - 1e-8), 2),
        (end * (1 + 1e-8), 1),
    ):
        assert (BRANCHES(x, drive, n, q) == expected).all()


def test_fold_over_sets_in_where_the_formula_says():
    _, n, q = folding(3000)
    x, s = (np.asarray(values) for values in fold_onset(n, q))
    folds = np.abs(n) > np.sqrt(3) * q
    assert 1000 < folds.sum() < len(n)
    assert np.isinf(x[~folds]).all()
    assert np.isinf(s[~folds]).all()
    clear = folds & (np.abs(n) > 1.8 * q)
    n, q, x, s = (values[clear] for values in (n, q, x, s))
    assert np.isinf(fold_drives(x * (1 - 1e-6), n, q)[0]).all()
    begin, end = fold_drives(x * (1 + 1e-6), n, q)
    np.testing.assert_allclose(begin, s, rtol=1e-4)
    np.testing.assert_allclose(end, s, rtol=1e-4)


def test_the_lower_branch_is_reached_from_rest_and_the_upper_from_above():
    detuning, shift, damping = 6.0, 10.0, 0.5
    begin, end = fold_drives(detuning, shift, damping)
    drives = np.linspace(0.5 * begin, 1.5 * end, 2001)
    lower = np.asarray(POWER["lower"](detuning, drives, shift, damping))
    upper = np.asarray(POWER["upper"](detuning, drives, shift, damping))
    jumps = {
        "lower": drives[np.argmax(np.diff(lower))],
        "upper": drives[np.argmax(np.diff(upper))],
    }
    step = drives[1] - drives[0]
    assert jumps["lower"] == pytest.approx(end, abs=step)
    assert jumps["upper"] == pytest.approx(begin, abs=step)
    assert (np.diff(lower) > 0).all()
    assert (np.diff(upper) > 0).all()


@branches
def test_derivatives_are_those_of_the_power(branch):
    point = Point(
        *(
            np.append(values, extra)
            for values, extra in zip(
                moderate(40), ([0.0, 0.7], [0.2, 0.7 * 1.7**2], [1.0, 1.0], [1.0, 1.0]), strict=True
            )
        )
    )
    slopes = SLOPES[branch](*point)
    for index, slopes_of_one in enumerate(slopes):

        def power(values, index=index):
            return np.asarray(POWER[branch](*point[:index], values, *point[index + 1 :]))

        step = 1e-3 * point.drive if index == 1 else 1e-3
        expected = slope_at(power, point[index], step)
        scale = np.abs(expected).max() * 1e-3
        np.testing.assert_allclose(slopes_of_one, expected, rtol=1e-6, atol=1e-6 * scale)


@branches
def test_second_derivatives_are_those_of_the_first(branch):
    point = moderate(20, seed=2)
    power = partial(oscillation_power, branch=branch)
    second = jax.jit(jax.vmap(jax.hessian(power, argnums=(0, 1, 2, 3))))(*point)
    for index in range(4):

        def first(values, index=index):
            slopes = SLOPES[branch](*point[:index], values, *point[index + 1 :])
            return np.stack([np.asarray(values) for values in slopes])

        step = 1e-3 * point.drive if index == 1 else 1e-3
        expected = slope_at(first, point[index], step)
        found = np.stack([row[index] for row in second])
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max())


@branches
def test_at_rest_the_response_is_linear(branch):
    x = np.array([-3.0, 0.0, 0.5, 40.0])
    rest = Point(x, np.zeros(4), np.full(4, 5.0), np.full(4, 2.0))
    by_detuning, by_drive, by_shift, by_damping = SLOPES[branch](*rest)
    np.testing.assert_allclose(by_drive, 1 / (1 + x**2), rtol=1e-14)
    for vanishing in (by_detuning, by_shift, by_damping):
        assert (vanishing == 0).all()
    step = 1e-5
    near, far = (POWER[branch](x, np.full(4, h), *rest[2:]) for h in (step, 2 * step))
    np.testing.assert_allclose(by_drive, (4 * near - far) / (2 * step), rtol=1e-6)


@branches
@dtypes
def test_derivatives_are_finite_at_the_fold(branch, dtype):
    x, n, q = (values.astype(dtype) for values in folding(20_000, seed=3))
    for edge in fold_drives(x, n, q):
        drive = np.where(np.isfinite(edge), edge, 1).astype(dtype)
        for shifted in (np.nextafter(drive, dtype(0)), drive, np.nextafter(drive, dtype(np.inf))):
            assert all(np.isfinite(slope).all() for slope in SLOPES[branch](x, shifted, n, q))


@branches
def test_the_derivative_does_not_solve_again(branch):
    point = moderate(1000)

    def cost(function):
        analysis = jax.jit(function).lower(*point).compile().cost_analysis()
        return analysis["flops"], analysis["transcendentals"]

    flops, transcendentals = cost(total_power(branch))
    gradient_flops, gradient_transcendentals = cost(
        jax.value_and_grad(total_power(branch), argnums=(0, 1, 2, 3))
    )
    assert gradient_flops < 1.5 * flops
    assert gradient_transcendentals == transcendentals


@branches
def test_single_precision_agrees_with_double(branch):
    point = moderate(20_000, seed=4)
    x, n, q = folding(20_000, seed=5)
    s = 10 ** np.random.default_rng(6).uniform(-2, 3, x.shape)
    begin, end = fold_drives(x, n, q)
    clear = (np.abs(s / begin - 1) > 0.05) & (np.abs(s / end - 1) > 0.05)
    for cases in (point, Point(*(values[clear] for values in (x, s, n, q)))):
        single = Point(*(values.astype(np.float32) for values in cases))
        double = Point(*(values.astype(np.float64) for values in single))
        found, expected = POWER[branch](*single), POWER[branch](*double)
        assert np.abs(found / expected - 1).max() <= 1e-4
        assert np.median(np.abs(found / expected - 1)) <= 1e-6


def test_shapes_broadcast_and_whole_numbers_are_taken():
    assert POWER["lower"](0, 2, 0, 0) == 2.0
    column, row = np.zeros((4, 1)), np.ones(3)
    for law, arguments in (
        (oscillation_power, (column, row, 0, 1)),
        (stable_branches, (column, row, 0.0, 1.0)),
    ):
        assert jax.eval_shape(law, *arguments).shape == (4, 3)
    assert jax.eval_shape(fold_drives, column, row, 1.0)[0].shape == (4, 3)


def test_an_unknown_branch_is_refused():
    with pytest.raises(InvalidInput, match="branch is 'middle'; it must be one of lower, upper"):
        oscillation_power(0.0, 1.0, 0.0, 0.0, branch="middle")


def test_powers_are_the_reference_numbers(golden):
    cases = {
        name: np.array([case[name] for case in golden["cubic"]]) for name in golden["cubic"][0]
    }
    point = Point(*(cases[name] for name in Point._fields))
    for branch in ("lower", "upper"):
        np.testing.assert_allclose(POWER[branch](*point), cases[branch], rtol=1e-12)
    assert (BRANCHES(*point) == (cases["roots"] + 1) // 2).all()


def test_a_tone_that_is_switched_on_ends_where_the_equation_of_motion_does():
    shift, damping, detuning = 10.0, 1.0, np.linspace(2.6, 8.0, 24)
    begin, end = fold_drives(detuning, shift, damping)
    folds = np.isfinite(end)
    detuning, drive = detuning[folds], np.asarray(begin + 0.8 * (end - begin))[folds]

    def velocity(_, amplitude):
        power = np.abs(amplitude) ** 2
        rate = 1 + damping * power - 1j * (detuning - shift * power)
        return -rate * amplitude + np.sqrt(drive)

    rest = np.zeros(detuning.size, complex)
    ends = solve_ivp(velocity, (0, 200), rest, "DOP853", rtol=1e-9, atol=1e-12).y[:, -1]
    point = detuning, drive, shift, damping
    lower, upper, found = (
        np.asarray(oscillation_power(*point, branch=name)) for name in ("lower", "upper", "rest")
    )
    np.testing.assert_allclose(found, np.abs(ends) ** 2, rtol=1e-5)
    assert (found == lower).any()
    assert (found == upper).any()
    slopes = jax.grad(lambda drive: oscillation_power(detuning, drive, *point[2:], "rest").sum())
    assert np.isfinite(slopes(drive)).all()
    beside = np.stack([drive, 0 * drive], axis=-1)
    coupled = coupled_powers(detuning[:, None], beside, shift, damping, branch="rest")
    np.testing.assert_allclose(coupled[:, 0], found, rtol=1e-8)
