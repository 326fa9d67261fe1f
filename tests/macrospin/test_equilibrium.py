"""Equilibria beside independent numbers, and what a start and a current do to them."""

import jax
import numpy as np
import pytest

from rfjax.macrospin import equilibrium, simulate
from tests.helpers import slope_at
from tests.macrospin.stacks import IN_PLANE, NORMAL, of_reference, permalloy

RNG = np.random.default_rng(0)


def test_they_are_those_of_the_file_from_many_starts(llg):
    layer, field, _, read = of_reference(llg)
    expected = read("equilibrium_without_torque")
    for spread in (0.0, 0.5):
        start = expected + spread * RNG.normal(size=(8, 3))
        found = equilibrium(layer, start, field=field)
        assert np.all(found.stable)
        assert np.abs(found.magnetisation - expected).max() < 1e-8


def test_a_start_decides_between_both_ways_of_an_easy_axis():
    start = [[0.9, 0.1, 0.3], [-0.2, -0.9, 0.1]]
    found = equilibrium(permalloy(), np.array(start))
    np.testing.assert_allclose(found.magnetisation, [IN_PLANE, -IN_PLANE], atol=1e-12)


def test_on_top_of_a_maximum_it_stays_and_says_so():
    found = equilibrium(permalloy(), NORMAL)
    np.testing.assert_allclose(found.magnetisation, NORMAL, atol=1e-12)
    assert not found.stable


def test_under_a_current_it_is_where_a_damped_layer_ends():
    layer = permalloy(damping=0.3)
    settings = {"field": np.array([2e4, 1e4, 1e5]), "current": np.array([-1e-4, 1e-4])}
    found = equilibrium(layer, IN_PLANE, **settings)
    ended = simulate(layer, IN_PLANE, 10e-9, saves=2, step=5e-13, **settings).magnetisation[:, -1]
    np.testing.assert_allclose(found.magnetisation, ended, atol=1e-9)
    assert np.abs(found.magnetisation[0] - found.magnetisation[1]).max() > 1e-3
    # Far above threshold nothing comes back.
    strong = equilibrium(permalloy(), IN_PLANE, current=-2e-3)
    assert not strong.stable


def test_derivatives_are_those_of_finite_differences():
    def resting(scale):
        layer = permalloy(magnetisation=8e5 * scale)
        found = equilibrium(
            layer,
            IN_PLANE,
            field=scale * np.array([2e4, 1e4, 1e5]),
            current=1e-4 * scale**2,
        )
        return found.magnetisation[2]

    program = jax.jit(resting)
    slope, forward = jax.jit(jax.grad(resting))(1.0), jax.jit(jax.jacfwd(resting))(1.0)
    numerical = slope_at(program, 1.0, 1e-3)
    assert float(slope) == pytest.approx(float(numerical), rel=1e-8)
    assert float(forward) == pytest.approx(float(slope), rel=1e-12)
