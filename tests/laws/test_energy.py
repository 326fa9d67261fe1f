"""Appendix B, line by line, with its slips corrected and the printed numbers beside."""

import jax
import numpy as np
import pytest

from rfjax.laws import energy
from rfjax.laws.auto_oscillator import steady_power
from rfjax.laws.energy import amplifier_power, oscillator_power, power_for_voltage, settling_time
from rfjax.laws.magnetoresistance import emitted_power
from rfjax.laws.synaptic_weight import weight
from rfjax.laws.thermal_reading import scatter_scale, small_signal_variance

AREA = np.pi * 20e-9**2  # m²: 20 nm as a radius, as (B.12) and (B.17) compute
RESISTANCE = 1e-12 / AREA
THRESHOLD = float(energy.threshold_current(1e10, AREA))
SENSITIVITY = float(energy.diode_sensitivity(1.0, THRESHOLD))


def test_sensitivity_is_seven_tenths_of_the_printed_one():
    """B.1 to B.10; printed from 10 µA and 0.1 for 1/8√2."""
    assert pytest.approx(12.566e-6, rel=1e-4) == THRESHOLD
    assert pytest.approx(7.034e3, rel=1e-3) == SENSITIVITY
    assert energy.diode_sensitivity(1.0, 10e-6) == pytest.approx(8.84e3, rel=1e-3)
    # B.1 with B.2 to B.4: a force over the amplitude of the current, and its torque.
    linewidth, angle, current, detuning = 2 * np.pi * 1e7, 0.6, 2e-6, 2e7
    torque = linewidth / THRESHOLD * np.tan(angle) / (2 * np.sqrt(2))
    rectified = (current * torque) ** 2 * detuning / (linewidth**2 + detuning**2)
    rectified *= RESISTANCE / (2 * torque)
    sensitivity = energy.diode_sensitivity(1.0, THRESHOLD, angle)
    expected = RESISTANCE * current**2 * weight(detuning / linewidth) * sensitivity
    assert rectified == pytest.approx(float(expected), rel=1e-12)


def test_an_oscillator_emits_one_microwatt_as_printed_and_an_eighth_of_it_into_a_load():
    """B.11 and B.12, of four thresholds and Q = 2."""
    power = steady_power(4.0, 2.0)
    assert power == 0.5
    printed = energy.emitted_power_as_printed(power, 4.0, THRESHOLD, RESISTANCE)
    assert printed == pytest.approx(32 * np.pi * 1e-8, rel=1e-12)
    load = emitted_power(power, 4 * THRESHOLD, RESISTANCE, 1.0, RESISTANCE)
    assert printed / load == pytest.approx(8, rel=1e-12)


def test_an_amplifier_divides_its_power_evenly_among_all_resonators():
    """B.13 to B.16."""
    resonators, chains, emitted = 784, 300, 1e-6
    gain = energy.amplifier_gain(1e-3, SENSITIVITY, emitted, chains)
    load = energy.load_resistance(RESISTANCE, resonators, chains)
    current = energy.tone_current(emitted * gain, load)
    each = RESISTANCE * (current / chains) ** 2
    np.testing.assert_allclose(each, emitted * gain / (resonators * chains), rtol=1e-12)
    np.testing.assert_allclose(each, power_for_voltage(1e-3, SENSITIVITY, resonators), rtol=1e-12)
    np.testing.assert_allclose(resonators * each * SENSITIVITY, 1e-3, rtol=1e-12)
    supplied = resonators * gain * emitted
    printed = resonators * chains * 1e-3 / 1e4
    np.testing.assert_allclose(supplied / printed, 1e4 / SENSITIVITY, rtol=1e-12)


def test_settling_of_appendix_b_is_six_lifetimes_of_the_amplitude():
    np.testing.assert_allclose(settling_time(1e9, 0.01), 100e-9, rtol=1e-12)
    np.testing.assert_allclose(settling_time(1e9, 0.01, 1.0), 15.915e-9, rtol=1e-4)


def test_a_synapse_takes_100_nw_and_10_fj_whatever_the_size_of_the_layer():
    for resonators, chains in ((10, 3), (784, 300)):
        power = power_for_voltage(1e-3, 1e4, resonators)
        # All tones, each through all resonators.
        supplied = resonators * amplifier_power(power, resonators * chains)
        per_synapse = supplied / (resonators * chains)
        np.testing.assert_allclose(per_synapse, 100e-9, rtol=1e-12)
        np.testing.assert_allclose(per_synapse * settling_time(1e9, 0.01), 10e-15, rtol=1e-12)
        # B.14, B.15: what each receives adds up to the voltage.
        np.testing.assert_allclose(resonators * power * 1e4, 1e-3, rtol=1e-12)


def test_an_oscillator_takes_2_uw_and_201_fj_where_the_thesis_prints_less():
    area = np.pi * 20e-9**2
    power = oscillator_power(4.0, 1e10 * area, 1e-12 / area)
    np.testing.assert_allclose(power, 2.0106e-6, rtol=1e-4)
    np.testing.assert_allclose(power * settling_time(1e9, 0.01), 201.06e-15, rtol=1e-4)
    assert power / 1.3e-6 > 1.5  # (B.17) as printed


def test_inference_takes_25_and_610_uj_as_printed_and_a_little_more():
    """6.1.3 and 6.2.4.4, for the 10,000 test images of MNIST."""
    perceptron = 784 * 300 + 300 * 10, 784 + 300
    convolutional = 6e6, 7792
    for count, printed, corrected in ((perceptron, 25e-6, 26e-6), (convolutional, 610e-6, 616e-6)):
        images = 1e4 * energy.inference_energy(*count, 10e-15, np.array([130e-15, 201.06e-15]))
        np.testing.assert_allclose(images, [printed, corrected], rtol=0.01)
    # The synapse of the summary, and that of the corrected sensitivity.
    assert 1e-3 / SENSITIVITY * settling_time(1e9, 0.01) == pytest.approx(14.2e-15, rel=2e-3)


def test_a_reading_needs_an_energy_whatever_its_power_and_its_time_are():
    linewidth, drive, rectification, thermal = 1.3e7, 2e8, 6e7, 0.005
    least = energy.reading_energy(linewidth, drive, thermal)
    for power in (1e-7, 1e-6):
        time = 9 * least / power
        scatter = scatter_scale(power, rectification, drive)
        scatter *= np.sqrt(small_signal_variance(1.0, thermal, linewidth * time))
        signal = rectification * power / (2 * linewidth)
        assert float(signal / scatter) == pytest.approx(3, rel=0.02)


def test_costs_have_derivatives():
    slope = jax.grad(
        lambda area: energy.diode_sensitivity(1.0, energy.threshold_current(1e10, area))
    )
    np.testing.assert_allclose(slope(AREA), -SENSITIVITY / AREA, rtol=1e-12)
