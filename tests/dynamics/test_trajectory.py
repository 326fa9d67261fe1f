"""Observables of signals that are known."""

import dataclasses

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.signal import lfilter

from rfjax import InvalidInput, Resonator
from rfjax.dynamics import SampledTone, Tones, Trajectory, simulate
from rfjax.dynamics.carrier_frame import CarrierFrame
from rfjax.rectifiers import HarmonicBalance, Independent

REFERENCE = 1.0123e9
TIME = 1e-9 * np.arange(4096)


def trajectory(amplitude, reference=REFERENCE):
    """The trajectory of complex amplitudes in the rotating frame, less than half a turn apart."""
    amplitude = np.asarray(amplitude)
    angle = np.angle(amplitude)
    return Trajectory(
        jax.numpy.asarray(amplitude.real),
        jax.numpy.asarray(amplitude.imag),
        jax.numpy.asarray(np.round((np.unwrap(angle) - angle) / (2 * np.pi))),
        CarrierFrame(np.float64(1e-9), np.float64(reference)),
        4 * amplitude.shape[-1],
        Resonator(reference),
        jax.numpy.zeros(amplitude.shape[:-1], bool),
    )


def tone(frequency, power=1.0, phase=0.0):
    """√p exp(-i(ωt - ψ)), seen from the frame."""
    return np.sqrt(power) * np.exp(-1j * (2 * np.pi * (frequency - REFERENCE) * TIME - phase))


def test_power_and_amplitude_are_those_of_the_complex_number():
    found = trajectory([[3 - 4j, 0.6j]])
    np.testing.assert_allclose(found.power, [[25, 0.36]])
    np.testing.assert_allclose(found.amplitude, [[5, 0.6]])
    assert found.interval == pytest.approx(1e-9)
    np.testing.assert_allclose(found.time, [0, 1e-9])


def test_the_phase_is_what_a_tone_is_ahead():
    found = trajectory([tone(1.02e9, 0.3, 0.7), tone(1.0203e9, 0.3, -0.4)])
    np.testing.assert_allclose(found.phase(1.02e9)[0], 0.7, atol=1e-9)
    # Faster by 0.3 MHz: it falls behind in ψ, by turns that are not wrapped.
    slope = -2 * np.pi * 0.3e6 * TIME
    np.testing.assert_allclose(found.phase(1.02e9)[1], -0.4 + slope, atol=1e-9)
    own = found.phase(np.array([1.02e9, 1.0203e9]))
    np.testing.assert_allclose(own, [[0.7], [-0.4]] * np.ones(TIME.size), atol=1e-9)
    np.testing.assert_allclose(found.phase()[0], 0.7 - 2 * np.pi * 7.7e6 * TIME, atol=1e-9)


def test_phases_against_any_tones_differ_by_the_difference_of_their_frequencies():
    """Far beyond half a turn between two times, in float32 too."""
    found = trajectory([tone(1.02e9, 0.3, 0.7), tone(0.98e9, 0.3, -0.4)])
    for far in (1.6e9, 4.02e9, 0.3e9):
        expected = np.array([[0.7], [-0.4]])
        expected = expected + 2 * np.pi * np.array([[far - 1.02e9], [far - 0.98e9]]) * TIME
        np.testing.assert_allclose(found.phase(far), expected, rtol=1e-9, atol=1e-6)
        frame = CarrierFrame.of(1e-9, REFERENCE, np.dtype(np.float32))
        half = eqx.tree_at(
            lambda t: (t.real, t.imaginary, t.frame),
            found,
            (found.real.astype(np.float32), found.imaginary.astype(np.float32), frame),
        )
        off = float(np.float32(far)) - far - (float(np.float32(REFERENCE)) - REFERENCE)
        expected = expected + 2 * np.pi * off * TIME
        assert np.abs(half.phase(np.float32(far)) - expected).max() < 1e-6 * np.abs(expected).max()
    tones = 1.02e9 + 1e6 * np.arange(3)
    with pytest.raises(InvalidInput, match=r"devices \(2,\), frequency \(3,\)"):
        found.phase(tones)
    with pytest.raises(InvalidInput, match="frequency"):
        found.phase(np.array([]))


