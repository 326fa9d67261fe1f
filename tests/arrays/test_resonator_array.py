"""Voltages of arrays, however they are asked for, and what does not fit together."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from tests.arrays.kinds import kinds, made
from tests.arrays.lines import (
    CHAINS,
    DETUNING,
    LINE,
    POWERS,
    array,
    directly,
    moved,
    volts,
)
from tests.rectifiers.lines import COMB, TONES, relative_error


def test_powers_known_only_inside_a_program_that_are_not_allowed_give_nan():
    assert np.isnan(volts(array(), -POWERS)).all()
    assert np.isnan(volts(array(tolerance=None), -POWERS)).all()


@kinds
def test_voltages_do_not_depend_on_how_they_are_asked_for(rectifier, wiring):
    fast = made(rectifier, wiring)
    powers = 0.2 * POWERS
    expected = volts(fast, powers)
    for found in (
        fast(powers),
        volts(fast, powers.reshape(2, 2, -1)).reshape(4, -1),
        eqx.filter_jit(jax.vmap(fast))(powers),
        volts(fast, jnp.concatenate([powers, 0 * powers]))[:4],
        jnp.stack([fast(row) for row in powers]),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13 * float(expected.max()))
    for batch in ((), (5, 0)):
        shape = eqx.filter_eval_shape(fast, jnp.zeros((*batch, TONES))).shape
        assert shape == (*batch, CHAINS)
    np.testing.assert_array_equal(volts(fast, jnp.zeros((1, TONES))), 0)


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
def test_large_batches_are_computed_in_parts(monkeypatch, wiring):
    slow = array(wiring=wiring, tolerance=None)
    expected = slow(POWERS)
    many = CHAINS * TONES * (TONES if isinstance(wiring, SharedLine) else 1)
    monkeypatch.setattr("rfjax.rectifiers.fast.direct._PAIRS_AT_ONCE", 3 * many)
    found = eqx.filter_jit(lambda powers: slow(powers))(jnp.concatenate([POWERS, 0 * POWERS]))
    np.testing.assert_allclose(found[:4], expected, rtol=1e-12)
    np.testing.assert_array_equal(found[4:], 0)


def test_the_linear_model_superposes_and_others_do_where_tones_are_weak():
    first, second = POWERS[0] / 2, POWERS[1] / 2
    linear, nonlinear = array(Linear()), array(Independent())
    together = volts(linear, first + second)
    np.testing.assert_allclose(volts(linear, first) + volts(linear, second), together, rtol=1e-9)
    parts = volts(nonlinear, first) + volts(nonlinear, second)
    assert relative_error(parts, volts(nonlinear, first + second)) > 1e-2
    weak = 1e-7 * POWERS
    expected = directly(array(Linear(), tolerance=None), weak)
    coupled = made(CrossCoupled(), SharedLine(), detuning=DETUNING)
    for each in (nonlinear, coupled):
        assert relative_error(volts(each, weak), expected) <= 2e-5


def test_a_tone_reaches_its_own_column_alone_on_a_line_of_its_own():
    slow = array(wiring=OwnTone(), tolerance=None)

    @eqx.filter_jit
    def by_detuning(powers):
        return jax.jacrev(lambda x: moved(slow, x)(powers).sum(0))(slow.detuning)

    differs = by_detuning(POWERS[0]) != by_detuning(POWERS[0].at[4].mul(2))
    assert differs[:, 4].all()
    assert not np.delete(differs, 4, axis=1).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"detuning": DETUNING[0]}, r"detuning has shape \(12,\); give \(chains, 12\)"),
        ({"detuning": DETUNING[:, 1:]}, r"detuning has shape \(3, 11\); give \(chains, 12\)"),
        ({"detuning": DETUNING[:0]}, r"detuning has shape \(0, 12\); give .*at least one chain"),
        ({"detuning": DETUNING * np.nan}, "detuning.* is nan; it must be finite"),
        ({"detuning": DETUNING - 200}, "detuning"),
        ({"damping": np.full((2, 1), 0.01)}, r"(broadcast|resonators have shape \(2, 12\))"),
        ({"damping": np.full((2, 3, 12), 0.01)}, r"resonators have shape \(2, 3, 12\)"),
        ({"tolerance": 0.0}, "tolerance is 0.0; it must be finite and above zero"),
        ({"tolerance": np.nan}, "tolerance is nan"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        array(**change)


def test_resonators_stand_at_the_tones_of_the_line():
    with pytest.raises(InvalidInput, match="do not stand at the tones of the line"):
        ResonatorArray(DETUNING, Resonator(1.01 * COMB), LINE)
    with pytest.raises(InvalidInput, match=r"frequencies of shape \(\) on a line of 12 tones"):
        ResonatorArray(DETUNING, Resonator(1e9), LINE)


@pytest.mark.parametrize(
    ("powers", "message"),
    [
        (POWERS[:, 1:], r"powers have shape \(4, 11\); give \(..., 12\)"),
        (-POWERS, "powers.* is -.*; it must be finite and zero or above"),
        (POWERS * np.nan, "powers.* is nan; it must be finite and zero or above"),
    ],
)
def test_powers_that_do_not_fit_are_refused(powers, message):
    with pytest.raises(InvalidInput, match=message):
        array(tolerance=None)(powers)
