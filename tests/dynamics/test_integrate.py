"""Orders of convergence, closed forms and steady states."""

import diffrax
import numpy as np
import pytest

from rfjax import Oscillator, Resonator
from rfjax.dynamics import Tones, simulate
from rfjax.laws import spin_diode

FREQUENCY = 1e9
WIDTH = 0.01 * 2 * np.pi * FREQUENCY  # of all devices here, rad/s
LIFETIME = 1 / WIDTH


def resonator(**fields):
    return Resonator(**({"frequency": FREQUENCY} | fields))


def complex_amplitude(found):
    return np.asarray(found.real) + 1j * np.asarray(found.imaginary)


@pytest.mark.parametrize(
    ("solver", "order", "steps"),
    [
        (diffrax.Tsit5(scan_kind="bounded"), 5, 32),
        (diffrax.Dopri8(scan_kind="bounded"), 8, 8),
    ],
    ids=["tsit5", "dopri8"],
)
def test_solvers_converge_with_their_order(solver, order, steps):
    duration = 2 * LIFETIME
    tones = Tones(WIDTH * np.array([0.6, 0.4]), np.array([1.005e9, 0.992e9]), 0.3)

    def end(steps):
        step = duration / steps
        settings = {"saves": 2, "solver": solver, "step": step, "reference": FREQUENCY}
        return complex_amplitude(simulate(resonator(), duration, tones, start=0.3, **settings))[-1]

    exact = end(16 * steps)
    errors = np.abs([end(steps * times) - exact for times in (1, 2, 4)])
    measured = np.log2(errors[:-1] / errors[1:])
    assert errors[-1] > 1e-13
    assert measured[-1] == pytest.approx(order, abs=0.5)


def test_at_small_power_amplitudes_decay_and_turn():
    """Larmor rotation with the offset from the frame, and exp(-Γt)."""
    frequency = FREQUENCY * np.array([0.98, 1.0, 1.003, 1.05])
    device = Resonator(frequency, nonlinear_shift=0.0, nonlinear_damping=0.0)
    found = simulate(device, 3 * LIFETIME, start=0.3 - 0.4j, saves=7, tolerance=1e-9)
    rate = 0.01 * 2 * np.pi * frequency + 2j * np.pi * (frequency - float(found.frame.reference))
    expected = (0.3 - 0.4j) * np.exp(-rate[:, None] * np.asarray(found.time))
    assert np.abs(complex_amplitude(found) - expected).max() < 1e-8


def closed_form(time, start, shift, damping, supercriticality=0.0):
    """The amplitude of a device that is left alone, in the frame of its frequency at rest.

    dp/dt = 2p(a - bp) is the logistic equation; the phase is the integral of the power.
    """
    gain = supercriticality * WIDTH
    a, b = gain - WIDTH, WIDTH * damping + gain
    grown = np.expm1(2 * a * time) * b / a * start**2
    power = start**2 * np.exp(2 * a * time) / (1 + grown)
    turned = shift * 2 * np.pi * FREQUENCY * np.log1p(grown) / (2 * b)
    return np.sqrt(power) * np.exp(-1j * turned)


def test_nonlinear_damping_alone_slows_down_as_its_closed_form_says():
    damping = np.array([0.5, 2.0, 10.0])
    found = simulate(
        resonator(nonlinear_shift=0.0, nonlinear_damping=damping), 3 * LIFETIME, start=0.9, saves=7
    )
    power = 0.81 / (1 + 0.81 * damping) * np.exp(-2 * WIDTH * np.asarray(found.time))[:, None]
    np.testing.assert_allclose(found.power.T, power / (1 - damping * power), rtol=1e-6)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("shift", [-0.1, 0.02, 0.3])
