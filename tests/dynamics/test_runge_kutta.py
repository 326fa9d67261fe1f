"""The stages written out and in a loop, beside diffrax's own step."""

import diffrax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.dynamics.runge_kutta import looped_step, runge_kutta_step

SOLVERS = [diffrax.Heun(), diffrax.Bosh3(), diffrax.Tsit5(), diffrax.Dopri8()]


def velocity(offset, amplitude):
    re, im = amplitude
    power = re**2 + im**2
    return -0.3 * re + power * im + jnp.cos(2 * offset), -power * re - 0.3 * im - jnp.sin(offset)


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: type(solver).__name__)
def test_a_step_is_that_of_diffrax(solver):
    start = jnp.array([0.3, -0.7]), jnp.array([0.0, 0.4])
    term = diffrax.ODETerm(lambda offset, amplitude, _: velocity(offset, amplitude))
    begin, end = jnp.asarray(0.0), jnp.asarray(0.4)
    memory = solver.init(term, begin, end, start, None)
    expected, *_ = solver.step(term, begin, end, start, None, memory, made_jump=True)
    for step in (runge_kutta_step, looped_step):
        found = step(solver.tableau, velocity, end, start)
        np.testing.assert_allclose(np.stack(found), np.stack(expected), rtol=1e-14)
