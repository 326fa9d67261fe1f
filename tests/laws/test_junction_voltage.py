import jax
import numpy as np

from rfjax.laws.junction_voltage import peak_voltage, rms_voltage, tone_amplitude


def test_the_amplitude_of_a_tone_gives_its_power_and_has_a_slope_without_one():
    assert np.isclose(tone_amplitude(3e-6, 700.0) ** 2 / (2 * 700.0), 3e-6)
    assert jax.value_and_grad(tone_amplitude)(0.0, 700.0) == (0, 0)


def test_voltages_lie_between_their_mean_square_and_the_sum_of_their_amplitudes():
    powers = np.array([3e-6, 1e-6, 0.0, 2e-6])
    time = np.linspace(0, 2 * np.pi, 40001)[:-1]
    waves = np.sqrt(2 * 700 * powers) @ np.cos(np.outer([3, 5, 7, 11], time))
    np.testing.assert_allclose(rms_voltage(powers, 700.0), np.sqrt(np.mean(waves**2)))
    np.testing.assert_allclose(peak_voltage(powers, 700.0), waves.max())
    slopes = jax.grad(lambda powers: peak_voltage(powers, 700.0))(powers)
    assert np.all(np.isfinite(slopes))
