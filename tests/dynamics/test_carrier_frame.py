"""Phases against exact fractions of the same rounded numbers."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.dynamics.carrier_frame import CarrierFrame

STEPS = np.array([0, 1, 7, 1000, 123_457, 1_000_000])
# A few hundredths of a turn a step, half a turn, more than one, more than a hundred.
CASES = [
    (1.003e9 + 0.1234567, 1e9, 3.1415926e-9),
    (1.1e9 - 0.7654321, 1e9, 5e-9),
    (2.17e10 + 1 / 3, 2e10, 1.3e-9),
    (2.5e10 + 1 / 7, 2e10, 2.1e-8 / 1.1),
]
LARGEST_ERROR = {np.float32: 1e-6, np.float64: 5e-15}  # for a turn a step or less, rad


def exact(frequency, reference, step, steps):
    """The angle, rad from -π to π, without any rounding before the last."""
    turns = (Fraction(float(frequency)) - Fraction(float(reference))) * Fraction(float(step))
    wrapped = [(turns * int(n) + Fraction(1, 2)) % 1 - Fraction(1, 2) for n in steps]
    return 2 * np.pi * np.array([float(turn) for turn in wrapped])


def distance(one, other):
    return np.abs(np.angle(np.exp(1j * (np.asarray(one, np.float64) - other))))


def phases(frequency, reference, step, steps):
    return CarrierFrame(step, reference).rotation(frequency).phase(steps)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_phases_stay_exact_over_a_million_steps(dtype, sign, compiled):
    found = jax.jit(phases) if compiled else phases
    rng = np.random.default_rng(0)
    for highest, lowest, step in CASES:
        tones = rng.uniform(lowest, highest, 16).astype(dtype)
        reference = lowest if sign > 0 else highest
        numbers = dtype(reference), dtype(step)
        phase = found(*map(jnp.asarray, (tones, *numbers, STEPS)))
        assert phase.dtype == dtype
        expected = np.stack([exact(tone, *numbers, STEPS) for tone in tones], axis=-1)
        turns = max(1, (highest - lowest) * step)
        assert distance(phase, expected).max() < LARGEST_ERROR[dtype] * turns


def test_frequency_times_time_would_have_no_digits_of_the_phase_left():
    frequency, reference, step = map(np.float32, CASES[2])
    naive = np.float32(2 * np.pi) * (frequency - reference) * step * STEPS.astype(np.float32)
    assert distance(naive, exact(frequency, reference, step, STEPS)).max() > 0.01


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_difference_that_rounding_spoils_is_made_whole(dtype):
    # The tone has digits far below what the difference from the reference can hold.
    frequency, reference, step = dtype(1.2345678e4), dtype(2e10), dtype(1e-9)
    phase = phases(*map(jnp.asarray, (frequency, reference, step, STEPS)))
    error = distance(phase, exact(frequency, reference, step, STEPS)).max()
    assert error < 100 * LARGEST_ERROR[dtype]


def test_the_frame_turns_as_exactly():
    reference, step = np.float32(2e10), np.float32(1.7e-10)
    phase = CarrierFrame(step, reference).reference_rotation().phase(jnp.asarray(STEPS))
    assert distance(phase, exact(reference, 0, step, STEPS)).max() < 2e-5


def test_axes_of_numbers_come_first():
    frame = CarrierFrame(np.float64(1e-9), np.float64(1e9))
    frequency = jnp.array([[1.01e9, 1.02e9, 1.03e9], [0.9e9, 0.8e9, 0.7e9]])
    phase = frame.rotation(frequency).phase(jnp.arange(5))
    assert phase.shape == (5, 2, 3)
    alone = frame.rotation(frequency[1, 2]).phase(jnp.asarray(4))
    assert phase[4, 1, 2] == alone


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_phase_changes_with_frequency_and_step_by_its_derivative(dtype):
    frequency, reference, step = map(dtype, CASES[1])
    n = 123_457

    def phase(frequency, reference, step):
        return phases(frequency, reference, step, jnp.asarray(n))

    slopes = jax.grad(phase, argnums=(0, 1, 2))(*map(jnp.asarray, (frequency, reference, step)))
    expected = 2 * np.pi * n * np.array([step, -step, frequency - reference])
    np.testing.assert_allclose(slopes, expected, rtol=1e-6 if dtype == np.float32 else 1e-14)


def test_an_offset_within_a_step_turns_further():
    rotation = CarrierFrame(np.float64(1e-9), np.float64(1e9)).rotation(1.2e9)
    further = rotation.phase(jnp.asarray(8)) + rotation.turned(0.25e-9)
    assert distance(further, 2 * np.pi * 0.2 * 8.25) < 1e-12
