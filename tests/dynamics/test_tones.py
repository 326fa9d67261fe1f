import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.dynamics import SampledTone, Tones, simulate
from rfjax.dynamics.steps import Steps

FORCES = np.array([1e7, 2e7, -5e6])
FREQUENCIES = np.array([1.003e9, 0.98e9, 1.05e9])
PHASES = np.array([0.3, -1.0, 2.0])
LINEAR = Resonator(1e9, nonlinear_shift=0.0, nonlinear_damping=0.0)
WIDTH = 0.01 * 2 * np.pi * 1e9


def steps(count=100, step=2e-9, tone=None, dtype=np.float64):
    """Steps in a frame at 1 GHz: so many equal ones, divided where a tone switches."""
    switches = np.zeros(0) if tone is None else tone.switches()
    return Steps.of(count * step, step, switches, 1e9, np.dtype(dtype), 10**6)


STEPS = steps(10_001)


def at(tone, number, offset=0.0, steps=STEPS):
    """The force at an offset from the start of a step, in the rotating frame."""
    action = tone.prepared(steps)
    constants = action.at_step(jnp.asarray(number), None)
    re, im = action(constants, offset, (jnp.zeros(()), jnp.zeros(())))
    return np.asarray(re) + 1j * np.asarray(im)


def formula(force, frequency, phase, time):
    return force * np.exp(-1j * (2 * np.pi * (frequency - 1e9) * time - phase))


def test_tones_are_the_sum_of_their_rotating_forces():
    tones = Tones(FORCES, FREQUENCIES, PHASES)
    for number, offset in [(0, 0.0), (3, 0.7e-9), (10_000, 1.9e-9)]:
        expected = formula(FORCES, FREQUENCIES, PHASES, number * 2e-9 + offset).sum()
        assert abs(at(tones, number, offset) - expected) < 1e-9 * abs(FORCES).sum()


def test_many_tones_are_summed_as_few_are():
    rng = np.random.default_rng(0)
    force, phase = rng.uniform(-1e7, 1e7, (5, 20)), rng.uniform(-3, 3, (5, 20))
    frequency = rng.uniform(0.9e9, 1.1e9, 20)
    expected = formula(force, frequency, phase, 123 * 2e-9 + 1e-9).sum(-1)
    together = at(Tones(force, frequency, phase), 123, 1e-9)
    np.testing.assert_allclose(together, expected, rtol=1e-9)
    own = at(Tones(force, np.broadcast_to(frequency, (5, 20)), phase), 123, 1e-9)
    np.testing.assert_allclose(own, expected, rtol=1e-9)


def test_two_tones_superpose_in_a_linear_resonator():
    tones = Tones(FORCES[:2] + 1e7, FREQUENCIES[:2], PHASES[:2])
    found = simulate(LINEAR, 12 / WIDTH, tones, saves=13, tolerance=1e-9)
    time = np.asarray(found.time)[:, None]
    reference = float(found.frame.reference)
    response = (FORCES[:2] + 1e7) * np.exp(1j * PHASES[:2])
    response = response / (WIDTH + 2j * np.pi * (1e9 - FREQUENCIES[:2]))
    forced = response * np.exp(-2j * np.pi * (FREQUENCIES[:2] - reference) * time)
    free = response * np.exp(-(WIDTH + 2j * np.pi * (1e9 - reference)) * time)
    expected = (forced - free).sum(-1)
    assert np.abs(found.real + 1j * found.imaginary - expected).max() < 1e-7


