"""The laws, and the auto-oscillator integrated beside a tone against them."""

import jax
import numpy as np
import pytest

from rfjax import Oscillator
from rfjax.dynamics import Tones, simulate
from rfjax.laws import auto_oscillator, injection_locking

FREQUENCY, DAMPING, Q = 2e8, 0.01, 2.0
WIDTH = DAMPING * 2 * np.pi * FREQUENCY
SHIFTS = np.array([0.0, 0.05, 0.1])
POWER = 0.25  # at twice the threshold current
NU = SHIFTS / DAMPING / 4


def oscillators():
    return Oscillator(FREQUENCY, DAMPING, SHIFTS[:, None], Q, 1e10)


def integrated(detuning, force, duration, **settings):
    """Free oscillators that a tone is switched onto.

    `detuning` of the free oscillator from the tone, rad/s, (shifts, lanes).
    """
    devices = oscillators()
    current = 2 * devices.threshold_current
    tone = np.asarray(devices.steady_frequency(current)) - detuning / (2 * np.pi)
    tones = Tones(np.full(1, force), tone[..., None])
    start = np.sqrt(POWER) * np.ones(tone.shape)
    return tone, simulate(devices, duration, tones, current=current, start=start, **settings)


def test_the_nonlinearity_is_the_shift_over_the_effective_damping():
    nu = injection_locking.nonlinearity(2 * WIDTH, FREQUENCY, DAMPING, SHIFTS, Q)
    np.testing.assert_allclose(nu, NU, rtol=1e-14)
    np.testing.assert_allclose(np.sqrt(1 + NU**2), [1, 1.60, 2.69], rtol=2e-3)


def test_the_range_is_that_of_the_tone_over_the_oscillation_and_grows_with_nonlinearity():
    width = injection_locking.locking_range(3e6, POWER, NU)
    np.testing.assert_allclose(width, 6e6 * np.sqrt(1 + NU**2), rtol=1e-14)
    assert injection_locking.locking_range(3e6, POWER) == pytest.approx(6e6)


@pytest.mark.parametrize("nu", [0.0, 1.25, -3.0])
def test_lag_and_beat_solve_the_equation_of_adler(nu):
    """dθ/dt = δ - Δ sin(θ - arctan ν): at rest inside, and one turn in one beat outside."""
    width = 5e6
    detuning = np.linspace(-0.99, 0.99, 23) * width
    lag = np.asarray(injection_locking.locked_lag(detuning, width, nu))
    speed = detuning - width * np.sin(lag - np.arctan(nu))
    assert np.abs(speed).max() < 1e-8 * width
    assert (np.cos(lag - np.arctan(nu)) > 0).all()  # the stable one of the two
    outside = np.array([-3.0, -1.01, 1.1, 2.0, 50.0]) * width
    angle = np.linspace(0, 2 * np.pi, 20_001)[:-1]
    seconds = 2 * np.pi * (1 / (outside[:, None] - width * np.sin(angle))).mean(-1)
    beat = injection_locking.pulled_frequency(outside, width)
    np.testing.assert_allclose(beat, 2 * np.pi / seconds, rtol=1e-9)


def test_inside_the_range_there_is_no_beat_and_outside_no_lag_beyond_the_edge():
    width = 5e6
    inside = np.array([-1.0, -0.5, 0.0, 1.0]) * width
    assert (injection_locking.pulled_frequency(inside, width) == 0).all()
    outside = np.array([-2.0, 3.0]) * width
    lag = injection_locking.locked_lag(outside, width, 1.0)
    np.testing.assert_allclose(lag, np.pi / 4 + np.array([-1, 1]) * np.pi / 2, atol=1e-7)


def test_derivatives_are_finite_everywhere_and_known_inside():
    width = 5e6
    ratio = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    slope = jax.vmap(jax.grad(injection_locking.locked_lag, argnums=(0, 1, 2)), (0, None, None))
    by_detuning, by_width, by_nu = slope(ratio * width, width, 2.0)
    inside = np.abs(ratio) < 1
    known = 1 / np.sqrt(1 - ratio[inside] ** 2) / width
    np.testing.assert_allclose(by_detuning[inside], known, rtol=1e-12)
    np.testing.assert_allclose(by_nu, 0.2, rtol=1e-12)
    assert np.isfinite(by_width).all()
    assert np.isfinite(by_detuning).all()
    beat = jax.vmap(jax.grad(injection_locking.pulled_frequency, argnums=(0, 1)), (0, None))
    by_detuning, by_width = beat(ratio * width, width)
    assert np.isfinite(by_width).all()
    np.testing.assert_allclose(by_detuning[::6], 2 / np.sqrt(3), rtol=1e-12)
    assert (by_detuning[1:-1] == 0).all()


