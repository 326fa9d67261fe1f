"""Statistics of thermal noise, each within a stated number of its standard errors."""

import diffrax
import jax
import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid

from rfjax import InvalidInput, Oscillator, Resonator
from rfjax.dynamics import SampledTone, ThermalNoise, Tones, simulate
from rfjax.laws import auto_oscillator, injection_locking, thermal_noise

KEY = jax.random.key(0)
FREQUENCY = 2e8
WIDTH = 0.01 * 2 * np.pi * FREQUENCY
LINEAR = Resonator(FREQUENCY, nonlinear_shift=0.0, nonlinear_damping=0.0)


@pytest.fixture(scope="module")
def optimised():
    return True


def within(measured, expected, error, times=4.0):
    return np.all(np.abs(np.asarray(measured) - expected) < times * np.asarray(error))


@pytest.fixture(scope="module")
def equilibrium():
    """A linear resonator at 2 % of full power, sampled 21 times, every other lifetime apart."""
    noise = ThermalNoise(np.full(512, 0.02 * WIDTH))
    found = simulate(LINEAR, 46 / WIDTH, noise=noise, key=KEY, saves=24)
    return found, np.asarray(found.power)[:, 3:] / 0.02


def test_a_resonator_in_equilibrium_has_the_power_of_equipartition(equilibrium):
    power = equilibrium[1]
    count = power.size * (1 - np.exp(-4)) / (1 + np.exp(-4))  # of independent samples
    assert within(power.mean(), 1, 1 / np.sqrt(count))
    assert within((power**2).mean(), 2, np.sqrt(20 / count))


def test_its_power_is_distributed_exponentially(equilibrium):
    power = np.sort(equilibrium[1].ravel())
    share = np.arange(1, power.size + 1) / power.size
    # Kolmogorov and Smirnov: larger by chance once in ten thousand.
    assert np.abs(share - (1 - np.exp(-power))).max() < 2.2 / np.sqrt(power.size)


def test_both_components_and_all_lanes_are_independent(equilibrium):
    found, power = equilibrium
    parts = np.stack([found.real, found.imaginary])[:, :, 3:].reshape(2, -1) / np.sqrt(0.01)
    error = 1 / np.sqrt(power.size)
    assert within(parts.mean(-1), 0, 1.2 * error)
    assert within((parts**2).mean(-1), 1, 1.5 * error)
    assert within((parts[0] * parts[1]).mean(), 0, 1.2 * error)
    assert within((power[1:] * power[:-1]).mean(), 1, 2 * error, times=5)


def test_an_amplitude_forgets_at_the_rate_of_its_damping(equilibrium):
    found = equilibrium[0]
    amplitude = (np.asarray(found.real) + 1j * np.asarray(found.imaginary))[:, 3:] / np.sqrt(0.02)
    decay = (amplitude[:, 1:] * amplitude[:, :-1].conj()).mean()
    error = 1 / np.sqrt(amplitude[:, 1:].size)
    assert within(decay.real, np.exp(-2), error)
    assert within(decay.imag, 0, error)


def test_the_power_is_distributed_as_fokker_and_planck_say():
    """Density exp(-∫(Γ₊-Γ₋)dp/D): at a temperature, Boltzmann's without current, and under one
    below, at and above threshold; and with a strength that does not follow the power."""
    shift = np.array([0.5, -0.08, 0.3, 0.3, 0.3, 0.03])[:, None]
    growth = np.array([2.0, 1.0, 2.0, 2.0, 2.0, 1.0])[:, None]
    ratio = np.array([0.0, 0.0, 0.5, 1.0, 1.5, 1.0])[:, None]
    thermal = np.array([0.3, 0.2, 0.05, 0.05, 0.05, 0.0])[:, None]
    constant = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.02])[:, None]
    oscillator = Oscillator(FREQUENCY, 0.01, shift, growth, 1e10)
    found = simulate(
        oscillator,
        60 / WIDTH,
        current=ratio * oscillator.threshold_current * np.ones(256),
        noise=ThermalNoise(constant * WIDTH, thermal),
        key=KEY,
        start=0.3,
        saves=13,
        tolerance=3e-3,
    )
    assert not found.failed.any()
    power = np.asarray(found.power)[..., 3:].reshape(6, -1)
    p = np.linspace(0, 6, 12001)
    diffusion = constant + thermal * (1 + growth * p) / (1 + shift * p)
    force = (1 + growth * p - ratio * (1 - p)) / diffusion
    well = cumulative_trapezoid(force, p, initial=0)
    np.testing.assert_allclose(
        well[:2], (p + shift * p**2 / 2)[:2] / thermal[:2], rtol=1e-4, atol=1e-6
    )
    density = np.exp(-(well - well.min(-1, keepdims=True)))
    moments = [(density * p**n).sum(-1) / density.sum(-1) for n in range(5)]
    # Times are five lifetimes apart; at threshold some memory is left.
    for n in (1, 2):
        error = np.sqrt((moments[2 * n] - moments[n] ** 2) / (power.shape[-1] / 2))
        assert within((power**n).mean(-1), moments[n], error)
        assert (error < 0.09 * moments[n]).all()


