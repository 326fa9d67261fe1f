"""Derivatives of all that a stack reduces to, beside finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.macrospin import Magnetoresistance, reduction, threshold_current
from tests.helpers import slope_at
from tests.macrospin.stacks import upright


def outputs(scale):
    """Every number of a reduction at a current, of the resonator, and the threshold."""
    layer, start, field = upright(scale, scale[4])
    found = reduction(layer, start, field=field, current=2e-5 * scale[5])
    junction = Magnetoresistance(500.0 * scale[6], 1000.0, [0.6, 0.0, -0.8])
    diode = found.resonator(junction)
    names = ("nonlinear_damping", "rectification", "drive", "antisymmetric", "symmetric")
    parts = [getattr(found, name) for name in ("frequency", "decay", "shift", "growth", "energy")]
    parts += [found.efficiency, found.saturation, *(getattr(diode, name) for name in names)]
    return jnp.stack([*parts, threshold_current(layer, start, field=field)])


@pytest.mark.slow
def test_derivatives_of_all_of_them_are_those_of_finite_differences():
    # One program for slopes and values, which compiles for longer than it runs.
    both = jax.jit(jax.jacrev(lambda scale: (outputs(scale),) * 2, has_aux=True))
    point = jnp.ones(7)
    slopes, values = both(point)
    size = np.abs(values)
    assert np.isfinite(size).all()
    for place in range(7):
        direction = jnp.eye(7)[place]
        numerical = slope_at(lambda x, d=direction: both(point + x * d)[1], 0.0, 1e-3)
        assert np.all(np.abs(slopes[:, place] - numerical) < 1e-6 * (size + np.abs(numerical)))
