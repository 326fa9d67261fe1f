import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Oscillator, Resonator
from rfjax.dynamics import Coupling, Feedback, SampledTone, SparseCoupling, Tones, simulate

FREQUENCY = 1e9
DETUNED = FREQUENCY + 2e6 * np.array([-1.0, 0.5, 1.5])
STRENGTH = 2 * np.pi * 3e6 * np.array([[0, 1 + 2j, 0], [0.5, 0.3j, -1j], [0.4 - 1j, 0, -0.2]])


def linear(frequency, damping=1e-3):
    return Resonator(frequency, damping, nonlinear_shift=0.0, nonlinear_damping=0.0)


def complex_amplitude(found):
    return np.asarray(found.real) + 1j * np.asarray(found.imaginary)


def propagated(device, strength, found, start):
    """The amplitudes by the normal modes of the coupled linear devices, (oscillators, times)."""
    frequency = np.asarray(device.frequency)
    own = 2 * np.pi * (np.asarray(device.damping) * frequency + 1j * frequency)
    own = own - 2j * np.pi * float(found.frame.reference)
    rates, modes = np.linalg.eig(strength - np.diag(np.broadcast_to(own, start.shape)))
    share = np.linalg.solve(modes, start)
    return modes @ (share[:, None] * np.exp(rates[:, None] * np.asarray(found.time)))


def test_two_equal_resonators_pass_their_energy_to_and_fro():
    rate = 2 * np.pi * 5e6
    coupling = Coupling(-1j * rate * np.array([[0, 1], [1, 0]]))
    device = linear(np.full(2, FREQUENCY))
    found = simulate(device, 2e-7, coupling, start=np.array([0.8, 0.0]), saves=41, tolerance=1e-9)
    time = np.asarray(found.time)
    envelope = 0.8 * np.exp(-1e-3 * 2 * np.pi * FREQUENCY * time)
    expected = envelope * np.array([np.cos(rate * time), -1j * np.sin(rate * time)])
    turned = np.exp(-2j * np.pi * (FREQUENCY - float(found.frame.reference)) * time)
    assert np.abs(complex_amplitude(found) - expected * turned).max() < 1e-8


def test_any_matrix_acts_as_its_normal_modes():
    start = np.array([0.1, -0.2j, 0.3 + 0.1j])
    device = linear(DETUNED)
    found = simulate(device, 1e-7, Coupling(STRENGTH), start=start, saves=5, tolerance=1e-9)
    expected = propagated(device, STRENGTH, found, start)
    assert np.abs(complex_amplitude(found) - expected).max() < 1e-7 * np.abs(expected).max()


@pytest.mark.parametrize("rate", [1e5, 1e7, 1e9])
def test_the_step_follows_the_coupling(rate):
    start, duration = np.array([0.5, 0.0]), 5 / rate
    strength = -1j * rate * np.array([[0, 1], [1, 0]])
    device = linear(np.full(2, FREQUENCY), 1e-4)
    found = simulate(device, duration, Coupling(strength), start=start, saves=3)
    expected = propagated(device, strength, found, start)
    assert np.abs(complex_amplitude(found) - expected).max() < 5e-6


def test_links_act_as_the_matrix_that_they_fill():
    target, source = np.nonzero(STRENGTH)
    links = STRENGTH[target, source]
    # A link that is given twice counts twice.
    links = np.concatenate([links, links[:1]])
    source, target = (np.concatenate([index, index[:1]]) for index in (source, target))
    matrix = STRENGTH.copy()
    matrix[target[0], source[0]] *= 2
    device = Oscillator(DETUNED, 0.01, 0.05, 1.0, 1e10)
    settings = {
        "current": 2 * device.threshold_current,
        "start": np.array([[0.3, 0.2, 0.1], [0.1j, 0.4, 0.5]]),
        "saves": 3,
        "step": 1e-9,
        "reference": FREQUENCY,
    }
    sparse = simulate(device, 5e-8, SparseCoupling(links, source, target, 3), **settings)
    dense = simulate(device, 5e-8, Coupling(matrix), **settings)
    assert dense.real.shape == (2, 3, 3)
    np.testing.assert_allclose(sparse.real, dense.real, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(sparse.imaginary, dense.imaginary, rtol=1e-9, atol=1e-12)


def test_hermitian_coupling_conserves_energy():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6))
    coupling = Coupling(-1j * 1e7 * (half + half.conj().T))
    start = rng.normal(size=6) * 0.3
    device = linear(FREQUENCY + 1e6 * rng.normal(size=6), 1e-12)
    found = simulate(device, 1e-6, coupling, start=start, saves=11, tolerance=1e-9)
    power = np.asarray(found.power)
    assert np.ptp(power[0]) > 0.1
    np.testing.assert_allclose(power.sum(0), power[:, 0].sum(), rtol=1e-6)


def root(device, gain, delay):
    """The solution λ of λ = -Γ - iω + K exp(-λτ) that is the least damped of those near."""
    own = 2 * np.pi * (float(device.damping) + 1j) * float(device.frequency)
    rates = -own + np.linspace(-1, 1, 81) * 2j * np.pi / delay
    for _ in range(60):
        past = gain * np.exp(-rates * delay)
        rates = rates - (rates + own - past) / (1 + delay * past)
    good = np.abs(rates + own - gain * np.exp(-rates * delay)) < 1e-6 * abs(gain)
    return rates[good][np.argmax(rates[good].real)]


