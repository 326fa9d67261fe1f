import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import Line, Resonator
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from rfjax.rectifiers.fast import Circumstances, NotPrepared
from rfjax.rectifiers.fast.coupled import coupled_expansion
from tests.helpers import slope_at
from tests.rectifiers.lines import (
    COMB,
    SIGNS,
    TONES,
    chained,
    relative_error,
    some_powers,
)
from tests.rectifiers.lines import PEAKS as STRONG

HALF_WIDTH = 0.8
TOLERANCE = 1e-5
PEAKS = STRONG / 4


@eqx.filter_jit
def volts(expansion, detuning, powers):
    line = Line(expansion.resonators.frequency, expansion.peak_powers)
    return expansion(expansion.resonators, detuning, line, powers)


def planned(
    resonators=Resonator(COMB),
    peaks=PEAKS,
    signs=SIGNS,
    half_width=HALF_WIDTH,
    tolerance=TOLERANCE,
):
    line = Line(resonators.frequency, peaks)
    return coupled_expansion(Circumstances(line, resonators, signs, half_width, tolerance, 5))


def detunings(half_width=HALF_WIDTH, chains=5, seed=0):
    return jnp.asarray(np.random.default_rng(seed).uniform(-1, 1, (chains, TONES)) * half_width)


def test_everywhere_in_its_range_it_is_the_direct_answer():
    expansion, powers = planned(), some_powers(PEAKS)
    ends = jnp.concatenate([detunings(), HALF_WIDTH * jnp.ones((1, TONES))])
    found = volts(expansion, ends, powers)
    expected = chained(CrossCoupled(), Resonator(COMB), ends, powers)
    assert relative_error(found, expected) <= 2 * TOLERANCE
    assert relative_error(found, chained(Independent(), Resonator(COMB), ends, powers)) > 3e-3


@eqx.filter_jit
def slopes(function, *arguments):
    def total(detuning, powers):
        found = function(detuning, powers)
        return jnp.sum(found * jnp.cos(jnp.arange(found.size)).reshape(found.shape))

    return jax.grad(total, argnums=(0, 1))(*arguments)


def directly(detuning, powers):
    return chained(CrossCoupled(), Resonator(COMB), detuning, powers)


def test_derivatives_are_those_of_the_direct_answer():
    detuning, powers = detunings().at[:, ::3].set(0), some_powers(PEAKS).at[1, ::2].set(0)
    found = slopes(eqx.Partial(volts, planned()), detuning, powers.at[2].set(0))
    for fast, slow in zip(found, slopes(directly, detuning, powers.at[2].set(0))):
        assert np.isfinite(fast).all()
        assert relative_error(fast, slow) <= 1e-3


def test_derivatives_are_the_differences_of_the_voltages():
    expansion, powers = planned(), 0.9 * some_powers(PEAKS)
    by_detuning, by_powers = slopes(eqx.Partial(volts, expansion), 0.9 * detunings(), powers)
    rng = np.random.default_rng(2)
    along = jnp.asarray(rng.standard_normal(by_detuning.shape))
    stronger = powers * rng.standard_normal(powers.shape)

    def total(step):
        found = volts(expansion, 0.9 * detunings() + step * along, powers + step * stronger)
        return jnp.sum(found * jnp.cos(jnp.arange(found.size)).reshape(found.shape))

    expected = slope_at(total, 0.0, 1e-3)
    found = jnp.sum(by_detuning * along) + jnp.sum(by_powers * stronger)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_weak_tones_are_converted_linearly():
    weak = 1e-7 * PEAKS
    expected = chained(Linear(), Resonator(COMB), detunings(), weak)
    assert relative_error(volts(planned(), detunings(), weak), expected) <= 2 * TOLERANCE


def test_one_tone_is_shifted_by_its_own_power_alone():
    alone = PEAKS * np.eye(TONES)[[0, 5]]
    expected = chained(Independent(), Resonator(COMB), detunings(), alone)
    assert relative_error(volts(planned(), detunings(), alone), expected) <= 2 * TOLERANCE


def test_without_power_there_is_no_voltage_even_where_the_peak_is_zero():
    peaks = PEAKS * (np.arange(TONES) % 3 > 0)
    expansion = planned(peaks=peaks)
    assert (volts(expansion, detunings(), jnp.zeros(TONES)) == 0).all()
    expected = chained(CrossCoupled(), Resonator(COMB), detunings(), peaks)
    assert relative_error(volts(expansion, detunings(), peaks), expected) <= 2 * TOLERANCE
    unpowered = planned(peaks=0 * PEAKS)
    assert (volts(unpowered, detunings(), jnp.zeros(TONES)) == 0).all()


def test_it_covers_what_lies_in_its_range_and_nothing_else():
    expansion = planned()
    inside = jnp.full((3, TONES), HALF_WIDTH)
    device, line = Resonator(COMB), Line(COMB, PEAKS)
    assert expansion.covers(device, inside, line)
    assert not expansion.covers(device, 1.001 * inside, line)
    assert not expansion.covers(device, inside.at[0, 0].set(np.nan), line)
    assert not expansion.covers(device, inside, Line(COMB, PEAKS.at[2].multiply(1.001)))
    assert not expansion.covers(device, inside, Line(COMB.at[2].multiply(1.001), PEAKS))
    assert not expansion.covers(Resonator(COMB, symmetric=0.01), inside, line)


def test_tones_in_any_order_and_resonators_of_any_kind():
    order = np.random.default_rng(3).permutation(TONES)
    resonators = Resonator(
        COMB[order],
        damping=np.linspace(0.009, 0.011, TONES),
        nonlinear_shift=-0.08,
        symmetric=np.linspace(-1, 1, TONES),
    )
    expansion, powers = planned(resonators, PEAKS[order]), some_powers(PEAKS[order])
    expected = chained(CrossCoupled(), resonators, detunings(), powers)
    assert relative_error(volts(expansion, detunings(), powers), expected) <= 2 * TOLERANCE


@pytest.mark.parametrize("stronger", [24, 400])
def test_where_the_steady_state_may_not_be_unique_nothing_is_planned(stronger):
    with pytest.raises(NotPrepared, match="may not be unique"):
        planned(peaks=stronger * PEAKS)


def test_many_far_tones_shift_a_resonator_together():
    comb = 1e9 * 1.0077 ** jnp.arange(56)
    peaks = 3e-5 * comb / comb[0]
    signs = (-1.0) ** jnp.arange(56)
    expansion = planned(Resonator(comb), peaks, signs, half_width=0.5, tolerance=1e-3)
    assert max(group.far.shape[1] for group in expansion.groups) > 0
    detuning = jnp.asarray(np.random.default_rng(0).uniform(-0.5, 0.5, (2, 56)))
    powers = some_powers(peaks)
    expected = chained(CrossCoupled(), Resonator(comb), detuning, powers)
    assert relative_error(volts(expansion, detuning, powers), expected) <= 2e-3
