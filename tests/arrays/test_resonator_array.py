"""Arrays of resonators: the fast evaluation against resonators computed one by one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine, covered, prepared
from rfjax.laws import spin_diode
from rfjax.rectifiers import CrossCoupled, Independent, Linear, Linearised
from rfjax.rectifiers.fast import Circumstances, NotPrepared
from rfjax.rectifiers.fast.presets import poles
from tests.arrays.lines import (
    CHAINS,
    DETUNING,
    LINE,
    POWERS,
    array,
    cast,
    directly,
    moved,
    volts,
    weighted,
)
from tests.helpers import slope_at
from tests.rectifiers.lines import (
    COMB,
    PEAKS,
    SIGNS,
    TONES,
    chained,
    relative_error,
    some_powers,
)

RNG = np.random.default_rng(0)
WEAK = Line(COMB, PEAKS / 4)
FAINT = PEAKS / 10
KINDS = [
    (Linear(), SharedLine()),
    (Independent(), SharedLine()),
    (CrossCoupled(), SharedLine()),
    (Linear(), OwnTone()),
    (Independent(), OwnTone()),
    (CrossCoupled(), OwnTone()),
]
kinds = pytest.mark.parametrize(
    ("rectifier", "wiring"),
    KINDS,
    ids=lambda each: type(each).__name__,
)
by_tone = pytest.mark.parametrize(
    ("rectifier", "wiring"),
    [kind for kind in KINDS if not isinstance(kind[0], CrossCoupled)],
    ids=lambda each: type(each).__name__,
)


def made(rectifier, wiring, **options):
    """An array of any kind within reach of a fast evaluation."""
    if isinstance(rectifier, CrossCoupled):
        options = {"line": WEAK, "detuning": 0.8 * DETUNING} | options
    return array(rectifier, wiring, **options)


def spread(shape, size=0.2, seed=0):
    """Every field of the resonators but their frequency, each one another number."""
    random = np.random.default_rng(seed)

    def about(value):
        return value * np.exp(size * random.standard_normal(shape))

    return {
        "damping": about(0.01),
        "nonlinear_shift": about(0.1),
        "nonlinear_damping": about(1.0),
        "rectification": about(6e7),
        "drive": about(2e8),
        "antisymmetric": about(0.9),
        "symmetric": random.uniform(-0.5, 0.5, shape),
    }


@kinds
def test_the_fast_evaluation_keeps_its_tolerance(rectifier, wiring):
    symmetric = {} if isinstance(rectifier, CrossCoupled) else {"symmetric": 0.3}
    fast = made(rectifier, wiring, **symmetric)
    if isinstance(rectifier, CrossCoupled) and isinstance(wiring, OwnTone):
        assert fast.evaluation is None
        assert fast.error() == 0
    else:
        assert fast.covered()
        assert fast.error() <= fast.tolerance
        assert fast.prepared() is fast
    powers = some_powers(fast.peak_powers)
    assert relative_error(volts(fast, powers), directly(fast, powers)) <= 1.5 * fast.tolerance


BIASED = Resonator(COMB, symmetric=0.3).biased(
    3e-4 * RNG.random((CHAINS, TONES)), 2 * np.pi * 1e7 / 1e-3
)
LINES = {
    "unsorted": RNG.permutation(TONES),
    "alike": np.minimum(np.arange(TONES), TONES - 3),
}


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
@pytest.mark.parametrize(
    "case", ["one for all", "tones", "chains", "opposite", "biased", "unsorted", "alike", "uneven"]
)
def test_any_device_may_stand_at_any_place_of_any_line(case, wiring):
    fields = spread({"one for all": (), "tones": (TONES,)}.get(case, (CHAINS, TONES)))
    line = Line(COMB, FAINT)
    if case in LINES:
        line = Line(COMB[LINES[case]], FAINT[LINES[case]])
    if case == "uneven":
        line = Line(COMB, FAINT * 10 ** RNG.uniform(-3, 0.2, TONES) * (np.arange(TONES) != 4))
    if case == "opposite":  # signs that differ from chain to chain
        for name in ("nonlinear_shift", "antisymmetric"):
            fields[name] = fields[name] * RNG.choice([-1, 1], (CHAINS, TONES))
    if case == "biased":
        there = {name: getattr(BIASED, name) for name in fields}
        fields = {name: field for name, field in there.items() if field.ndim} | {"symmetric": 0.3}
    fast = array(Independent(), wiring, line=line, tolerance=1e-6, **fields)
    assert fast.evaluation is not None
    assert fast.covered()
    powers = some_powers(line.peak_powers)
    assert relative_error(volts(fast, powers), directly(fast, powers)) <= 1.5e-6


@pytest.mark.parametrize("rectifier", [Linear(), Independent()], ids=["linear", "independent"])
@pytest.mark.parametrize("width", [0.5, 4.0, 32.0])
def test_it_holds_up_to_the_end_of_its_range(rectifier, width):
    line = Line(COMB, PEAKS / 10)
    fast = array(rectifier, line=line, detuning=(width - 0.1) / 1.5 * np.ones((2, TONES)))
    assert fast.evaluation.half_width == width
    for ends in (RNG.uniform(-1, 1, (2, TONES)), RNG.choice([-1, 1], (2, TONES))):
        there = moved(fast, width * ends)
        assert there.covered()
        powers = some_powers(line.peak_powers)
        assert relative_error(volts(there, powers), directly(there, powers)) <= 2 * fast.tolerance


@pytest.mark.parametrize(("rectifier", "wiring"), KINDS[:5], ids=lambda each: type(each).__name__)
def test_single_precision_agrees_with_double(rectifier, wiring):
    line = WEAK if isinstance(rectifier, CrossCoupled) else LINE
    single, detuning = cast((line, jnp.asarray(0.8 * DETUNING)), np.float32)
    fast = array(rectifier, wiring, line=single, detuning=detuning)
    assert fast.evaluation is not None
    powers = jnp.minimum(some_powers(line.peak_powers).astype(np.float32), single.peak_powers)
    found = volts(fast, powers)
    assert found.dtype == np.float32
    exact = ResonatorArray(
        *cast((fast.detuning, fast.resonators, single), np.float64),
        rectifier,
        wiring,
        tolerance=None,
    )
    assert relative_error(found, directly(exact, powers.astype(np.float64))) <= 1.5e-5


@pytest.mark.parametrize("branch", ["lower", "upper", "rest"])
def test_where_the_response_folds_every_resonator_is_computed(branch):
    loud = array(Independent(branch), line=Line(COMB, 4 * PEAKS), nonlinear_shift=0.5)
    assert loud.evaluation is None
    assert loud.prepared() is loud
    powers = some_powers(4 * PEAKS)
    assert relative_error(volts(loud, powers), directly(loud, powers)) <= 1e-9


@pytest.mark.parametrize("branch", ["upper", "rest"])
def test_where_nothing_folds_all_branches_are_one(branch):
    fast, lower = (array(Independent(each), line=WEAK) for each in (branch, "lower"))
    assert fast.evaluation is not None
    np.testing.assert_array_equal(volts(fast, POWERS / 4), volts(lower, POWERS / 4))


@eqx.filter_jit
def folds(resonators, peaks, half_width):
    """Whether any tone folds in any resonator, by counting branches at many detunings."""
    frequency, damping = resonators.frequency, resonators.damping
    detuning = half_width * jnp.linspace(-1, 1, 2001)[:, None, None]
    resonance = frequency[:, None] / (1 + damping * detuning)
    seen = (frequency - resonance) / (damping * resonance)
    drive = peaks * (resonators.drive / (2 * np.pi * damping * resonance)) ** 2
    shift, growth = resonators.reduced_shift, resonators.nonlinear_damping
    return jnp.any(spin_diode.stable_branches(seen, drive, shift, growth) == 2)


def by_poles(resonators, peaks, half_width, tolerance=1e-5):
    line = Line(resonators.frequency, peaks)
    wanted = Circumstances(line, resonators, SIGNS, half_width, tolerance, CHAINS)
    try:
        return poles(wanted, linear=False)
    except NotPrepared:
        return None


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    shift=st.floats(-20, 20),
    damping=st.sampled_from([0.005, 0.02, 0.05]),
    apart=st.floats(0.5, 20),
    widening=st.sampled_from([0.0, 0.3]),
    half_width=st.sampled_from([0.5, 2.0, 8.0]),
    strength=st.floats(0.9, 2),
)
def test_a_line_that_folds_is_not_interpolated_unless_it_cannot_be_seen(
    shift, damping, apart, widening, half_width, strength
):
    frequencies = 1e9 * (1 + damping * apart) ** np.arange(TONES)
    resonators = Resonator(
        frequencies, damping, nonlinear_shift=damping * shift, nonlinear_damping=widening
    )
    # Drives about the onset of the fold, where it is narrow and easily missed.
    onset = min(float(spin_diode.fold_onset(shift, widening)[1]), 100.0)
    peaks = strength * onset * (2 * np.pi * 1e9 * damping / 2e8) ** 2 * (frequencies / 1e9) ** 2
    planned = by_poles(resonators, peaks, half_width)
    if planned is None or not folds(resonators, jnp.asarray(peaks), half_width):
        return
    # What folds is so weak beside all other tones that it is lost in the tolerance.
    detuning = jnp.asarray(half_width * np.random.default_rng(0).uniform(-1, 1, (CHAINS, TONES)))
    line, powers = Line(frequencies, peaks), some_powers(peaks)
    found = eqx.filter_jit(planned)(resonators, detuning, line, powers)
    expected = chained(Independent(), resonators, detuning, powers)
    assert relative_error(found, expected) <= 2e-5


@pytest.mark.parametrize(
    ("damping", "shift", "half_width", "strength"),
    [
        (0.01, 3.0, 24.0, 1.4),  # narrower than a linewidth in a range of many
        (0.01, -3.0, 24.0, 1.4),
        (0.2, 3.0, 2.0, 0.6),  # only at the narrower linewidth of a detuned resonator
    ],
)
def test_a_narrow_fold_is_found(damping, shift, half_width, strength):
    resonators = Resonator(
        1e9 * 1.4 ** np.arange(TONES), damping, nonlinear_shift=shift * damping, nonlinear_damping=0
    )
    # Of the first tone alone, counted at the linewidth of its resonator without detuning.
    onset = spin_diode.fold_onset(shift, 0.0)[1]
    peaks = np.zeros(TONES)
    peaks[0] = strength * onset * (2 * np.pi * 1e9 * damping / 2e8) ** 2
    assert folds(resonators, jnp.asarray(peaks), half_width)
    assert by_poles(resonators, peaks, half_width, 0.2) is None
    assert by_poles(resonators, 0.3 * peaks, half_width, 0.2) is not None


def test_one_device_among_many_that_folds_is_enough():
    shift = np.full((CHAINS, TONES), 0.05)
    assert array(nonlinear_shift=shift).evaluation is not None
    shift[1, 7] = 0.9
    growth = np.ones((CHAINS, TONES))
    growth[1, 7] = 0
    loud = array(nonlinear_shift=shift, nonlinear_damping=growth, line=Line(COMB, 2 * PEAKS))
    assert loud.evaluation is None


@eqx.filter_jit
def slopes(array, powers):
    """The derivatives of a sum of all voltages by powers, detunings, devices and tones."""

    def total(moving):
        powers, *parts = moving
        there = eqx.tree_at(_parts, array, tuple(parts))
        return weighted(there(powers))

    return jax.grad(total)((powers, *_parts(array)))


def _parts(array):
    return array.detuning, array.resonators, array.line.frequencies


@by_tone
def test_derivatives_reach_everything_and_are_those_of_the_direct_evaluation(rectifier, wiring):
    detuning = jnp.asarray(DETUNING).at[:, ::3].set(0)  # at resonance
    powers = (POWERS / 10).at[0].set(0).at[1, ::2].set(0)  # and in silence
    options = {"line": Line(COMB, FAINT), "detuning": detuning} | spread((CHAINS, TONES))
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
    options = {"line": Line(COMB, FAINT)} | spread((CHAINS, TONES))
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
    with pytest.raises(InvalidInput, match="detuning is nan; it must be finite"):
        there(POWERS)


@pytest.mark.parametrize(("rectifier", "wiring"), [KINDS[1], KINDS[2], KINDS[4]])
def test_rows_above_the_peaks_are_refused_and_no_others(rectifier, wiring):
    fast = made(rectifier, wiring)
    powers = fast.peak_powers * jnp.asarray(RNG.random((4, TONES)))
    loud = powers.at[2, 5].set(1.001 * fast.peak_powers[5])
    found = volts(fast, loud)
    assert np.isnan(found[2]).all()
    rest = np.array([0, 1, 3])
    np.testing.assert_array_equal(found[rest], volts(fast, powers)[rest])
    assert relative_error(fast(loud), directly(fast, loud)) <= 1e-12
    rounded = powers.at[2].set(fast.peak_powers * (1 + 1e-15))
    assert np.isfinite(volts(fast, rounded)).all()


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


def test_the_linear_model_superposes_and_others_do_where_tones_are_faint():
    first, second = POWERS[0] / 2, POWERS[1] / 2
    linear, nonlinear = array(Linear()), array(Independent())
    together = volts(linear, first + second)
    np.testing.assert_allclose(volts(linear, first) + volts(linear, second), together, rtol=1e-9)
    parts = volts(nonlinear, first) + volts(nonlinear, second)
    assert relative_error(parts, volts(nonlinear, first + second)) > 1e-2
    faint = 1e-7 * POWERS
    expected = directly(array(Linear(), tolerance=None), faint)
    coupled = made(CrossCoupled(), SharedLine(), detuning=DETUNING)
    for each in (nonlinear, coupled):
        assert relative_error(volts(each, faint), expected) <= 2e-5


def test_a_tone_reaches_its_own_column_alone_on_a_line_of_its_own():
    slow = array(wiring=OwnTone(), tolerance=None)

    @eqx.filter_jit
    def by_detuning(powers):
        return jax.jacrev(lambda x: moved(slow, x)(powers).sum(0))(slow.detuning)

    differs = by_detuning(POWERS[0]) != by_detuning(POWERS[0].at[4].mul(2))
    assert differs[:, 4].all()
    assert not np.delete(differs, 4, axis=1).any()


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
    assert baked > 3000


def test_arrays_are_prepared_for_where_they_are():
    fast = array()
    assert array(detuning=1.01 * DETUNING).evaluation is fast.evaluation  # the same is made once
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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
def test_devices_that_are_linear_and_tones_that_are_silent_are_no_exception(wiring):
    nothing = {"nonlinear_shift": 0.0, "nonlinear_damping": 0.0}
    line = Line(COMB, PEAKS * (np.arange(TONES) % 3 > 0))
    for fields in (nothing, {}):
        fast = array(Independent(), wiring, line=line, **fields)
        assert fast.evaluation is not None
        powers = some_powers(line.peak_powers)
        assert relative_error(volts(fast, powers), directly(fast, powers)) <= 1.5e-5
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes(fast, powers)))


def test_the_error_is_measured():
    coarse, fine = (array(tolerance=tolerance) for tolerance in (1e-3, 1e-6))
    assert 0 < fine.error() <= 1e-6 < coarse.error() <= 1e-3
    assert array(tolerance=None).error() == 0


class Missing(Linear):
    """A model whose own evaluation is that of another one."""

    def rectify(self, resonators, detuning, powers):
        return 1.001 * super().rectify(resonators, detuning, powers)


def test_a_tolerance_that_cannot_be_kept_is_said_and_computed_directly():
    with pytest.warns(UserWarning, match="no fast evaluation of 12 tones keeps a tolerance of"):
        slow = array(Missing())
    assert slow.evaluation is None


def test_more_digits_take_more_nodes_and_weak_tones_fewer():
    def nodes(**options):
        return sum(
            ring.nodes * (ring.farthest - ring.nearest + 1)
            for ring in array(**options).evaluation.preset.rings
        )

    counts = [nodes(tolerance=tolerance) for tolerance in (1e-2, 1e-4, 1e-7)]
    assert counts[0] < counts[1] < counts[2]
    assert nodes(line=Line(COMB, 1e-3 * PEAKS)) < nodes()
    assert nodes(rectifier=Linear()) == 0


def test_seeds_map_over_detunings():
    fast = array()
    seeds = jnp.stack([jnp.asarray(DETUNING) * scale for scale in (1.0, -0.5, 0.2)])
    mapped = eqx.filter_jit(jax.vmap(lambda detuning: moved(fast, detuning)(POWERS)))
    for one, detuning in zip(mapped(seeds), seeds):
        assert relative_error(one, directly(moved(fast, detuning), POWERS)) <= 1.5e-5
    one_beyond = mapped(seeds.at[1, 0, 0].set(9.0))
    assert np.isnan(one_beyond[1]).all()
    np.testing.assert_array_equal(one_beyond[0], mapped(seeds)[0])
    stacked = moved(fast, 3 * seeds)
    assert not stacked.covered()
    assert stacked.prepared().covered()
    assert eqx.tree_equal(
        stacked.prepared().evaluation, moved(fast, 3 * DETUNING).prepared().evaluation
    )


def test_other_devices_are_prepared_for():
    fast = array().with_devices(symmetric=0.4, damping=np.full((CHAINS, TONES), 0.012))
    assert fast.covered()
    expected = array(symmetric=0.4, damping=0.012, tolerance=None)
    assert relative_error(volts(fast, POWERS), volts(expected, POWERS)) <= 1.5e-5


def test_what_cannot_tell_devices_apart_refuses_their_derivatives():
    with pytest.raises(InvalidInput, match="CrossCoupled has no derivative to devices and tones"):
        slopes(made(CrossCoupled(), SharedLine()), POWERS / 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"detuning": DETUNING[0]}, r"detuning has shape \(12,\); give \(chains, 12\)"),
        ({"detuning": DETUNING[:, 1:]}, r"detuning has shape \(3, 11\); give \(chains, 12\)"),
        ({"detuning": DETUNING[:0]}, r"detuning has shape \(0, 12\); give .*at least one chain"),
        ({"detuning": DETUNING * np.nan}, "detuning is nan; it must be finite"),
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
        (-POWERS, "powers is -.*; it must be finite and zero or above"),
        (POWERS * np.nan, "powers is nan; it must be finite and zero or above"),
    ],
)
def test_powers_that_do_not_fit_are_refused(powers, message):
    with pytest.raises(InvalidInput, match=message):
        array(tolerance=None)(powers)


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
