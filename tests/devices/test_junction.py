"""Tunnel junctions: their states, their bias and what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.devices import Junction
from rfjax.laws import magnetoresistance
from tests.helpers import slope_at

COSINES = np.array([-1.0, -0.4, 0.0, 0.7, 1.0])
AREA = np.pi * 125e-9**2


def junction(**fields):
    """The junction of 250 nm with 8 Ω·µm² of section 5.3.1; its magnetoresistance is assumed."""
    return Junction(8e-12, AREA, 1.0, **{"half_voltage": 0.4, "breakdown_voltage": 1.2} | fields)


def test_its_states_are_those_of_area_and_magnetoresistance():
    given = junction()
    assert float(given.parallel) == pytest.approx(8 / (np.pi * 0.125**2))
    assert float(given.resistance(1.0, 0.3)) == pytest.approx(float(given.parallel))
    found = magnetoresistance.tunnel_magnetoresistance(given.parallel, given.resistance(-1.0, 0.4))
    assert float(found) == pytest.approx(0.5)
    assert float(given.antiparallel) == pytest.approx(2 * float(given.parallel))


def test_its_conductance_is_linear_in_the_cosine():
    given = junction()
    expected = magnetoresistance.conductance(np.arccos(COSINES), given.parallel, given.antiparallel)
    np.testing.assert_allclose(1 / given.resistance(COSINES), expected, rtol=1e-12)
    numerical = slope_at(lambda x: given.resistance(0.3 + x, 0.2), 0.0, 1e-3)
    assert float(given.slope(0.3, 0.2)) == pytest.approx(float(numerical), rel=1e-9)


@pytest.mark.parametrize("current", [-2e-3, 0.0, 1e-9, 3e-3])
def test_the_voltage_of_a_current_is_its_resistance_times_the_current(current):
    given = junction()
    bias = given.bias(current, COSINES)
    np.testing.assert_allclose(bias, current * given.resistance(COSINES, bias), rtol=1e-13)


def test_the_voltage_of_a_current_has_derivatives():
    def bias(x):
        return junction(half_voltage=0.4 * x[2]).bias(1e-3 * x[0], 0.3 * x[1])

    point = jnp.ones(3)
    slopes = jax.grad(bias)(point)
    for place in range(3):
        along = np.eye(3)[place]
        numerical = slope_at(lambda x, a=along: bias(point + x * a), 0.0, 1e-3)
        assert float(slopes[place]) == pytest.approx(float(numerical), rel=1e-9)


def test_without_a_half_voltage_it_is_an_ohmic_resistance():
    given = junction(half_voltage=None, breakdown_voltage=None)
    np.testing.assert_allclose(given.bias(1e-2, COSINES), 1e-2 * given.resistance(COSINES))
    np.testing.assert_allclose(given.ratio(9.0), 1.0)


def test_currents_and_densities_go_over_the_area():
    given = junction()
    assert float(given.current(1e10)) == pytest.approx(1e10 * AREA)
    assert float(given.current_density(given.current(1e10))) == pytest.approx(1e10)


def test_voltages_at_breakdown_are_refused_or_no_number():
    given = junction()
    for attempt in (lambda: given.resistance(0.0, -1.2), lambda: given.bias(1.0, 0.0)):
        with pytest.raises(InvalidInput, match="^bias reaches the breakdown voltage"):
            attempt()
    found = jax.jit(lambda bias: given.resistance(0.0, bias))(jnp.array([0.5, 1.5]))
    assert np.isfinite(found[0])
    assert np.isnan(found[1])
    with pytest.raises(InvalidInput, match="^cosine has a value outside"):
        given.resistance(1.1)
    with pytest.raises(InvalidInput, match=r"half_voltage \(2,\), cosine|junctions \(2,\)"):
        junction(half_voltage=[0.4, 0.5]).resistance(np.zeros(3))


def test_it_says_what_it_is():
    assert repr(junction()).startswith("Junction(resistance_area=8e-12 Ω·m², area=4.90874e-14 m²")


def test_single_precision_keeps_its_digits():
    small = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), junction())
    found = small.bias(np.float32(2e-3), COSINES.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, junction().bias(2e-3, COSINES), rtol=1e-6)
