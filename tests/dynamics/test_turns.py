"""Whole turns, counted from step to step."""

import jax
import jax.numpy as jnp
import numpy as np

from rfjax import Oscillator
from rfjax.dynamics import ThermalNoise, simulate
from rfjax.dynamics.turns import Turns


def test_turns_and_the_angle_make_the_unwrapped_angle():
    """Either way round, in steps up to half a turn, at amplitudes down to 1e-25 in float32."""
    rng = np.random.default_rng(1)
    for dtype, faintest in ((np.complex64, -25), (np.complex128, -140)):
        advance = rng.uniform(-0.999 * np.pi, 0.999 * np.pi, (400, 300))
        angle = np.cumsum(advance, 0) - advance[0]
        size = 10.0 ** rng.uniform(faintest, 1, angle.shape)
        path = jnp.asarray((size * np.exp(1j * angle)).astype(dtype))
        turns = Turns.of(path[0])
        for packed in path:
            turns = turns.until(packed)
        found = np.angle(np.asarray(path[-1])) + 2 * np.pi * np.asarray(turns.number)
        np.testing.assert_allclose(found, angle[-1], rtol=1e-5)


def test_the_real_axis_belongs_to_its_sign():
    """Along it, and from zero, nothing turns; -0 is the angle -π beside the other."""
    path = [0, 0, -1j, -1, complex(-1, -0.0), 1, complex(1, -0.0), -1j, 1j]
    turns = Turns.of(jnp.asarray([0j]))
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
        assert (np.ptp(np.asarray(some.turns), -1) > 14).all()
        pace = np.asarray(many.instantaneous_frequency()).reshape(3, 14, 100).mean(-1)
        np.testing.assert_allclose(some.instantaneous_frequency(), pace, rtol=1e-9)
    power = devices.steady_power(settings["current"])
    np.testing.assert_allclose(
        few.instantaneous_frequency()[:, 0], 1e9 * (1 + shift * power), atol=1e7
    )
