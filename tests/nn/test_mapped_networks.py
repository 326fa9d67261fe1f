"""Networks of software on resonators."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.laws.synaptic_weight import far_detuning
from rfjax.nn import (
    ConvolutionalNetwork,
    FieldLineDense,
    MultiLayerPerceptron,
    OscillatorActivation,
    SharedLineDense,
    SoftwareConvolutionalNetwork,
    SoftwareMultiLayerPerceptron,
    mapped,
)
from rfjax.rectifiers import Independent, Linear
from tests.nn.lines import cast

SIZES = {"image": (2, 8), "filters": (3, 2), "kernel": (2,), "pool": (2,), "outputs": (3,)}
ROWS = jax.random.uniform(jax.random.key(1), (5, 16))
OSCILLATORS = OscillatorActivation(1.5, 3.0)
KEY = jax.random.key(0)

logits = eqx.filter_jit(lambda model, rows: model(rows))


def networks(rectifier=None, activation=OSCILLATORS, **sizes):
    sizes = SIZES | sizes
    software = SoftwareConvolutionalNetwork.create(KEY, activation=activation, **sizes)
    rectifier = Linear() if rectifier is None else rectifier
    network = ConvolutionalNetwork.create(KEY, rectifier=rectifier, activation=OSCILLATORS, **sizes)
    return network, biased(software)


def biased(software):
    """With biases that no start gives."""
    return jax.tree.map(
        lambda leaf: leaf + 0.1 * jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape), software
    )


def perceptrons(line=FieldLineDense, activation=OSCILLATORS):
    combs = [geometric_comb(1e9, 9e9, count) for count in (16, 4)]
    software = SoftwareMultiLayerPerceptron.create(KEY, 16, (4, 3), activation)
    network = MultiLayerPerceptron.create(
        KEY, (4, 3), frequencies=combs, line=line, rectifier=Linear(), activation=OSCILLATORS
    )
    return network, biased(software)


@pytest.mark.parametrize("make", [networks, perceptrons])
def test_on_the_linear_rung_the_logits_are_those_of_software(make):
    network, software = make()
    expected = software(ROWS)
    np.testing.assert_allclose(logits(mapped(network, software), ROWS), expected, rtol=1e-9)
    single, small = cast((network, software), jnp.float32)
    found = logits(mapped(single, small), ROWS.astype(jnp.float32))
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_with_detunings_far_from_the_tones_large_weights_are_reached():
    network, software = perceptrons()

    def without_small_ones(weight):
        return jnp.where(jnp.abs(weight) < 0.2, jnp.copysign(0.2, weight), weight)

    software = eqx.tree_at(
        lambda model: [layer.weight for layer in model.layers],
        software,
        replace_fn=without_small_ones,
    )
    far = mapped(network, software, partial(far_detuning, farthest=90.0))
    assert all(np.abs(layer.line.detuning).min() >= 0.98 for layer in far.layers)
    np.testing.assert_allclose(logits(far, ROWS), software(ROWS), rtol=1e-8)


def test_on_a_nonlinear_rung_they_are_close_at_low_power():
    network, software = networks(Independent(), filters=(2,))
    found, expected = logits(mapped(network, software), ROWS), software(ROWS)
    assert 1e-9 < np.abs(found - expected).max() < 0.05 * np.abs(expected).max()


def test_on_a_shared_line_they_are_close_where_tones_are_few():
    network, software = perceptrons(SharedLineDense)
    found, expected = logits(mapped(network, software), ROWS), software(ROWS)
    assert np.corrcoef(np.ravel(found), np.ravel(expected))[0, 1] > 0.9


def test_networks_that_do_not_fit_are_refused():
    network, software = networks()
    with pytest.raises(InvalidInput, match="those of software relu; train the software with those"):
        mapped(network, networks(activation=jax.nn.relu)[1])
    with pytest.raises(InvalidInput, match=r"image is \(2, 8\) in the network and \(2, 9\)"):
        mapped(network, networks(image=(2, 9))[1])
    with pytest.raises(InvalidInput, match=r"resonators \[\(3, 2, 2\), \(2, 3, 2\)\], soft"):
        mapped(network, networks(filters=(3,))[1])
    with pytest.raises(InvalidInput, match="give a SoftwareConvolutionalNetwork"):
        mapped(network, software.dense)
