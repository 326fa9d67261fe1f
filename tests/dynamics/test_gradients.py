"""Derivatives in both modes against finite differences."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import Oscillator, Resonator
from rfjax.dynamics import (
    Coupling,
    Feedback,
    SampledTone,
    SparseCoupling,
    ThermalNoise,
    Tones,
    Waveform,
    simulate,
)
from tests.helpers import slope_at

FREQUENCY = 1e9
WIDTH = 0.01 * 2 * np.pi * FREQUENCY
SETTINGS = {"saves": 3, "step": 0.15 / WIDTH, "reference": FREQUENCY}
LEAN = SETTINGS | {"solver": diffrax.Tsit5(scan_kind="bounded")}  # compiles faster
DURATION = 3 / WIDTH


def agrees(function, point):
    """Both modes and differences, of an observable that depends on a vector of order one."""
    point = jnp.asarray(point)
    towards = jnp.asarray(np.random.default_rng(0).normal(size=point.shape))
    backward = jax.jit(jax.grad(function))(point)
    forward = jax.jit(lambda x: jax.jvp(function, (x,), (towards,))[1])(point)
    compiled = jax.jit(function)
    along = [
        slope_at(lambda x, i=i: float(compiled(point.at[i].set(x))), float(point[i]), 2e-3)
        for i in range(point.size)
    ]
    scale = np.abs(along).max()
    np.testing.assert_allclose(forward, backward @ towards, rtol=1e-10, atol=1e-12 * scale)
    np.testing.assert_allclose(backward, along, rtol=1e-6, atol=1e-8 * scale)
    return np.asarray(backward)


def observed(found):
    """One number that the amplitude and its phase, at the end and before, decide."""
    return found.real[..., -1].sum() + 2 * found.imaginary[..., -1].sum() + found.power.sum()


def test_of_every_field_of_a_resonator_and_its_tones_from_rest_and_moving():
    start = np.array([0.0, 0.4 - 0.3j])

    def function(x):
        device = Resonator(
            FREQUENCY * (1 + 0.01 * x[0]), 0.01 * x[1], 0.1 * x[2], nonlinear_damping=x[3]
        )
        tones = Tones(
            WIDTH * jnp.stack([0.4 * x[4], 0.3 * x[5]]),
            FREQUENCY * (1 + 0.01 * x[6:8]),
            x[8:10],
        )
        moved = start + 0.1 * (x[10] + 1j * x[11])
        return observed(simulate(device, DURATION, tones, start=moved, **SETTINGS))

    slopes = agrees(function, [0.3, 1.0, 1.0, 1.0, 1.0, 1.0, 0.2, -1.5, 0.5, -1.0, 0.0, 0.0])
    assert (np.abs(slopes) > 1e-5).all()


@pytest.mark.parametrize("free", [1, 3], ids=["one field", "three fields"])
@pytest.mark.parametrize("coupled", [False, True], ids=["apart", "coupled"])
def test_of_few_fields_over_lanes(free, coupled):
    """Few derivatives are carried along with the amplitudes where lanes are apart."""
    forces = [Tones(WIDTH * np.array([0.4, 0.3]), FREQUENCY * np.array([1.002, 0.99]), 0.3)]
    if coupled:
        forces.append(Coupling(WIDTH * np.array([[0.0, 0.2], [0.3j, 0.0]])))

    def function(x):
        fields = [1.0 * x[0], x[1] if free > 1 else 1.0, x[2] if free > 1 else 1.0]
        frequency = FREQUENCY * (1 + 0.01 * fields[0] * np.array([0.3, -0.8]))
        device = Resonator(frequency, 0.01 * fields[1], 0.1 * fields[2])
        return observed(simulate(device, DURATION, forces, **LEAN))

    assert (np.abs(agrees(function, np.ones(free))) > 1e-5).all()


def test_of_the_force_of_every_tone_on_every_lane():
    """They are carried along with the amplitudes, in one solution for each tone."""
    device = Resonator(FREQUENCY * np.array([1.003, 0.992]))
    tones = FREQUENCY * np.array([1.002, 0.99])

    def function(x):
        forces = WIDTH * x.reshape(2, 2)
        one = Tones(forces, tones, np.array([[0.3], [-1.0]]))
        other = Tones(0.2 * forces[:, :1], FREQUENCY)
        return observed(simulate(device, DURATION, [one, other], **LEAN))

    assert (np.abs(agrees(function, [0.4, 0.3, 0.2, 0.5])) > 1e-5).all()


def test_of_every_field_of_an_oscillator_its_current_and_its_start():
    def function(x):
        device = Oscillator(
            FREQUENCY * (1 + 0.01 * x[0]), 0.01 * x[1], 0.05 * x[2], x[3], 1e10 * x[4]
        )
        current = WIDTH / 1e10 * jnp.stack([x[5], 2 * x[6]])
        found = simulate(device, DURATION, current=current, start=x[7] + 1j * x[8], **LEAN)
        return observed(found)

    slopes = agrees(function, [0.3, 1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 0.3, 0.2])
    assert (np.abs(slopes) > 1e-5).all()


def test_of_a_waveform_and_a_tone_that_changes():
    device = Oscillator(FREQUENCY, 0.01, 0.05, 1.0, 1e10)

    def function(x):
        waveform = Waveform(WIDTH / 1e10 * x[:3], DURATION / 2)
        tone = SampledTone(
            WIDTH * x[3:5], FREQUENCY * (1 + 0.01 * x[5:7]), x[7:9], interval=DURATION / 2
        )
        return observed(simulate(device, DURATION, tone, current=waveform, start=0.2, **LEAN))

    slopes = agrees(function, [0.5, 2.0, 1.5, 0.3, 0.2, 1.0, -0.5, 0.0, 1.0])
    assert (np.abs(slopes) > 1e-5).all()


def test_of_couplings_and_feedback():
    device = Resonator(FREQUENCY * (1 + 0.01 * np.array([-0.5, 0.8])))

    def function(x):
        matrix = WIDTH * (x[:4] + 1j * x[4:8]).reshape(2, 2)
        links = SparseCoupling(WIDTH * 1j * x[8:10], np.array([0, 1]), np.array([1, 1]), 2)
        feedback = Feedback(WIDTH * (x[10] + 1j * x[11]), delay=DURATION / 4.3)
        forces = Coupling(matrix), links, feedback
        start = jnp.array([0.5, 0.2])
        return observed(simulate(device, DURATION, forces, start=start, **LEAN))

    agrees(function, [0.1, 0.5, -0.4, 0.2, -0.3, 0.3, 0.1, 0.0, 0.4, -0.2, 0.3, 0.2])


def test_of_the_strength_of_noise_along_a_path_and_of_what_it_drives():
    def function(x):
        device = Resonator(FREQUENCY * (1 + 0.01 * x[0]), 0.01 * x[1])
        noise = ThermalNoise(0.05 * WIDTH * x[2] * jnp.ones(3), 0.02 * x[3])
        return observed(simulate(device, DURATION, noise=noise, key=jax.random.key(0), **SETTINGS))

    agrees(function, [0.3, 1.0, 1.0, 1.0])


def test_of_observables():
    def function(x):
        device = Oscillator(FREQUENCY * (1 + 0.01 * x[0]), 0.01, 0.05 * x[1], 1.0, 1e10)
        found = simulate(
            device, DURATION, current=2 * WIDTH / 1e10, start=0.4, **(LEAN | {"saves": 21})
        )
        spectrum = found.spectrum()
        centre = (spectrum.frequency * spectrum.density).sum() / spectrum.density.sum()
        return (
            found.phase()[-1]
            + found.m_x().sum()
            + found.instantaneous_frequency().sum() / 1e9
            + centre / 1e7
        )

    agrees(function, [0.3, 1.0])


def test_at_rest_without_a_force_all_derivatives_are_finite():
    def function(device, force, start):
        tones = Tones(force[None], jnp.array([FREQUENCY]))
        return observed(simulate(device, DURATION, tones, start=start, **LEAN))

    device = Resonator(FREQUENCY, 0.01, 0.1, 1.0, 6e7, 2e8, 1.0, 0.0)
    by_device, by_force, by_start = jax.grad(function, argnums=(0, 1, 2))(device, 0.0, 0.0)
    assert all(value == 0 for value in jax.tree.leaves(by_device))
    # Linear: ∫exp(-Γt)dt, and exp(-Γt).
    assert by_force == pytest.approx(-np.expm1(-3) / WIDTH, rel=1e-7)
    assert by_start == pytest.approx(np.exp(-3), rel=1e-7)


def test_what_failed_leaves_no_nan_in_the_derivatives():
    def function(damping):
        device = Resonator(FREQUENCY * np.ones(2), damping, 0.1, nonlinear_damping=0.0)
        push = Tones(WIDTH * np.array([[1e3], [0.1]]), np.array([FREQUENCY]))
        return observed(simulate(device, DURATION, push, **LEAN))

    assert np.isfinite(jax.grad(function)(0.01))


def test_memory_for_the_reverse_mode_does_not_grow_with_the_steps():
    """Residuals of a long integration: states at the ends of stretches, not one for each step."""

    def stored(steps):
        def function(force):
            tones = Tones(force, FREQUENCY * np.ones(1))
            device = Resonator(FREQUENCY)
            return observed(simulate(device, steps * 0.15 / WIDTH, tones, **(LEAN | {"saves": 2})))

        compiled = jax.jit(jax.grad(function)).lower(jnp.ones((200, 1))).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert stored(6400) < 6 * stored(400)
