import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rfjax
from rfjax.checks import InvalidInput
from rfjax.rectifiers import CrossCoupled, Dynamic, HarmonicBalance, Independent, Linear
from tests.helpers import rectified, slope_at

TONES = np.array([200e6, 204e6, 208.2e6, 212.4e6])
RESONATORS = rfjax.Resonator(TONES * np.array([0.995, 1.01, 1.0, 0.99]), symmetric=0.3)
STRONG = np.full(4, 150e-6)
PHASES = np.random.default_rng(0).uniform(0, 2 * np.pi, (3, 4))


def given_by(model, resonators, powers, tones=TONES):
    return rectified(model.scheduled(resonators, tones), resonators, powers, tones)


def difference(found, expected):
    """The largest, relative to the largest voltage."""
    return np.max(np.abs(found - expected)) / np.max(np.abs(expected))


def test_it_is_what_the_integration_settles_to_whatever_the_phases():
    dynamic = Dynamic(PHASES, tolerance=1e-10, settling=30.0)
    dynamic = dynamic.scheduled(RESONATORS, TONES, powers=STRONG)
    exact = rectified(dynamic, RESONATORS, STRONG, TONES)
    assert difference(exact[0], exact[1]) > 0.01
    errors = [
        difference(
            given_by(HarmonicBalance(PHASES, order=order, tolerance=1e-10), RESONATORS, STRONG),
            exact,
        )
        for order in (5, 7)
    ]
    assert errors[0] < 1e-5
    assert errors[1] < 1e-6
    assert errors[1] < errors[0] / 10
    assert difference(given_by(HarmonicBalance(PHASES), RESONATORS, STRONG), exact) < 1e-6


def test_one_tone_gives_the_nonlinear_spin_diode():
    resonators = rfjax.Resonator(200e6 * np.linspace(0.95, 1.05, 7), symmetric=0.5)
    given = (resonators, np.array([[3e-4], [1e-5]]), TONES[:1])
    volts = given_by(HarmonicBalance(tolerance=1e-12), *given)
    np.testing.assert_allclose(volts, Independent()(*given), rtol=1e-10)


def test_weak_tones_add_up_as_in_the_linear_model():
    given = (RESONATORS, 1e-10 * STRONG, TONES)
    volts = HarmonicBalance(order=3)(*given)
    np.testing.assert_allclose(volts, Linear()(*given), rtol=1e-6)
    np.testing.assert_allclose(given_by(HarmonicBalance(order=3), *given), volts, rtol=1e-12)


def test_the_mean_over_phases_comes_near_the_cross_coupled_model():
    powers = 0.05 * STRONG
    phases = jax.random.uniform(jax.random.key(0), (1024, 4), maxval=2 * np.pi)
    volts = given_by(HarmonicBalance(phases, order=3), RESONATORS, powers)
    error = np.std(volts, axis=0) / 32
    coupled, alone = (model(RESONATORS, powers, TONES) for model in (CrossCoupled(), Independent()))
    assert np.all(np.abs(volts.mean(axis=0) - coupled) < 4 * error + 1e-3 * np.abs(coupled))
    assert np.linalg.norm(volts.mean(axis=0) - coupled) < np.linalg.norm(coupled - alone) / 4


BALANCE = HarmonicBalance(PHASES[0], order=3, tolerance=1e-12).scheduled(RESONATORS, TONES)


@eqx.filter_jit
def some_volts(resonators, powers):
    return BALANCE(resonators, powers, TONES) @ jnp.array([1.0, -2.0, 3.0, 0.5])


@eqx.filter_jit
def slopes(resonators, powers):
    return eqx.filter_grad(lambda both: some_volts(*both))((resonators, powers))


@eqx.filter_jit
def change_along(direction):
    return eqx.filter_jvp(lambda device: some_volts(device, STRONG), (RESONATORS,), (direction,))[1]


@pytest.mark.parametrize(
    "name", [name for name, each in vars(RESONATORS).items() if eqx.is_array(each)]
)
def test_derivatives_of_devices_are_those_of_the_voltage(name):
    change = getattr(RESONATORS, name) * (1e-2 if name == "frequency" else 1.0)
    nothing = jax.tree.map(jnp.zeros_like, RESONATORS)
    direction = eqx.tree_at(lambda device: getattr(device, name), nothing, change)

    def volts(share):
        moved = jax.tree.map(lambda value, ahead: value + share * ahead, RESONATORS, direction)
        return some_volts(moved, STRONG)

    expected = slope_at(volts, 0.0, 1e-3)
    backward = jnp.sum(getattr(slopes(RESONATORS, STRONG)[0], name) * change)
    np.testing.assert_allclose([change_along(direction), backward], expected, rtol=1e-6, atol=1e-12)


def test_derivatives_of_powers_are_those_of_the_voltage_also_at_rest():
    found = slopes(RESONATORS, STRONG)[1]
    for tone in range(4):
        ahead = np.eye(4)[tone] * STRONG
        expected = slope_at(
            lambda step, ahead=ahead: some_volts(RESONATORS, STRONG + step * ahead), 0.0, 1e-3
        )
        np.testing.assert_allclose(found[tone] * STRONG[tone], expected, rtol=1e-6)
    linear = jax.jacobian(lambda powers: Linear()(RESONATORS, powers, TONES))(STRONG)
    at_rest = jax.jit(jax.jacobian(lambda powers: BALANCE(RESONATORS, powers, TONES)))(np.zeros(4))
    np.testing.assert_allclose(at_rest, linear, rtol=1e-9)


