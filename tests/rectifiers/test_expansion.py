import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import Resonator
from rfjax.rectifiers import Independent, Linear
from rfjax.rectifiers.expansion import Expansion
from rfjax.rectifiers.pairs import Excess
from rfjax.rectifiers.planning import planned
from tests.rectifiers.lines import (
    COMB,
    PEAKS,
    SIGNS,
    TONES,
    built,
    chained,
    lines,
    relative_error,
    some_powers,
)

HALF_WIDTH = 1.5
volts = eqx.filter_jit(Expansion.__call__)


def expanded(rectifier=Independent(), resonators=Resonator(COMB), peaks=PEAKS, **request):
    request = {"half_width": HALF_WIDTH, "tolerance": 1e-6, "chains": 3} | request
    expansion = planned(rectifier, resonators, peaks, SIGNS, **request)
    assert expansion is not None
    return expansion


def detunings(half_width=HALF_WIDTH, chains=3, seed=0):
    return jnp.asarray(np.random.default_rng(seed).uniform(-1, 1, (chains, TONES)) * half_width)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    lines,
    st.sampled_from([Linear(), Independent()]),
    st.sampled_from([0.5, 2.0, 6.0, 24.0]),
    st.floats(-6, -3),
)
def test_everywhere_in_its_range_it_is_the_direct_answer(line, rectifier, half_width, decades):
    resonators, peaks, rng = built(line)
    expansion = planned(
        rectifier,
        resonators,
        peaks,
        SIGNS,
        half_width=half_width,
        tolerance=10**decades,
        chains=24,
    )
    if expansion is None:
        return
    detuning = jnp.asarray(rng.uniform(-half_width, half_width, (24, TONES)))
    powers = some_powers(peaks)
    assert expansion.covers(detuning, powers)
    expected = chained(rectifier, resonators, detuning, powers)
    # The plan is an estimate: whoever needs more measures, as the layer does.
    assert relative_error(volts(expansion, detuning, powers), expected) <= 2 * 10**decades


@pytest.mark.parametrize("rectifier", [Linear(), Independent()])
def test_weak_tones_are_converted_linearly(rectifier):
    weak = 1e-9 * PEAKS
    expected = chained(Linear(), Resonator(COMB), detunings(), weak)
    assert relative_error(volts(expanded(rectifier), detunings(), weak), expected) <= 2e-6


def test_the_excess_is_what_the_linear_rung_lacks():
    device, x, powers = Resonator(1e9), jnp.linspace(-3, 3, 7), jnp.full(7, 3e-3)
    excess = Excess(Independent()).conversion(device, x, powers)
    whole = Independent().conversion(device, x, powers)
    np.testing.assert_allclose(excess + Linear().conversion(device, x, powers), whole, rtol=1e-12)
    assert (Excess(Linear()).conversion(device, x, powers) == 0).all()
    assert (Excess(Independent()).conversion(device, x, jnp.zeros(7)) == 0).all()


def test_it_covers_what_lies_in_its_range_and_nothing_else():
    expansion = expanded()
    inside = jnp.full((3, TONES), HALF_WIDTH)
    assert expansion.covers(inside, PEAKS)
    assert expansion.covers(-inside, 0 * PEAKS)
    assert expansion.covers(inside, PEAKS * (1 + 1e-15))
    for outside in (HALF_WIDTH * 1.0001, -HALF_WIDTH * 1.0001, np.nan, np.inf):
        assert not expansion.covers(inside.at[1, 2].set(outside), PEAKS)
    for outside in (PEAKS[2] * 1.0001, -1e-30, np.nan, np.inf):
        assert not expansion.covers(inside, PEAKS.at[2].set(outside))


def test_without_power_there_is_no_voltage_even_where_the_peak_is_zero():
    peaks = PEAKS * (np.arange(TONES) % 3 > 0)
    expansion = expanded(peaks=peaks)
    assert (volts(expansion, detunings(), jnp.zeros(TONES)) == 0).all()
    expected = chained(Independent(), Resonator(COMB), detunings(), peaks)
    assert relative_error(volts(expansion, detunings(), peaks), expected) <= 2e-6


def test_the_wiring_is_that_of_the_signs_given():
    resonators, detuning = Resonator(COMB), detunings()
    request = {"half_width": HALF_WIDTH, "tolerance": 1e-6, "chains": 3}
    aligned = planned(Linear(), resonators, PEAKS, jnp.ones(TONES), **request)
    frequency = COMB / (1 + 0.01 * detuning)
    each = Linear()(Resonator(frequency), PEAKS, COMB)
    assert relative_error(volts(aligned, detuning, PEAKS), each.sum(axis=-1)) <= 2e-6
    alternating = volts(expanded(Linear()), detuning, PEAKS)
    assert relative_error(alternating, (SIGNS * each).sum(axis=-1)) <= 2e-6


def test_a_crowded_line_without_nonlinearity_needs_neither_far_field_nor_nodes():
    crowded = 1e9 * 1.0056 ** jnp.arange(TONES)
    resonators = Resonator(crowded, nonlinear_shift=0.0, nonlinear_damping=0.0)
    expansion = expanded(resonators=resonators, half_width=6.0, tolerance=1e-4, chains=24)
    assert expansion.far.shape[1] == 0
    assert expansion.corrections.slots == 0
    expected = chained(Linear(), resonators, detunings(6.0), PEAKS)
    assert relative_error(volts(expansion, detunings(6.0), PEAKS), expected) <= 2e-4
