"""What arrays are prepared for, and what they refuse."""

from collections import OrderedDict

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine, Tuned, covered, preparation, prepared
from rfjax.arrays.of_models import with_tuned
from rfjax.rectifiers import Independent, Linear
from tests.arrays.kinds import KINDS, made, spread
from tests.arrays.lines import (
    CHAINS,
    DETUNING,
    POWERS,
    array,
    directly,
    moved,
    volts,
)
from tests.rectifiers.lines import COMB, PEAKS, TONES, relative_error

RNG = np.random.default_rng(0)


def other(fast, case):
    """An array that differs in something from what it was prepared for."""
    many = {
        "detuning": fast.detuning.at[1, 3].set(1.01 * fast.evaluation.half_width),
        "no number": fast.detuning.at[1, 3].set(np.nan),
    }
    if case in many:
        return moved(fast, many[case])
    if case == "tones":
        return eqx.tree_at(
            lambda it: it.line.frequencies, fast, fast.frequencies.at[2].multiply(1.001)
        )
    if case == "own tones":
        return eqx.tree_at(
            lambda it: it.resonators.frequency, fast, fast.frequencies.at[2].multiply(1.001)
        )
    if case == "peaks":
        return eqx.tree_at(
            lambda it: it.line.peak_powers, fast, fast.peak_powers.at[2].multiply(1.2)
        )
    return eqx.tree_at(
        lambda it: getattr(it.resonators, case),
        fast,
        getattr(fast.resonators, case) * (-1.2 if case == "nonlinear_shift" else 1.2),
    )


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
@pytest.mark.parametrize(
    "case",
    ["detuning", "tones", "own tones", "peaks"]
    + ["damping", "nonlinear_shift", "nonlinear_damping", "drive"],
)
def test_what_it_was_not_prepared_for_is_refused_and_prepared_again(case, wiring):
    there = other(array(Independent(), wiring), case)
    assert not there.covered()
    assert not covered({"model": there})
    assert np.isnan(volts(there, POWERS)).all()
    slow = eqx.tree_at(lambda it: it.evaluation, there, None)
    expected = volts(slow, POWERS)
    assert relative_error(there(POWERS), expected) <= 1e-12  # no program: directly
    again = prepared([there])[0]
    if "tones" not in case:
        assert again.covered()
        assert relative_error(volts(again, POWERS), expected) <= 1.5e-5


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
def test_other_chiralities_than_it_was_prepared_for_are_noticed(wiring):
    """The tones at one side of a resonator are strong, those at the other are not."""
    peaks = PEAKS * np.where(np.arange(TONES) % 2, 1.5, 0.01)
    fast = array(Independent(), wiring, line=Line(COMB, peaks), nonlinear_shift=0.15)
    shift = -fast.resonators.nonlinear_shift
    turned = eqx.tree_at(lambda it: it.resonators.nonlinear_shift, fast, shift)
    found, expected = volts(turned, peaks[None]), directly(turned, peaks[None])
    assert not turned.covered() or relative_error(found, expected) <= 2 * fast.tolerance


def test_a_detuning_that_is_no_number_never_passes_for_one():
    there = other(array(Independent()), "no number")
    assert not there.covered()
    assert np.isnan(volts(there, POWERS)).all()
    with pytest.raises(InvalidInput, match="detuning.* is nan; it must be finite"):
        there(POWERS)


@pytest.mark.parametrize(("rectifier", "wiring"), [KINDS[1], KINDS[2], KINDS[4]])
def test_rows_above_the_peaks_are_refused_and_no_others(rectifier, wiring):
    fast = made(rectifier, wiring)
    powers = fast.peak_powers * jnp.asarray(RNG.random((4, TONES)))
    strong = powers.at[2, 5].set(1.001 * fast.peak_powers[5])
    found = volts(fast, strong)
    assert np.isnan(found[2]).all()
    rest = np.array([0, 1, 3])
    np.testing.assert_array_equal(found[rest], volts(fast, powers)[rest])
    assert relative_error(fast(strong), directly(fast, strong)) <= 1e-12
    rounded = powers.at[2].set(fast.peak_powers * (1 + 1e-15))
    assert np.isfinite(volts(fast, rounded)).all()


def test_new_detunings_devices_and_powers_compile_once():
    traces = []

    @eqx.filter_jit
    def counted(array, powers):
        traces.append(powers.shape)
        return array(powers)

    fast = array()
    for case in ("detuning", "damping", "peaks", "tones"):
        counted(other(fast, case), POWERS)
    for detuning in (DETUNING, 0.5 * DETUNING):
        counted(moved(fast, detuning), 0.3 * POWERS)
    assert len(traces) == 1


def longest_constant(function, *arguments):
    text = eqx.filter_jit(function).lower(*arguments).as_text()
    return max(len(row) for row in text.splitlines() if "stablehlo.constant" in row)


def test_constants_are_arguments_of_the_program():
    fast = array(Linear())
    assert longest_constant(lambda array, powers: array(powers), fast, POWERS) < 300
    baked = longest_constant(lambda detuning: moved(fast, detuning)(POWERS), fast.detuning)
    assert baked > 2000  # a matrix of the far field


