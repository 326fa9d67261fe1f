import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import InvalidInput, Resonator
from rfjax.nn import SharedLineDense
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from rfjax.rectifiers.expansion import Expansion
from tests.nn.lines import DETUNING, POWERS, cast, directly, line, moved, outside, volts
from tests.rectifiers.lines import COMB, PEAKS, TONES, built, lines, relative_error, some_powers

rungs = st.sampled_from([Linear(), Independent()])


@settings(max_examples=4, deadline=None, derandomize=True)
@given(lines, rungs, st.floats(-1, 0.7), st.floats(-6, -3))
def test_the_fast_layer_keeps_its_tolerance(drawn, rectifier, spread, decades):
    resonators, peaks, rng = built(drawn)
    detuning = 10**spread * rng.standard_normal((3, TONES))
    layer = SharedLineDense(detuning, resonators, peaks, rectifier, tolerance=10**decades)
    powers = some_powers(peaks)
    assert relative_error(volts(layer, powers), directly(layer, powers)) <= 1.5 * layer.tolerance
    assert layer.error() <= layer.tolerance


@settings(max_examples=3, deadline=None, derandomize=True)
@given(lines, rungs, st.floats(-1, 0.7))
def test_single_precision_agrees_with_double(drawn, rectifier, spread):
    resonators, peaks, rng = built(drawn)
    detuning = 10**spread * rng.standard_normal((3, TONES))
    resonators, detuning, peaks = cast((resonators, jnp.asarray(detuning), peaks), np.float32)
    layer = SharedLineDense(detuning, resonators, peaks, rectifier, tolerance=1e-5)
    powers = jnp.minimum(some_powers(peaks).astype(np.float32), peaks)
    found = volts(layer, powers)
    assert found.dtype == np.float32
    expected = directly(*cast((layer, powers), np.float64))
    assert relative_error(found, expected) <= 1e-5


@pytest.mark.parametrize("rectifier", [Linear(), Independent(), CrossCoupled()])
def test_without_tolerance_it_is_a_chain(rectifier):
    layer = line(rectifier=rectifier, tolerance=None, symmetric=0.3)
    assert layer.expansion is None
    np.testing.assert_array_equal(layer.frequencies, COMB)
    assert relative_error(volts(layer, POWERS), directly(layer, POWERS)) <= 1e-11


def test_batches_come_before_chains():
    layer = line(tolerance=1e-3)
    assert layer.expansion is not None
    expected = directly(layer, POWERS).reshape(2, 2, 3)
    assert relative_error(volts(layer, POWERS.reshape(2, 2, -1)), expected) <= 1e-3
    for batch in ((), (5, 0)):
        shape = eqx.filter_eval_shape(layer, jnp.zeros((*batch, TONES))).shape
        assert shape == (*batch, 3)


def test_the_linear_layer_superposes():
    layer = line(rectifier=Linear())
    first, second = POWERS[0] / 2, POWERS[1] / 2
    together = volts(layer, first + second)
    np.testing.assert_allclose(volts(layer, first) + volts(layer, second), together, rtol=1e-9)
    np.testing.assert_allclose(volts(layer, first / 8) * 8, volts(layer, first), rtol=1e-9)
    nonlinear = line()
    sum_of_parts = volts(nonlinear, first) + volts(nonlinear, second)
    assert relative_error(sum_of_parts, volts(nonlinear, first + second)) > 1e-2


evaluated = eqx.filter_jit(Expansion.__call__)


@pytest.mark.parametrize("case", ["detuned", "loud", "both"])
def test_outside_its_range_it_is_computed_directly(case):
    detuning, powers = outside()[case]
    layer, slow = moved(line(tolerance=1e-3), detuning), moved(line(tolerance=None), detuning)
    expansion = layer.expansion
    assert expansion is not None
    assert relative_error(evaluated(expansion, layer.detuning, powers), volts(slow, powers)) > 1e-4
    assert relative_error(volts(layer, powers), volts(slow, powers)) <= 1e-13


def test_a_detuning_that_is_no_number_does_not_pass_for_one():
    layer = moved(line(), jnp.asarray(DETUNING).at[0, 0].set(np.nan))
    found = volts(layer, POWERS)
    assert np.isnan(found[:, 0]).all()
    assert np.isfinite(found[:, 1:]).all()


def test_new_detunings_and_powers_compile_once():
    traces = []

    @eqx.filter_jit
    def counted(layer, powers):
        traces.append(powers.shape)
        return layer(powers)

    layer = line()
    for detuning, powers in [(DETUNING, POWERS), *outside().values()]:
        counted(moved(layer, detuning), powers)
    assert len(traces) == 1


def longest_constant(function, *arguments):
    text = eqx.filter_jit(function).lower(*arguments).as_text()
    return max(len(row) for row in text.splitlines() if "stablehlo.constant" in row)


def test_constants_are_arguments_of_the_program():
    layer = line(rectifier=Linear())
    assert longest_constant(lambda layer, powers: layer(powers), layer, POWERS) < 300
    baked = longest_constant(lambda detuning: moved(layer, detuning)(POWERS), layer.detuning)
    assert baked > 3000


