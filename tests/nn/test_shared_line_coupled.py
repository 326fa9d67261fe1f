import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import ArrayLike

from rfjax.rectifiers import CrossCoupled, Independent
from rfjax.rectifiers.fast.coupled import CoupledExpansion
from tests.nn.lines import DETUNING, POWERS, cast, directly, line, moved, slopes, volts
from tests.rectifiers.lines import PEAKS, relative_error, some_powers

WEAK = PEAKS / 4
DETUNED = 0.4 * DETUNING


def coupled(detuning: ArrayLike = DETUNED, **options):
    options = {"peaks": WEAK, "tolerance": 1e-5} | options
    return line(detuning, rectifier=CrossCoupled(), **options)


def test_tones_that_feel_each_other_are_expanded():
    layer, powers = coupled(), some_powers(WEAK)
    assert isinstance(layer.expansion, CoupledExpansion)
    assert 0 < layer.error() <= layer.tolerance
    assert layer.adapted() is layer
    found = volts(layer, powers)
    assert relative_error(found, directly(layer, powers)) <= 1.5 * layer.tolerance
    alone = line(DETUNED, peaks=WEAK, rectifier=Independent(), tolerance=None)
    assert relative_error(found, volts(alone, powers)) > 1e-3


def test_single_precision_agrees_with_double():
    layer, powers = cast((coupled(tolerance=1e-4), POWERS / 4), np.float32)
    found = volts(layer, powers)
    assert found.dtype == np.float32
    assert relative_error(found, directly(*cast((layer, powers), np.float64))) <= 1.5e-4


@pytest.mark.parametrize("case", ["detuned", "loud"])
def test_outside_its_range_it_is_computed_directly(case):
    detuning = jnp.asarray(DETUNED).at[1, 3].set(7.5) if case == "detuned" else DETUNED
    powers = POWERS / 4 if case == "detuned" else POWERS
    layer, slow = moved(coupled(), detuning), moved(coupled(tolerance=None), detuning)
    assert not layer.expansion.covers(layer.detuning, powers)
    assert relative_error(volts(layer, powers), volts(slow, powers)) <= 1e-12


def test_derivatives_are_those_of_the_voltages_and_finite_at_rest():
    powers = (POWERS / 4).at[0].set(0).at[1, ::2].set(0)
    detuning = jnp.asarray(DETUNED).at[:, ::3].set(0)
    fast, slow = coupled(detuning), coupled(detuning, tolerance=None)
    for found, expected in zip(slopes(fast, powers), slopes(slow, powers)):
        assert np.isfinite(found).all()
        assert relative_error(found, expected) <= 1e-3
