import jax
import numpy as np
import pytest

from rfjax.laws import auto_oscillator

OMEGA = 2 * np.pi * 3e8


def test_coefficients_are_linear_in_the_power():
    assert auto_oscillator.angular_frequency(0.0, 3e8, -0.2) == pytest.approx(OMEGA)
    assert auto_oscillator.angular_frequency(0.5, 3e8, -0.2) == pytest.approx(0.9 * OMEGA)
    assert auto_oscillator.linewidth(3e8, 0.01) == pytest.approx(0.01 * OMEGA)
    assert auto_oscillator.positive_damping(0.0, 3e8, 0.01, 2.0) == pytest.approx(0.01 * OMEGA)
    assert auto_oscillator.positive_damping(0.5, 3e8, 0.01, 2.0) == pytest.approx(0.02 * OMEGA)
    assert auto_oscillator.negative_damping(0.25, 2e-3, 1e10) == pytest.approx(1.5e7)
    assert auto_oscillator.negative_damping(1.0, 2e-3, 1e10) == 0


def test_at_threshold_gain_makes_up_for_loss_at_rest():
    current = auto_oscillator.threshold_current(3e8, 0.01, 1e10)
    assert current == pytest.approx(0.01 * OMEGA / 1e10)
    gain = auto_oscillator.negative_damping(0.0, current, 1e10)
    assert gain == pytest.approx(auto_oscillator.linewidth(3e8, 0.01))


def test_above_threshold_gain_makes_up_for_loss_while_oscillating():
    ratio = np.linspace(1, 20, 96)
    power = np.asarray(auto_oscillator.steady_power(ratio, 1.3))
    current = ratio * auto_oscillator.threshold_current(3e8, 0.01, 1e10)
    gain = auto_oscillator.negative_damping(power, current, 1e10)
    loss = auto_oscillator.positive_damping(power, 3e8, 0.01, 1.3)
    np.testing.assert_allclose(gain, loss, rtol=1e-13)
    np.testing.assert_allclose(power, (ratio - 1) / (ratio + 1.3), rtol=1e-14)
    assert (np.diff(power) > 0).all()
    assert (power < 1).all()


def test_below_threshold_nothing_oscillates_and_nothing_changes():
    ratio = np.array([-5.0, -1.0, 0.0, 0.5, 0.999])
    assert (auto_oscillator.steady_power(ratio, 1.0) == 0).all()
    slope = jax.vmap(jax.grad(auto_oscillator.steady_power, argnums=(0, 1)), (0, None))
    by_ratio, by_damping = slope(ratio, 1.0)
    assert (by_ratio == 0).all()
    assert (by_damping == 0).all()


@pytest.mark.parametrize("damping", [0.0, 1.0, 10.0])
def test_the_power_is_continuous_at_threshold_and_its_slope_is_known_above(damping):
    assert auto_oscillator.steady_power(1.0, damping) == 0
    above = auto_oscillator.steady_power(1 + 1e-9, damping)
    assert above == pytest.approx(1e-9 / (1 + damping), rel=1e-6)
    slope = jax.grad(auto_oscillator.steady_power)(1.5, damping)
    assert slope == pytest.approx((1 + damping) / (1.5 + damping) ** 2)
    assert np.isfinite(jax.grad(auto_oscillator.steady_power)(1.0, damping))


def test_the_frequency_moves_with_the_current_as_fast_as_its_steady_power_says():
    threshold = float(auto_oscillator.threshold_current(3e8, 0.01, 1e10))

    def frequency(current):
        power = auto_oscillator.steady_power(current / threshold, 1.3)
        return auto_oscillator.angular_frequency(power, 3e8, -0.2) / (2 * np.pi)

    ratio = np.array([1.001, 1.5, 4.0])
    slopes = jax.vmap(jax.grad(frequency))(ratio * threshold)
    found = auto_oscillator.tunability(ratio, 3e8, -0.2, 1.3, threshold)
    np.testing.assert_allclose(found, slopes, rtol=1e-12)
    assert (found < 0).all()
    below = auto_oscillator.tunability(np.array([-1.0, 0.0, 1.0]), 3e8, -0.2, 1.3, threshold)
    assert (below == 0).all()


def test_a_linear_resonator_settles_in_the_time_of_its_linewidth():
    assert auto_oscillator.relaxation_time(3e8, 0.01) == pytest.approx(1 / (0.01 * OMEGA))


@pytest.mark.parametrize("ratio", [1.2, 3.0])
def test_the_stiffness_is_the_slope_of_the_net_damping(ratio):
    current = float(ratio * auto_oscillator.threshold_current(3e8, 0.01, 1e10))

    def net(power):
        loss = auto_oscillator.positive_damping(power, 3e8, 0.01, 1.3)
        return loss - auto_oscillator.negative_damping(power, current, 1e10)

    stiffness = float(auto_oscillator.power_stiffness(1e10 * current, 3e8, 0.01, 1.3))
    power = float(auto_oscillator.steady_power(ratio, 1.3))
    assert jax.grad(net)(power) == pytest.approx(stiffness, rel=1e-12)
    # From rest, where the net damping is negative, it makes up for it just at the steady power.
    assert net(0.0) + stiffness * power == pytest.approx(0, abs=1e-6)


def test_a_tone_drives_with_the_root_of_its_power():
    power = np.array([1e-6, 4e-6, 1.0])
    np.testing.assert_allclose(auto_oscillator.force(power, 2e8), 2e8 * np.sqrt(power))
    slope = jax.grad(auto_oscillator.force)(4e-6, 2e8)
    assert slope == pytest.approx(2e8 / (2 * 2e-3))


def test_a_tone_of_no_power_drives_with_nothing_and_has_no_infinite_slope():
    assert auto_oscillator.force(0.0, 2e8) == 0
    by_power, by_drive = jax.grad(auto_oscillator.force, argnums=(0, 1))(0.0, 2e8)
    assert np.isfinite(by_power)
    assert by_drive == 0


@pytest.mark.parametrize("net", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("stiffness", [0.0, 1e-3, 3.0])
def test_no_force_in_step_holds_more_than_the_largest_power(net, stiffness):
    force = np.geomspace(1e-3, 1e3, 13)
    bound = np.asarray(auto_oscillator.largest_power(force, net, stiffness))
    if stiffness == 0 and net <= 0:
        assert np.isinf(bound).all()
        return
    # At the bound the damping takes more than the force gives.
    balance = (net + stiffness * bound) * np.sqrt(bound) / force
    assert (balance >= 1 - 1e-12).all()
    assert auto_oscillator.largest_power(0.0, net, stiffness) == max(0, -net) / (stiffness or 1)


def test_the_largest_power_is_reached_where_one_kind_of_damping_is_alone():
    assert auto_oscillator.largest_power(0.3, 1.5, 0.0) == pytest.approx(0.04)
    assert auto_oscillator.largest_power(8.0, 0.0, 1.0) == pytest.approx(4.0)