def same_arrays(one, other):
    return all(a is b for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def half_width(layer):
    return float(layer.expansion.half_width)


def test_adapted_layers_cover_their_detunings():
    layer = line()
    assert layer.adapted() is layer
    near = moved(layer, 0.99 * DETUNING)
    assert near.adapted() is near
    wide = moved(layer, 3 * DETUNING).adapted()
    narrow = moved(layer, 0.1 * DETUNING).adapted()
    assert half_width(narrow) < half_width(layer) < half_width(wide)
    for adapted in (wide, narrow):
        assert adapted.expansion.covers(adapted.detuning, POWERS)
        assert adapted.error() <= adapted.tolerance
        assert relative_error(volts(adapted, POWERS), directly(adapted, POWERS)) <= 1.5e-5
    assert same_arrays(moved(wide, DETUNING).adapted().expansion, layer.expansion)


def test_detunings_beyond_every_range_are_computed_directly_until_they_return():
    layer = line()
    beyond = moved(layer, 100 * np.abs(DETUNING)).adapted()
    assert beyond.expansion is None
    assert beyond.error() == 0
    assert relative_error(volts(beyond, POWERS), directly(beyond, POWERS)) <= 1e-11
    assert same_arrays(moved(beyond, DETUNING).adapted().expansion, layer.expansion)


def test_ranges_may_reach_beyond_the_detunings_that_there_are():
    detuning = np.linspace(-3.5, 3.5, DETUNING.size).reshape(DETUNING.shape)
    layer = line(detuning, damping=0.2, tolerance=1e-6)  # resonances end at -5 linewidths
    assert layer.expansion.half_width > 5
    assert relative_error(volts(layer, POWERS), directly(layer, POWERS)) <= 1e-6
    below = moved(layer, jnp.asarray(detuning).at[1, 2].set(-5.5))
    found = volts(below, POWERS)
    assert jnp.isnan(found[..., 1]).all()
    assert jnp.isfinite(found[..., [0, 2]]).all()


def test_equal_layers_share_one_expansion():
    assert line().expansion is line(1.01 * DETUNING).expansion


def test_the_error_is_measured():
    coarse, fine = (line(tolerance=tolerance) for tolerance in (1e-3, 1e-6))
    assert 0 < fine.error() <= 1e-6 < coarse.error() <= 1e-3
    assert line(tolerance=None).error() == 0


def test_near_a_fold_every_pair_is_computed():
    layer = line(nonlinear_shift=0.5, peaks=4 * PEAKS)
    assert layer.expansion is None
    powers = some_powers(4 * PEAKS)
    assert relative_error(volts(layer, powers), directly(layer, powers)) <= 1e-9


def test_seeds_map_over_detunings():
    layer = line()
    seeds = jnp.stack([jnp.asarray(DETUNING) * scale for scale in (1.0, -0.5, 0.2)])

    @eqx.filter_jit
    def mapped(seeds):
        return jax.vmap(lambda detuning: moved(layer, detuning)(POWERS))(seeds)

    for some in (seeds, seeds.at[1, 0, 0].set(9.0)):
        found = mapped(some)
        for one, detuning in zip(found, some):
            expected = directly(moved(layer, detuning), POWERS)
            assert relative_error(one, expected) <= layer.tolerance
    stacked = moved(layer, 3 * seeds).adapted()
    assert same_arrays(stacked.expansion, moved(layer, 3 * DETUNING).adapted().expansion)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"detuning": DETUNING[0]}, r"detuning has shape \(12,\); give \(chains, 12\)"),
        ({"detuning": DETUNING[:, 1:]}, r"detuning has shape \(3, 11\); give \(chains, 12\)"),
        ({"detuning": DETUNING * np.nan}, "detuning is nan; it must be finite"),
        ({"peaks": PEAKS[1:]}, r"resonators have shape \(12,\) .* peak_powers \(11,\)"),
        ({"peaks": PEAKS[None]}, r"peak_powers have shape \(1, 12\); give \(tones,\)"),
        ({"peaks": -PEAKS}, "peak_powers is -.*; it must be finite and zero or above"),
        ({"frequencies": COMB[0]}, r"resonators have shape \(\)"),
        ({"damping": np.full((2, 1), 0.01)}, r"resonators have shape \(2, 12\)"),
        ({"tolerance": 0.0}, "tolerance is 0.0; it must be finite and above zero"),
        ({"tolerance": -1e-3}, "tolerance is -0.001"),
        ({"tolerance": np.nan}, "tolerance is nan"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        line(**change)


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
        line(tolerance=None)(powers)


def test_powers_known_only_inside_a_program_that_are_not_allowed_give_nan():
    assert np.isnan(volts(line(), -POWERS)).all()


def test_one_resonator_of_each_kind_may_differ():
    layer = line(symmetric=jnp.linspace(-1, 1, TONES), damping=jnp.linspace(0.008, 0.012, TONES))
    assert layer.expansion is not None
    assert isinstance(layer.resonators, Resonator)
    assert relative_error(volts(layer, POWERS), directly(layer, POWERS)) <= layer.tolerance