def test_a_sampled_tone_of_equal_samples_is_a_steady_tone():
    steady = Tones(np.array([2e7]), np.array([1.003e9]), 0.4)
    constant = np.full(7, 2e7), np.full(7, 1.003e9), np.full(7, 0.4)
    settings = {"saves": 6, "step": 1e-9, "reference": 1e9, "start": 0.1}
    found = simulate(Resonator(1e9), 5e-8, SampledTone(*constant, interval=5e-9), **settings)
    expected = simulate(Resonator(1e9), 5e-8, steady, **settings)
    np.testing.assert_allclose(found.real, expected.real, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.imaginary, expected.imaginary, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("interval", [10e-9, 7.3e-9, 0.9e-9])
def test_a_sample_lasts_its_interval_and_the_phase_runs_on_when_the_frequency_changes(interval):
    rng = np.random.default_rng(0)
    frequency, force = 1e9 + rng.uniform(-1e8, 1e8, (2, 9)), rng.uniform(1e6, 2e7, (2, 9))
    tone = SampledTone(force, frequency, interval=interval)
    turns = np.concatenate([np.zeros((2, 1)), np.cumsum((frequency - 1e9) * interval, -1)], -1)
    made = steps(60, 2e-9, tone)
    for number in range(0, len(made.begin), 5):
        time = made.begin[number] + 0.4 * made.length[number]
        sample = min(int(time / interval), 8)
        angle = turns[:, sample] + (frequency[:, sample] - 1e9) * (time - interval * sample)
        expected = force[:, sample] * np.exp(-2j * np.pi * angle)
        found = at(tone, number, 0.4 * made.length[number], made)
        np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_the_phase_jumps_by_the_difference_of_the_phases():
    tone = SampledTone(1e7, 1.01e9, np.array([0.0, 0.0, 1.3, -0.2]), interval=4e-9)
    steady = SampledTone(1e7, np.full(4, 1.01e9), interval=4e-9)
    turned = [np.angle(at(tone, n, 1e-9) / at(steady, n, 1e-9)) for n in range(9)]
    np.testing.assert_allclose(turned, [0, 0, 0, 0, 1.3, 1.3, -0.2, -0.2, -0.2], atol=1e-9)


def test_a_hundred_thousand_samples_keep_the_phase_in_single_precision():
    """Samples that no float32 holds to all digits."""
    count, interval = 100_000, 7e-9 / 3
    frequency = np.random.default_rng(0).uniform(0.9e9, 1.1e9, count).astype(np.float32)
    tone = SampledTone(np.ones(count, np.float32), frequency, np.float32(0), interval=interval)
    made = steps(1, count * interval, tone, np.float32)
    turns = interval * (frequency.astype(float) - 1e9) % 1
    for sample in (999, 12_345, count - 1):
        expected = np.exp(-2j * np.pi * turns[:sample].sum())
        assert abs(at(tone, sample, steps=made) - expected) < 1e-6


def test_a_frequency_reaches_the_force_with_its_derivative():
    rest = jnp.zeros(()), jnp.zeros(())

    def steady(frequency):
        action = Tones(jnp.ones(1), frequency[None]).prepared(STEPS)
        return action(action.at_step(jnp.asarray(500), None), 1e-9, rest)[0]

    def sampled(frequency):
        action = SampledTone(jnp.ones(9), jnp.full(9, frequency), interval=200e-9).prepared(STEPS)
        return action(action.at_step(jnp.asarray(500), None), 1e-9, rest)[0]

    frequency, time = 1.0021e9, 1001e-9
    expected = -2 * np.pi * time * np.sin(2 * np.pi * 2.1e6 * time)
    assert jax.grad(steady)(frequency) == pytest.approx(expected, rel=1e-9)
    assert jax.grad(sampled)(frequency) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.nan, 1e9), "^force is nan"),
        ((1e7, 0.0), "^frequency is 0.0"),
        ((1e7, -1e9), "^frequency is -1"),
        ((1e7, 1e9, np.inf), "^phase is inf"),
        ((np.ones(2), 1e9 * np.ones(3)), "force .2,., frequency .3,."),
        ((np.ones(2), 1e9), "one frequency for each tone"),
        ((1e7, 1e9, np.zeros(4)), "one frequency for each tone"),
    ],
)
def test_tones_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        Tones(*arguments)


@pytest.mark.parametrize(
    ("arguments", "interval", "message"),
    [
        ((np.array([np.nan]), 1e9), 1e-9, r"^force\[0\] is nan"),
        ((np.ones(2), 0.0), 1e-9, "^frequency is 0.0"),
        ((np.ones(2), 1e9, np.nan), 1e-9, "^phase is nan"),
        ((np.ones(2), 1e9 * np.ones(3)), 1e-9, "force .2,., frequency .3,."),
        ((1e7, 1e9), 1e-9, "give samples"),
        ((np.ones(0), 1e9), 1e-9, "are empty"),
        ((np.ones(2), 1e9), 0.0, "^interval is 0.0"),
    ],
)
def test_sampled_tones_that_cannot_be_are_refused(arguments, interval, message):
    with pytest.raises(InvalidInput, match=message):
        SampledTone(*arguments, interval=interval)


