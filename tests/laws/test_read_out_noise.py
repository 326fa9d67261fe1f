"""Johnson noise, and what it leaves of probabilities."""

import jax
import numpy as np

from rfjax.laws.read_out_noise import (
    amplifier_voltage,
    johnson_density,
    johnson_voltage,
    logits_under_noise,
    reading_time,
)


def test_a_chain_of_784_junctions_scatters_by_321_uv_in_10_mhz():
    np.testing.assert_allclose(johnson_voltage(784 * 796.0, 1 / 2e7), 321.5e-6, rtol=1e-3)


def test_energy_of_the_fluctuations_on_a_capacitor_is_that_of_equipartition():
    # An RC circuit averages with the weights exp(-t/RC)/RC, over a bandwidth of 1/(4RC).
    resistance, capacitance, temperature = 50.0, 1e-12, 77.0
    scatter = johnson_voltage(resistance, 2 * resistance * capacitance, temperature)
    np.testing.assert_allclose(capacitance * scatter**2, 1.380649e-23 * temperature, rtol=1e-6)


def test_mean_probabilities_of_two_classes_are_those_of_the_softer_logits():
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    for scatter in (0.1, 1.0, 5.0):
        for difference in (0.5, 2.0, 6.0):
            # The difference of two noises scatters by the root of two.
            each = 1 / (1 + np.exp(-(difference + np.sqrt(2) * scatter * nodes)))
            mean = (weights * each).sum() / weights.sum()
            logits = logits_under_noise(np.array([difference, 0.0]), scatter)
            np.testing.assert_allclose(jax.nn.softmax(logits)[0], mean, atol=0.02)


def test_no_gain_makes_up_for_noise():
    logits = np.array([1.0, 0.0, -1.0])
    loud = logits_under_noise(1e4 * logits, 1e4 * 3.0)
    np.testing.assert_allclose(loud, logits / (3.0 * np.sqrt(np.pi) / 2), rtol=1e-6)


def test_an_amplifier_adds_its_density_over_the_bandwidth_of_a_mean():
    # White noise as independent samples of the variance e²/2 over their distance, averaged.
    samples = np.random.default_rng(0).normal(size=(4000, 250)) * 2e-9 * np.sqrt(1 / (2 * 1e-8))
    scatter = amplifier_voltage(2e-9, 250 * 1e-8)
    np.testing.assert_allclose(samples.mean(1).std(), scatter, rtol=0.04)
    np.testing.assert_allclose(reading_time(2e-9, scatter), 2.5e-6, rtol=1e-12)
    np.testing.assert_allclose(johnson_density(796.0), 3.63e-9, rtol=1e-3)
