import equinox as eqx
import jax
import numpy as np
import pytest

import rfjax
from rfjax import InvalidInput, Oscillator

FIELDS = {
    "frequency": 3e8,
    "damping": 0.01,
    "nonlinear_shift": -0.2,
    "nonlinear_damping": 1.5,
    "spin_torque_efficiency": 1e10,
}
THRESHOLD = 0.01 * 2 * np.pi * 3e8 / 1e10


def build(**fields):
    return Oscillator(**(FIELDS | fields))


def test_the_threshold_current_is_where_the_torque_makes_up_for_the_damping():
    assert rfjax.Oscillator(**FIELDS).threshold_current == pytest.approx(THRESHOLD)


def test_power_and_frequency_rest_below_the_threshold_and_move_above():
    oscillator = build()
    current = THRESHOLD * np.array([-1.0, 0.0, 0.99, 1.0, 2.0, 4.0])
    power = oscillator.steady_power(current)
    expected = np.array([0, 0, 0, 0, 1 / 3.5, 3 / 5.5])
    np.testing.assert_allclose(power, expected, atol=1e-15)
    np.testing.assert_allclose(
        oscillator.steady_frequency(current), 3e8 * (1 - 0.2 * expected), rtol=1e-14
    )


def test_the_gradient_is_zero_below_the_threshold_and_known_above():
    slope = jax.grad(build().steady_power)
    assert slope(0.5 * THRESHOLD) == 0
    assert slope(2 * THRESHOLD) == pytest.approx(2.5 / 3.5**2 / THRESHOLD)
    by_field = eqx.filter_grad(lambda device: device.steady_power(0.5 * THRESHOLD))(build())
    assert all(value == 0 for value in jax.tree.leaves(by_field))


def test_fields_and_currents_broadcast():
    oscillators = build(frequency=np.array([2e8, 3e8, 4e8]))
    power = oscillators.steady_power(np.linspace(1e-3, 1e-2, 5)[:, None])
    assert power.shape == (5, 3)
    assert build(
        damping=np.full((2, 1), 0.01), frequency=np.full(3, 3e8)
    ).threshold_current.shape == (
        2,
        3,
    )


@pytest.mark.parametrize("name", FIELDS)
def test_no_field_may_be_nan(name):
    with pytest.raises(InvalidInput, match=f"^{name} is nan"):
        build(**{name: np.nan})


@pytest.mark.parametrize("name", ["frequency", "damping", "spin_torque_efficiency"])
def test_what_divides_must_be_above_zero(name):
    with pytest.raises(InvalidInput, match=f"^{name} is 0.0; it must be finite and above zero"):
        build(**{name: 0.0})


def test_nonlinear_damping_must_not_be_negative():
    with pytest.raises(InvalidInput, match="^nonlinear_damping is -1.0"):
        build(nonlinear_damping=-1.0)


def test_shapes_that_do_not_broadcast_are_named():
    with pytest.raises(InvalidInput, match=r"frequency \(3,\).*damping \(2,\)"):
        build(frequency=np.full(3, 3e8), damping=np.full(2, 0.01))


def test_currents_must_be_finite():
    with pytest.raises(InvalidInput, match="^current is nan"):
        build().steady_power(np.nan)
    with pytest.raises(InvalidInput, match="^current is inf"):
        build().steady_frequency(np.inf)
    assert np.isnan(eqx.filter_jit(build().steady_power)(np.float64(np.nan)))


def test_frequencies_that_would_not_be_above_zero_are_refused():
    """Of first order in the power, N = -5 leaves f0(1 - 5/3.5) at twice the threshold."""
    falling = build(nonlinear_shift=-5.0)
    with pytest.raises(
        InvalidInput, match=r"^frequency at this current over that at rest, .* is -"
    ):
        falling.steady_frequency(2 * THRESHOLD)
    assert falling.steady_frequency(1.1 * THRESHOLD) == pytest.approx(3e8 * (1 - 0.5 / 2.6))


def test_what_noise_and_a_tone_do_goes_with_the_nonlinearity():
    """By hand: p = 1/3.5 at twice the threshold, an effective damping of Γ₀(Q + 2)."""
    oscillator, current = build(), 2 * THRESHOLD
    width, power = 0.01 * 2 * np.pi * 3e8, 1 / 3.5
    nu = -0.2 / (0.01 * 3.5)
    assert oscillator.nonlinearity(current) == pytest.approx(nu)
    assert oscillator.locking_range(current, 1e6) == pytest.approx(
        1e6 / np.sqrt(power) * np.sqrt(1 + nu**2) / (2 * np.pi)
    )
    share = 1.380649e-23 * 300 / 1e-18
    strength = width * share * (1 + 1.5 * power) / (1 - 0.2 * power)
    assert oscillator.linewidth(current, 300.0, 1e-18) == pytest.approx(
        strength / (2 * np.pi * power) * (1 + nu**2)
    )
    for ask in (
        lambda it: oscillator.nonlinearity(it),
        lambda it: oscillator.linewidth(it, 300.0, 1e-18),
        lambda it: oscillator.locking_range(it, 1e6),
    ):
        with pytest.raises(InvalidInput, match="^current is not above the threshold current"):
            ask(np.array([2 * THRESHOLD, THRESHOLD]))
        assert np.isnan(jax.jit(ask)(0.5 * THRESHOLD))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda device: device.nonlinearity(np.nan), "^current is nan"),
        (lambda device: device.locking_range(1e-3, -1.0), "^force is -1"),
        (lambda device: device.locking_range(np.full(3, 1e-2), np.ones(4)), "shapes"),
        (lambda _: build(nonlinear_shift=-5.0).locking_range(1e-2, 1e6), "^frequency at this"),
        (lambda device: device.linewidth(1e-3, -1.0, 1e-18), "^temperature is -1"),
        (lambda device: device.linewidth(1e-3, 300.0, 0.0), "^energy is 0"),
    ],
)
def test_what_is_asked_of_an_oscillator_has_to_exist(asked, message):
    with pytest.raises(InvalidInput, match=message):
        asked(build())


def test_the_emitted_power_is_that_of_half_the_voltage_at_a_matched_load():
    """(B.12): 4 thresholds of a pillar, whose 32π·10⁻⁸ W is (peak volts)²/R, eight times."""
    threshold, resistance = 1e10 * np.pi * 20e-9**2, 1e-12 / (np.pi * 20e-9**2)
    efficiency = 0.01 * 2 * np.pi * 1e9 / threshold
    pillar = Oscillator(1e9, spin_torque_efficiency=efficiency)  # Q = 2 by default
    found = pillar.emitted_power(np.array([0.5, 4]) * threshold, resistance, resistance)
    np.testing.assert_allclose(found, [0, 32 * np.pi * 1e-8 / 8], rtol=1e-12)
    half = pillar.emitted_power(4 * threshold, resistance, resistance, 0.5)
    assert half == pytest.approx(found[1] / 4)
    with pytest.raises(InvalidInput, match="^sensitivity is 1.1"):
        pillar.emitted_power(threshold, 1.0, 1.0, 1.1)
    with pytest.raises(InvalidInput, match="^resistance is 0"):
        pillar.emitted_power(threshold, 0.0, 1.0)


def test_an_oscillator_needs_its_frequency_alone():
    assert Oscillator(200e6).threshold_current == pytest.approx(0.01 * 2 * np.pi * 200e6 / 5e9)
