"""Lanes, saves, frames and what is refused."""

import equinox as eqx
import jax
import numpy as np
import pytest

from rfjax import InvalidInput, Oscillator, Resonator
from rfjax.dynamics import Coupling, SampledTone, ThermalNoise, Tones, Waveform, simulate

OSCILLATOR = Oscillator(1e9, 0.01, 0.05, 1.0, 1e10)
THRESHOLD = float(OSCILLATOR.threshold_current)
SETTINGS = {"saves": 3, "step": 1e-9, "reference": 1e9}


def complex_amplitude(found):
    return np.asarray(found.real) + 1j * np.asarray(found.imaginary)


def test_lanes_broadcast_and_each_goes_its_own_way():
    """Devices (3,), tones (2, 1), current (4, 1, 1), start (2, 3): as each lane alone."""
    rng = np.random.default_rng(0)
    fields = 1e9 + 1e7 * rng.normal(size=3), 0.01, 0.1 * rng.normal(size=3), rng.uniform(0, 2, 3)
    force, phase = rng.uniform(1e6, 3e7, (2, 1, 2)), rng.uniform(-3, 3, (2, 1, 2))
    frequency = np.array([1.01e9, 0.995e9])
    current = THRESHOLD * np.linspace(0, 3, 4)[:, None, None]
    start = 0.3 * rng.normal(size=(2, 3, 2)) @ np.array([1, 1j])
    tones = Tones(force, frequency, phase)
    together = simulate(
        Oscillator(*fields, 1e10), 4e-8, tones, current=current, start=start, **SETTINGS
    )
    assert together.real.shape == (4, 2, 3, 3)
    assert together.failed.shape == (4, 2, 3)
    for i, j, k in [(0, 0, 0), (3, 1, 2), (2, 0, 1), (1, 1, 0)]:
        alone = simulate(
            Oscillator(fields[0][k], 0.01, fields[2][k], fields[3][k], 1e10),
            4e-8,
            Tones(force[j, 0], frequency, phase[j, 0]),
            current=current[i, 0, 0],
            start=start[j, k],
            **SETTINGS,
        )
        np.testing.assert_allclose(
            complex_amplitude(together)[i, j, k], complex_amplitude(alone), rtol=1e-9, atol=1e-12
        )


def test_saves_are_equidistant_times_of_one_path():
    few = simulate(OSCILLATOR, 6e-8, start=0.3, **SETTINGS)
    many = simulate(OSCILLATOR, 6e-8, start=0.3, **(SETTINGS | {"saves": 13}))
    np.testing.assert_allclose(few.time, [0, 3e-8, 6e-8], rtol=1e-12)
    np.testing.assert_allclose(many.time, np.linspace(0, 6e-8, 13), rtol=1e-12)
    assert complex_amplitude(few)[0] == 0.3
    np.testing.assert_allclose(
        complex_amplitude(few), complex_amplitude(many)[[0, 6, 12]], rtol=1e-12
    )


