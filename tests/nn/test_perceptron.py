import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.arrays import Chain
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import Perceptron
from rfjax.rectifiers import CrossCoupled, Linearised, Independent, Linear

FEATURES, CLASSES = 8, 3
COMB = geometric_comb(1e9, 1.4e9, FEATURES)
POWER = 2e-3
INPUTS = jnp.asarray(np.random.default_rng(0).random((2, 4, FEATURES))).at[0, 0].set(0)
KEY = jax.random.key(0)

logits = eqx.filter_jit(Perceptron.__call__)


def perceptron(key=KEY, classes=CLASSES, *, frequencies=COMB, **options):
    options = {"power": POWER, "tolerance": 1e-7} | options
    return Perceptron.create(key, classes, frequencies=frequencies, **options)


def leaves_named(tree):
    pairs = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path): leaf for path, leaf in pairs}


@pytest.mark.parametrize(
    ("rectifier", "symmetric"), [(None, 0.4), (Linear(), 0.0), (CrossCoupled(), 0.0)]
)
def test_logits_are_scaled_voltages_of_chains(rectifier, symmetric):
    model = perceptron(rectifier=rectifier, symmetric=symmetric, damping=0.02)
    model = eqx.tree_at(
        lambda model: (model.gain, model.offset),
        model,
        (jnp.asarray(-1.7), jnp.array([0.3, 0.0, -2.0])),
    )
    frequency = COMB / (1 + 0.02 * model.layer.detuning)
    devices = Resonator(frequency, damping=0.02, symmetric=symmetric)
    chain = Chain(devices, Independent() if rectifier is None else rectifier)
    volts = chain(INPUTS * POWER * COMB / COMB[0], COMB)
    unit = 6e7 * POWER / (0.02 * 2 * np.pi * 1e9)
    expected = volts / unit * -1.7 + np.array([0.3, 0.0, -2.0])
    np.testing.assert_allclose(logits(model, INPUTS), expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(model.unit, unit, rtol=1e-12)


def test_powers_rise_with_the_frequency():
    model = perceptron()
    np.testing.assert_allclose(model.layer.peak_powers, POWER * COMB / 1e9, rtol=1e-12)
    np.testing.assert_array_equal(model.layer.frequencies, COMB)


def test_at_rest_only_the_offset_is_left():
    model = eqx.tree_at(lambda model: model.offset, perceptron(), jnp.arange(3.0))
    np.testing.assert_array_equal(logits(model, jnp.zeros(FEATURES)), np.arange(3.0))


def test_detunings_gain_and_offsets_train_and_nothing_else():
    trains = leaves_named(perceptron().trainable())
    assert {name for name, value in trains.items() if value} == {
        ".layer.detuning",
        ".gain",
        ".offset",
    }
    assert trains.keys() == leaves_named(perceptron()).keys()


def test_everything_that_trains_has_a_gradient():
    model = perceptron()
    trained, rest = eqx.partition(model, model.trainable())

    @eqx.filter_jit
    @eqx.filter_grad
    def slope(trained):
        return jnp.sum(eqx.combine(trained, rest)(INPUTS) ** 2)

    for name, values in leaves_named(slope(trained)).items():
        assert np.isfinite(values).all(), name
        assert (values != 0).all(), name


def test_a_key_gives_the_same_perceptron_again():
    one, again = (perceptron() for _ in range(2))
    np.testing.assert_array_equal(one.layer.detuning, again.layer.detuning)
    other = perceptron(jax.random.key(1))
    assert (one.layer.detuning != other.layer.detuning).all()


def test_detunings_spread_as_asked():
    def detuning(spread):
        return perceptron(classes=500, spread=spread, tolerance=None).layer.detuning

    wide = detuning(2.0)
    assert abs(np.mean(wide)) < 0.15
    np.testing.assert_allclose(np.std(wide), 2.0, rtol=0.05)
    np.testing.assert_allclose(detuning(0.5), wide / 4, rtol=1e-12)
    assert (detuning(0.0) == 0).all()


def test_a_new_perceptron_reads_out_with_unit_gain_and_no_offset():
    model = perceptron()
    assert model.gain == 1
    assert (model.offset == 0).all()
    assert model.offset.shape == (CLASSES,)


def test_what_can_be_expanded_is_unless_no_tolerance_is_given():
    assert perceptron(rectifier=Linearised(np.full(FEATURES, POWER))).layer.expansion is None
    assert perceptron(tolerance=None).layer.expansion is None
    assert perceptron().layer.expansion is not None


def test_the_published_algorithm_has_the_gradient_of_the_frozen_model():
    model = perceptron(gradient="linearised")
    assert isinstance(model.layer.gradient, Linearised)
    np.testing.assert_array_equal(model.layer.gradient.peak_powers, model.layer.peak_powers)
    np.testing.assert_allclose(logits(model, INPUTS), logits(perceptron(), INPUTS), rtol=1e-12)
    assert perceptron().layer.gradient is None


def test_it_adapts_when_its_detunings_have_moved():
    model = perceptron()
    assert model.adapted() is model
    moved = eqx.tree_at(lambda model: model.layer.detuning, model, 4 * model.layer.detuning)
    adapted = moved.adapted()
    assert adapted.layer.expansion.covers(moved.layer.detuning, model.layer.peak_powers)
    assert not model.layer.expansion.covers(moved.layer.detuning, model.layer.peak_powers)
    np.testing.assert_allclose(logits(adapted, INPUTS), logits(moved, INPUTS), atol=1e-6)
    assert adapted.adapted() is adapted


def test_single_precision_stays_single_and_agrees_with_double():
    single = perceptron(frequencies=COMB.astype(np.float32), tolerance=1e-5)
    trained = eqx.filter(single, single.trainable())
    arrays = jax.tree.leaves((trained, single.unit, single.layer.expansion))
    floating = {a.dtype for a in arrays if jnp.issubdtype(a.dtype, jnp.floating)}
    assert floating == {np.dtype(np.float32)}
    found = logits(single, INPUTS.astype(np.float32))
    assert found.dtype == np.float32
    double = perceptron(tolerance=1e-9)
    detuning = single.layer.detuning.astype(np.float64)
    double = eqx.tree_at(lambda model: model.layer.detuning, double, detuning)
    expected = logits(double, INPUTS)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 0}, "classes is 0; it must be a whole number above zero"),
        ({"frequencies": COMB[None]}, r"frequencies have shape \(1, 8\); give \(tones,\)"),
        ({"frequencies": -COMB}, "frequencies is -1000000000.0; it must be finite and above zero"),
        ({"power": 0.0}, "power is 0.0; it must be finite and above zero"),
        ({"power": np.nan}, "power is nan"),
        ({"damping": -0.01}, "damping is -0.01; it must be finite and above zero"),
        ({"symmetric": np.inf}, "symmetric is inf; it must be finite"),
        ({"spread": -0.5}, "spread is -0.5; it must be finite and zero or above"),
        ({"tolerance": 0.0}, "tolerance is 0.0; it must be finite and above zero"),
        ({"gradient": "exact"}, "gradient is 'exact'; it must be one of direct, linearised"),
        ({"damping": np.full(3, 0.01)}, r"the shapes do not broadcast: frequency \(8,\)"),
    ],
)
def test_what_cannot_be_used_is_refused(options, message):
    with pytest.raises(InvalidInput, match=message):
        perceptron(**options)


def test_inputs_that_cannot_be_used_are_refused():
    model = perceptron(tolerance=None)
    with pytest.raises(InvalidInput, match="inputs is -.*; it must be from 0 to 1"):
        model(-INPUTS)
    with pytest.raises(InvalidInput, match="inputs is nan"):
        model(INPUTS * jnp.nan)
    with pytest.raises(InvalidInput, match=r"inputs is .*; it must be from 0 to 1, .* \[0, 1\]$"):
        model(INPUTS * 255)
    with pytest.raises(InvalidInput, match=r"inputs have shape \(3,\); give \(..., 8\)"):
        model(np.ones(3))
