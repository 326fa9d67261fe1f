"""Resonators under a current below threshold, in every rectifier, against the integrated device."""

import functools

import equinox as eqx
import jax
import numpy as np
import pytest

from rfjax import InvalidInput, Oscillator, Resonator
from rfjax.dynamics import Tones, simulate
from rfjax.laws import auto_oscillator, spin_diode
from rfjax.rectifiers import Dynamic, HarmonicBalance
from tests.helpers import FREQUENCIES, RECTIFIERS, rectified

FREQUENCY, POWER, WEAK = 3.01e8, 1e-5, 1e-11  # W
RATIOS = np.array([-0.5, 0.0, 0.5, 0.8])
CURRENTS = 1e-3 * RATIOS
UNBIASED = Resonator(FREQUENCY, symmetric=0.3)
EFFICIENCY = UNBIASED.linewidth / 1e-3


@pytest.fixture(scope="module")
def biased():
    return UNBIASED.biased(CURRENTS, EFFICIENCY)


@pytest.fixture(scope="module")
def integrated():
    """Volts of an oscillator under each current and one tone: (powers, tones, currents)."""
    device = Oscillator(FREQUENCY, 0.01, 0.1, 1.0, EFFICIENCY)
    tones = FREQUENCIES[:, None]
    force = 2e8 * np.sqrt([WEAK, POWER])[:, None, None]
    path = simulate(
        device,
        25 / float(UNBIASED.linewidth) / 0.2,
        Tones(force[..., None], tones[..., None]),
        current=CURRENTS,
        start=np.zeros((2, 3, 4)),
        saves=2,
        tolerance=1e-10,
    )
    response = force * path.amplitude[..., -1]
    phase = path.phase(np.broadcast_to(tones, (3, 4)))[..., -1]
    parts = response * np.cos(phase), response * np.sin(phase)
    return np.asarray(spin_diode.mixing(*parts, 6e7, 2e8, 1.0, 0.3))


@pytest.mark.parametrize("name", [*RECTIFIERS, "dynamic"])
def test_the_voltage_is_that_of_the_device_under_the_current(name, biased, integrated):
    rectifier = {
        **RECTIFIERS,
        # These two integrate or balance what they are given: one tone at a time.
        "harmonic-balance": HarmonicBalance(order=3, tolerance=1e-12),
        "dynamic": Dynamic(settling=80.0),
    }[name]
    power, expected = (WEAK, integrated[0]) if name == "linear" else (POWER, integrated[1])
    if name in ("harmonic-balance", "dynamic"):
        volts = rectifier(biased, np.array([power]), np.array([FREQUENCIES[1]]))
        expected = expected[1]
    else:
        volts = rectified(rectifier, biased, power * np.eye(3), FREQUENCIES)
    tolerance = {"linear": 2e-4, "dynamic": 1e-5}.get(name, 1e-7)
    np.testing.assert_allclose(volts, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_the_small_signal_response_grows_as_the_damping_falls(biased):
    peak = rectified(RECTIFIERS["linear"], biased, np.array([WEAK]), np.array([FREQUENCY]))
    np.testing.assert_allclose(peak / peak[1], 1 / (1 - RATIOS), rtol=1e-9)


def test_fold_over_sets_in_at_lower_power(biased):
    _, drive = spin_diode.fold_onset(biased.reduced_shift, biased.nonlinear_damping)
    onset = np.asarray(drive * (biased.linewidth / biased.drive) ** 2)
    assert (np.diff(onset) < 0).all()
    # Just past the onset of one current the lower current does not fold yet.
    x, _ = spin_diode.fold_onset(biased.reduced_shift, biased.nonlinear_damping)
    begin, end = spin_diode.fold_drives(1.02 * x, biased.reduced_shift, biased.nonlinear_damping)
    assert (begin < end).all()
    np.testing.assert_allclose(begin / drive, 1, atol=0.1)


def test_currents_that_no_resonator_has_are_refused():
    with pytest.raises(InvalidInput, match="^current is 1 times the threshold.*an Oscillator$"):
        UNBIASED.biased(np.array([0.0, 1e-3]), EFFICIENCY)
    with pytest.raises(InvalidInput, match="^current is -1.5 times the threshold"):
        UNBIASED.biased(-1.5e-3, EFFICIENCY)
    with pytest.raises(InvalidInput, match="^current is nan"):
        UNBIASED.biased(np.nan, EFFICIENCY)
    with pytest.raises(InvalidInput, match="^spin_torque_efficiency is 0.0"):
        UNBIASED.biased(1e-4, 0.0)
    with pytest.raises(InvalidInput, match="shapes do not broadcast"):
        Resonator(np.full(3, 1e9)).biased(np.zeros(2), EFFICIENCY)


def test_the_current_is_differentiated_and_broadcasts():
    many = Resonator(np.array([2e8, 3e8])).biased(np.array([[0.0], [1e-4], [2e-4]]), EFFICIENCY)
    assert many.shape == (3, 2)

    @eqx.filter_jit
    @jax.value_and_grad
    def linewidth(current):
        return UNBIASED.biased(current, EFFICIENCY).linewidth

    value, slope = linewidth(3e-4)
    np.testing.assert_allclose(value, 0.7 * UNBIASED.linewidth, rtol=1e-12)
    np.testing.assert_allclose(slope, -EFFICIENCY, rtol=1e-12)
    assert np.isnan(linewidth(2e-3)[0])


def test_the_equivalent_resonator_has_the_net_damping_at_every_power():
    power, ratio = np.linspace(0, 1, 5), 0.7
    net = auto_oscillator.positive_damping(power, FREQUENCY, 0.01, 1.0)
    net -= auto_oscillator.negative_damping(power, ratio * 1e-3, EFFICIENCY)
    damping, growth = auto_oscillator.biased_damping(ratio, 0.01, 1.0)
    found = auto_oscillator.positive_damping(power, FREQUENCY, damping, growth)
    np.testing.assert_allclose(found, net, rtol=1e-13)


def test_a_current_whose_damping_is_lost_in_rounding_is_refused():
    """In float32, at any frequency: what is accepted is right to a thousandth."""
    frequencies = np.geomspace(1e8, 1e9, 40)
    for below in (0.0, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2):
        current = (1 - below) * 2 * np.pi * 0.01 * frequencies / EFFICIENCY
        devices = Resonator(np.float32(frequencies), np.float32(0.01))
        biased = functools.partial(devices.biased, np.float32(current), np.float32(EFFICIENCY))
        if below < 3e-4:
            with pytest.raises(InvalidInput, match="lost in rounding"):
                biased()
        else:
            assert biased().damping.dtype == np.float32
            np.testing.assert_allclose(biased().damping, 0.01 * below, rtol=1e-3)