def test_the_tolerance_is_kept_for_every_radian_that_an_oscillation_turns(shift, tolerance):
    oscillator = Oscillator(FREQUENCY, 0.01, shift, 1.0, 1e10)
    ratio = np.array([0.3, 1.5, 4.0])
    found = simulate(
        oscillator,
        5 * LIFETIME,
        current=ratio * oscillator.threshold_current,
        start=0.1,
        saves=6,
        tolerance=tolerance,
        reference=FREQUENCY,
    )
    expected = np.array([closed_form(np.asarray(found.time), 0.1, shift, 1.0, x) for x in ratio])
    turned = 1 + 5 * np.abs(shift) / 0.01 * np.abs(expected).max(-1) ** 2
    error = np.abs(complex_amplitude(found) - expected).max(-1)
    assert (error < 2 * tolerance * turned).all()


def test_oscillators_reach_their_steady_power_and_frequency():
    oscillator = Oscillator(FREQUENCY, 0.01, np.array([[-0.05], [0.05]]), 1.0, 1e10)
    current = oscillator.threshold_current * np.array([0.5, 1.5, 2.0, 5.0])
    found = simulate(oscillator, 60 * LIFETIME, current=current, start=0.3, saves=1201)
    expected = np.broadcast_to(oscillator.steady_power(current), (2, 4))
    np.testing.assert_allclose(found.power[:, 1:, -1], expected[:, 1:], rtol=1e-6)
    assert (found.power[:, 0, -1] < 1e-20).all()
    reached = found.instantaneous_frequency()[..., -1]
    expected = np.asarray(oscillator.steady_frequency(current))
    np.testing.assert_allclose(reached[:, 1:], expected[:, 1:], rtol=1e-8)


def test_one_tone_leads_to_the_steady_state_of_the_law_and_to_its_phase():
    detuning = np.linspace(-4, 4, 9)
    drive = np.array([[1e-4], [0.1], [0.3]])  # below the fold
    shift, damping, phase = 5.0, 1.0, 0.7
    device = resonator(nonlinear_shift=0.01 * shift, nonlinear_damping=damping)
    tone = FREQUENCY * (1 + 0.01 * detuning)
    tones = Tones(WIDTH * np.sqrt(drive)[..., None], tone[:, None], phase)
    found = simulate(device, 25 * LIFETIME, tones, saves=3, tolerance=1e-9)
    power = np.asarray(spin_diode.oscillation_power(detuning, drive, shift, damping))
    np.testing.assert_allclose(found.power[..., -1], power, rtol=1e-6)
    lag = np.arctan2(shift * power - detuning, 1 + damping * power)
    error = np.asarray(found.phase(tone))[..., -1] - (phase - lag)
    assert np.abs(np.angle(np.exp(1j * error))).max() < 1e-6


def test_the_step_follows_detunings_and_linewidths_not_the_carrier():
    def driven(frequency):
        width, shift = 2e6 / frequency, 4e6 / frequency
        device = Resonator(frequency, damping=width, nonlinear_shift=shift)
        tones = Tones(1e7 * np.ones(2), frequency + np.array([-3e6, 5e6]))
        return simulate(device, 5e-7, tones, saves=11, start=0.1)

    slow, fast = driven(2e8), driven(2e10)
    assert slow.steps == fast.steps < 100
    np.testing.assert_allclose(complex_amplitude(fast), complex_amplitude(slow), atol=1e-9)


def test_float32_follows_float64_over_ten_thousand_periods():
    frequency = np.array([2e10, 2.0002e10])
    tone, force = np.float32([2.0001e10, 2.00035e10]), np.float32([1e7, 2e7])

    def driven(dtype):
        # All numbers are those that float32 holds.
        device = Resonator(
            *(np.asarray(np.float32(value), dtype) for value in (frequency, 3e-4, 1e-3, 1.0))
        )
        tones = Tones(force.astype(dtype), tone.astype(dtype), np.asarray(0.5, dtype))
        settings = {"saves": 11, "step": 2e-9, "reference": float(np.float32(2.0001e10))}
        return simulate(device, 6e-7, tones, start=np.asarray(0.25, dtype), **settings)

    single, double = driven(np.float32), driven(np.float64)
    assert single.real.dtype == np.float32
    error = np.abs(complex_amplitude(single) - complex_amplitude(double)).max()
    assert error < 1e-5 * double.amplitude.max()