def test_a_line_at_a_temperature_is_wider_by_the_damping_at_its_power():
    """Twice above threshold with Q = 2: the phase diffuses 1.5 times as fast as with Γ₀p_T."""
    oscillator = Oscillator(FREQUENCY, 0.01, 0.0, 2.0, 1e10)
    found = simulate(
        oscillator,
        150 / WIDTH,
        current=2 * oscillator.threshold_current,
        noise=ThermalNoise(np.array([[1e-4 * WIDTH], [0.0]]), np.array([[0.0], [1e-4]])),
        key=KEY,
        start=0.5 * np.ones((2, 256)),
        saves=151,
    )
    turned = np.diff(np.asarray(found.phase()), axis=-1).reshape(2, -1)
    expected = thermal_noise.linewidth_above_threshold(1e-4 * WIDTH * np.array([1, 1.5]), 0.25, 0)
    measured = thermal_noise.linewidth_of_phase(turned.var(-1), found.interval)
    error = np.sqrt(2 / turned.shape[-1])
    assert error < 0.01
    assert within(measured / expected, 1, error)


def test_below_threshold_the_line_is_as_wide_as_the_net_damping():
    oscillator = Oscillator(FREQUENCY, 0.01, 0.0, 0.0, 1e10)
    current = np.array([[0.0], [0.6]]) * np.asarray(oscillator.threshold_current)
    noise = ThermalNoise(np.full(64, 1e-4 * WIDTH))
    found = simulate(
        oscillator, 400 / WIDTH, current=current, noise=noise, key=KEY, saves=4001, tolerance=0.02
    )
    width = np.asarray(found.linewidth(discard=0.05))
    net = WIDTH - auto_oscillator.negative_damping(0.0, current[:, 0], 1e10)
    expected = np.asarray(thermal_noise.linewidth_below_threshold(net))
    error = width.std(-1) / 8
    assert (error < 0.05 * expected).all()
    assert within(width.mean(-1), expected, error)


@pytest.fixture(scope="module", params=[0.0, 0.05])
def auto_oscillation(request):
    """An oscillator twice above threshold whose phase diffuses by 0.02 rad² a lifetime."""
    oscillator = Oscillator(FREQUENCY, 0.01, request.param, 2.0, 1e10)
    current = 2 * oscillator.threshold_current
    nonlinearity = injection_locking.nonlinearity(
        1e10 * current, FREQUENCY, 0.01, request.param, 2.0
    )
    diffusion = 0.02 * WIDTH * 0.25 / (1 + nonlinearity**2)
    found = simulate(
        oscillator,
        1000 / WIDTH,
        current=current,
        noise=ThermalNoise(np.full((8, 8), diffusion)),
        key=KEY,
        start=0.5,
        saves=2001,
        tolerance=0.02,
    )
    return found, float(nonlinearity), float(diffusion)


