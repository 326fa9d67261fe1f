import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.laws.cross_coupling import bistable, coupled_powers, effective_powers, power_in_total
from rfjax.laws.spin_diode import fold_drives, oscillation_power
from tests.helpers import slope_at
from tests.laws.cases import Point, folding, unbalance

POWERS = jax.jit(coupled_powers)
SLOPES = jax.jit(
    lambda direction, *point: jax.vjp(coupled_powers, *point)[1](direction),
)


def tones(size, count, seed=0, strongest=1.0):
    """Resonators under several tones: each with its own shift and damping, all tones coupled."""
    rng = np.random.default_rng(seed)
    return Point(
        rng.uniform(-6, 6, (size, count)),
        10 ** rng.uniform(-4, np.log10(strongest), (size, count))
        * (rng.random((size, count)) > 0.1),
        np.repeat(rng.uniform(-5, 5, (size, 1)), count, axis=1),
        np.repeat(rng.uniform(0, 2, (size, 1)), count, axis=1),
    )


@pytest.mark.parametrize("count", [1, 2, 8])
@pytest.mark.parametrize(("dtype", "precision"), [(np.float64, 1e-13), (np.float32, 1e-5)])
def test_every_tone_is_in_balance_at_its_effective_power(count, dtype, precision):
    point = Point(*(values.astype(dtype) for values in tones(3000, count, strongest=10.0)))
    powers = np.asarray(POWERS(*point))
    assert powers.dtype == dtype
    assert (powers >= 0).all()
    assert (powers[point.drive == 0] == 0).all()
    effective = np.asarray(effective_powers(jnp.asarray(powers)), np.longdouble)
    x, s, n, q = (values.astype(np.longdouble) for values in point)
    residual = powers * ((1 + q * effective) ** 2 + (x - n * effective) ** 2) - s
    terms = s + powers * ((1 + q * effective) ** 2 + (np.abs(x) + np.abs(n * effective)) ** 2)
    assert (np.abs(residual) / np.where(terms > 0, terms, 1)).max() <= precision


def test_a_tone_shifts_by_its_own_power_once_and_by_every_other_twice():
    np.testing.assert_allclose(effective_powers(jnp.array([1.0, 10.0, 100.0])), [221, 212, 122])


def test_a_single_tone_solves_its_own_cubic():
    point = tones(2000, 1, strongest=100.0)
    powers = POWERS(*point)
    np.testing.assert_allclose(powers, oscillation_power(*point), rtol=1e-10, atol=1e-30)
    assert unbalance(powers, point).max() <= 1e-13


def test_the_order_of_the_tones_does_not_matter():
    point = tones(500, 5, seed=1)
    order = np.random.default_rng(2).permutation(5)
    shuffled = Point(*(values[:, order] for values in point))
    np.testing.assert_allclose(POWERS(*shuffled), POWERS(*point)[:, order], rtol=1e-9)


def test_an_absent_tone_changes_nothing():
    point = tones(500, 4, seed=3)
    unpowered = np.concatenate([point.drive[:, :3], np.zeros((500, 1))], axis=1)
    powers = POWERS(*point._replace(drive=unpowered))
    three = POWERS(*(values[:, :3] for values in point))
    np.testing.assert_allclose(powers[:, :3], three, rtol=1e-9)


def test_without_nonlinearity_tones_do_not_shift_each_other():
    point = tones(200, 4)
    powers = POWERS(point.detuning, point.drive, 0 * point.shift, 0 * point.damping)
    np.testing.assert_allclose(powers, point.drive / (1 + point.detuning**2), rtol=1e-13)


def test_mirrored_detunings_and_shift_excite_the_same_powers():
    point = tones(500, 4, seed=4)
    mirrored = point._replace(detuning=-point.detuning, shift=-point.shift)
    np.testing.assert_allclose(POWERS(*mirrored), POWERS(*point), rtol=1e-9)


def test_derivatives_are_those_of_the_powers():
    point = tones(30, 3, seed=5, strongest=0.1)
    point = point._replace(drive=np.maximum(point.drive, 1e-3))
    direction = np.random.default_rng(6).normal(size=point.drive.shape)
    slopes = SLOPES(direction, *point)
    for index, found in enumerate(slopes):

        def along(values, index=index):
            powers = POWERS(*point[:index], values, *point[index + 1 :])
            return np.sum(direction * powers, axis=-1)

        for tone in range(3):
            step = np.zeros(3)
            step[tone] = 1
            size = 1e-2 * point.drive[:, tone] if index == 1 else 1e-3

            def moved(change, step=step, size=size, index=index):
                return along(point[index] + (change * size * np.ones(30))[:, None] * step)

            expected = slope_at(moved, 0.0, 1.0) / size
            atol = 1e-8 * np.abs(expected).max()
            np.testing.assert_allclose(found[:, tone], expected, rtol=1e-6, atol=atol)


def test_at_rest_a_tone_responds_linearly_beside_others():
    point = Point(
        *(np.array([values]) for values in ([0.5, -1.0], [0.0, 0.3], [2.0] * 2, [1.0] * 2))
    )
    _, beside = POWERS(*point)[0]
    *_, by_drive, _, _ = jax.jacobian(lambda *p: POWERS(*p)[0, 0], argnums=(0, 1, 2, 3))(*point)
    effective = 2 * beside
    expected = 1 / ((1 + effective) ** 2 + (0.5 - 2 * effective) ** 2)
    np.testing.assert_allclose(by_drive[0], [expected, 0], rtol=1e-9)


