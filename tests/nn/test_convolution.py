import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import InvalidInput, Resonator
from rfjax.nn import FieldLineConv
from rfjax.rectifiers import CrossCoupled, Linearised, Independent, Linear
from tests.arrays.convolutions import FORMS, convolutions, convolved
from tests.helpers import rectified, slope_at
from tests.nn.lines import cast, moved
from tests.rectifiers.lines import relative_error

# A reduced drive of 0.03: well into the nonlinear response.
TONE, PEAK = 1e9, 3e-3
RNG = np.random.default_rng(0)
DETUNING = RNG.standard_normal((2, 2, 3, 2))
POWERS = jnp.asarray(PEAK * RNG.random((3, 2, 4, 4)))

volts = eqx.filter_jit(FieldLineConv.__call__)


def layer_of(detuning=DETUNING, power=PEAK, rectifier=None, *, frequency=TONE, **options):
    options = {"tolerance": 1e-9} | options
    return FieldLineConv(detuning, Resonator(frequency, symmetric=0.2), power, rectifier, **options)


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
            one = rectified(layer.chains.rectifier, device, power[None], np.array([TONE]))
            found[image, filtered, row, column] += (-1) ** place * one
    return found


@given(convolutions(), st.integers(0, 1000))
@settings(max_examples=8)
def test_on_a_linear_rung_it_is_one_convolution(convolution, seed):
    shape, space, options = convolution
    rng = np.random.default_rng(seed)
    detuning = rng.standard_normal(shape)
    powers = (PEAK * rng.random((2, shape[1], *space))).astype(np.float32)
    layer = cast(layer_of(detuning, rectifier=Linear(), **options), jnp.float32)
    kernel = np.asarray(layer.kernel)
    np.testing.assert_allclose(kernel, _linear(detuning), rtol=1e-5, atol=1e-7 * kernel.max())
    expected = convolved(kernel, powers, **options)
    found = volts(layer, jnp.asarray(powers))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_all_arrays_give_its_voltages():
    layer = layer_of(rectifier=Linear(), stride=(2, 1), padding="SAME")
    expected = volts(layer, POWERS)
    for form in FORMS:
        array = form(DETUNING.shape, POWERS.shape[2:], stride=(2, 1), padding="SAME")
        assert relative_error(array.volts(layer.kernel, POWERS), expected) <= 1e-12


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
def test_a_nonlinear_rung_becomes_the_linear_one_at_low_power(options):
    linear, nonlinear = layer_of(rectifier=Linear(), **options), layer_of(**options)
    differences = [
        relative_error(volts(nonlinear, share * POWERS), volts(linear, share * POWERS))
        for share in (1, 1e-2, 1e-4)
    ]
    assert differences[0] > 1e-2
    # The lowest order that is missing is one power more.
    assert differences[1] == pytest.approx(1e-2 * differences[0], rel=0.5)
    assert differences[2] == pytest.approx(1e-2 * differences[1], rel=0.1)


def test_a_frozen_rung_is_the_nonlinear_one_at_full_power():
    layer, peaks = layer_of(), jnp.full_like(POWERS, PEAK)
    frozen = layer_of(rectifier=Linearised(np.full(12, PEAK)))
    assert relative_error(volts(frozen, peaks), volts(layer, peaks)) <= 1e-8
    assert relative_error(volts(frozen, POWERS), volts(layer, POWERS)) > 1e-3


@pytest.mark.parametrize("rectifier", [Linear(), Independent()])
def test_derivatives_are_the_differences_of_the_voltages(rectifier):
    layer = layer_of(rectifier=rectifier, stride=(1, 2), padding="SAME")
    # Silence has a slope too.
    powers = POWERS.at[0, :, ::2].set(0)
    weights = jnp.cos(jnp.arange(volts(layer, powers).size))

    @eqx.filter_jit
    def total(detuning, powers):
        there = eqx.tree_at(lambda layer: layer.chains.detuning, layer, detuning)
        return jnp.sum(weights * there(powers).ravel())

    start = layer.chains.detuning
    found = eqx.filter_jit(jax.grad(total, (0, 1)))(start, powers)
    assert all(np.isfinite(slope).all() for slope in found)
    along = jnp.asarray(RNG.standard_normal(start.shape))
    louder = powers * RNG.standard_normal(powers.shape)
    expected = slope_at(lambda step: total(start + step * along, powers), 0.0, 1e-3)
    np.testing.assert_allclose(jnp.sum(found[0] * along), expected, rtol=1e-6)
    expected = slope_at(lambda step: total(start, powers + step * louder), 0.0, 1e-3)
    np.testing.assert_allclose(jnp.sum(found[1] * louder), expected, rtol=1e-6)


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
    frequency = TONE * np.array([1.0, 1.5])
    power = PEAK * np.array([1.0, 2.0])
    tones, peaks = frequency[:, None, None], power[:, None, None]
    layer = layer_of(power=peaks, frequency=tones, tolerance=None)
    each = [
        layer_of(DETUNING[:, [i]], power[i], frequency=frequency[i], tolerance=None)
        for i in range(2)
    ]
    # A kernel of six elements: the second channel begins with a positive sign as well.
    expected = sum(volts(one, POWERS[:, [channel]]) for channel, one in enumerate(each))
    assert relative_error(volts(layer, POWERS), expected) <= 1e-8


def test_detunings_that_moved_are_adapted_to():
    layer = layer_of()
    assert layer.adapted() is layer
    np.testing.assert_array_equal(layer.detuning, DETUNING)
    wide = 4 * DETUNING
    there = eqx.tree_at(lambda layer: layer.chains, layer, moved(layer.chains, wide.reshape(2, 12)))
    assert relative_error(volts(there, POWERS), volts(there.adapted(), POWERS)) <= 1e-8
    np.testing.assert_array_equal(there.detuning, wide)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"detuning": DETUNING[0, 0]}, r"detuning has shape \(3, 2\); give \(filters, channels"),
        ({"detuning": DETUNING[:0]}, r"detuning has shape \(0, 2, 3, 2\).* none of them empty"),
        ({"detuning": DETUNING * np.nan}, "detuning is nan; it must be finite"),
        ({"power": -PEAK}, "peak_power is -0.003"),
        ({"power": np.full((2, 2, 3, 2), PEAK)}, r"peak_power has shape .* give one that"),
        ({"frequency": np.full((3, 1, 1), TONE)}, r"the shapes do not broadcast: resonators"),
        ({"stride": 0}, "stride is 0"),
        ({"padding": "FULL"}, "padding is 'FULL'"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        layer_of(**change)


@pytest.mark.parametrize(
    ("powers", "message"),
    [
        (POWERS[:, :1], r"powers have shape \(3, 1, 4, 4\); give \(..., 2, \*space\) with 2 axes"),
        (POWERS[0, 0], r"powers have shape \(4, 4\); give"),
        (POWERS[..., :1], r"a window \(3, 2\) does not fit into space \(4, 1\)"),
        (-POWERS, "powers is -.*; it must be finite and zero or above"),
    ],
)
def test_powers_that_do_not_fit_are_refused(powers, message):
    with pytest.raises(InvalidInput, match=message):
        layer_of(rectifier=Linear())(powers)


def test_only_rungs_linear_in_the_power_have_a_kernel():
    with pytest.raises(InvalidInput, match="the volts per watt of Independent depend on the power"):
        _ = layer_of().kernel
