"""Software twins of networks, and networks that have their weights."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, SharedLine
from rfjax.laws.synaptic_weight import far_detuning
from rfjax.nn import Network, OscillatorActivation, Weights, cnn, mapped, max_pool, mlp, twin
from rfjax.numerics.parameters import trainable
from rfjax.rectifiers import Independent, Linear
from tests.arrays.convolutions import convolved
from tests.arrays.lines import cast

KEY = jax.random.key(0)
ROWS = jax.random.uniform(jax.random.key(1), (5, 16))
OSCILLATORS = OscillatorActivation(1.5, 3.0)
SIZES = {"image": (2, 8), "filters": (2,), "kernel": (3,), "pool": (2,), "outputs": (3,)}

logits = eqx.filter_jit(lambda model, rows: model(rows))


def images(rectifier=None, activation=OSCILLATORS, **sizes):
    return cnn(
        **SIZES | {"band": (1e9, 1e10), "power": 1e-5} | sizes,
        resonators=Resonator(1e9),
        key=KEY,
        rectifier=Linear() if rectifier is None else rectifier,
        activation=activation,
        tolerance=None,
    )


def perceptron(wiring=None, activation=OSCILLATORS, outputs=(4, 3)):
    lines = [Line.geometric(1e9, 9e9, tones, 1e-5) for tones in (16, *outputs[:-1])]
    return mlp(
        outputs,
        lines=lines,
        resonators=Resonator(1e9),
        key=KEY,
        rectifier=Linear(),
        wiring=OwnTone() if wiring is None else wiring,
        activation=activation,
        tolerance=None,
    )


def software_of(network, **options):
    """A twin with biases that no start gives."""
    return jax.tree.map(
        lambda leaf: (
            leaf + 0.1 * jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape)
            if eqx.is_inexact_array(leaf)
            else leaf
        ),
        twin(network, key=KEY, **options),
    )


def _weights(model):
    return [(each.linear.weight, each.linear.bias) for each in model.layers_with("linear")]


@pytest.mark.parametrize("activation", [None, jax.nn.relu], ids=["oscillators", "relu"])
def test_a_twin_is_its_weighted_sums_and_its_neurons_in_turn(activation):
    model = software_of(perceptron(), activation=activation)
    (first, bias), (last, shift) = _weights(model)
    neurons = OSCILLATORS if activation is None else activation
    values = neurons(ROWS @ first.T + bias)
    assert (values > 0).any()
    np.testing.assert_allclose(model(ROWS), values @ last.T + shift, rtol=1e-12)


def test_a_convolutional_twin_is_its_filters_and_its_perceptron_in_turn():
    model = software_of(
        images(image=(1, 8, 7), filters=(2,), kernel=(3, 2), pool=(2, 2)), activation=jax.nn.relu
    )
    shown = np.random.default_rng(0).random((4, 1, 8, 7))
    (filters, bias), (last, shift) = _weights(model)
    # The signs of a chain, twice.
    signed = np.asarray(filters).reshape(2, 1, 3, 2) * ((-1.0) ** np.arange(6)).reshape(1, 3, 2)
    filtered = convolved(signed, shown, 1, "VALID") + np.reshape(bias, (-1, 1, 1))
    values = jax.nn.relu(max_pool(jnp.asarray(filtered), (2, 2))).reshape(4, -1)
    found = model(jnp.asarray(shown).reshape(4, 56))
    np.testing.assert_allclose(found, values @ last.T + shift, rtol=1e-10)


def test_weights_start_as_strong_as_the_neurons_need():
    network = perceptron(activation=None, outputs=(500, 2))
    for activation, norm, bias in ((jax.nn.relu, 2**0.5, 0.0), (None, 3.0, 2.0)):
        (hidden, middle), (_, zero) = _weights(twin(network, key=KEY, activation=activation))
        np.testing.assert_allclose(jnp.linalg.norm(hidden, axis=1).mean(), norm, rtol=0.05)
        np.testing.assert_array_equal(middle, bias)
        np.testing.assert_array_equal(zero, 0)
    ((weight, bias),) = _weights(twin(perceptron(outputs=(300,)), key=KEY))
    assert (bias == 0).all()
    assert 0.24 < np.abs(weight).max() <= 16**-0.5


def test_all_of_a_twin_trains():
    for network in (perceptron(), images()):
        model = twin(network, key=KEY)
        trained, rest = eqx.partition(model, trainable(model))
        slopes = jax.grad(lambda part, rest=rest: jnp.sum(eqx.combine(part, rest)(ROWS) ** 2))(
            trained
        )
        assert len(jax.tree.leaves(slopes)) == 4
        assert all(np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(slopes))


@pytest.mark.parametrize("make", [images, perceptron])
def test_with_the_linear_model_the_logits_are_those_of_software(make):
    network = make()
    software = software_of(network)
    expected = software(ROWS)
    np.testing.assert_allclose(logits(mapped(network, software), ROWS), expected, rtol=1e-9)
    single, small = cast(
        [eqx.filter(each, eqx.is_array) for each in (network, software)], jnp.float32
    )
    single, small = (eqx.combine(*pair) for pair in ((single, network), (small, software)))
    found = logits(mapped(single, small), ROWS.astype(jnp.float32))
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_with_detunings_far_from_the_tones_large_weights_are_reached():
    network = perceptron()
    software = eqx.tree_at(
        lambda model: [each.linear.weight for each in model.layers_with("linear")],
        software_of(network),
        replace_fn=lambda weight: jnp.where(
            jnp.abs(weight) < 0.2, jnp.copysign(0.2, weight), weight
        ),
    )
    far = mapped(network, software, inverse=partial(far_detuning, farthest=90.0))
    assert all(np.abs(each.array.detuning).min() >= 0.98 for each in far.layers_with("array"))
    np.testing.assert_allclose(logits(far, ROWS), software(ROWS), rtol=1e-8)


def test_with_a_nonlinear_model_they_are_close_at_low_power():
    network = images(Independent())
    software = software_of(network)
    found, expected = logits(mapped(network, software), ROWS), software(ROWS)
    assert 1e-9 < np.abs(found - expected).max() < 0.05 * np.abs(expected).max()


def test_on_a_shared_line_they_are_close_where_tones_are_few():
    network = perceptron(SharedLine())
    software = software_of(network)
    found, expected = logits(mapped(network, software), ROWS), software(ROWS)
    assert np.corrcoef(np.ravel(found), np.ravel(expected))[0, 1] > 0.9


def test_what_was_mapped_is_prepared():
    line = Line.geometric(1e9, 9e9, 16, 1e-5)
    network = mlp((3,), lines=line, resonators=Resonator(1e9), key=KEY, wiring=OwnTone())
    software = twin(network, key=KEY)
    array = mapped(network, software).layers[0].array
    assert array.covered()
    assert array.error() <= array.tolerance


def test_networks_that_do_not_fit_are_refused():
    network = perceptron()
    for other, message in (
        (twin(network, key=KEY, activation=jax.nn.relu), "of the software relu; train the twin"),
        (twin(perceptron(outputs=(5, 3)), key=KEY), r"has resonators \(4, 16\), .* \(5, 16\)"),
        (twin(images(), key=KEY), "layers, the software"),
        (perceptron(), r"has resonators \(4, 16\), of the software weights None"),
        (Network([Weights, Weights]), "layers, the software"),
    ):
        with pytest.raises(InvalidInput, match=message):
            mapped(network, other)


def test_inputs_that_do_not_fit_are_refused():
    model = twin(perceptron(), key=KEY)
    with pytest.raises(InvalidInput, match=r"inputs have shape \(5, 15\); give \(..., 16\)"):
        model(ROWS[:, 1:])
    with pytest.raises(InvalidInput, match="inputs.* is nan"):
        model(ROWS * jnp.nan)