def test_second_derivatives_are_those_of_the_first():
    x, s, n, q = (np.array(values) for values in ([0.5, -1.0], [0.2, 0.3], [2.0] * 2, [1.0] * 2))
    total = jax.jit(jax.grad(lambda s: jnp.sum(coupled_powers(x, s, n, q) ** 2)))
    second = jax.jit(jax.jacobian(total))(s)
    for tone in range(2):
        unit = np.eye(2)[tone]
        expected = slope_at(lambda change, unit=unit: np.asarray(total(s + change * unit)), 0, 1e-3)
        np.testing.assert_allclose(second[:, tone], expected, rtol=1e-6)


def test_the_derivative_does_not_solve_again():
    point = tones(4, 3)
    gradient = jax.make_jaxpr(
        jax.value_and_grad(lambda *p: jnp.sum(coupled_powers(*p)), argnums=(0, 1, 2, 3))
    )(*point)
    assert str(gradient).count("while[") == 1


def test_with_slowly_rising_power_the_state_is_the_lower_one():
    x, n, q = np.array([6.0]), np.array([10.0]), np.array([0.5])
    for drive in (1.0, 2.0, 3.0):
        power = POWERS(x, np.array([drive]), n, q)
        np.testing.assert_allclose(power, oscillation_power(x, drive, n, q), rtol=1e-10)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_nothing_in_gives_nothing_out(precision):
    point = tuple(np.full((2, 3), value, precision) for value in (0, 0, 10, 1))
    assert (POWERS(*point) == 0).all()
    slopes = SLOPES(np.ones((2, 3), precision), *point)
    assert all(np.isfinite(values).all() for values in slopes)


def test_powers_broadcast():
    powers = jax.eval_shape(coupled_powers, np.zeros((4, 1, 2)), np.ones((3, 2)), 0.5, 1.0)
    assert powers.shape == (4, 3, 2)


def test_past_a_fold_the_state_is_the_one_above():
    detuning, shift, damping = folding(3000)
    begin, end = (np.asarray(drive) for drive in fold_drives(detuning, shift, damping))
    rng = np.random.default_rng(7)
    drive = np.where(rng.random(3000) < 0.5, 0.85, 1.15) * end
    folds = end > 1.01 * begin
    point = Point(*(values[folds, None] for values in (detuning, drive, shift, damping)))
    np.testing.assert_allclose(POWERS(*point), oscillation_power(*point), rtol=1e-9)


@pytest.mark.parametrize("beyond", [1 - 1e-4, 1 + 1e-9, 1 + 1e-4, 1 + 1e-2])
def test_next_to_the_end_of_the_lower_branch_it_is_the_cubic_of_one_tone(beyond):
    detuning, shift, damping = folding(500, seed=8)
    begin, end = (np.asarray(drive) for drive in fold_drives(detuning, shift, damping))
    point = Point(detuning, beyond * end, shift, damping)
    folds = end > 1.01 * begin
    one = Point(*(values[folds, None] for values in point))
    expected = np.asarray(oscillation_power(*one))
    np.testing.assert_allclose(POWERS(*one), expected, rtol=1e-10)
    # Beside a tone of no power it takes the slow way past the end of the branch.
    unpowered = np.zeros_like(one.drive)
    both = one._replace(drive=np.concatenate([one.drive, unpowered], axis=-1))
    np.testing.assert_allclose(POWERS(*both)[:, :1], expected, rtol=1e-8)


def test_where_no_state_is_found_other_lanes_have_theirs():
    point = tones(3, 4, seed=9)
    without = point._replace(drive=point.drive * np.array([[1], [np.nan], [1]]))
    powers, expected = np.asarray(POWERS(*without)), np.asarray(POWERS(*point))
    assert np.isnan(powers[1, point.drive[1] > 0]).all()
    np.testing.assert_allclose(powers[::2], expected[::2], rtol=1e-12)


def test_a_resonator_is_bistable_where_its_cubic_has_three_roots():
    detuning, shift, damping = folding(500, seed=10)
    begin, end = (np.asarray(drive) for drive in fold_drives(detuning, shift, damping))
    for drive, expected in ((0.9 * begin, False), ((begin * end) ** 0.5, True), (1.1 * end, False)):
        folds = end > 1.3 * begin
        one = Point(*(values[folds, None] for values in (detuning, drive, shift, damping)))
        assert (np.asarray(bistable(POWERS(*one), *one)) == expected).all()


def test_in_a_known_total_each_tone_is_on_its_own():
    rng = np.random.default_rng(5)
    detuning, drive = rng.uniform(-5, 5, (7, 9)), rng.uniform(0, 0.04, (7, 9))
    drive[:, 0] = 0
    powers = coupled_powers(detuning, drive, 10.0, 1.0)
    total = powers.sum(axis=-1, keepdims=True)
    found = power_in_total(detuning, drive, 10.0, 1.0, total)
    np.testing.assert_allclose(found, powers, rtol=1e-12)