def test_the_instantaneous_frequency_is_that_of_a_tone_and_follows_a_chirp():
    np.testing.assert_allclose(trajectory(tone(0.8e9)).instantaneous_frequency(), 0.8e9)
    np.testing.assert_allclose(trajectory(tone(1.499e9)).instantaneous_frequency(), 1.499e9)
    rate = 1e13  # Hz/s
    found = trajectory(np.exp(-1j * np.pi * rate * TIME**2)).instantaneous_frequency()
    np.testing.assert_allclose(found, REFERENCE + rate * (TIME[1:] + TIME[:-1]) / 2, rtol=1e-9)


def test_in_the_laboratory_the_component_turns_with_its_carrier():
    found = trajectory(tone(1.037e9, 0.3, 0.7))
    expected = np.sqrt(0.3) * np.cos(2 * np.pi * 1.037e9 * TIME - 0.7)
    np.testing.assert_allclose(found.m_x(), expected, atol=1e-7)


@pytest.mark.parametrize("segments", [1, 4, 7])
def test_the_spectrum_holds_the_power_of_a_tone_and_peaks_at_its_frequency(segments):
    frequency = np.array([0.79e9, 1.123e9])
    found = trajectory([tone(each, power) for each, power in zip(frequency, (0.3, 0.01))])
    spectrum = found.spectrum(segments)
    bins = np.diff(spectrum.frequency)
    np.testing.assert_allclose(bins, bins[0], rtol=1e-6)
    np.testing.assert_allclose(spectrum.density.sum(-1) * bins[0], [0.3, 0.01], rtol=1e-9)
    peak = np.asarray(spectrum.frequency)[np.argmax(spectrum.density, -1)]
    assert (np.abs(peak - frequency) <= 0.51 * bins[0]).all()


def test_the_spectrum_of_white_noise_is_flat_and_holds_its_power():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(16, TIME.size, 2)) @ np.array([1, 1j])
    spectrum = trajectory(noise).spectrum(16)
    # Power 2 over a band of one over the interval; 16 lanes of 31 half-independent segments.
    expected = 2 * 1e-9
    error = 1 / np.sqrt(16 * 16)
    assert abs(spectrum.density.mean(0) / expected - 1).max() < 5 * error
    total = spectrum.density.sum(-1).mean() * np.diff(spectrum.frequency)[0]
    assert total == pytest.approx(np.mean(np.abs(noise) ** 2), rel=0.02)


def test_times_at_the_start_may_be_left_out():
    amplitude = np.where(TIME < 1e-6, 5 * tone(0.9e9), tone(1.1e9))
    spectrum = trajectory(amplitude).spectrum(discard=0.25)
    bins = np.diff(spectrum.frequency)[0]
    assert spectrum.density.sum() * bins == pytest.approx(1, rel=1e-3)
    assert spectrum.frequency[np.argmax(spectrum.density)] == pytest.approx(1.1e9, abs=bins)


def diffusing(width, lanes, rng):
    """A phase that diffuses: a Lorentzian of full width Δf has Var ψ = 2πΔf t."""
    steps = rng.normal(size=(lanes, TIME.size)) * np.sqrt(2 * np.pi * width * 1e-9)
    return np.exp(1j * np.cumsum(steps, -1)) * tone(1.01e9)


def decaying(width, lanes, rng):
    """White noise through a resonator: the amplitude fluctuates too."""
    kept = np.exp(-np.pi * width * 1e-9)
    noise = rng.normal(size=(2, lanes, TIME.size))
    noise = (noise[0] + 1j * noise[1]) * np.sqrt((1 - kept**2) / 2)
    noise[:, 0] /= np.sqrt(1 - kept**2)
    return lfilter([1.0], [1.0, -kept], noise, axis=-1) * tone(1.01e9)


@pytest.mark.parametrize("process", [diffusing, decaying])
def test_linewidths_are_right_on_average_over_many_records(process):
    """Records of 4.096 µs: line width times duration is 8 and 16; pooled, 3."""
    rng = np.random.default_rng(1)
    for times, lanes in ((8, 512), (16, 256)):
        width = times / 4.096e-6
        found = np.asarray(trajectory(process(width, lanes, rng)).linewidth()) / width
        error = found.std() / np.sqrt(lanes)
        assert error < 0.018
        assert abs(found.mean() - 1) < 3 * error + 0.01
    width = 3 / 4.096e-6
    found = trajectory(process(width, 512, rng).reshape(8, 64, -1)).linewidth(repetitions=1) / width
    assert abs(found.mean() - 1) < 3 * found.std() / np.sqrt(8) + 0.01
    assert found.std() < 0.2


