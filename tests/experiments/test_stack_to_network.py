import dataclasses

import jax.numpy as jnp
import numpy as np

from rfjax.experiments.co_design.junctions import (
    ANISOTROPY,
    NARROWEST,
    NODES,
    WIDEST,
    Geometry,
    detunings,
    device,
    devices,
    diameters_at,
)
from rfjax.lines import Line

CHOSEN = np.linspace(59e-9, 121e-9, NODES)  # of one program with what is interpolated


def test_devices_between_a_few_diameters_are_those_of_the_reduction():
    ours, theirs = (each(jnp.asarray(CHOSEN), jnp.asarray(6.4e-4)) for each in (devices, device))
    for field in dataclasses.fields(ours):
        if field.name != "under_current":
            values = getattr(ours, field.name), getattr(theirs, field.name)
            np.testing.assert_allclose(*values, rtol=3e-9, err_msg=field.name)
    # An easy plane that a field holds upright: the wider, the lower, with Q = N - 1.
    assert np.all(np.diff(ours.frequency) < 0)
    np.testing.assert_allclose(ours.nonlinear_damping, ours.nonlinear_shift - 1, rtol=1e-4)
    outside = devices(jnp.array([NARROWEST - 1e-10, WIDEST + 1e-10]), jnp.asarray(ANISOTROPY))
    assert np.isnan(outside.frequency).all()


def test_junctions_as_designed_stand_at_their_tones_and_narrower_ones_above():
    line = Line.geometric(2e9, 2.5e9, 5, 2e-10)
    designed = jnp.asarray(diameters_at(line.frequencies))
    change = np.array([np.zeros(5), np.full(5, -0.1e-9)])
    geometry = Geometry(designed, jnp.asarray(change), jnp.asarray(ANISOTROPY))
    found = detunings(geometry, line)
    np.testing.assert_allclose(found[0], 0, atol=5e-3)
    assert np.all(found[1] < -0.1)  # linewidths
