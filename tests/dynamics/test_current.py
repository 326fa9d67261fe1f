import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Oscillator
from rfjax.dynamics import Waveform, simulate
from rfjax.dynamics.steps import Steps

OSCILLATOR = Oscillator(2e8, 0.01, 0.05, 2.0, 1e10)
THRESHOLD = float(OSCILLATOR.threshold_current)
LIFETIME = 1 / (0.01 * 2 * np.pi * 2e8)


SAMPLES = np.array([[0.0, 2.0, -1.0, 4.0], [1.0, 1.0, 3.0, 0.5]])


def through(waveform, longest):
    """Times three in each step, and the current there: (times,), (times, lanes)."""
    steps = Steps.of(5e-8, longest, waveform.switches(), 1e9, np.dtype(np.float64), 1000)
    begin, slope = jax.vmap(waveform.prepared(steps).during)(jnp.arange(len(steps.begin)))
    offset = steps.length * np.array([[0.01], [0.6], [0.99]])
    current = np.asarray(begin + slope * offset[..., None])
    return (steps.begin + offset).ravel(), current.reshape(-1, current.shape[-1])


@pytest.mark.parametrize("longest", [2.5e-9, 1.7e-9, 1.0])
def test_straight_lines_join_the_samples_and_the_last_one_stays(longest):
    time, current = through(Waveform(SAMPLES, 1.1e-8), longest)
    expected = [np.interp(time, 1.1e-8 * np.arange(4), row) for row in SAMPLES]
    np.testing.assert_allclose(current.T, expected, atol=1e-12)


@pytest.mark.parametrize("longest", [2.5e-9, 1.0])
def test_steps_hold_each_sample_and_the_last_one_stays(longest):
    time, current = through(Waveform(SAMPLES, 1.1e-8, interpolation="steps"), longest)
    at = np.minimum(time // 1.1e-8, 3).astype(int)
    np.testing.assert_array_equal(current.T, SAMPLES[:, at])


def test_one_sample_is_a_steady_current():
    for interpolation in ("linear", "steps"):
        _, current = through(Waveform(np.array([[3e-3]]), 1e-8, interpolation), 1e-9)
        assert (current == 3e-3).all()


def test_a_steady_waveform_is_a_steady_current():
    settings = {"start": 0.1, "saves": 5}
    steady = simulate(OSCILLATOR, 5 * LIFETIME, current=2 * THRESHOLD, **settings)
    waveform = Waveform(np.full(3, 2 * THRESHOLD), LIFETIME)
    sampled = simulate(OSCILLATOR, 5 * LIFETIME, current=waveform, **settings)
    # Its steps end at every sample.
    np.testing.assert_allclose(sampled.real, steady.real, rtol=1e-8)


def test_the_power_follows_a_slow_ramp_and_lags_it_by_its_relaxation_time():
    """To first order the power is what it was 1/(2pS) ago."""
    begin, end, duration = 2 * THRESHOLD, 3 * THRESHOLD, 400 * LIFETIME
    ramp = Waveform(np.array([begin, end]), duration)
    start = np.sqrt(OSCILLATOR.steady_power(begin))
    found = simulate(OSCILLATOR, duration, current=ramp, start=start, saves=41)
    late = slice(5, None)
    current = begin + (end - begin) * np.asarray(found.time)[late] / duration
    power = np.asarray(OSCILLATOR.steady_power(current))
    growth = (2.0 + current / THRESHOLD) / LIFETIME  # of the net damping with the power
    delayed = current - (end - begin) / duration / (2 * power * growth)
    measured = np.asarray(found.power)[late]
    lag = np.abs(measured - power).max()
    assert lag > 1e-4
    # What is left is of second order in the rate of the ramp.
    assert np.abs(measured - OSCILLATOR.steady_power(delayed)).max() < 0.02 * lag


def test_lanes_have_their_own_waveform():
    waveform = Waveform(THRESHOLD * np.array([[2.0, 2.0], [0.0, 0.0], [2.0, 0.0]]), 8 * LIFETIME)
    found = simulate(OSCILLATOR, 8 * LIFETIME, current=waveform, start=0.5, saves=3)
    assert found.real.shape == (3, 3)
    alone = simulate(OSCILLATOR, 8 * LIFETIME, current=2 * THRESHOLD, start=0.5, saves=3)
    np.testing.assert_allclose(found.power[0], alone.power, rtol=1e-6)
    assert found.power[0, -1] > found.power[2, -1] > found.power[1, -1]


@pytest.mark.parametrize(
    ("samples", "interval", "message"),
    [
        ([np.nan, 1.0], 1e-9, r"^samples\[0\] is nan"),
        ([0.0, 1.0], 0.0, "^interval is 0.0"),
        ([0.0, 1.0], -1e-9, "^interval is"),
        (1.0, 1e-9, r"samples have shape \(\)"),
        (np.zeros((2, 0)), 1e-9, r"samples have shape \(2, 0\)"),
    ],
)
def test_waveforms_that_cannot_be_are_refused(samples, interval, message):
    with pytest.raises(InvalidInput, match=message):
        Waveform(np.asarray(samples), interval)


def test_another_interpolation_is_refused():
    with pytest.raises(
        InvalidInput, match="^interpolation is 'cubic'; it must be one of linear, s"
    ):
        Waveform(np.zeros(2), 1e-9, interpolation="cubic")
