"""Normal forms of fields that are made from known ones by changes of coordinates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.numerics.normal_form import focus, normal_form


def spiral(value, cubic):
    """The field of a known normal form, in the plane."""

    def field(x):
        z = jax.lax.complex(x[0], x[1])
        moved = (value + cubic * (x @ x)) * z
        return jnp.stack([moved.real, moved.imag])

    return field


def bent(field):
    """The same field in other coordinates that keep areas: sheared, stretched and turned."""
    a, b, c = 0.7, -0.4, 0.3

    def onwards(x):
        u, v = x[0], x[1] + a * x[0] ** 2 + c * x[0] ** 3
        u, v = 0.6 * u - 0.8 * v, 0.8 * u + 0.6 * v
        u = u + b * v**2 - 0.5 * a * v**3
        u, v = 1.7 * u, v / 1.7
        return jnp.stack([0.6 * u - 0.8 * v, 0.8 * u + 0.6 * v])

    def back(y):
        u, v = 0.6 * y[0] + 0.8 * y[1], -0.8 * y[0] + 0.6 * y[1]
        u, v = u / 1.7, v * 1.7
        u = u - b * v**2 + 0.5 * a * v**3
        u, v = 0.6 * u + 0.8 * v, -0.8 * u + 0.6 * v
        return jnp.stack([u, v - a * u**2 - c * u**3])

    return lambda y: jax.jvp(onwards, (back(y),), (field(back(y)),))[1]


@pytest.mark.parametrize("decay", [-0.2, -1e-3, 0.0, 0.15])
def test_it_does_not_depend_on_coordinates_that_keep_areas(decay):
    value, cubic = decay - 1.3j, -0.4 + 0.9j
    program = jax.jit(lambda point: normal_form(bent(spiral(value, cubic)), point))
    about, found = program(jnp.zeros(2))
    np.testing.assert_allclose(about.eigenvalue, value, rtol=1e-13)
    assert float(found.real) == pytest.approx(cubic.real, rel=1e-12)
    # Phases may be counted from anywhere at each size of the orbit, which turns with the decay.
    assert abs(found.imag - cubic.imag) < abs(decay) + 1e-12


def test_other_areas_scale_the_cubic_coefficient():
    field = spiral(-0.1 - 1j, 0.5 - 2j)
    found = normal_form(lambda x: 3 * field(x / 3), jnp.zeros(2)).cubic
    np.testing.assert_allclose(found, (0.5 - 2j) / 9, rtol=1e-13)


def test_a_focus_has_its_eigenvectors():
    matrix = np.array([[-0.3, 2.0], [-1.1, 0.1]])
    value, mode, adjoint = focus(jnp.asarray(matrix))
    np.testing.assert_allclose(matrix @ mode, value * mode, rtol=1e-14)
    np.testing.assert_allclose([adjoint @ mode, adjoint @ mode.conj()], [1, 0], atol=1e-14)
    assert abs(4 * (mode[0].conj() * mode[1]).imag) == pytest.approx(1)
    assert value.imag < 0


def test_a_node_and_a_saddle_are_none():
    for matrix in ([[1.0, 0.5], [0.2, 2.0]], [[0.0, 1.0], [1.0, 0.0]]):
        assert np.isnan(focus(jnp.array(matrix)).eigenvalue.imag)