def test_the_same_request_is_prepared_once_as_long_as_there_is_room(monkeypatch):
    fast, prepare = array(), preparation._found
    monkeypatch.setattr(preparation, "_found", None)
    again = array(detuning=1.01 * DETUNING).evaluation
    assert eqx.tree_equal(again, fast.evaluation)
    held = [id(leaf) for each in (fast.evaluation, again) for leaf in jax.tree.leaves(each)]
    assert len(held) == len(set(held))
    monkeypatch.setattr(preparation, "_found", prepare)
    monkeypatch.setattr(preparation, "_known", OrderedDict())
    array(Linear())
    request = next(iter(preparation._known.items()))
    monkeypatch.setattr(preparation, "_KEPT", 1.5 * preparation._bytes(request))
    array(Linear(), line=Line(COMB, 2 * PEAKS))
    assert len(preparation._known) == 1
    assert request[0] not in preparation._known


def test_arrays_are_prepared_for_where_they_are():
    fast = array()
    near = moved(fast, 0.99 * DETUNING)
    assert eqx.tree_equal(near.prepared(), near)
    wide, narrow = (moved(fast, scale * DETUNING).prepared() for scale in (3, 0.1))
    widths = [float(each.evaluation.half_width) for each in (narrow, fast, wide)]
    assert widths[0] < widths[1] < widths[2]
    assert not moved(fast, 3 * DETUNING).covered()
    for each in (narrow, wide):
        assert each.covered()
        assert each.error() <= each.tolerance
        assert relative_error(volts(each, POWERS), directly(each, POWERS)) <= 1.5e-5
    assert eqx.tree_equal(moved(wide, DETUNING).prepared(), fast)


def test_detunings_beyond_every_range_are_computed_directly_until_they_return():
    fast = array()
    beyond = moved(fast, 100 * np.abs(DETUNING)).prepared()
    assert beyond.evaluation is None
    assert beyond.error() == 0
    assert relative_error(volts(beyond, POWERS), directly(beyond, POWERS)) <= 1e-11
    assert eqx.tree_equal(moved(beyond, DETUNING).prepared(), fast)


def test_ranges_may_reach_beyond_the_detunings_that_there_are():
    detuning = np.linspace(-3.2, 3.2, DETUNING.size).reshape(DETUNING.shape)
    # Resonances end at -5 linewidths.
    fast = array(Linear(), OwnTone(), detuning=detuning, damping=0.2)
    assert fast.evaluation is not None
    assert fast.evaluation.half_width > 5
    assert relative_error(volts(fast, POWERS), directly(fast, POWERS)) <= 1e-5
    below = moved(fast, jnp.asarray(detuning).at[1, 2].set(-5.5))
    assert not below.covered()
    assert jnp.isnan(volts(below, POWERS)).all()
    with pytest.raises(InvalidInput, match="where the resonance frequency ends"):
        below(POWERS)


def test_other_devices_are_prepared_for():
    with pytest.raises(InvalidInput, match="field is 'dampin'; it must be one of damping, nonlin"):
        array().with_devices(dampin=0.1)
    fast = array().with_devices(symmetric=0.4, damping=np.full((CHAINS, TONES), 0.012))
    assert fast.covered()
    expected = array(symmetric=0.4, damping=0.012, tolerance=None)
    assert relative_error(volts(fast, POWERS), volts(expected, POWERS)) <= 1.5e-5


def test_detunings_beyond_all_ranges_are_computed_directly_and_said_to_be():
    tones = jnp.array([1e9, 2e9])
    with pytest.warns(UserWarning, match="beyond the widest range, 32 linewidths"):
        far = ResonatorArray(np.array([[40.0, -40.0]]), Resonator(tones), Line(tones, 1e-6))
    assert far.evaluation is None


def test_a_shift_of_the_other_sign_is_another_device():
    tones = jnp.array([1e9, 1.05e9])
    one = ResonatorArray(np.array([[0.1, 0.2]]), Resonator(tones), Line(tones, 1e-5))
    other = eqx.tree_at(
        lambda array: array.resonators.nonlinear_shift,
        one,
        -one.resonators.nonlinear_shift,
    )
    assert one.covered()
    assert not other.covered()
    assert other.prepared().covered()


def test_what_is_prepared_for_many_arrays_holds_for_each():
    """Devices and detunings of all of them, by the chains that limit it."""
    one = made(Independent(), SharedLine())
    shape = (4, *one.detuning.shape)
    devices = Resonator(one.frequencies, **spread(shape, 0.05))
    # A field that all chips share may have fewer axes.
    own = jnp.broadcast_to(one.frequencies, (4, shape[-1])), jnp.ones(4)
    devices = eqx.tree_at(lambda all: (all.frequency, all.antisymmetric), devices, own)
    detuning = np.random.default_rng(3).uniform(-1, 1, shape)
    many = Tuned(devices, jnp.asarray(detuning))
    prepared = one.prepared(room=1.01, also=many)
    for draw in range(4):
        there = with_tuned(prepared, [jax.tree.map(lambda field: field[draw], many)])  # noqa: B023
        assert there.covered()
        assert there.error() < 2e-5