def test_derivatives_of_detunings_given_directly():
    detuning = (TONES - RESONATORS.frequency[:, None]) / (0.01 * RESONATORS.frequency[:, None])

    @jax.jit
    def volts(shift):
        return jnp.sum(BALANCE.rectify(RESONATORS, detuning + shift, jnp.asarray(STRONG)) * 1e3)

    expected = slope_at(volts, 0.0, 1e-3)
    np.testing.assert_allclose(jax.grad(volts)(0.0), expected, rtol=1e-6)


def test_a_tone_of_no_power_beside_strong_ones_has_the_slope_of_a_weak_one():
    tones = TONES + np.array([0, 0, 0, 0.4e6])  # onto which no others mix
    model = HarmonicBalance(order=3, tolerance=1e-10).scheduled(RESONATORS, tones)
    slope = jax.jit(jax.grad(lambda powers: jnp.sum(model(RESONATORS, powers, tones))))
    none, weak = (slope(np.array([1e-4, last, 5e-5, last])) for last in (0.0, 1e-12))
    np.testing.assert_allclose(none, weak, rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neither_voltage_nor_gradient_is_nan(dtype):
    resonators = jax.tree.map(lambda field: field.astype(dtype), RESONATORS)
    model = HarmonicBalance(order=3).scheduled(RESONATORS, TONES)

    @eqx.filter_jit
    @eqx.filter_value_and_grad
    def total(both):
        return jnp.sum(model(*both, TONES.astype(dtype)))

    for powers in (np.zeros(4), np.array([1e-4, 0, 0, 0]), STRONG):
        volts, slopes = total((resonators, jnp.asarray(powers, dtype)))
        assert volts.dtype == dtype
        assert np.isfinite(volts)
        assert all(np.isfinite(slope).all() for slope in jax.tree.leaves(slopes))


def test_single_precision_agrees_with_double():
    single = jax.tree.map(lambda field: field.astype(np.float32), RESONATORS)
    volts = given_by(HarmonicBalance(PHASES), single, np.float32(STRONG), np.float32(TONES))
    assert volts.dtype == np.float32
    assert difference(volts, given_by(HarmonicBalance(PHASES), RESONATORS, STRONG)) < 1e-5


def test_batches_come_before_resonators_and_in_parts_give_the_same():
    powers = STRONG * np.linspace(0, 1, 90).reshape(3, 30, 1)
    resonators = rfjax.Resonator(
        RESONATORS.frequency.reshape(2, 2), nonlinear_damping=np.array([0.5, 1.0]), symmetric=0.3
    )
    whole = given_by(HarmonicBalance(PHASES[:, None], 3, 1e-10), resonators, powers)
    assert whole.shape == (3, 30, 2, 2)
    np.testing.assert_array_equal(whole[0, 0], 0)
    device = jax.tree.map(lambda f: jnp.broadcast_to(f, (2, 2))[1, 0], resonators)
    one = given_by(HarmonicBalance(PHASES[1], 3, 1e-10), device, powers[1, 20])
    assert one.shape == ()
    np.testing.assert_allclose(whole[1, 20, 1, 0], one, rtol=1e-8)


def test_inside_of_a_compiled_function_a_schedule_is_asked_for():
    with pytest.raises(rfjax.InvalidInput, match="scheduled"):
        rectified(HarmonicBalance(), RESONATORS, STRONG, TONES)


def test_tones_that_never_repeat_are_refused():
    tones = rfjax.laws.frequency_comb.geometric_comb(200e6, 212e6, 4)
    with pytest.raises(rfjax.InvalidInput, match="round their frequencies"):
        HarmonicBalance()(RESONATORS, STRONG, tones)


def test_where_no_periodic_state_is_found_an_error_says_so_and_no_other_lane_is_harmed():
    powers = np.stack([STRONG, 100 * STRONG, STRONG])
    volts = given_by(HarmonicBalance(order=3), RESONATORS, powers)
    assert np.isnan(volts[1]).any()
    assert not np.isnan(volts[::2]).any()
    with pytest.raises(InvalidInput, match="^[1-4] of 12 voltages are missing: no periodic state"):
        HarmonicBalance(order=3)(RESONATORS, powers, TONES)


@pytest.mark.parametrize(
    "field",
    [
        {"tolerance": 0.0},
        {"tolerance": [1e-6]},
        {"order": 4},
        {"order": 0},
        {"order": 3.0},
        {"phases": np.array([np.nan])},
    ],
)
def test_fields_are_checked(field):
    with pytest.raises(rfjax.InvalidInput, match=next(iter(field))):
        HarmonicBalance(**field)


@pytest.mark.parametrize("model", [Dynamic(), HarmonicBalance(order=3)])
def test_a_schedule_serves_the_tones_that_it_was_made_for_and_no_others(model):
    model = model.scheduled(RESONATORS, TONES)
    with pytest.raises(InvalidInput, match="for 4 scheduled tones"):
        model(RESONATORS, STRONG[:2], TONES[:2])
    for others in (TONES + np.array([0, 0, 1.0, 0]), TONES[::-1], TONES * 1.001):
        with pytest.raises(InvalidInput, match="made for other tones; use .*scheduled"):
            model(RESONATORS, 0.1 * STRONG, others)
    for bad in (1e9, np.zeros(0), np.full((1, 1), 1e9)):
        with pytest.raises(InvalidInput, match="^frequencies "):
            model.scheduled(RESONATORS, bad)


def test_inside_of_compiled_functions_other_tones_than_scheduled_give_nan():
    model = HarmonicBalance(order=3).scheduled(RESONATORS, TONES)
    assert np.isnan(rectified(model, RESONATORS, STRONG, TONES * 1.001)).all()
