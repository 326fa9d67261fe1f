"""Filters of resonators that slide over tones, with tones of their own and on shared lines."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, SharedLine, covered, prepared
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import Convolution
from rfjax.rectifiers import CrossCoupled, Independent, Linear, Linearised
from tests.arrays.convolutions import FORMS, convolutions, convolved
from tests.arrays.lines import cast, moved
from tests.helpers import rectified, slope_at
from tests.rectifiers.lines import chained, relative_error

# A reduced drive of 0.03: well into the nonlinear response.
TONE, PEAK, WEAK = 1e9, 3e-3, 1e-4
RNG = np.random.default_rng(0)
DETUNING = RNG.standard_normal((2, 2, 3, 2))
POWERS = jnp.asarray(PEAK * RNG.random((3, 2, 4, 4)))

volts = eqx.filter_jit(Convolution.__call__)


NEAR = geometric_comb(1e9, 1.3e9, 12)


def layer_of(detuning=DETUNING, power=PEAK, rectifier=None, *, tones=None, **options):
    """Filters on lines of one tone for each channel, all alike if none are given."""
    tones = np.full(np.shape(detuning)[1], TONE) if tones is None else tones
    options = {"tolerance": 1e-9} | options
    line = Line(jnp.asarray(tones), power)
    return Convolution(detuning, Resonator(tones, symmetric=0.2), line, rectifier, **options)


def shared(detuning=0.4 * DETUNING, tones=NEAR, rectifier=None, **options):
    """Filters whose elements share one line of many tones."""
    options = {"tolerance": 1e-8, "wiring": SharedLine()} | options
    return Convolution(detuning, Resonator(tones), Line(tones, WEAK), rectifier, **options)


def one_by_one(layer, powers):
    """The voltages without padding at a stride of one, each resonator alone in a loop."""
    filters, channels, high, wide = layer.detuning.shape
    out = powers.shape[2] - high + 1, powers.shape[3] - wide + 1
    found = np.zeros((len(powers), filters, *out))
    for filtered, *element in np.ndindex(layer.detuning.shape):
        channel, y, x = element
        detuning = layer.detuning[filtered, channel, y, x]
        device = Resonator(TONE / (1 + 0.01 * detuning), symmetric=0.2)
        place = np.ravel_multi_index(element, (channels, high, wide))
        for image, row, column in np.ndindex(len(powers), *out):
            power = powers[image, channel, row + y, column + x]
            one = rectified(layer.array.rectifier, device, power[None], np.array([TONE]))
            found[image, filtered, row, column] += (-1) ** place * one
    return found


@given(convolutions(), st.integers(0, 1000))
@settings(max_examples=8)
def test_on_a_linear_model_it_is_one_convolution(convolution, seed):
    shape, space, options = convolution
    rng = np.random.default_rng(seed)
    detuning = rng.standard_normal(shape)
    powers = (PEAK * rng.random((2, shape[1], *space))).astype(np.float32)
    layer = cast(layer_of(detuning, rectifier=Linear(), **options), jnp.float32)
    expected = convolved(_linear(detuning), powers, **options)
    found = volts(layer, jnp.asarray(powers))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_all_arrays_give_its_voltages():
    layer = layer_of(rectifier=Linear(), stride=(2, 1), padding="SAME")
    expected = volts(layer, POWERS)
    for form in FORMS:
        array = form(DETUNING.shape, POWERS.shape[2:], stride=(2, 1), padding="SAME")
        assert relative_error(array.volts(_linear(DETUNING), POWERS), expected) <= 1e-12


def _linear(detuning):
    """Volts per watt by the formula, with the linewidth of the resonance reached."""
    linewidth = 0.01 * 2 * np.pi * TONE / (1 + 0.01 * detuning)
    return 6e7 / linewidth * (detuning + 0.2) / (1 + detuning**2)


@pytest.mark.parametrize("rectifier", [Linear(), Independent(), CrossCoupled()])
def test_each_resonator_rectifies_its_own_tone(rectifier):
    layer = layer_of(DETUNING[:1, :, :2], rectifier=rectifier)
    powers = POWERS[:1, :, :3, :3]
    assert relative_error(volts(layer, powers), one_by_one(layer, powers)) <= 1e-8


@pytest.mark.parametrize(
    "options",
    [{"padding": "SAME"}, {"stride": 2, "padding": 1}, {"padding": ((0, 2), "VALID")}],
)
def test_a_nonlinear_model_becomes_the_linear_one_at_low_power(options):
    linear, nonlinear = layer_of(rectifier=Linear(), **options), layer_of(**options)
    differences = [
        relative_error(volts(nonlinear, share * POWERS), volts(linear, share * POWERS))
        for share in (1, 1e-2, 1e-4)
    ]
    assert differences[0] > 1e-2
    # The lowest order that is missing is one power more.
    assert differences[1] == pytest.approx(1e-2 * differences[0], rel=0.5)
    assert differences[2] == pytest.approx(1e-2 * differences[1], rel=0.1)


def test_a_linearised_model_is_the_nonlinear_one_at_full_power():
    layer, peaks = layer_of(), jnp.full_like(POWERS, PEAK)
    linearised = layer_of(rectifier=Linearised(np.full(12, PEAK)))
    assert relative_error(volts(linearised, peaks), volts(layer, peaks)) <= 1e-8
    assert relative_error(volts(linearised, POWERS), volts(layer, POWERS)) > 1e-3


@pytest.mark.parametrize("rectifier", [Linear(), Independent()])
def test_derivatives_are_the_differences_of_the_voltages(rectifier):
    options = {"rectifier": rectifier, "stride": (1, 2), "padding": "SAME"}
    layer, slow = layer_of(**options), layer_of(**options, tolerance=None)
    # No power has a slope too.
    powers = POWERS.at[0, :, ::2].set(0)
    weights = jnp.cos(jnp.arange(volts(layer, powers).size))

    @eqx.filter_jit
    def total(layer, detuning, powers):
        there = eqx.tree_at(lambda layer: layer.array.detuning, layer, detuning)
        return jnp.sum(weights * there(powers).ravel())

    start = layer.array.detuning
    found = eqx.filter_jit(jax.grad(total, (1, 2)))(layer, start, powers)
    assert all(np.isfinite(slope).all() for slope in found)
    along = jnp.asarray(RNG.standard_normal(start.shape))
    stronger = powers * RNG.standard_normal(powers.shape)
    expected = slope_at(lambda step: total(slow, start + step * along, powers), 0.0, 1e-3)
    parts = found[0] * along  # of either sign
    np.testing.assert_allclose(
        jnp.sum(parts), expected, rtol=0, atol=1e-6 * jnp.sum(jnp.abs(parts))
    )
    expected = slope_at(lambda step: total(slow, start, powers + step * stronger), 0.0, 1e-3)
    parts = found[1] * stronger  # of either sign
    np.testing.assert_allclose(
        jnp.sum(parts), expected, rtol=0, atol=1e-6 * jnp.sum(jnp.abs(parts))
    )


@pytest.mark.parametrize("rectifier", [Linear(), Independent()])
def test_batches_come_before_filters(rectifier):
    layer = layer_of(rectifier=rectifier)
    found = volts(layer, POWERS)
    for batch in ((), (2, 3), (0,)):
        powers = jnp.full((*batch, 2, 4, 4), PEAK)
        assert eqx.filter_eval_shape(layer, powers).shape == (*batch, 2, 2, 3)
    mapped = eqx.filter_jit(jax.vmap(layer))(POWERS)
    np.testing.assert_allclose(mapped, found, rtol=1e-9, atol=1e-15)


def test_channels_may_have_tones_of_their_own():
    tones, power = TONE * np.array([1.0, 1.5]), PEAK * np.array([1.0, 2.0])
    layer = layer_of(power=power, tones=tones, tolerance=None)
    np.testing.assert_array_equal(layer.peak_powers, power.reshape(2, 1, 1))
    np.testing.assert_array_equal(layer.frequencies, tones.reshape(2, 1, 1))
    each = [
        layer_of(DETUNING[:, [i]], power[i], tones=tones[[i]], tolerance=None) for i in range(2)
    ]
    # A kernel of six elements: the second channel begins with a positive sign as well.
    expected = sum(volts(one, POWERS[:, [channel]]) for channel, one in enumerate(each))
    assert relative_error(volts(layer, POWERS), expected) <= 1e-8


@pytest.mark.parametrize(
    ("rectifier", "tolerance"), [(Linear(), 1e-6), (Independent(), 1e-6), (CrossCoupled(), None)]
)
def test_on_a_shared_line_each_patch_is_played_to_chains(rectifier, tolerance):
    layer = shared(rectifier=rectifier, stride=(2, 1), tolerance=tolerance)
    assert (layer.array.evaluation is None) == (tolerance is None)
    powers = POWERS[:2] * WEAK / PEAK
    found = volts(layer, powers)
    chains = layer.array.detuning
    for row, column in np.ndindex(1, 3):
        patch = powers[:, :, 2 * row : 2 * row + 3, column : column + 2].reshape(2, 12)
        expected = chained(rectifier, Resonator(NEAR), chains, patch)
        assert relative_error(found[:, :, row, column], expected) <= 1e-5


def test_narrow_lines_that_are_shared_are_those_of_own_tones():
    tones = geometric_comb(1e9, 1e11, 12)
    differences = []
    for damping in (1e-3, 1e-4):
        made = DETUNING, Resonator(tones, damping=damping), Line(tones, WEAK), Linear()
        together, alone = (Convolution(*made, each) for each in (SharedLine(), OwnTone()))
        powers = POWERS * WEAK / PEAK
        differences.append(relative_error(volts(together, powers), volts(alone, powers)))
    # Neighbours add in proportion to the linewidth over their distance.
    assert differences[0] <= 0.02
    assert differences[1] == pytest.approx(differences[0] / 10, rel=0.05)


def test_detunings_that_moved_are_prepared_for():
    layer = layer_of(tolerance=1e-8)
    assert prepared(layer) is layer
    np.testing.assert_array_equal(layer.detuning, DETUNING)
    wide = 4 * DETUNING
    there = eqx.tree_at(lambda layer: layer.array, layer, moved(layer.array, wide.reshape(2, 12)))
    assert not covered(there)
    assert np.isnan(volts(there, POWERS)).all()
    assert relative_error(there(POWERS), volts(prepared(there), POWERS)) <= 1e-7
    np.testing.assert_array_equal(there.detuning, wide)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layer_of(DETUNING[0, 0], tones=NEAR), r"detuning has shape \(3, 2\); give \(filt"),
        (lambda: layer_of(DETUNING[:0]), r"detuning has shape \(0, 2, 3, 2\).* none of them empty"),
        (lambda: layer_of(DETUNING * np.nan), "detuning.* is nan; it must be finite"),
        (
            lambda: layer_of(tones=NEAR[:3]),
            r"the line has 3 tones for a kernel \(2, 3, 2\); give one",
        ),
        (lambda: layer_of(stride=0), "stride is 0"),
        (lambda: layer_of(padding="FULL"), "padding is 'FULL'"),
        (lambda: shared(tones=NEAR[:2]), "12 elements of a kernel have 2 tones; on a shared"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()


@pytest.mark.parametrize(
    ("powers", "message"),
    [
        (POWERS[:, :1], r"powers have shape \(3, 1, 4, 4\); give \(..., 2, \*space\) with 2 axes"),
        (POWERS[0, 0], r"powers have shape \(4, 4\); give"),
        (POWERS[..., :1], r"a window \(3, 2\) does not fit into space \(4, 1\)"),
        (-POWERS, "powers.* is -.*; it must be finite and zero or above"),
    ],
)
def test_powers_that_do_not_fit_are_refused(powers, message):
    with pytest.raises(InvalidInput, match=message):
        layer_of(rectifier=Linear())(powers)