def test_above_threshold_the_phase_diffuses_after_the_power_has_relaxed(auto_oscillation):
    r"""Var ψ(t) = (D/p)[(1+ν²)t - ν²(1-exp(-2Γ_p t))/(2Γ_p)], with Γ_p = pS."""
    found, nonlinearity, diffusion = auto_oscillation
    phase = np.asarray(found.phase()).reshape(64, -1)[:, 41:]
    relaxation = 0.25 * 4 * WIDTH
    for lag in (4, 40, 120):
        turned = phase[:, lag::lag] - phase[:, :-lag:lag][:, : phase[:, lag::lag].shape[-1]]
        turned = turned - turned.mean()
        time = lag * float(found.interval)
        settling = -np.expm1(-2 * relaxation * time) / (2 * relaxation)
        grown = (1 + nonlinearity**2) * time - nonlinearity**2 * settling
        expected = diffusion / 0.25 * grown
        # Of second order in the noise, p fluctuates: two percent.
        error = np.sqrt(2 / turned.size) + 0.005
        assert within(turned.var() / expected, 1, error)


def test_above_threshold_the_line_is_as_wide_as_the_phase_diffuses(auto_oscillation):
    found, nonlinearity, diffusion = auto_oscillation
    expected = thermal_noise.linewidth_above_threshold(diffusion, 0.25, nonlinearity)
    assert expected == pytest.approx(0.02 * WIDTH / (2 * np.pi))
    width = np.asarray(found.linewidth(discard=0.02, repetitions=1))
    error = width.std(ddof=1) / np.sqrt(8)
    assert error < 0.07 * expected
    assert within(width.mean(), expected, error + 0.01 * expected)


def test_save_times_change_nothing_of_the_path_of_a_key():
    """Between steps and within them, with a drive that switches."""
    noise = ThermalNoise(np.full(3, 0.02 * WIDTH))
    tone = SampledTone(WIDTH * np.array([0.1, 0.3, 0.2]), FREQUENCY, interval=0.7 / WIDTH)

    def path(saves):
        found = simulate(LINEAR, 2 / WIDTH, tone, noise=noise, key=KEY, saves=saves)
        return np.asarray(found.real + 1j * found.imaginary), found.steps

    (few, steps), (many, same), (most, again) = path(5), path(201), path(401)
    assert steps == same == again < 200
    np.testing.assert_allclose(many[:, ::50], few, rtol=1e-12)
    np.testing.assert_allclose(most[:, ::2], many, rtol=1e-12)
    # Within a step as rough as between steps.
    moved = np.abs(np.diff(most, axis=-1)) ** 2 / (2 * 0.02 * 2 / 400)
    assert within(moved.mean(), 1, 1 / np.sqrt(moved.size))


def test_a_lane_has_the_same_noise_however_many_are_beside_it():
    """At save times within steps and between them."""
    settings = {"key": KEY, "step": 0.05 / WIDTH, "reference": FREQUENCY, "saves": 4}

    def amplitudes(*lanes):
        device, noise = Resonator(np.full(lanes, FREQUENCY)), ThermalNoise(0.01 * WIDTH)
        found = simulate(device, 1.02 / WIDTH, noise=noise, **settings)
        return np.stack([found.real, found.imaginary], -1).reshape(-1, 4, 2)

    many = amplitudes(2, 3)
    assert np.ptp(many[:, -1], axis=0).min() > 0.01
    for few in (amplitudes(), amplitudes(1), amplitudes(4)):
        np.testing.assert_allclose(few, many[: len(few)], rtol=1e-12, atol=1e-15)


def test_without_strength_there_is_no_noise():
    tones = Tones(np.array([0.3 * WIDTH]), np.array([2.01e8]))
    noise = ThermalNoise(np.array([0.0, 1e-3 * WIDTH]))
    settings = {"start": 0.2, "saves": 5, "reference": FREQUENCY}
    noisy = simulate(
        Resonator(FREQUENCY), 5 / WIDTH, tones, noise=noise, key=KEY, tolerance=1e-5, **settings
    )
    still = simulate(Resonator(FREQUENCY), 5 / WIDTH, tones, **settings)
    assert np.abs(noisy.real[0] - still.real).max() < 1e-4
    assert np.abs(noisy.real[1] - still.real).max() > 3e-3