@pytest.mark.parametrize("gain", [3e6j, 2.5e7, -4e7 + 2e7j])
def test_feedback_grows_at_the_rate_of_its_characteristic_equation(gain):
    device, delay = linear(FREQUENCY, 2e-3), 31.4e-9
    found = simulate(
        device, 1e-6, Feedback(np.asarray(gain), delay=delay), start=1e-6, saves=101, step=1e-9
    )
    late = complex_amplitude(found)[60:]
    measured = np.log(late[1:] / late[:-1])
    expected = root(device, gain, delay) + 2j * np.pi * float(found.frame.reference)
    expected = np.log(np.exp(expected * float(found.interval)))  # turns wrapped alike
    assert np.abs(measured - expected).max() < 1e-5


def test_before_the_delay_has_passed_feedback_is_a_steady_tone_of_the_frame():
    delay, gain = 40e-9, 2e7
    device = linear(1.004e9)
    settings = {"start": 0.2, "saves": 5, "step": 1e-9, "reference": FREQUENCY}
    found = simulate(device, 35e-9, Feedback(np.asarray(gain + 0j), delay=delay), **settings)
    tone = Tones(np.array([0.2 * gain]), np.array([FREQUENCY]), 2 * np.pi * FREQUENCY * delay)
    expected = simulate(device, 35e-9, tone, **settings)
    np.testing.assert_allclose(complex_amplitude(found), complex_amplitude(expected), rtol=1e-9)


def test_feedback_of_each_lane_is_its_own():
    device = linear(FREQUENCY)
    strength = np.array([0, 1e7, 3e7j])
    settings = {"start": 0.2, "saves": 3, "step": 1e-9, "reference": FREQUENCY}
    found = simulate(device, 8e-8, Feedback(strength, delay=7.3e-9), **settings)
    alone = simulate(device, 8e-8, Feedback(strength[2], delay=7.3e-9), **settings)
    np.testing.assert_allclose(found.real[2], alone.real, rtol=1e-12)
    free = 0.2 * np.exp(-1e-3 * 2 * np.pi * FREQUENCY * np.asarray(found.time))
    np.testing.assert_allclose(found.power[0], free**2, rtol=1e-6)


@pytest.mark.parametrize("delay", [2.9e-10, 3.7e-9, 1.0])
def test_any_delay_is_followed_to_the_tolerance_with_drives_that_switch(delay):
    """Beside ten times finer steps; the delay is shorter than a step, some steps, or too long."""
    feedback = Feedback(np.asarray(3e7 + 2e7j), delay=delay)
    sampled = SampledTone(1e7 * np.array([1.0, 0.2, 2.0]), 1.01e9, interval=8.3e-9)
    device = Resonator(FREQUENCY)
    settings = {"start": 0.2, "saves": 4, "reference": FREQUENCY}
    found = simulate(device, 3.1e-8, [sampled, feedback], **settings)
    fine = simulate(device, 3.1e-8, [sampled, feedback], tolerance=1e-9, **settings)
    assert np.abs(complex_amplitude(found) - complex_amplitude(fine)).max() < 1e-6


def test_a_past_beyond_memory_is_refused():
    feedback = Feedback(np.full(10**6, 1e6), delay=1e-6)
    with pytest.raises(InvalidInput, match="^feedback keeps 10000 steps of 1000000 lanes"):
        simulate(linear(FREQUENCY), 2e-6, feedback, step=1e-10, reference=FREQUENCY, saves=2)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Coupling(np.ones((2, 3))), r"strength has shape \(2, 3\)"),
        (lambda: Coupling(np.ones(3)), r"strength has shape \(3,\)"),
        (lambda: Coupling(np.array([[np.nan]])), r"^strength\[0, 0\] is nan"),
        (lambda: Coupling(np.array([[complex(0, np.inf)]])), r"^strength\[0, 0\] is inf"),
        (lambda: SparseCoupling(np.ones(2), [0, 1], [1], 2), r"target has shape \(1,\)"),
        (lambda: SparseCoupling(np.ones(2), [0], [1, 0], 2), r"source has shape \(1,\)"),
        (lambda: SparseCoupling(np.ones(1), [0], [2], 2), "target must lie from 0 to 1"),
        (lambda: SparseCoupling(np.ones(1), [-1], [0], 2), "source must lie from 0 to 1"),
        (lambda: SparseCoupling(np.array([np.nan]), [0], [1], 2), r"^strength\[0\] is nan"),
        (lambda: Feedback(np.nan, delay=1e-9), "^strength is nan"),
        (lambda: Feedback(1e6, delay=0.0), "^delay is 0.0"),
        (lambda: Feedback(1e6, delay=-1e-9), "^delay is"),
    ],
)
def test_couplings_that_cannot_be_are_refused(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


def test_a_matrix_of_another_size_than_the_devices_is_refused():
    with pytest.raises(InvalidInput, match=r"devices \(3,\), force 1 \(2,\)"):
        simulate(linear(DETUNED), 1e-8, Coupling(jnp.zeros((2, 2))))
