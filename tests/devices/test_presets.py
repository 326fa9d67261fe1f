"""Presets meet the numbers that the thesis prints."""

import numpy as np
import pytest

import rfjax
from rfjax.devices import presets
from rfjax.dynamics import SampledTone
from rfjax.rectifiers import Independent


def test_the_vortex_oscillator_has_its_printed_frequency_at_its_printed_current():
    oscillator = presets.vortex_oscillator()
    assert oscillator.steady_frequency(presets.VORTEX_CURRENT) == pytest.approx(232e6, rel=1e-12)
    assert oscillator.threshold_current == pytest.approx(2.5e-3)
    assert oscillator.nonlinearity(presets.VORTEX_CURRENT) == pytest.approx(1.25)


def test_the_vortex_oscillator_locks_over_7_mhz_farther_below_its_frequency_than_above():
    """Where a steady state is stable: roots of the cubic, in units of the damping at rest.

    dc/dt = -[λ0 + λ1 p] c + F with λ0 = 1 - 2 + i(ω0 - ω)/Γ0, λ1 = Q + 2 + iN/α.
    """
    oscillator = presets.vortex_oscillator()
    width = 0.05 * 2 * np.pi * float(oscillator.frequency)
    first = float(oscillator.locking_range(presets.VORTEX_CURRENT, 0.2 * width / 2))
    assert 2 * first == pytest.approx(7e6, rel=0.01)
    ratio, growth = np.linspace(0.9, 1.15, 251), 4 + 5j

    def locks(ratio, side):
        at_rest = -1 - 1j * (5 / 4 + side * ratio * 2 * np.pi * first / width)
        cross = 2 * (at_rest * np.conj(growth)).real
        powers = np.roots([abs(growth) ** 2, cross, abs(at_rest) ** 2, -((0.2 / 2) ** 2)])
        powers = powers[np.abs(powers.imag) < 1e-9].real
        trace = (at_rest + 2 * growth * powers).real
        stable = np.abs(at_rest + 2 * growth * powers) > np.abs(growth) * powers
        return ((trace > 0) & stable).any()

    above, below = (ratio[[locks(each, side) for each in ratio]].max() for side in (1, -1))
    assert below == pytest.approx(1.10, abs=0.005)
    assert above == pytest.approx(0.935, abs=0.005)


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


def test_the_gigahertz_junction_answers_a_current_as_appendix_b_says():
    """Expected from the current alone: its force (B.2), its mean power, and the mean of (A.7)."""
    junction, amplitude, resistance = presets.gigahertz_junction(), 1e-8, 1e-12 / (np.pi * 4e-16)
    force = 0.01 * 2 * np.pi * 1e9 / (2 * np.sqrt(2) * 10e-6) * amplitude
    time = np.arange(4000) / 20e9
    turns = 2 * np.pi * 1e9 * time
    current = amplitude * np.cos(turns)
    tone = SampledTone.from_waveform(time, resistance * current, 1e9, resistance, junction)
    np.testing.assert_allclose(tone.force, force, rtol=1e-9)
    # One linewidth off resonance: F/(√2 Γ), an eighth of a turn aside; the torque a quarter.
    side = np.array([-1.0, 1.0])
    resonances = 1e9 / (1 + 0.01 * side)
    swing = resistance * force / (np.sqrt(2) * 0.01 * 2 * np.pi * resonances)
    late = -np.pi / 2 + side * np.pi / 4
    volts = swing * np.mean(current * np.cos(turns - late[:, None]), -1)
    power = np.mean(resistance * current**2)
    found = Independent()(junction.at(resonances), np.array([power]), np.array([1e9]))
    np.testing.assert_allclose(found, volts, rtol=1e-5)
    np.testing.assert_allclose(volts / power, 17.68e3 * side, rtol=0.011)


def test_the_gigahertz_junction_folds_below_a_tenth_of_a_microwatt():
    """By hand, n = 10 and Q = 1: both folds meet where those of one detuning do, 97x² = 80x + 299.

    The folds are the roots p of (1 + p)(1 + 3p) + (x - np)(x - 3np).
    """
    detuning = (80 + np.sqrt(80**2 + 4 * 97 * 299)) / (2 * 97)
    power = 2 * (10 * detuning - 1) / 303
    drive = power * ((1 + power) ** 2 + (detuning - 10 * power) ** 2)
    # F = Γ√s at the amplitude I = F/σ = 2√2 I_th √s.
    current = 2 * np.sqrt(2) * 10e-6 * np.sqrt(drive)
    expected = current**2 / 2 * 1e-12 / (np.pi * 20e-9**2)
    assert presets.gigahertz_junction().fold_power == pytest.approx(expected)
    assert expected == pytest.approx(0.088e-6, rel=0.01)