def test_a_key_names_a_path():
    def path(key):
        noise = ThermalNoise(1e-3 * WIDTH)
        return simulate(LINEAR, 5 / WIDTH, noise=noise, key=key, saves=3).real

    np.testing.assert_array_equal(path(KEY), path(KEY))
    assert (path(KEY)[1:] != path(jax.random.key(1))[1:]).all()


def test_single_precision_has_the_same_temperature():
    device = Resonator(*map(np.float32, (FREQUENCY, 0.01, 0.0, 0.0, 6e7, 2e8, 1.0, 0.0)))
    noise = ThermalNoise(np.full(1024, 0.02 * WIDTH, np.float32))
    found = simulate(device, 12 / WIDTH, noise=noise, key=KEY, saves=4)
    assert found.real.dtype == np.float32
    power = np.asarray(found.power[:, 1:]) / 0.02
    assert within(power[:, 1:].mean(), 1, 1 / np.sqrt(2048))


def test_noise_is_made_from_a_temperature_or_a_line():
    noise = ThermalNoise.of_temperature(300.0, 4.14e-19)
    assert noise.equilibrium_power == pytest.approx(0.01, rel=1e-3)
    assert noise.diffusion == 0
    noise = ThermalNoise.of_linewidth(np.array([1e5, 2e5]), 0.25, 2.0)
    width = thermal_noise.linewidth_above_threshold(noise.diffusion, 0.25, 2.0)
    np.testing.assert_allclose(width, [1e5, 2e5], rtol=1e-12)
    assert noise.equilibrium_power == 0


def test_noise_that_names_a_linewidth_refuses_devices_of_another():
    noise = ThermalNoise.of_temperature(300.0, 4.14e-19, WIDTH)
    settings = {"noise": noise, "key": KEY, "saves": 2, "step": 1e-9, "reference": FREQUENCY}
    assert simulate(Resonator(FREQUENCY), 2e-9, **settings).power[-1] > 0
    with pytest.raises(InvalidInput, match="^the noise is made for another linewidth"):
        simulate(Resonator(FREQUENCY, damping=0.02), 2e-9, **settings)


def test_a_step_too_coarse_for_the_damping_is_refused():
    settings = {"noise": ThermalNoise(1e-3 * WIDTH), "key": KEY, "saves": 2}
    with pytest.raises(InvalidInput, match=r"^step is 5e-08 s; fluctuations .* 13 % too large"):
        simulate(LINEAR, 1e-6, step=50e-9, **settings)
    with pytest.raises(InvalidInput, match="^step is 2e-07 s"):
        simulate(LINEAR, 1e-6, step=200e-9, reference=FREQUENCY, **settings)
    with pytest.raises(InvalidInput, match="^solver is ShARK.*; give an explicit solver"):
        simulate(LINEAR, 1e-6, solver=diffrax.ShARK(), **settings)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ThermalNoise(-1.0), "^diffusion is -1.0"),
        (lambda: ThermalNoise(np.nan), "^diffusion is nan"),
        (lambda: ThermalNoise.of_temperature(-1.0, 1e-19, 1e7), "^temperature is -1.0"),
        (lambda: ThermalNoise.of_temperature(300.0, 0.0, 1e7), "^energy is 0.0"),
        (lambda: ThermalNoise.of_temperature(300.0, 1e-19, 0.0), "^linewidth is 0.0"),
        (lambda: ThermalNoise.of_linewidth(0.0, 0.2), "^linewidth is 0.0"),
        (lambda: ThermalNoise.of_linewidth(1e5, 0.0), "^power is 0.0"),
        (lambda: ThermalNoise.of_linewidth(1e5, 0.2, np.nan), "^nonlinearity is nan"),
    ],
)
def test_noise_that_cannot_be_is_refused(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


def test_a_biased_resonator_has_no_thermal_noise_of_its_own():
    device = Resonator(2e8).biased(0.5e-3, 1e10)
    warm = ThermalNoise.of_temperature(300.0, 8.3e-19)
    with pytest.raises(InvalidInput, match="biased, and thermal noise belongs to their damping"):
        simulate(device, 1e-7, noise=warm, key=jax.random.key(0))
    simulate(device, 1e-8, noise=ThermalNoise(1e3), key=jax.random.key(0), saves=2)
