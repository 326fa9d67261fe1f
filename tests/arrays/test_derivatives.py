"""Derivatives of arrays by the fast evaluation and by the direct one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line
from rfjax.arrays import OwnTone, SharedLine
from rfjax.rectifiers import CrossCoupled, Independent, Linear, Linearised
from tests.arrays.kinds import KINDS, TENTH, WEAK, _parts, made, slopes, spread
from tests.arrays.lines import (
    CHAINS,
    DETUNING,
    POWERS,
    array,
    directly,
    moved,
    volts,
    weighted,
)
from tests.helpers import slope_at
from tests.rectifiers.lines import COMB, PEAKS, TONES, relative_error

by_tone = pytest.mark.parametrize(
    ("rectifier", "wiring"),
    [kind for kind in KINDS if not isinstance(kind[0], CrossCoupled)],
    ids=lambda each: type(each).__name__,
)


@by_tone
def test_derivatives_reach_everything_and_are_those_of_the_direct_evaluation(rectifier, wiring):
    detuning = jnp.asarray(DETUNING).at[:, ::3].set(0)  # at resonance
    powers = (POWERS / 10).at[0].set(0).at[1, ::2].set(0)  # and at no power
    options = {"line": Line(COMB, TENTH), "detuning": detuning} | spread((CHAINS, TONES))
    fast = array(rectifier, wiring, tolerance=1e-9, **options)
    slow = array(rectifier, wiring, tolerance=None, **options)
    assert fast.evaluation is not None
    names = [jax.tree_util.keystr(path) for path, _ in _leaves(slopes(slow, powers))]
    assert len(names) == 11
    for name, (_, found), (_, expected) in zip(
        names, _leaves(slopes(fast, powers)), _leaves(slopes(slow, powers)), strict=True
    ):
        assert np.isfinite(found).all(), name
        scale = np.abs(expected).max()
        assert np.abs(found - expected).max() <= 1e-6 * scale, name
        nonlinear = any(each in name for each in ("nonlinear", ".drive"))
        assert (scale > 0) == (not (nonlinear and isinstance(rectifier, Linear))), name


def _leaves(tree):
    return jax.tree_util.tree_leaves_with_path(tree)


@by_tone
def test_derivatives_are_the_differences_of_the_voltages(rectifier, wiring):
    options = {"line": Line(COMB, TENTH)} | spread((CHAINS, TONES))
    fast, slow = (array(rectifier, wiring, tolerance=each, **options) for each in (1e-9, None))
    powers = 0.9 * POWERS / 10
    start = (powers, *_parts(fast))
    found = slopes(fast, powers)
    random = np.random.default_rng(3)
    along = jax.tree.map(lambda each: each * random.standard_normal(each.shape), start)
    along = (*along[:2], *jax.tree.map(lambda each: 1e-2 * each, along[2:]))
    # Tones move by some of their linewidths.
    along = eqx.tree_at(
        lambda each: (each[2].frequency, each[3]),
        along,
        tuple(1e6 * random.standard_normal(TONES) for _ in range(2)),
    )

    def total(step):
        powers, *parts = jax.tree.map(lambda each, to: each + step * to, start, along)
        return weighted(volts(eqx.tree_at(_parts, slow, tuple(parts)), powers))

    expected = slope_at(total, 0.0, 1e-3)
    sums = jax.tree.leaves(jax.tree.map(lambda one, to: jnp.sum(one * to), found, along))
    np.testing.assert_allclose(sum(sums), expected, rtol=1e-6)


@eqx.filter_jit
def slopes_of_coupled(array, powers):
    def total(detuning, powers):
        return weighted(moved(array, detuning)(powers))

    return jax.grad(total, argnums=(0, 1))(array.detuning, powers)


def test_coupled_tones_have_derivatives_to_detunings_and_powers():
    powers = (POWERS / 4).at[0].set(0).at[1, ::2].set(0)
    detuning = jnp.asarray(0.8 * DETUNING).at[:, ::3].set(0)
    fast, slow = (
        made(CrossCoupled(), SharedLine(), detuning=detuning, tolerance=each)
        for each in (1e-5, None)
    )
    assert fast.evaluation is not None
    for found, expected in zip(slopes_of_coupled(fast, powers), slopes_of_coupled(slow, powers)):
        assert np.isfinite(found).all()
        assert relative_error(found, expected) <= 1e-3
    alone = array(Independent(), line=WEAK, detuning=detuning, tolerance=None)
    assert relative_error(volts(fast, powers), volts(alone, powers)) > 1e-3
    assert np.isfinite(slopes(slow, powers)[2].nonlinear_shift)


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
def test_the_gradient_of_another_model_can_stand_in(wiring):
    stand_in = Linearised(PEAKS)
    fast = array(Independent(), wiring, gradient=stand_in, tolerance=1e-9)
    plain = array(Independent(), wiring, tolerance=1e-9)
    linearised = array(stand_in, wiring)
    assert linearised.evaluation is None
    np.testing.assert_allclose(volts(fast, POWERS), volts(plain, POWERS), rtol=1e-12)
    for found, expected, own in zip(
        *(slopes(each, POWERS)[:2] for each in (fast, linearised, plain))
    ):
        assert relative_error(found, expected) <= 1e-12
        assert relative_error(found, own) > 1e-3
    # At full power it is the nonlinear model, and in proportion below.
    full = directly(plain, PEAKS[None])
    assert relative_error(volts(linearised, PEAKS[None]), full) <= 1e-11
    assert relative_error(volts(linearised, PEAKS[None] / 3), full / 3) <= 1e-11


def test_what_cannot_tell_devices_apart_refuses_their_derivatives():
    with pytest.raises(InvalidInput, match="CrossCoupled has no derivative to devices and tones"):
        slopes(made(CrossCoupled(), SharedLine()), POWERS / 4)


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
def test_second_derivatives_are_those_of_the_direct_evaluation(wiring):
    along = jnp.cos(jnp.arange(DETUNING.size, dtype=float)).reshape(DETUNING.shape)

    @eqx.filter_jit
    def curvature(array):
        def loss(detuning):
            return 1e6 * jnp.sum(moved(array, detuning).volts(POWERS / 10) ** 2)

        return jax.jvp(jax.grad(loss), (array.detuning,), (along,))[1]

    options = {"line": Line(COMB, TENTH)}
    fast, slow = (array(Independent(), wiring, tolerance=t, **options) for t in (1e-9, None))
    assert fast.evaluation is not None
    expected = curvature(slow)
    np.testing.assert_allclose(
        curvature(fast), expected, rtol=0, atol=1e-6 * jnp.abs(expected).max()
    )


def test_second_derivatives_to_tones_are_refused():
    fast = array(Linear(), SharedLine(), line=Line(COMB, TENTH))
    assert fast.evaluation.far is not None

    def total(tones):
        places = lambda array: (array.line.frequencies, array.resonators.frequency)  # noqa: E731
        return jnp.sum(eqx.tree_at(places, fast, (tones, tones)).volts(POWERS / 10))

    with pytest.raises(InvalidInput, match="no second derivative to tones"):
        jax.jvp(jax.grad(total), (jnp.asarray(COMB),), (jnp.ones(TONES),))


@eqx.filter_jit
def on_comb(array, ends):
    """Voltages on a comb of its ends and of a power, within a program, and their derivatives."""

    def volts_of(ends):
        line = Line.geometric(*ends[:2], 40, ends[2])
        places = lambda array: (array.line, array.resonators.frequency)  # noqa: E731
        there = eqx.tree_at(places, array, (line, line.frequencies))
        return there.volts(SHARES * line.peak_powers)

    return (
        volts_of(ends),
        jax.jacfwd(volts_of)(ends),
        jax.grad(lambda x: weighted(volts_of(x)))(ends),
    )


SHARES = jnp.asarray(np.random.default_rng(2).random((3, 40)))


@pytest.mark.parametrize("rectifier", [Linear(), Independent()], ids=["linear", "independent"])
def test_tones_that_move_are_followed_as_far_as_the_margin(rectifier):
    lowest, highest, power = 1e9, 1.8e9, 3e-4
    line = Line.geometric(lowest, highest, 40, power)
    detuning = 0.5 * np.random.default_rng(0).standard_normal((2, 40))
    slow = array(rectifier, line=line, detuning=detuning, tolerance=None)
    fixed = array(rectifier, line=line, detuning=detuning, tolerance=1e-6)
    assert fixed.evaluation.preset.order
    fast = eqx.tree_at(lambda each: each.evaluation, fixed, fixed.evaluation.following())
    narrowest = lowest * (highest / lowest) ** (1 / 1.09)
    for end in (highest, narrowest, 3e9):
        ends = jnp.array([1.02 * lowest, 1.02 * end, power])
        found, expected = on_comb(fast, ends), on_comb(slow, ends)
        assert relative_error(found[0], expected[0]) <= 1e-6
        for each in range(3):
            assert relative_error(found[1][..., each], expected[1][..., each]) <= 1e-5
        np.testing.assert_allclose(found[2], expected[2], rtol=1e-4)
    # Too close for what was prepared, and in a place that constant matrices do not know.
    closer = lowest * (highest / lowest) ** (1 / 1.11)
    assert np.isnan(on_comb(fast, jnp.array([lowest, closer, power]))[0]).all()
    assert np.isnan(on_comb(fixed, jnp.array([lowest, 1.001 * highest, power]))[0]).all()