def test_powers_become_the_forces_of_each_resonator():
    both = Resonator(1e9, drive=np.array([2e8, 3e8]))
    tones = Tones.of_power(both, np.array([1e-6, 4e-6, 0]), FREQUENCIES, PHASES)
    np.testing.assert_allclose(tones.force, [[2e5, 4e5, 0], [3e5, 6e5, 0]], rtol=1e-14)
    assert Tones.of_power(Resonator(np.ones(9)), 1e-6, 1e9).force.shape == (1,)
    own = Tones.of_power(both, np.full((2, 1), 1e-6), np.array([[1e9], [1.1e9]]))
    np.testing.assert_allclose(own.force, [[2e5], [3e5]])
    sampled = SampledTone.of_power(both, np.array([1e-6, 4e-6]), 1e9, interval=1e-9)
    np.testing.assert_allclose(sampled.force, [[2e5, 4e5], [3e5, 6e5]], rtol=1e-14)
    assert repr(tones).startswith("Tones(force=0…600000 rad/s (2, 3), frequency=[1.003, ")
    with pytest.raises(InvalidInput, match="^powers.* is -1"):
        Tones.of_power(both, -1.0, 1e9)
    with pytest.raises(InvalidInput, match=r"resonators \(2, 1\), powers \(3, 3\)"):
        Tones.of_power(both, np.ones((3, 3)), FREQUENCIES)


TIME = 0.25e-9 * np.arange(4000)  # a microsecond at 4 samples a period of 1 GHz


def pulse(time):
    """A pulse of 0.2 V, whose frequency drifts: its amplitude and its phase ψ."""
    return 0.2 * np.exp(-(((time - 5e-7) / 1e-7) ** 2)), 0.4 + 30 * np.sin(2e6 * time)


@pytest.mark.parametrize("every", [1, 8])
def test_a_waveform_gives_the_tone_that_it_carries(every):
    carrier = 1.0123e9
    amplitude, phase = pulse(TIME)
    volts = amplitude * np.cos(2 * np.pi * carrier * TIME - phase)
    device = Resonator(1e9, drive=np.array([2e8, 3e8]))
    tone = SampledTone.from_waveform(TIME + 1e-3, volts, carrier, 50.0, device, every=every)
    assert tone.interval == pytest.approx(every * 0.25e-9)
    amplitude, phase = pulse((np.arange(4000 // every) + 0.5) * tone.interval)
    expected = 2e8 * np.sqrt(amplitude**2 / 100) * np.exp(1j * phase)
    found = tone.force * np.exp(1j * np.asarray(tone.phase))
    np.testing.assert_allclose(found[0], expected, atol=1e-7 * abs(expected).max())
    np.testing.assert_allclose(found[1], 1.5 * found[0])


def test_a_steady_waveform_has_the_power_of_its_amplitude():
    """0.1 V on 50 Ω: P = V²/2Z = 100 µW, whole periods."""
    volts = 0.1 * np.sin(2 * np.pi * 1e9 * TIME)
    tone = SampledTone.from_waveform(TIME, volts, 1e9, 50.0, Resonator(1e9))
    np.testing.assert_allclose(tone.force, Resonator(1e9).force(1e-4), rtol=1e-9)
    np.testing.assert_allclose(tone.phase, np.pi / 2, rtol=1e-9)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"carrier": 2e9}, "^carrier is 2e.09 Hz and the record has 4e.09 samples a second"),
        ({"carrier": 1.7e9}, "lie farther than 1.5e.08 Hz from the carrier"),
        ({"volts": 0.1 * np.cos(2 * np.pi * 1.00037e9 * TIME)}, "cut it to whole periods"),
        ({"time": TIME**2}, "^time must rise in equal intervals"),
        ({"time": TIME[:100]}, r"^time has shape \(100,\) and volts \(4000,\)"),
        ({"impedance": 0.0}, "^impedance is 0"),
        ({"every": 0}, "^every is 0"),
        ({"volts": np.full(4000, np.nan)}, "^time and volts must be finite"),
    ],
)
def test_waveforms_that_carry_no_known_tone_are_refused(given, message):
    steady = {"time": TIME, "volts": np.cos(2 * np.pi * 1e9 * TIME), "carrier": 1e9}
    with pytest.raises(InvalidInput, match=message):
        SampledTone.from_waveform(**(steady | {"impedance": 50.0} | given), resonators=LINEAR)