def test_the_measured_range_is_that_of_the_law_at_weak_force():
    """The edge by a sweep of detunings, the same to either side to first order in the force."""
    force = 0.02 * WIDTH
    law = np.asarray(injection_locking.locking_range(force, POWER, NU))[:, None]
    ratio = np.linspace(0.9, 1.1, 41)
    detuning = law * np.concatenate([-ratio, ratio])
    tone, found = integrated(detuning, force, 1500 / WIDTH, saves=601, tolerance=1e-4)
    phase = np.asarray(found.phase(tone))
    # The slowest beat that the grid resolves takes half the time.
    locked = np.ptp(phase[..., 300:], axis=-1) < 2.0
    edge = ratio[0] + (ratio[1] - ratio[0]) * (locked.reshape(3, 2, -1).sum(-1) - 0.5)
    assert (np.diff(locked.reshape(3, 2, -1).astype(int), axis=-1) <= 0).all()
    np.testing.assert_allclose(edge.mean(-1), 1, atol=0.015)
    np.testing.assert_allclose(edge, 1, atol=0.06)
    measured = edge.mean(-1) * np.asarray(law)[:, 0] / (force / np.sqrt(POWER))
    np.testing.assert_allclose(measured, [1.0, 1.60, 2.69], rtol=0.015)


def test_a_locked_oscillator_lags_by_the_angle_of_the_law():
    force = 0.002 * WIDTH
    law = np.asarray(injection_locking.locking_range(force, POWER, NU))[:, None]
    detuning = law * np.linspace(-0.9, 0.9, 7)
    tone, found = integrated(detuning, force, 8000 / WIDTH, saves=3, tolerance=1e-4)
    lag = injection_locking.locked_lag(detuning, law, NU[:, None])
    error = -np.asarray(found.phase(tone))[..., -1] - np.asarray(lag)
    # Of the next order in the force, which the square root magnifies towards the edge.
    assert np.abs(np.angle(np.exp(1j * error))).max() < 0.03
    np.testing.assert_allclose(found.power[..., -1], POWER, rtol=0.01)


def test_beside_the_range_the_oscillator_is_pulled_as_the_law_says():
    force = 0.002 * WIDTH
    law = np.asarray(injection_locking.locking_range(force, POWER, NU))[:, None]
    detuning = law * np.array([-4.0, -2.0, -1.3, 1.3, 2.0, 4.0])
    tone, found = integrated(detuning, force, 40_000 / WIDTH, saves=20_001, tolerance=1e-3)
    phase = np.asarray(found.phase(tone))[..., 2000:]
    expected = np.asarray(injection_locking.pulled_frequency(detuning, law))
    # Over whole beats: from one crossing of the starting phase to the last.
    beat = np.empty(phase.shape[:2])
    time = np.asarray(found.time)[2000:]
    for lane in np.ndindex(beat.shape):
        turns = np.floor(np.abs(phase[lane] - phase[lane][0]) / (2 * np.pi))
        last = np.argmax(turns == turns.max())
        beat[lane] = -(phase[lane][last] - phase[lane][0]) / (time[last] - time[0])
    np.testing.assert_allclose(beat, expected, rtol=0.02)


def test_the_effective_damping_is_how_fast_a_disturbed_power_settles():
    devices = oscillators()
    start = np.sqrt(POWER * 1.001) * np.ones((3, 1))
    found = simulate(
        devices,
        2 / WIDTH,
        current=2 * devices.threshold_current,
        start=start,
        saves=3,
        tolerance=1e-9,
    )
    left = np.asarray(found.power)[:, 0] - POWER
    stiffness = auto_oscillator.power_stiffness(2 * WIDTH, FREQUENCY, DAMPING, Q)
    rate = np.log(left[:, 1] / left[:, 2]) * WIDTH
    np.testing.assert_allclose(rate, 2 * POWER * stiffness, rtol=1e-3)


def exact(force, detuning, shift):
    """Power, phase and rates of relaxation at a detuning of the free oscillator from the tone."""
    tone = FREQUENCY * (1 + shift * POWER) - detuning / (2 * np.pi)
    state = tone, 2 * WIDTH, FREQUENCY, DAMPING, shift, Q
    power = injection_locking.locked_power(force, *state)
    phase = injection_locking.locked_phase(power, *state)
    return tone, power, phase, injection_locking.relaxation_rates(power, *state)


