"""The step follows every power that a lane can reach, whatever leads there."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rfjax import InvalidInput, Oscillator, Resonator
from rfjax.dynamics import Coupling, Feedback, SampledTone, SparseCoupling, Tones, Waveform
from rfjax.dynamics.simulate import simulate
from rfjax.dynamics.step_size import _damping, _largest_powers

FREQUENCY, DAMPING = 1e9, 0.01
WIDTH = 2 * np.pi * FREQUENCY * DAMPING
OSCILLATOR = Oscillator(FREQUENCY, DAMPING, -0.1, 1.0, 1e10)
THRESHOLD = float(OSCILLATOR.threshold_current)


def two(shift, growth=3.0):
    return Resonator(np.full(2, FREQUENCY), DAMPING, shift, growth)


def symmetric(strength):
    return Coupling(strength * WIDTH * np.array([[0, 1], [1, 0]]))


ONE_DRIVEN = Tones(np.array([[0.3 * WIDTH], [0.0]]), np.array([FREQUENCY]))
CLIMB = SampledTone(np.full(20, 5 * WIDTH), np.linspace(1, 1.4, 20) * FREQUENCY, interval=2 / WIDTH)
FALL = Waveform(THRESHOLD * np.array([3.0, -1.5, 2.0]), 9 / WIDTH, interpolation="steps")


@pytest.mark.parametrize(
    ("devices", "forces", "settings"),
    [
        (two(-0.5), symmetric(3.0), {"start": 0.01}),
        (two(-0.5), SparseCoupling(np.full(2, 3 * WIDTH), [0, 1], [1, 0], 2), {"start": 0.01}),
        (two(-0.5), Feedback(np.full(2, 3 * WIDTH), delay=1e-9), {"start": 0.01}),
        (
            two(np.array([0, -0.9]), 0.0),
            [ONE_DRIVEN, Coupling(np.array([[0, 0], [-10j * WIDTH, 0]]))],
            {},
        ),
        (two(-0.5, 0.0), [ONE_DRIVEN, symmetric(-10j)], {}),
        (Resonator(FREQUENCY, DAMPING, 0.1, 0.0), CLIMB, {}),
        (
            OSCILLATOR,
            Tones(np.array([2.5 * WIDTH]), np.array([0.95 * FREQUENCY])),
            {"current": FALL},
        ),
    ],
)
def test_steps_sixteen_times_finer_change_nothing_beyond_the_tolerance(devices, forces, settings):
    duration = 40 / WIDTH
    found = simulate(devices, duration, forces, saves=11, **settings)
    reference = float(found.frame.reference)
    finer = {"step": duration / found.steps / 16, "reference": reference}
    fine = simulate(devices, duration, forces, saves=11, **(settings | finer))
    off = np.hypot(found.real - fine.real, found.imaginary - fine.imaginary).max()
    # The tolerance is kept for every radian that an oscillation turns in the frame.
    shift = np.max(np.abs(devices.nonlinear_shift * fine.power.T)) * FREQUENCY
    turned = 2 * np.pi * (abs(FREQUENCY - reference) + shift) * duration
    assert off < 1e-6 * max(1, turned)
    assert not found.failed.any()


def test_coupled_above_threshold_ends_at_the_power_that_balances_it():
    found = simulate(two(-0.5), 40 / WIDTH, symmetric(3.0), start=0.01, saves=3)
    np.testing.assert_allclose(found.amplitude[:, -1], np.sqrt(2 / 3), rtol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_no_network_exceeds_the_bound_of_its_powers(seed):
    """Beside lanes that all act in step, which grow the most."""
    rng = np.random.default_rng(seed)
    strength = WIDTH * rng.uniform(0, [0.1, 0.3, 1.0][seed % 3], (5, 5))
    strength -= np.diag(rng.uniform(0, 2 * WIDTH, 5))
    force = WIDTH * rng.uniform(0, 0.3, 5)
    devices = Oscillator(np.full(5, FREQUENCY), DAMPING, 0.1, rng.uniform(0, 3, 5), 1e10)
    current = THRESHOLD * rng.uniform(-1, 2, 5)
    begins = rng.uniform(0, 0.5, 5)
    damping = _damping(devices, (current, current))
    target, source = np.indices((5, 5)).reshape(2, -1)
    bounds = [
        _largest_powers(devices, damping, (Tones(force[:, None], FREQUENCY), coupling), begins)
        for coupling in (Coupling(strength), SparseCoupling(strength.ravel(), source, target, 5))
    ]
    np.testing.assert_allclose(*bounds, rtol=1e-12)
    amplitude, power = begins, begins**2
    for _ in range(4000):
        net = damping.width * (1 + np.asarray(devices.nonlinear_damping) * amplitude**2)
        net = net - damping.high * (1 - amplitude**2)
        amplitude = amplitude + 0.01 / WIDTH * (force + strength @ amplitude - net * amplitude)
        power = np.maximum(power, amplitude**2)
    assert (power <= bounds[0] * (1 + 1e-9)).all()
    assert (bounds[0] < np.maximum(4 * power, 0.3)).all()


def test_coupling_that_only_passes_energy_on_makes_nothing_grow():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    target, source = np.indices((4, 4)).reshape(2, -1)
    dense = Coupling(half).gains()
    np.testing.assert_allclose(SparseCoupling(half.ravel(), source, target, 4).gains(), dense)
    rates = np.linalg.eigvalsh((half + half.conj().T) / 2)
    assert np.min(dense[0]) <= rates[0] <= rates[-1] <= np.max(dense[1])
    assert np.abs(Coupling(half - half.conj().T).gains()).max() < 1e-12


def test_couplings_of_another_number_of_oscillators_are_refused():
    for one in (Coupling(np.array([[1e6]])), SparseCoupling(np.array([1e6]), [0], [0], 1)):
        with pytest.raises(InvalidInput, match="^force 1 couples 1 oscillators, and the last axis"):
            simulate(two(-0.1), 1e-8, one)


def test_what_decays_as_fast_as_it_turns_keeps_the_tolerance():
    """The products of an amplitude with its power move faster than it does itself."""
    width = WIDTH
    growth = np.array([0.84, 2.2, 0.98, 0.95])
    shift = 0.01 * np.array([1.2, 0.0, 2.2, 0.0])
    force = width * np.array([0.36, 0.26, 0.31, 0.35])
    start = np.array([0.44, 0.28j, -0.28, 0.45])
    duration = 3 / width

    def velocity(time, amplitude):
        power = np.abs(amplitude) ** 2
        turning = 2e9 * np.pi * shift * power
        return -(width * (1 + growth * power) + 1j * turning) * amplitude + force

    expected = solve_ivp(velocity, (0, duration), start + 0j, rtol=1e-12, atol=1e-14).y[:, -1]
    # Each alone: beside others the fastest of all sets the step.
    for lane in range(4):
        found = simulate(
            Resonator(1e9, 0.01, shift[lane], growth[lane]),
            duration,
            Tones(force[lane : lane + 1], np.array([1e9])),
            start=start[lane],
            reference=1e9,
            saves=2,
        )
        reached = complex(found.real[-1], found.imaginary[-1])
        assert abs(reached - expected[lane]) < 1e-6 * abs(expected[lane])
