"""The linearised equation beside independent numbers and Kittel's closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.laws import ferromagnetic_resonance as fmr
from rfjax.laws import llgs
from rfjax.macrospin import FreeLayer, resonance
from tests.helpers import slope_at
from tests.macrospin.stacks import IN_PLANE, NORMAL, of_reference, permalloy


def test_frequencies_and_decay_rates_are_those_of_the_file(llg):
    layer, field, _, read = of_reference(llg)
    found = resonance(layer, read("equilibrium_without_torque"), field=field)
    np.testing.assert_allclose(found.decay_rate, read("decay_rate"), rtol=1e-6)
    np.testing.assert_allclose(found.frequency, read("resonance"), rtol=1e-9)


@pytest.mark.parametrize(("axis", "field"), [(0, 3e4), (2, 9e5)])
def test_along_an_axis_they_are_kittels(axis, field):
    factors, size, easy = np.array([0.04, 0.06, 0.9]), 8e5, 1e4
    along = np.eye(3)[axis]
    layer = FreeLayer(
        size,
        2e-9,
        1e-7,
        damping=0.02,
        demagnetising=factors,
        easy_axis=along,
        uniaxial_anisotropy=llgs.VACUUM_PERMEABILITY / 2 * size * easy,
    )
    fields = [
        fmr.stiffness_field(field, size, each, factors[axis], easy)
        for each in np.delete(factors, axis)
    ]
    found = resonance(layer, along, field=field * along)
    assert float(found.frequency) == pytest.approx(float(fmr.frequency(*fields, 0.02)), rel=1e-12)
    assert float(found.decay_rate) == pytest.approx(float(fmr.decay_rate(*fields, 0.02)), rel=1e-12)


def test_an_interface_turns_a_film_upright():
    size, thickness, interface = 8e5, 1e-9, 6e-4
    layer = FreeLayer(
        size, thickness, 5e-8, demagnetising=[0, 0, 1.0], interface_anisotropy=interface
    )
    found = resonance(layer, [0.3, 0.2, 0.9])
    np.testing.assert_allclose(found.magnetisation, NORMAL, atol=1e-12)
    pull = 2 * interface / (llgs.VACUUM_PERMEABILITY * size * thickness) - size
    expected = fmr.frequency(pull, pull, 0.01)
    assert float(found.frequency) == pytest.approx(float(expected), rel=1e-10)


def test_single_precision_keeps_its_digits_down_to_the_linewidth():
    layer, field = permalloy(), np.array([2e4, 1e4, 1e5])
    double = resonance(layer, IN_PLANE, field=field, current=1e-4)
    small = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), layer)
    single = resonance(small, IN_PLANE, field=field.astype(np.float32), current=np.float32(1e-4))
    assert single.frequency.dtype == np.float32
    np.testing.assert_allclose(single.frequency, double.frequency, rtol=3e-6)
    np.testing.assert_allclose(single.decay_rate, double.decay_rate, rtol=1e-4)


def test_derivatives_are_those_of_finite_differences():
    def found(scale):
        layer = permalloy(
            magnetisation=8e5 * scale[0], thickness=3e-9 * scale[1], damping=0.01 * scale[2]
        )
        at = resonance(
            layer,
            IN_PLANE,
            field=scale[3] * np.array([2e4, 1e4, 1e5]),
            current=1e-4 * scale[4],
        )
        return jnp.stack([at.frequency, at.decay_rate])

    program, point = jax.jit(found), jnp.ones(5)
    slopes = jax.jit(jax.jacrev(found))(point)
    for place in range(5):
        direction = jnp.eye(5)[place]
        numerical = slope_at(lambda x, d=direction: program(point + x * d), 0.0, 1e-3)
        # The frequency hardly depends on damping: of its changes rounding is a part.
        np.testing.assert_allclose(slopes[:, place], numerical, rtol=1e-6, atol=1)


def test_where_nothing_oscillates_it_says_so():
    with pytest.raises(InvalidInput, match="^no oscillation is found"):
        resonance(permalloy(uniaxial_anisotropy=5e3), [0, 1.0, 0])
    found = jax.jit(lambda start: resonance(permalloy(), start).frequency)
    frequencies = found(jnp.array([[0, 1.0, 0], [1.0, 0, 0]]))
    assert np.isnan(frequencies[0])
    assert frequencies[1] > 1e9