def test_save_times_never_change_the_result():
    """Wherever they lie; each is what the integration up to there gives."""
    tones = Tones(np.array([2e7]), np.array([1.004e9]), 0.3)
    sampled = SampledTone(1e7 * np.array([1.0, 0.2, 2.0, 0.5]), 0.99e9, interval=7.7e-9)
    settings = {"current": 2 * THRESHOLD, "start": 0.3}
    found = {
        saves: complex_amplitude(
            simulate(OSCILLATOR, 6e-8, [tones, sampled], saves=saves, **settings)
        )
        for saves in (2, 4, 31, 301)
    }
    for saves, few in found.items():
        np.testing.assert_allclose(few[-1], found[2][-1], rtol=1e-14)
        if saves > 2:
            np.testing.assert_allclose(few[:: (saves - 1) // 3], found[4], rtol=1e-13)
    early = simulate(OSCILLATOR, 6e-8 / 301 * 100, [tones, sampled], saves=2, **settings)
    many = simulate(OSCILLATOR, 6e-8, [tones, sampled], saves=302, **settings)
    assert abs(many.power[100] / early.power[-1] - 1) < 1e-6


def test_nothing_observable_depends_on_the_frame():
    tones = Tones(np.array([2e7]), np.array([1.004e9]), 0.3)
    settings = {"start": 0.2, "saves": 4, "tolerance": 1e-9}
    one = simulate(OSCILLATOR, 5e-8, tones, **settings)
    other = simulate(OSCILLATOR, 5e-8, tones, reference=1.03e9, **settings)
    assert float(one.frame.reference) != float(other.frame.reference)
    np.testing.assert_allclose(one.power, other.power, rtol=1e-6)
    np.testing.assert_allclose(one.m_x(), other.m_x(), atol=1e-6)
    turned = np.asarray(one.phase(1.004e9)) - np.asarray(other.phase(1.004e9))
    np.testing.assert_allclose(np.angle(np.exp(1j * turned)), 0, atol=1e-6)


def test_progress_changes_no_number(capsys):
    tones = Tones(np.array([2e7]), np.array([1.004e9]))
    settings = SETTINGS | {"saves": 121, "start": 0.2}
    shown = simulate(OSCILLATOR, 2.4e-7, tones, progress=True, **settings)
    quiet = simulate(OSCILLATOR, 2.4e-7, tones, **settings)
    np.testing.assert_allclose(complex_amplitude(shown), complex_amplitude(quiet), rtol=1e-12)
    np.testing.assert_array_equal(shown.failed, quiet.failed)
    assert capsys.readouterr().out == ""


def test_lanes_that_grow_beyond_all_bounds_are_reported_and_harm_no_other():
    """A linear pair whose coupling outweighs its damping, far beside one that decays."""
    device = Resonator(np.full((3, 2), 1e9), nonlinear_shift=0.0, nonlinear_damping=0.0)
    start = np.array([[0.1, 0.1], [0.1, -0.1], [0.0, 0.0]])
    coupling = Coupling(2e8 * np.array([[0.0, 1.0], [1.0, 0.0]]))
    found = simulate(device, 4e-8, coupling, start=start, saves=81, tolerance=1e-8)
    assert found.failed.tolist() == [[True, True], [False, False], [False, False]]
    amplitude = complex_amplitude(found)
    assert np.isfinite(amplitude).all()
    assert found.power.max() <= 16
    rate = 0.01 * 2 * np.pi * 1e9
    time = np.asarray(found.time)
    np.testing.assert_allclose(amplitude[1, 0], 0.1 * np.exp(-(2e8 + rate) * time), atol=1e-8)
    growing = 0.1 * np.exp((2e8 - rate) * time)
    before = growing < 3.9
    np.testing.assert_allclose(amplitude[0, 0][before], growing[before], rtol=1e-5)
    assert (amplitude[0, :, ~before] == amplitude[0, :, -1]).all()


def test_a_step_far_too_long_fails_without_infinities():
    """Inside of a compiled function, where it is not known to be so."""
    device, settings = Resonator(np.array([1e9, 1e6])), {"saves": 3, "step": 1e-4, "start": 0.1}

    @eqx.filter_jit
    def driven(force):
        return simulate(device, 1e-3, Tones(force, np.array([1e9])), reference=1e9, **settings)

    found = driven(np.array([[1e12], [0.0]]))
    assert found.failed[0]
    assert np.isfinite(complex_amplitude(found)).all()


def test_a_compiled_function_may_integrate_if_step_and_frame_are_given():
    def driven(frequency, force):
        tones = Tones(force[None], frequency[None] + 2e6)
        return simulate(Resonator(frequency), 3e-8, tones, **SETTINGS).real

    found = jax.jit(driven)(np.float64(1e9), np.float64(2e7))
    np.testing.assert_allclose(found, driven(np.float64(1e9), np.float64(2e7)), rtol=1e-12)


@pytest.mark.parametrize("given", [{}, {"step": 1e-9}, {"reference": 1e9}])
@pytest.mark.parametrize("transform", [jax.jit, jax.grad])
def test_unknown_values_need_both_step_and_frame(transform, given):
    def driven(damping):
        return simulate(Resonator(1e9, damping), 3e-8, saves=3, start=0.1, **given).power[-1]

    with pytest.raises(InvalidInput, match="give simulate both step and reference"):
        transform(driven)(0.01)


def test_feedback_and_noise_need_no_current_and_resonators_take_none():
    for current in (1e-3, Waveform(np.zeros(2), 1e-9)):
        with pytest.raises(InvalidInput, match="resonators have no current"):
            simulate(Resonator(1e9), 1e-8, current=current)


@pytest.mark.parametrize(
    ("duration", "settings", "message"),
    [
        (0.0, {}, "^duration is 0.0"),
        (np.nan, {}, "^duration is nan"),
        (1e-8, {"saves": 1}, "^saves is 1"),
        (1e-8, {"saves": 0}, "^saves is 0"),
        (1e3, {}, r"^a duration of 1000 s takes \S+ steps of up to \S+ s; at most 20000000"),
        (1e-8, {"step": 1e-30, "reference": 1e9}, "takes 1e.22 steps"),
        (1e-8, {"step": 1e-10, "max_steps": 99}, "takes 100 steps of up to 1e-10 s; at most 99"),
        (1e-8, {"current": 1e6}, "takes .* steps"),
        (1e-8, {"reference": 1e30}, "takes .* steps"),
        (1e-8, {"step": 0.0}, "^step is 0.0"),
        (1e-8, {"step": -1e-9, "reference": 1e9}, "^step is"),
        (1e-8, {"reference": np.inf}, "^reference is inf"),
        (1e-8, {"tolerance": 0.0}, "^tolerance is 0.0"),
        (1e-8, {"tolerance": 1e-40}, "^tolerance is 1e-40, below the 2.2e-16 that float64"),
        (1e-8, {"step": 1e30}, r"^step is 1e\+30 s, longer than the duration of 1e-08 s"),
        (1e-6, {"step": 5e-7, "reference": 2e9}, "^step is 5e-07 s, .* turns by .* rad"),
        (1e-8, {"start": np.nan}, "^start is nan"),
        (1e-8, {"start": complex(0, np.inf)}, "^start is inf"),
        (1e-8, {"current": np.nan}, "^current is nan"),
        (1e-8, {"noise": ThermalNoise(1.0)}, "noise and key go together"),
        (1e-8, {"key": jax.random.key(0)}, "noise and key go together"),
        (1e-8, {"start": np.zeros(3), "current": np.zeros(2)}, r"current \(2,\), start \(3,\)"),
        (
            1e-8,
            {"noise": ThermalNoise(np.ones(4)), "key": jax.random.key(0), "start": np.zeros(3)},
            r"noise \(4,\), start \(3,\)",
        ),
    ],
)
def test_what_cannot_be_integrated_is_refused_by_name(duration, settings, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(OSCILLATOR, duration, **settings)


def test_lanes_of_forces_that_do_not_fit_are_named():
    tones = Tones(np.ones((2, 1)), 1e9), Tones(np.ones((3, 1)), 1e9)
    with pytest.raises(InvalidInput, match=r"force 1 \(2,\), force 2 \(3,\)"):
        simulate(OSCILLATOR, 1e-8, tones)
