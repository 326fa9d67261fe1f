import jax
import jax.numpy as jnp
import numpy as np

from rfjax.numerics.fixed_point import accelerated


def test_a_linear_system_of_two_unknowns_takes_few_steps():
    matrix = jnp.array([[0.9, 0.6], [-0.5, 0.7]])  # the plain iteration does not converge
    right = jnp.array([[1.0, 0.0], [2.0, 0.0]])
    found = accelerated(lambda x: (right - matrix @ x[0],), (jnp.zeros((2, 2)),), 1e-12, 20)
    np.testing.assert_allclose(found.point[0], np.linalg.solve(matrix, right), atol=1e-11)
    assert found.converged.all()
    assert found.steps < 8


def test_lanes_that_are_done_wait_for_the_others():
    target = jnp.array([1.0, 2.0, 9.0])
    correction = lambda x: (0.3 * (target - x[0] ** 2),)  # noqa: E731
    found = jax.jit(lambda x: accelerated(correction, (x,), 1e-12, 50))(jnp.sqrt(target) + 0.01)
    np.testing.assert_allclose(found.point[0], np.sqrt(target), rtol=1e-11)


def test_what_does_not_converge_says_so():
    found = accelerated(lambda x: (x[0] ** 2 + 1,), (jnp.array([0.3]),), 1e-9, 7)
    assert not found.converged[0]
    assert found.steps == 7
