import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.rectifiers import Linearised, Independent, Linear
from tests.helpers import slope_at
from tests.nn.lines import DETUNING, POWERS, directly, line, moved, outside, slopes, volts
from tests.rectifiers.lines import PEAKS, relative_error


def silent_and_resonant():
    """Powers some of which are zero, detunings some of which are zero."""
    powers = POWERS.at[0].set(0).at[1, ::2].set(0)
    return jnp.asarray(DETUNING).at[:, ::3].set(0), powers


@pytest.mark.parametrize("rectifier", [Linear(), Independent()])
def test_derivatives_are_those_of_the_voltages(rectifier):
    detuning, powers = silent_and_resonant()
    fast = line(detuning, rectifier=rectifier, tolerance=1e-9)
    assert fast.expansion is not None
    slow = line(detuning, rectifier=rectifier, tolerance=None)
    for found, expected in zip(slopes(fast, powers), slopes(slow, powers)):
        assert np.isfinite(found).all()
        assert relative_error(found, expected) <= 1e-6


def test_derivatives_are_the_differences_of_the_voltages():
    layer = line(tolerance=1e-9)
    by_detuning, by_powers = slopes(layer, POWERS)
    weights = jnp.cos(jnp.arange(12)).reshape(4, 3)
    rng = np.random.default_rng(2)
    for _ in range(3):
        along = jnp.asarray(rng.standard_normal(DETUNING.shape))
        louder = POWERS * rng.standard_normal(POWERS.shape)

        def total(step, along=along, louder=louder):
            there = moved(layer, layer.detuning + step * along)
            return jnp.sum(weights * directly(there, POWERS + step * louder))

        expected = slope_at(total, 0.0, 1e-3)
        found = jnp.sum(by_detuning * along) + jnp.sum(by_powers * louder)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_at_rest_a_watt_more_is_converted_linearly():
    silence = jnp.zeros_like(POWERS)
    _, found = slopes(line(tolerance=1e-9), silence)
    _, expected = slopes(line(rectifier=Linear(), tolerance=None), silence)
    assert relative_error(found, expected) <= 1e-6


def test_the_gradient_of_another_rung_can_stand_in():
    layer = line(gradient=Linearised(PEAKS), tolerance=1e-9)
    plain, frozen = line(tolerance=1e-9), line(rectifier=Linearised(PEAKS))
    assert relative_error(volts(layer, POWERS), directly(plain, POWERS)) <= 1e-9
    assert frozen.expansion is None
    for found, expected, own in zip(
        slopes(layer, POWERS), slopes(frozen, POWERS), slopes(plain, POWERS)
    ):
        assert relative_error(found, expected) <= 1e-12
        assert relative_error(found, own) > 1e-3


def test_devices_are_differentiated_through_only_where_every_pair_is_computed():
    @eqx.filter_jit
    @eqx.filter_grad
    def slope(layer):
        return jnp.sum(layer(POWERS))

    by_device = slope(line(tolerance=None)).resonators
    assert np.isfinite(by_device.nonlinear_shift)
    assert by_device.nonlinear_shift != 0
    with pytest.raises(InvalidInput, match="SharedLineDense with a tolerance have no derivative"):
        slope(line())


def test_outside_the_range_derivatives_are_those_of_the_direct_answer():
    detuning, powers = outside()["both"]
    layer, slow = moved(line(tolerance=1e-9), detuning), moved(line(tolerance=None), detuning)
    for found, expected in zip(slopes(layer, powers), slopes(slow, powers)):
        assert relative_error(found, expected) <= 1e-12
