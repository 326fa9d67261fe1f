"""Whole turns, counted from step to step."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Oscillator, Resonator
from rfjax.dynamics import ThermalNoise, Tones, simulate
from rfjax.dynamics.dense_output import Hermite, Passed
from rfjax.dynamics.integrate import step_for
from rfjax.dynamics.winding import Winding


def test_turns_and_the_angle_make_the_unwrapped_angle():
    """Either way round, in steps up to half a turn, at amplitudes down to 1e-25 in float32."""
    rng = np.random.default_rng(1)
    for dtype, faintest in ((np.complex64, -25), (np.complex128, -140)):
        advance = rng.uniform(-0.999 * np.pi, 0.999 * np.pi, (400, 300))
        angle = np.cumsum(advance, 0) - advance[0]
        size = 10.0 ** rng.uniform(faintest, 1, angle.shape)
        path = jnp.asarray((size * np.exp(1j * angle)).astype(dtype))
        turns = Winding.of(path[0])
        for packed in path:
            turns = turns.until(packed)
        found = np.angle(np.asarray(path[-1])) + 2 * np.pi * np.asarray(turns.number)
        np.testing.assert_allclose(found, angle[-1], rtol=1e-5)


def test_the_real_axis_belongs_to_its_sign():
    """Along it, and from zero, nothing turns; -0 is the angle -π beside the other."""
    path = [0, 0, -1j, -1, complex(-1, -0.0), 1, complex(1, -0.0), -1j, 1j]
    turns = Winding.of(jnp.asarray([0j]))
    angles = []
    for packed in path:
        turns = turns.until(jnp.asarray([packed], complex))
        angles.append(float(np.angle(complex(packed)) + 2 * np.pi * turns.number[0]))
    assert np.abs(np.diff(angles)).max() <= np.pi + 1e-12


def test_phases_do_not_depend_on_how_many_times_are_kept():
    """Oscillators that turn up to 65 times between two of them, with noise and without it."""
    shift = np.array([-0.05, 0.0, 0.05])
    devices = Oscillator(
        frequency=1e9,
        damping=0.01,
        nonlinear_shift=shift,
        nonlinear_damping=2.0,
        spin_torque_efficiency=1e10,
    )
    settings = {"current": 2 * devices.threshold_current, "reference": 0.98e9, "start": 0.5}
    noises = {}, {"noise": ThermalNoise(equilibrium_power=1e-4), "key": jax.random.key(3)}
    for noise in noises:
        few, some, many = (
            simulate(devices, 2e-6, saves=saves, **settings, **noise) for saves in (2, 15, 1401)
        )
        dense = np.asarray(many.phase(0.99e9))
        np.testing.assert_allclose(few.phase(0.99e9), dense[:, ::1400], atol=1e-6)
        np.testing.assert_allclose(some.phase(0.99e9), dense[:, ::100], atol=1e-6)
        assert (np.ptp(np.asarray(some.windings), -1) > 14).all()
        rate = np.asarray(many.instantaneous_frequency()).reshape(3, 14, 100).mean(-1)
        np.testing.assert_allclose(some.instantaneous_frequency(), rate, rtol=1e-9)
    power = devices.steady_power(settings["current"])
    np.testing.assert_allclose(
        few.instantaneous_frequency()[:, 0], 1e9 * (1 + shift * power), atol=1e7
    )


def test_of_two_tones_the_stronger_one_is_followed_past_the_zeros_of_their_beats():
    """On average, a linear resonator in its steady state turns with the stronger tone."""
    near, far = np.array([1.1e9, 1.15e9, 1.05e9, 0.81e9]), np.array([1.2e9, 1.2e9, 1.2e9, 0.8e9])
    share = np.array([[0.8], [0.9], [0.95]])
    responses = 0.1 * share, 0.1
    rates = [2 * np.pi * (1e7 + 1j * (1e9 - tone)) for tone in (near, far)]
    forces = [np.broadcast_to(r * abs(rate), (3, 4)) for r, rate in zip(responses, rates)]
    begin = sum(force / rate for force, rate in zip(forces, rates, strict=True))
    tones = [Tones(f[..., None], tone[:, None]) for f, tone in zip(forces, (near, far))]
    for saves in (2, 38):
        found = simulate(Resonator(1e9, 0.01, 0.0, 0.0), 1e-6, tones, start=begin, saves=saves)
        mean = np.asarray(found.instantaneous_frequency()).mean(-1)
        np.testing.assert_allclose(mean, np.broadcast_to(far, (3, 4)), atol=1e5)


@pytest.mark.parametrize("side", [-1, 1])
def test_turns_follow_the_interpolant_within_a_step(side):
    """Past zero on either side, in a step whose ends alone would say the same."""
    begin, end, apart = complex(-1, side * 0.4), complex(1, side * 0.4), 4.0 * side
    slopes = complex(2, -apart), complex(2, apart)
    real, imaginary = (
        Hermite(*(jnp.asarray([part(each)]) for each in (begin, slopes[0], end, slopes[1])))
        for part in (np.real, np.imag)
    )
    middle = Passed(real, imaginary, jnp.asarray(1.0)).at(0.5)
    assert np.sign(middle[1][0]) == -side  # it went round the other side
    start = Winding.of(jnp.asarray([begin]))
    found = start.along(Passed(real, imaginary, jnp.asarray(1.0)))
    assert start.until(jnp.asarray([end])).number[0] == 0
    assert found.number[0] == side
    np.testing.assert_array_equal(found.packed, [end])


@pytest.mark.parametrize(
    ("saves", "gap", "tolerance"), [(2, 0.02, 1e-6), (1001, 0.02, 1e-6), (1001, 0.04, 0.1)]
)
def test_turns_past_zero_within_steps_are_those_of_the_exact_path(saves, gap, tolerance):
    """Two tones, the weaker one in the middle of the frame; saves right after zeros."""
    tones, sizes = np.array([1.1e9, 1.2e9]), 0.1 * np.array([1 - gap, 1])
    rates = 2 * np.pi * (1e7 + 1j * (1e9 - tones))
    forces, turned = sizes * np.abs(rates), sizes * np.abs(rates) / rates
    found = simulate(
        Resonator(1e9, 0.01, 0.0, 0.0),
        1e-7,
        Tones(forces, tones),
        start=turned.sum(),
        reference=1.1e9,
        saves=saves,
        tolerance=tolerance,
    )
    time = np.linspace(0, 1e-7, 100_001)
    exact = (turned * np.exp(-2j * np.pi * np.outer(time, tones - 1.1e9))).sum(-1)
    phase = np.unwrap(np.angle(exact))[:: 100_000 // (saves - 1)]
    np.testing.assert_allclose(found.phase(), phase, atol=1e-3 if tolerance == 1e-6 else 0.1)


@pytest.mark.parametrize(
    ("solver", "most"), [(diffrax.Dopri8(), 1.7e-7), (diffrax.Dopri5(), 9e-7)], ids=["8", "5"]
)
def test_errors_add_up_over_the_turns_of_a_lifetime(solver, most):
    """From rest under a tone 200 linewidths away, some 32 turns, against the closed form."""
    frame = 1.01e9
    found = simulate(
        Resonator(1e9, 1e-4, 0.0, 0.0),
        3e-5,
        Tones(2e5 * np.pi, 1.02e9),
        saves=401,
        solver=solver,
        reference=frame,
    )
    rest, tone = 2e5 * np.pi + 2j * np.pi * (1e9 - frame), 2j * np.pi * (1.02e9 - frame)
    time = np.asarray(found.time)
    exact = 2e5 * np.pi * (np.exp(-tone * time) - np.exp(-rest * time)) / (rest - tone)
    off = np.abs(np.asarray(found.real) + 1j * np.asarray(found.imaginary) - exact).max()
    assert most / 10 < off / np.abs(exact).max() / (200 / (2 * np.pi)) < most


LOOSE = (diffrax.Dopri8, diffrax.Dopri5, diffrax.Tsit5, diffrax.Bosh3, diffrax.Heun)


@pytest.mark.parametrize("solver", LOOSE)
def test_no_tolerance_asks_for_steps_that_lose_turns_or_grow(solver):
    """From rest under a tone 200 linewidths away, against the closed form."""
    width, beat = 2e6 * np.pi, 2 * np.pi * 0.2e9
    found = simulate(
        Resonator(1e9, 0.001), 3e-6, Tones(1e6, 1.2e9), saves=101, tolerance=0.1, solver=solver()
    )
    ends = 1 - np.exp(-(width - 1j * beat) * np.asarray(found.time))
    exact = 1e12 / (width**2 + beat**2) * np.abs(ends) ** 2
    np.testing.assert_allclose(found.power, exact, atol=4e-3 * exact.max())
    late = np.asarray(found.instantaneous_frequency())[50:].mean()
    np.testing.assert_allclose(late, 1.2e9, atol=1e5)


def test_steps_end_where_the_sense_of_a_turn_does():
    assert step_for(1e9, 0.5, diffrax.Dopri8()) == 2e-9
    slip = {"step": 3e-9, "reference": 1e9, "saves": 11}
    with pytest.raises(InvalidInput, match="^step is 3e-09 s, in which an amplitude turns by 4"):
        simulate(Resonator(1e9), 1e-7, Tones(1e6, 1.2e9), **slip)
    # At the power of the start it turns little, at that of the oscillation by 2.4 rad a step.
    device = Oscillator(1e9, 0.003, 0.5, 2.0, spin_torque_efficiency=1e11)
    current = 2 * device.threshold_current
    with pytest.warns(UserWarning, match="^step is 3e-09 s, with which this solver may be far off"):
        simulate(device, 1e-7, current=current, **slip)


def test_turns_beyond_what_is_counted_are_refused():
    found = simulate(Resonator(1e9), 1e-7, Tones(1e6, 1e9), saves=3)
    assert np.isfinite(found.phase(1e16)).all()
    with pytest.raises(InvalidInput, match="^frequency is up to 1e.17 Hz, 1e.10 turns away"):
        found.phase(1e17)
    assert np.isnan(eqx.filter_jit(found.phase)(jnp.asarray(1e17))).all()
