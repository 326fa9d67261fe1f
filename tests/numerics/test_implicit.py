import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.numerics.implicit import elementwise_division, implicit_root
from tests.helpers import slope_at


def square_root(value):
    """The root of x² = value, by a solver that has no derivative of its own."""
    return implicit_root(_solve, _residual, _divide, (value,))


def _solve(value):
    return jax.lax.while_loop(
        lambda x: jnp.any(jnp.abs(x * x - value) > 1e-14 * value),
        lambda x: (x + value / x) / 2,
        jnp.ones_like(value),
    )


def _residual(x, value):
    return x * x - value


_divide = elementwise_division(_residual)


def test_the_root_is_the_solvers():
    np.testing.assert_allclose(square_root(jnp.array([4.0, 9.0])), [2, 3], rtol=1e-14)


def test_derivatives_of_all_orders_and_directions_are_the_theorems():
    assert jax.grad(square_root)(4.0) == pytest.approx(0.25)
    assert jax.jvp(square_root, (4.0,), (2.0,))[1] == pytest.approx(0.5)
    assert jax.grad(jax.grad(square_root))(4.0) == pytest.approx(-1 / 32)
    assert jax.grad(jax.grad(jax.grad(square_root)))(4.0) == pytest.approx(3 / 256)
    np.testing.assert_allclose(
        jax.hessian(lambda v: square_root(v).prod())(jnp.array([1.0, 4.0])),
        [[-0.5, 0.125], [0.125, -0.03125]],
    )


def test_it_maps_and_compiles():
    values = jnp.array([1.0, 4.0, 9.0])
    np.testing.assert_allclose(
        jax.jit(jax.vmap(jax.grad(square_root)))(values), 1 / (2 * np.sqrt(values))
    )


def test_the_derivative_does_not_solve_again():
    program = str(jax.make_jaxpr(jax.value_and_grad(square_root))(4.0))
    assert program.count("while[") == 1


def test_where_the_slope_vanishes_the_derivative_is_finite():
    def at_zero(value):
        return implicit_root(jnp.zeros_like, _residual, _divide, (value,))

    slope = jax.grad(at_zero)(0.0)
    assert np.isfinite(slope)
    assert slope > 1e12


def test_several_arguments_of_any_shape():
    def residual(x, matrix, right):
        return matrix @ x - right

    def divide(x, arguments, right):
        return jnp.linalg.solve(arguments[0], right)

    def solved(matrix, right):
        return implicit_root(lambda *a: jnp.linalg.solve(*a), residual, divide, (matrix, right))

    matrix, right = jnp.array([[2.0, 1.0], [0.5, 3.0]]), jnp.array([1.0, -1.0])
    found = jax.jacobian(solved)(matrix, right)
    for i, j in np.ndindex(2, 2):
        unit = np.zeros((2, 2))
        unit[i, j] = 1
        expected = slope_at(lambda h, unit=unit: solved(matrix + h * unit, right), 0.0, 1e-3)
        np.testing.assert_allclose(found[:, i, j], expected, rtol=1e-6)