def test_lines_that_a_record_does_not_resolve_are_refused():
    rng = np.random.default_rng(0)
    white = rng.normal(size=(TIME.size, 2)) @ np.array([1, 1j])
    fine = diffusing(5e6, 1, rng)[0]
    ends = r": 4.1e-06 s with .* of 4.9e\+05 to about 1.1e\+08 Hz"
    cases = (tone(1.1e9), "too narrow"), (white, "too wide"), (0 * white, "without amplitude")
    for other, reason in cases:
        message = f"^1 of 2 lines .* 1 {reason}.*{ends}"
        with pytest.raises(InvalidInput, match=message):
            trajectory([fine, other]).linewidth()
        inside = np.asarray(jax.jit(lambda found: found.linewidth())(trajectory([fine, other])))
        np.testing.assert_array_equal(np.isnan(inside), [False, True])
    with pytest.raises(InvalidInput, match="^repetitions is 1; it must be one of 1 axes"):
        trajectory([fine, fine]).linewidth(repetitions=1)


@pytest.mark.parametrize("observe", ["spectrum", "linewidth"])
@pytest.mark.parametrize("discard", [-0.5, 1.0, np.nan])
def test_shares_that_cannot_be_left_out_are_refused(observe, discard):
    with pytest.raises(InvalidInput, match="^discard is .*; it must be a number"):
        getattr(trajectory(tone(1.1e9)), observe)(discard=discard)


