"""Devices and tones that train together with detunings."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import rfjax
from rfjax import InvalidInput, Line, Resonator
from rfjax.rectifiers import Linear
from rfjax.training import ensemble, evaluate, fit, member
from rfjax.training.ensemble import separate
from tests.training.problem import split

LINE = Line.geometric(1e9, 1.4e9, 8, 1e-4)
KEYS = jax.random.split(jax.random.key(0), 2)
RNG = np.random.default_rng(0)
INPUTS = RNG.random((60, 8))
LABELS = np.argmax(INPUTS @ RNG.standard_normal((8, 3)), axis=1)


def detunings(network):
    return network.layers[0].array.detuning


def damping(network):
    return network.layers[0].array.resonators.damping


def both(network):
    return detunings(network), damping(network)


def trained(where, rate=3e-5, epochs=3, keys=KEYS, **options):
    """An ensemble whose devices, where they train, begin alike in all seeds."""
    options = {"rectifier": Linear(), "spread": 0.3, "gain": 4.0, "tolerance": 1e-4} | options
    devices = Resonator(1e9, damping=jnp.full((3, 8), 0.01))
    networks = [
        rfjax.nn.mlp((3,), lines=LINE, resonators=devices, key=key, **options).with_trained(where)
        for key in keys
    ]
    rates = {"detuning": optax.adam(0.02), "device": optax.adam(rate)}
    optimiser = optax.partition(
        rates, lambda tree: {k: "detuning" if "detuning" in k else "device" for k in tree}
    )
    data = {"split": split, "keys": keys, "batch_size": 10, "optimiser": optimiser}
    return fit(ensemble(networks), INPUTS, LABELS, epochs=epochs, **data)


def test_all_of_an_array_are_its_detunings_devices_and_line_and_no_constants_of_its_evaluation():
    network = rfjax.nn.mlp((3,), lines=LINE, resonators=Resonator(1e9), key=KEYS[0])
    assert network.layers[0].array.evaluation is not None
    whole = network.with_trained(lambda network: network.layers[0].array)
    parts = {name.removeprefix(".layers[0].array.") for name in separate(whole)[0]}
    array = network.layers[0].array
    devices = {
        f"resonators.{name}"
        for name, value in vars(array.resonators).items()
        if eqx.is_array(value)
    }
    assert parts == {"detuning", "line.frequencies", "line.peak_powers"} | devices
    with pytest.raises(InvalidInput, match="evaluation.signs, which is no parameter"):
        network.with_trained(lambda network: network.layers[0].array.evaluation.signs)


def test_damping_and_detunings_trained_together_lower_the_loss_more_than_detunings_alone():
    model, history = trained(both, epochs=6)
    _, alone = trained(detunings, epochs=6)
    assert (np.diff(history.train_loss[:, 0]) < 0).all()
    assert (history.train_loss[-1] < alone.train_loss[-1]).all()
    names = [".layers[0].array.detuning", ".layers[0].array.resonators.damping"]
    assert list(separate(model)[0]) == names
    assert damping(model).shape == (2, 3, 8)
    # Each seed alone gives what the ensemble does, and what every resonator gives directly.
    found = evaluate(model, INPUTS, LABELS)
    one = member(model, 1)
    exact = eqx.tree_at(lambda net: net.layers[0].array.evaluation, one, None)
    np.testing.assert_allclose(one(INPUTS), exact(INPUTS), atol=1e-3)
    logits = jax.nn.log_softmax(exact(INPUTS))
    loss = -np.mean(logits[np.arange(60), LABELS])
    np.testing.assert_allclose(found.loss[1], loss, rtol=1e-4)


def test_devices_go_farther_than_what_was_prepared_at_first(tmp_path):
    model, _ = trained(both, rate=1e-4, epochs=5, keys=KEYS[:1])
    one = member(model, 0)
    rfjax.save(tmp_path / "one.rfjax", one)
    read = rfjax.load(tmp_path / "one.rfjax")
    assert read.trains == one.trains
    np.testing.assert_array_equal(read(INPUTS), one(INPUTS))
    assert np.abs(np.asarray(damping(one)) / 0.01 - 1).max() > 0.12
    exact = eqx.tree_at(lambda net: net.layers[0].array.evaluation, one, None)
    np.testing.assert_allclose(one(INPUTS), exact(INPUTS), atol=1e-3)


@pytest.mark.parametrize(
    ("where", "options", "message"),
    [
        (both, {"rate": 3e-3}, "in epoch 1 of the training devices or tones change by more"),
        (
            lambda network: (detunings(network), network.layers[0].array.line.frequencies),
            {"rate": 1e3},
            "in epoch 1 of the training devices or tones change by more",
        ),
        (
            both,
            {"rate": 3e-2, "tolerance": None},
            "after epoch . of the training damping.* is -0.0.*; it must be .* above zero; lower",
        ),
        (lambda network: network.layers[0].array.wiring, {}, "where takes no array"),
    ],
)
def test_training_that_leaves_what_can_be_computed_ends_in_one_line(where, options, message):
    with pytest.raises(InvalidInput, match=message):
        trained(where, **options)
