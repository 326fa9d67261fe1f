"""Presets meet the numbers that the thesis prints."""

import numpy as np
import pytest

import rfjax
from rfjax.devices import presets


def test_the_vortex_oscillator_has_its_printed_frequency_at_its_printed_current():
    oscillator = presets.vortex_oscillator()
    assert oscillator.steady_frequency(presets.VORTEX_CURRENT) == pytest.approx(232e6, rel=1e-12)
    assert oscillator.threshold_current == pytest.approx(2.5e-3)
    assert oscillator.nonlinearity(presets.VORTEX_CURRENT) == pytest.approx(1.25)


def test_the_vortex_resonators_stand_at_their_printed_tones_and_rectify_in_proportion():
    """Fig. 39(c-d): straight lines up to 12 µW; with the literature's N and Q they bend by 4 %."""
    chain = presets.vortex_resonators()
    np.testing.assert_array_equal(chain.frequency, [174e6, 540e6])
    assert presets.vortex_resonator().frequency == 346e6
    tones = np.array([175e6, 543e6])
    weak, strong = (
        np.diagonal(each) for each in rfjax.spectrum(chain, np.array([1e-9, 12e-6]), tones)
    )
    np.testing.assert_allclose(strong / 12e-6, weak / 1e-9, rtol=0.04)


def test_the_gigahertz_junction_has_the_sensitivity_of_appendix_b_and_shows_its_nonlinearity():
    junction = presets.gigahertz_junction()
    # K_SD = (ΔR/R) tan γ_p β_s / (8√2 I_th), of a weight ±1 (B.9); (B.10) rounds it to 10⁴.
    sensitivity = 1 / (8 * np.sqrt(2) * 10e-6)
    peak = 1e9 * (1 + 0.01 * np.array([-1.0, 1.0]))
    weak, strong = rfjax.spectrum(junction, np.array([1e-12, 1e-7]), peak)
    np.testing.assert_allclose(weak / 1e-12, [-sensitivity, sensitivity], rtol=1e-4)
    assert np.abs(strong / 1e-7 / sensitivity - np.array([-1, 1])).max() > 0.05
    assert 1e-7 < junction.fold_power < 3e-7
