"""The software peers of networks of several layers."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from rfjax import InvalidInput
from rfjax.nn import (
    ConvolutionalNetwork,
    OscillatorActivation,
    SoftwareConvolutionalNetwork,
    SoftwareMultiLayerPerceptron,
    max_pool,
)
from tests.arrays.convolutions import convolved
from tests.nn.architectures import architectures

ACTIVATIONS = [jax.nn.relu, OscillatorActivation()]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_perceptron_is_its_layers_in_turn(activation):
    model = SoftwareMultiLayerPerceptron.create(jax.random.key(0), 6, (5, 4, 3), activation)
    inputs = jax.random.uniform(jax.random.key(1), (2, 4, 6))
    values = inputs
    for layer in model.layers[:-1]:
        values = activation(values @ layer.weight.T + layer.bias)
    last = model.layers[-1]
    expected = values @ last.weight.T + last.bias
    np.testing.assert_allclose(model(inputs), expected, rtol=1e-12)
    assert (values > 0).any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_network_is_its_blocks_and_its_perceptron_in_turn(activation):
    model = SoftwareConvolutionalNetwork.create(
        jax.random.key(0), image=(1, 8, 7), filters=(2,), kernel=(3, 2), activation=activation
    )
    images = np.random.default_rng(0).random((4, 1, 8, 7))
    (block,) = model.blocks
    # The signs of a chain, twice.
    signed = block.weight * ((-1.0) ** np.arange(6)).reshape(1, 3, 2)
    filtered = convolved(signed, images, 1, "VALID") + block.bias.reshape(-1, 1, 1)
    values = activation(max_pool(jnp.asarray(filtered), (2, 2))).reshape(4, -1)
    found = model(jnp.asarray(images).reshape(4, 56))
    np.testing.assert_allclose(found, model.dense(values), rtol=1e-10)


@given(architectures())
@settings(max_examples=6)
def test_it_has_the_shapes_of_the_network_of_resonators(architecture):
    rows = jnp.ones((2, int(np.prod(architecture["image"]))))

    def made(key):
        software = SoftwareConvolutionalNetwork.create(key, **architecture)
        network = ConvolutionalNetwork.create(key, **architecture)
        weights = [layer.weight for layer in software.blocks + software.dense.layers]
        detunings = [layer.line.detuning for layer in network.blocks + network.dense.layers]
        return (weights, software(rows)), (detunings, network(rows))

    software, network = eqx.filter_eval_shape(made, jax.random.key(0))
    assert jax.tree.map(jnp.shape, software) == jax.tree.map(jnp.shape, network)


def test_weights_start_as_strong_as_the_neurons_need():
    for activation, norm, bias in zip(ACTIVATIONS, [2**0.5, 3.0], [0.0, 2.0], strict=True):
        model = SoftwareMultiLayerPerceptron.create(jax.random.key(0), 500, (40, 2), activation)
        hidden, last = model.layers
        np.testing.assert_allclose(jnp.linalg.norm(hidden.weight, axis=1).mean(), norm, rtol=0.02)
        np.testing.assert_array_equal(hidden.bias, bias)
        np.testing.assert_array_equal(last.bias, 0)


def test_all_of_it_trains_and_it_needs_no_adapting():
    perceptron = SoftwareMultiLayerPerceptron.create(jax.random.key(0), 4, (3, 2))
    network = SoftwareConvolutionalNetwork.create(jax.random.key(0), image=(1, 8, 8), filters=(2,))
    for model, features in [(perceptron, 4), (network, 64)]:
        assert model.adapted() is model
        trained, _ = eqx.partition(model, model.trainable())
        inputs = jax.random.uniform(jax.random.key(1), (3, features))
        slopes = jax.grad(_square)(trained, inputs)
        assert len(jax.tree.leaves(slopes)) == 4
        assert all(np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(slopes))


def _square(model, inputs):
    return jnp.sum(model(inputs) ** 2)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InvalidInput, match="outputs is empty"):
        SoftwareMultiLayerPerceptron.create(jax.random.key(0), 4, ())
    with pytest.raises(InvalidInput, match="features is 0"):
        SoftwareMultiLayerPerceptron.create(jax.random.key(0), 0, (2,))
    with pytest.raises(InvalidInput, match=r"kernel \(5, 5\) and pool \(2, 2\); give"):
        SoftwareConvolutionalNetwork.create(jax.random.key(0), image=(1, 8), filters=(2,))