def test_the_locked_state_and_its_relaxation_are_those_of_the_equation_of_motion():
    """Two disturbances after a time are a matrix, whose eigenvalues decay with the rates."""
    # Detuning over F/√p, force over Γ0√p and N: real rates, complex ones, and one unstable state.
    cases = np.array([[0, 0.2, 0], [0.7, 0.3, 0.05], [-0.5, 0.3, 0.1], [1, 0.5, 0.1], [3, 0.3, 0]])
    ratio, strength, shift = cases.T
    force = strength * WIDTH * np.sqrt(POWER)
    tone, power, phase, rates = exact(force, ratio * strength * WIDTH, shift)
    # Oscillators that lie where each tone has them, under one tone.
    stretch = 3e8 / tone
    there = np.sqrt(power) * np.exp(-1j * phase)
    disturbed = there[:, None] + 1e-6 * np.array([0, 1, 1j])
    devices = Oscillator((FREQUENCY * stretch)[:, None], DAMPING, shift[:, None], Q, 1e10)
    duration = 0.4 / WIDTH
    path = simulate(
        devices,
        duration,
        Tones((force * stretch)[:, None, None], np.array([3e8])),
        current=2 * devices.threshold_current,
        start=disturbed,
        saves=2,
        reference=3e8,
        tolerance=1e-13,
    )
    end = np.asarray(path.real + 1j * path.imaginary)[..., -1]
    np.testing.assert_allclose(end[:, 0], there, rtol=0, atol=1e-9)
    moved = (end[:, 1:] - end[:, :1]) / 1e-6
    matrix = np.stack([moved.real, moved.imag], axis=1)
    left = np.exp(-np.stack(rates, -1) * (stretch * duration)[:, None])
    np.testing.assert_allclose(np.trace(matrix, axis1=1, axis2=2), left.sum(-1), atol=2e-5)
    np.testing.assert_allclose(np.linalg.det(matrix), left.prod(-1), atol=2e-5)
    stable = np.abs(np.linalg.eigvals(matrix)).max(-1) < 1
    assert stable.tolist() == [True, True, True, True, False]


def test_at_weak_force_the_exact_state_is_that_of_first_order():
    force, nu = 1e-4 * WIDTH * np.sqrt(POWER), NU[:, None]
    law = np.asarray(injection_locking.locking_range(force, POWER, nu))
    detuning = np.linspace(-0.9, 0.9, 7) * law
    _, power, phase, (slow, fast) = exact(force, detuning, SHIFTS[:, None])
    lag = np.asarray(injection_locking.locked_lag(detuning, law, nu))
    np.testing.assert_allclose(phase, lag, atol=1e-3)
    np.testing.assert_allclose(power, POWER, rtol=1e-3)
    np.testing.assert_allclose(slow, law * np.cos(lag - np.arctan(nu)), rtol=2e-3)
    stiffness = auto_oscillator.power_stiffness(2 * WIDTH, FREQUENCY, DAMPING, Q)
    np.testing.assert_allclose(fast, 2 * POWER * stiffness, rtol=1e-3)


def test_where_first_order_ends():
    """At F/√p of a fifth of the linewidth the edges are off by up to a tenth, and integrated so."""
    force = 0.2 * WIDTH * np.sqrt(POWER)
    edges = []
    for nu, shift in zip(NU[:2], SHIFTS[:2], strict=True):
        law = float(injection_locking.locking_range(force, POWER, nu))
        ratio = np.linspace(-1.3, 1.3, 5201)
        slow, _ = exact(force, ratio * law, shift)[-1]
        locked = ratio[np.asarray(slow).real > 0]
        edges.append((locked[0], locked[-1]))
    np.testing.assert_allclose(edges, [(-1.005, 1.005), (-0.935, 1.103)], atol=1e-3)
    beside = np.array([0.985, 1.015])
    detuning = np.concatenate([np.multiply.outer(edges, beside).reshape(2, 4), np.zeros((1, 4))])
    laws = np.asarray(injection_locking.locking_range(force, POWER, NU))[:, None]
    tone, found = integrated(detuning * laws, force, 400 / WIDTH, saves=401, tolerance=1e-4)
    phase = np.asarray(found.phase(tone))[..., 200:]
    locked = np.ptp(phase, axis=-1) < 0.5
    np.testing.assert_array_equal(locked[:2], [[True, False, True, False]] * 2)
