"""Perceptrons of several layers."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax.checks import InvalidInput
from rfjax.data import GivenSplit
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import FieldLineDense, MultiLayerPerceptron, Perceptron, SharedLineDense
from rfjax.rectifiers import Linear
from rfjax.training import ensemble, fit

SIZES = (6, 5, 3)


def network(key=0, **settings):
    combs = [geometric_comb(1e9, 2e9, count) for count in SIZES[:-1]]
    settings = {"gain": 5.0, "line": FieldLineDense, "rectifier": Linear()} | settings
    return MultiLayerPerceptron.create(
        jax.random.key(key), SIZES[1:], frequencies=combs, **settings
    )


@pytest.mark.parametrize("line", [FieldLineDense, SharedLineDense])
def test_it_is_its_layers_and_its_oscillators_in_turn(line):
    model = network(line=line)
    inputs = jax.random.uniform(jax.random.key(1), (4, SIZES[0]))
    first, second = model.layers
    volts = first.line(inputs * first.line.peak_powers)
    hidden = model.activation(first.gain * volts / first.unit + first.offset)
    volts = second.line(hidden * second.line.peak_powers)
    expected = second.gain * volts / second.unit + second.offset
    np.testing.assert_allclose(model(inputs), expected, rtol=1e-12)
    assert (hidden > 0).any()


def test_every_trained_array_has_a_slope_and_no_other_trains():
    model = network()
    inputs = jax.random.uniform(jax.random.key(1), (4, SIZES[0]))
    trained, rest = eqx.partition(model, model.trainable())
    slopes = jax.grad(lambda part: jnp.sum(eqx.combine(part, rest)(inputs) ** 2))(trained)
    leaves = jax.tree.leaves(slopes)
    assert len(leaves) == 6
    assert all(np.isfinite(leaf).all() and np.abs(leaf).max() > 0 for leaf in leaves)


def test_it_learns_what_one_layer_cannot():
    """Exclusive or of two inputs."""
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    inputs = np.repeat(np.repeat(corners, 3, axis=1)[:, [0, 1, 2, 3, 4, 5]], 8, axis=0)
    labels = np.repeat([0, 1, 1, 0], 8)
    order = np.random.default_rng(0).permutation(32)
    inputs, labels = np.tile(inputs[order], (2, 1)), np.tile(labels[order], 2)
    models = [network(key, spread=0.3) for key in range(3)]
    _, history = fit(
        ensemble(models),
        inputs,
        labels,
        split=GivenSplit(32),
        keys=jax.random.split(jax.random.key(0), 3),
        epochs=60,
        batch_size=8,
        optimiser=optax.adam(0.03),
    )
    assert np.max(history.test_accuracy[-1]) == 1


def test_it_is_adapted_only_where_it_must_be():
    model = network(line=SharedLineDense)
    assert model.adapted() is model
    wider = eqx.tree_at(
        lambda model: model.layers[0].line.detuning, model, 3 * jnp.ones((SIZES[1], SIZES[0]))
    )
    adapted = wider.adapted()
    assert adapted is not wider
    assert adapted.layers[0].line.expansion.half_width > wider.layers[0].line.expansion.half_width
    same = zip(jax.tree.leaves(adapted.layers[1]), jax.tree.leaves(wider.layers[1]), strict=True)
    assert all(one is other for one, other in same)


def test_layers_that_do_not_fit_are_refused():
    combs = [geometric_comb(1e9, 2e9, count) for count in (6, 4)]
    with pytest.raises(InvalidInput, match="5 chains is followed by one of 4 tones"):
        MultiLayerPerceptron.create(jax.random.key(0), (5, 3), frequencies=combs)
    with pytest.raises(InvalidInput, match="for 1 layers"):
        MultiLayerPerceptron.create(jax.random.key(0), (5,), frequencies=combs)


def test_no_array_is_held_twice_so_that_models_can_be_donated():
    comb = geometric_comb(50e6, 20e9, 3)
    key, options = jax.random.key(0), {"tolerance": None}
    linearised = Perceptron.create(key, 2, frequencies=comb, gradient="linearised", **options)
    layers = MultiLayerPerceptron.create(key, [3, 2], frequencies=[comb, comb], **options)
    for model in (linearised, layers):
        held = [id(leaf) for leaf in jax.tree.leaves(model) if eqx.is_array(leaf)]
        assert len(held) == len(set(held))
