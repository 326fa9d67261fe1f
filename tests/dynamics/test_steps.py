import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.dynamics.steps import Steps


def made(duration, longest, switches=(), **settings):
    settings = {"dtype": np.dtype(np.float64), "max_steps": 1000} | settings
    return Steps.of(duration, longest, np.asarray(switches, float), 1e9, **settings)


def test_steps_fill_the_duration_and_no_switch_lies_inside_of_one():
    rng = np.random.default_rng(0)
    switches = np.concatenate([3e-9 * np.arange(60), 9e-9 * np.arange(20), rng.uniform(0, 2e-7, 9)])
    steps = made(1e-7, 0.7e-9, switches)
    ends = steps.begin + steps.length
    np.testing.assert_allclose(steps.begin[1:], ends[:-1], rtol=1e-12)
    assert (steps.begin[0], ends[-1]) == (0, pytest.approx(1e-7))
    assert (steps.length <= 0.7e-9 * (1 + 1e-8)).all()
    # Of 9 ns and three times 3 ns there is one, though rounding tells them apart.
    assert steps.length.min() > 1e-15
    for switch in switches[switches < 1e-7]:
        assert np.abs(np.append(steps.begin, 1e-7) - switch).min() < 1e-20


def test_without_switches_steps_are_equal_and_as_few_as_the_longest_allows():
    steps = made(3e-8, 0.7e-9)
    assert len(steps.length) == 43
    assert np.ptp(steps.length) == 0
    assert len(made(1e-8, 1e-10).length) == 100
    assert len(made(1e-8, np.inf).length) == 1


def test_save_times_follow_whole_steps_and_a_part():
    steps = made(1e-8, 1e-9, [2.5e-9])
    times = np.array([0.0, 1e-10, 2.5e-9, 2.6e-9, 9.99e-9, 1e-8 * (1 - 1e-16), 1e-8])
    saved = steps.saved(times)
    ends = np.append(steps.begin, 1e-8)
    np.testing.assert_allclose(ends[saved.steps] + saved.beyond, times, rtol=1e-12)
    assert (saved.beyond[[0, 2, 5, 6]] == 0).all()
    assert (saved.beyond < np.append(steps.length, 1)[saved.steps]).all()


def test_too_many_and_too_short_steps_are_refused():
    with pytest.raises(InvalidInput, match="^a duration of 1 s takes 1e.09 steps of up to 1e-09 s"):
        made(1.0, 1e-9)
    with pytest.raises(InvalidInput, match="takes 101 steps"):
        made(1e-8, 1.0, 9.9e-11 * np.arange(1, 101), max_steps=100)
    with pytest.raises(InvalidInput, match="^a step of 1e-40 s is too short for float32"):
        made(1e-40, 1.0, dtype=np.dtype(np.float32))
