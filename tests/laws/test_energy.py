"""Appendix B, line by line, with its slips corrected."""

import numpy as np

from rfjax.laws.energy import amplifier_power, oscillator_power, power_for_voltage, settling_time


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
