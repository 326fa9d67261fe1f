"""What tells the rectifier models apart, and where they agree."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers import CrossCoupled, Independent, Linear, Linearised
from tests.helpers import rectified

TONES = np.array([2.9e8, 2.98e8, 3.02e8, 3.15e8])
POWERS = np.array([2e-5, 1e-5, 5e-6, 3e-5])
MODELS = [Linear(), Independent(), Independent("upper"), CrossCoupled(), Linearised(POWERS)]


def resonators(count=9, **fields):
    return Resonator(**({"frequency": np.linspace(2.9e8, 3.1e8, count), "symmetric": 0.3} | fields))


def test_the_linear_model_is_the_formula_of_the_spin_diode():
    device = resonators()
    width = 0.01 * np.asarray(device.frequency)[:, None]
    x = (TONES - np.asarray(device.frequency)[:, None]) / width
    expected = np.sum(6e7 * POWERS / (2 * np.pi * width) * (x + 0.3) / (1 + x**2), axis=-1)
    np.testing.assert_allclose(rectified(Linear(), device, POWERS, TONES), expected, rtol=1e-12)


def test_the_independent_model_is_a_sum_over_tones():
    device = resonators()
    together = rectified(Independent(), device, POWERS, TONES)
    alone = [
        rectified(Independent(), device, POWERS[i, None], TONES[i, None]) for i in range(len(TONES))
    ]
    np.testing.assert_allclose(together, sum(alone), rtol=1e-12)


def test_the_voltage_is_that_of_the_resonance_reached():
    # One tone of which the resonator's own oscillation power is known beforehand.
    power, x, n, q = 0.05, 0.4, 10.0, 1.0
    width, offset = 1 + q * power, x - n * power
    drive = power * (width**2 + offset**2)
    frequency = 3e8
    linewidth = 0.01 * 2 * np.pi * frequency
    tone = frequency * (1 + 0.01 * x)
    watts = drive * (linewidth / 2e8) ** 2
    expected = 6e7 * watts / linewidth * (offset + 0.3 * width) / (width**2 + offset**2)
    device = Resonator(frequency, symmetric=0.3)
    for model in (Independent(), CrossCoupled()):
        volts = rectified(model, device, np.array([watts]), np.array([tone]))
        np.testing.assert_allclose(volts, expected, rtol=1e-10)


@pytest.mark.parametrize("model", [Independent(), CrossCoupled()], ids=["independent", "coupled"])
def test_weak_tones_are_rectified_linearly(model):
    device = resonators()
    linear = rectified(Linear(), device, POWERS, TONES)
    errors = [
        np.abs(rectified(model, device, weak * POWERS, TONES) / weak - linear).max()
        / np.abs(linear).max()
        for weak in (1e-4, 1e-5, 1e-6)
    ]
    assert errors[0] < 1e-3
    # What is left falls with the power.
    np.testing.assert_allclose(errors[1:], [errors[0] / 10, errors[0] / 100], rtol=0.02)


def test_a_single_tone_is_shifted_by_its_own_power_alone():
    device = resonators(99)
    for power in (1e-6, 1e-5, 1e-4):
        one = np.array([power]), TONES[1, None]
        independent, coupled = (
            rectified(Independent(), device, *one),
            rectified(CrossCoupled(), device, *one),
        )
        largest = np.abs(independent).max()
        np.testing.assert_allclose(coupled, independent, rtol=1e-9, atol=1e-12 * largest)


def test_without_nonlinearity_all_models_agree():
    device = resonators(nonlinear_shift=0.0, nonlinear_damping=0.0)
    linear = rectified(Linear(), device, POWERS, TONES)
    for model in MODELS[1:]:
        volts = rectified(model, device, POWERS, TONES)
        np.testing.assert_allclose(volts, linear, rtol=1e-9, atol=1e-12 * np.abs(linear).max())


@pytest.mark.parametrize("model", MODELS[:4])
def test_the_order_of_the_tones_does_not_matter(model):
    order = [2, 0, 3, 1]
    device = resonators()
    volts = rectified(model, device, POWERS, TONES)
    shuffled = rectified(model, device, POWERS[order], TONES[order])
    np.testing.assert_allclose(shuffled, volts, rtol=1e-9, atol=1e-12 * np.abs(volts).max())


@pytest.mark.parametrize("model", MODELS)
def test_mirrored_detuning_and_shift_turn_the_voltage_round(model):
    device = resonators(symmetric=0.0)
    mirrored = resonators(symmetric=0.0, nonlinear_shift=-0.1)
    detuning = jnp.asarray(np.random.default_rng(0).uniform(-6, 6, (9, 4)))
    powers = jnp.asarray(POWERS)
    rectify = eqx.filter_jit(model.rectify)
    volts = rectify(device, detuning, powers)
    turned = rectify(mirrored, -detuning, powers)
    np.testing.assert_allclose(turned, -volts, rtol=1e-9, atol=1e-12 * np.abs(volts).max())


def test_coupled_tones_hold_each_other_back():
    # A resonator that only widens: every other tone adds damping, so each gives less.
    device = Resonator(
        3e8, nonlinear_shift=0.0, antisymmetric=0.0, symmetric=1.0, nonlinear_damping=5.0
    )
    resonant, powers = jnp.zeros(4), jnp.asarray(POWERS)
    coupled, independent = (
        model.rectify(device, resonant, powers) for model in (CrossCoupled(), Independent())
    )
    assert 0 < coupled < independent


def test_branches_differ_only_where_the_response_folds():
    device = resonators(99)
    strong = np.array([5e-3]), TONES[2, None]
    drive = spin_diode.reduced_drive(strong[0], device.frequency, 0.01, 2e8)
    detuning = spin_diode.reduced_detuning(strong[1], device.frequency, 0.01)
    folded = np.asarray(spin_diode.stable_branches(detuning, drive, 10.0, 1.0)) == 2
    lower, upper = (
        rectified(Independent(branch), device, *strong) for branch in ("lower", "upper")
    )
    assert 3 < folded.sum() < 50
    different = np.abs(lower - upper) > 1e-9 * np.abs(upper).max()
    np.testing.assert_array_equal(different, folded)


def test_an_unknown_branch_is_refused():
    with pytest.raises(InvalidInput, match="branch is 'middle'"):
        Independent("middle")


def test_the_linearised_model_is_exact_at_full_power_and_linear_below():
    device = resonators()
    frozen, exact = Linearised(POWERS), Independent()
    full = rectified(frozen, device, POWERS, TONES)
    np.testing.assert_allclose(full, rectified(exact, device, POWERS, TONES), rtol=1e-12)
    np.testing.assert_allclose(
        rectified(frozen, device, 0.3 * POWERS, TONES), 0.3 * full, rtol=1e-12
    )


def test_the_linearised_model_leaves_its_oscillation_powers_as_they_are():
    model, n, q = Linearised(POWERS[:1]), 10.0, 1.0
    device = Resonator(3e8)
    power = jnp.asarray(POWERS[:1])

    def volts(x):
        return model.rectify(device, x[None], power)

    x = 0.7
    drive = spin_diode.reduced_drive(POWERS[0], 3e8, 0.01, 2e8)
    effective = float(spin_diode.oscillation_power(x, drive, n, q))
    scale = POWERS[0] * spin_diode.voltage_scale(3e8, 0.01, 6e7)
    slope = jax.grad(lambda x: spin_diode.response(x, effective, n, q, 1.0, 0.0))(x)
    assert jax.grad(volts)(jnp.asarray(x)) == pytest.approx(float(scale * slope), rel=1e-12)


@pytest.mark.parametrize("peaks", [np.array([-1e-6, 1e-6]), np.array([np.nan]), np.array([np.inf])])
def test_peak_powers_must_be_finite_and_not_negative(peaks):
    with pytest.raises(InvalidInput, match=r"^peak_powers\[0\] is"):
        Linearised(peaks)


def test_peak_powers_are_one_for_each_tone():
    with pytest.raises(InvalidInput, match="peak_powers have shape"):
        Linearised(np.full((2, 2), 1e-6))
    with pytest.raises(InvalidInput, match="peak_powers"):
        Linearised(np.full(3, 1e-6))(resonators(), POWERS, TONES)


def test_voltages_are_the_reference_numbers(golden):
    fields = ("frequency", "damping", "nonlinear_shift", "nonlinear_damping")
    for case in golden["voltage"]:
        device = Resonator(**{name: case[name] for name in (*fields, "antisymmetric", "symmetric")})
        tone = np.array([case["power"]]), np.array([case["tone"]])
        volts = rectified(Independent(), device, *tone)
        np.testing.assert_allclose(volts, case["voltage"], rtol=1e-12)
        drive = spin_diode.reduced_drive(case["power"], device.frequency, device.damping, 2e8)
        power = spin_diode.oscillation_power(
            spin_diode.reduced_detuning(case["tone"], device.frequency, device.damping),
            drive,
            device.reduced_shift,
            device.nonlinear_damping,
        )
        np.testing.assert_allclose(power, case["oscillation_power"], rtol=1e-12)


def test_cross_coupled_states_are_the_reference_numbers(golden):
    @eqx.filter_jit
    def solved(device, powers, tones):
        detuning = spin_diode.reduced_detuning(tones, device.frequency, device.damping)
        model = CrossCoupled()
        volts = model.rectify(device, detuning, powers)
        return volts, model.oscillation_powers(device, detuning, powers)

    for case in golden["cross"]:
        tones, powers = jnp.asarray(case["tones"]), jnp.asarray(case["powers"])
        volts, found = solved(Resonator(case["frequency"]), powers, tones)
        np.testing.assert_allclose(volts, case["voltage"], rtol=1e-9)
        np.testing.assert_allclose(found, case["oscillation_powers"], rtol=1e-9)