def test_phase_and_frequency_have_right_derivatives_from_rest():
    """One that starts at rest under a force, one that stays there, one too small to square."""
    grow = 1 - np.exp(-(5e6 + 2j * np.pi * 3e6) * TIME[:9])

    def observed(x):
        amplitude = jax.numpy.stack([(x[0] + 1j * x[1]) * grow, 0 * grow, 1e-170 * x[0] + 0 * grow])
        found = eqx.tree_at(
            lambda t: (t.real, t.imaginary), frame, (amplitude.real, amplitude.imag)
        )
        return found.phase().sum(-1), found.instantaneous_frequency()[..., 2] / 1e6

    frame = trajectory(np.stack([grow] * 3))
    x, step = np.array([0.3, 0.2]), 1e-6
    by_differences = [
        jax.tree.map(lambda up, down: (up - down) / (2 * step), *map(observed, ends))
        for ends in ((x + d, x - d) for d in step * np.eye(2))
    ]
    for mode in (jax.jacfwd, jax.jacrev):
        for at, found in enumerate(mode(observed)(jax.numpy.asarray(x))):
            for direction in range(2):
                expected = by_differences[direction][at]
                np.testing.assert_allclose(found[:, direction], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("observe", ["spectrum", "linewidth"])
def test_too_few_times_are_refused(observe):
    with pytest.raises(InvalidInput, match="^7 times are left of 7; 8 are needed"):
        getattr(trajectory(tone(1e9)[:7]), observe)()
    with pytest.raises(InvalidInput, match="^5 times are left of 10"):
        getattr(trajectory(tone(1e9)[:10]), observe)(discard=0.5)


def test_too_many_segments_are_refused():
    with pytest.raises(InvalidInput, match="^20 times in 3 segments are too few"):
        trajectory(tone(1e9)[:20]).spectrum(3)


def test_the_voltage_of_a_settled_resonator_is_that_of_the_rectifier_models():
    """One tone: (5.10) at the end. Two: the mean over whole beats of what harmonic balance says."""
    mixed = Resonator(
        np.array([199e6, 201.5e6]), nonlinear_shift=0.2, antisymmetric=0.8, symmetric=0.6
    )
    frequencies, powers = np.array([200e6, 202e6]), np.array([2e-5, 1e-5])
    beats = np.arange(0, 8e-6, 1e-6 / 64)
    tones = Tones.of_power(mixed, powers, frequencies, np.array([0.3, -1.0]))
    both = simulate(mixed, beats[-1], tones, saves=beats.size)
    mean = both.voltage()[:, -256:].mean(-1)
    balanced = HarmonicBalance().scheduled(mixed, frequencies)(mixed, powers, frequencies)
    np.testing.assert_allclose(mean, balanced, rtol=2e-5)
    alone = Tones.of_power(mixed, np.array([2e-5, 0.0]), frequencies)
    settled = simulate(mixed, beats[-1], alone, saves=beats.size).voltage()
    expected = Independent()(mixed, powers[:1], frequencies[:1])
    np.testing.assert_allclose(settled[:, -1], expected, rtol=1e-6)
    assert settled[0, 0] == 0


def test_the_voltage_under_a_changing_tone_has_the_force_of_each_moment():
    """Samples shorter than what is kept; at a switch, the mean of both, a turning phase with it."""
    force, phase = np.array([1e7, 3e7, 0, 2e7, 5e6]), np.array([0.1, -2.0, 1.0, 0.5, 0.3])
    tone = SampledTone(force, 1.0223e9, phase, interval=0.5e-9)
    amplitude = np.array([0.1, 0.2j, 0.3 + 0.1j, -0.2])
    found = trajectory(amplitude)
    found = dataclasses.replace(found, forces=(tone,))
    sampled = force * np.exp(1j * phase)
    held = np.array([sampled[0], sampled[1:3].mean(), sampled[3:5].mean(), sampled[4]])
    frame = np.exp(-2j * np.pi * 10e6 * TIME[:4]) * held
    expected = 6e7 / 2e8**2 * np.imag(amplitude * np.conj(frame))
    np.testing.assert_allclose(found.voltage(), expected, rtol=1e-9, atol=1e-15)
    with pytest.raises(InvalidInput, match="^the times of this trajectory are not known"):
        eqx.filter_jit(lambda path: path.voltage())(found)
    with pytest.raises(InvalidInput, match="^no tone drove these resonators"):
        trajectory(amplitude).voltage()


def test_the_voltage_under_a_waveform_is_of_second_order_in_the_interval():
    """Against the voltage of a smooth envelope, integrated by SciPy beside the rotating frame."""
    carrier, spacing, duration, damping = 1e9, 0.05e-9, 0.4e-6, 0.01 * 2 * np.pi * 1.003e9
    resonator = Resonator(1.003e9, 0.01, 0.3, 1.0, symmetric=0.2)

    def envelope(time):  # V
        size = 0.02 * np.sin(np.pi * time / duration) ** 2 * (1 + 0.4 * np.cos(3e7 * np.pi * time))
        return size * np.exp(1j * (1.2 * np.sin(1e7 * np.pi * time) + 0.4))

    def slope(time, c):
        power = np.abs(c) ** 2
        offset = 2 * np.pi * (1.003e9 * (1 + 0.3 * power) - carrier)
        return -(damping * (1 + power) + 1j * offset) * c + 2e8 / 10 * envelope(time)

    kept = np.linspace(0, duration, 101)
    settings = {"rtol": 1e-9, "atol": 1e-11, "max_step": 1e-9}
    c = solve_ivp(slope, (0, duration), np.zeros(1, complex), t_eval=kept, **settings).y[0]
    mixed = 6e7 / 2e8**2 * 2e8 / 10 * c * np.conj(envelope(kept))
    expected = mixed.imag + 0.2 * mixed.real
    time = spacing * np.arange(8000)
    volts = np.real(envelope(time) * np.exp(-2j * np.pi * carrier * time))
    errors = []
    for every in (80, 40):
        tone = SampledTone.from_waveform(time, volts, carrier, 50.0, resonator, every=every)
        found = simulate(resonator, duration, tone, saves=kept.size)
        errors.append(np.abs(found.voltage() - expected).max() / np.abs(expected).max())
    assert errors[0] == pytest.approx(4 * errors[1], rel=0.2)
    assert errors[1] < 0.01


def test_a_trajectory_prints_what_it_is():
    printed = repr(trajectory(np.ones((3, 50))))
    assert printed.startswith("Trajectory(50 times 1 ns apart, lanes (3,), power at the end [1, 1")
    assert len(printed) < 400
