"""Devices and tones that train together with detunings."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import rfjax
from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, costs
from rfjax.nn import Bounded, Derived, Tied, resolved
from rfjax.rectifiers import Linear
from rfjax.training import Checkpoints, Penalised, classification, ensemble, evaluate, fit, member
from rfjax.training.ensemble import separate
from tests.training.problem import split

LINE = Line.geometric(1e9, 1.4e9, 8, 1e-4)
KEYS = jax.random.split(jax.random.key(0), 2)
RNG = np.random.default_rng(0)
INPUTS = RNG.random((60, 8))
LABELS = np.argmax(INPUTS @ RNG.standard_normal((8, 3)), axis=1)


def detunings(network):
    return network.layers[0].array.detuning


ALIKE = np.full((3, 8), 0.01)


def damping(network):
    return network.layers[0].array.resonators.damping


def both(network):
    return detunings(network), damping(network)


def trained(where, rate=3e-5, epochs=3, keys=KEYS, loss=classification, **options):
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
    data = {"split": split, "keys": keys, "batch_size": 10, "optimiser": optimiser, "loss": loss}
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


def constrained(key, low=0.0095, high=0.0112, **options):
    """A network whose damping and tones train within bounds."""
    devices = Resonator(1e9, damping=jnp.full((3, 8), 0.01))
    options = {"rectifier": Linear(), "spread": 0.3, "gain": 4.0, "tolerance": 1e-4} | options
    network = rfjax.nn.mlp((3,), lines=LINE, resonators=devices, key=key, **options)
    return network, network.with_parameter(damping, Bounded.of(np.full((3, 8), 0.01), low, high))


def on_a_comb(network):
    """The same with the ends of the comb and the power as parameters."""
    ends = Bounded.of(1e9, 0.9e9, 1.1e9), Bounded.of(1.4e9, 1.3e9, 1.5e9)
    line = Derived(Line.geometric, *ends, 8, Bounded.of(1e-4, 1e-5, 1e-3))
    shared = Tied.to(lambda network: network.layers[0].array.line.frequencies)
    return network.with_parameter(
        lambda network: network.layers[0].array.line, line
    ).with_parameter(lambda network: network.layers[0].array.resonators.frequency, shared)


def test_parameters_at_the_same_values_give_the_same_network_and_its_derivatives():
    network, model = constrained(KEYS[0], tolerance=None)
    model = on_a_comb(model)
    np.testing.assert_allclose(model(INPUTS), network(INPUTS), rtol=1e-9, atol=1e-12)
    parameters, frame = separate(model)
    assert {name.split(".layers[0].")[1] for name in parameters} == {
        "array.detuning",
        "array.resonators.damping.free",
        "array.line.arguments[0].free",
        "array.line.arguments[1].free",
        "array.line.arguments[3].free",
        "read_out.gain",
        "read_out.offset",
    }

    @jax.jit
    def total(parameters):
        return jnp.sum(jnp.sin(frame.filled(parameters)(INPUTS[:4])))

    slopes = jax.grad(total)(parameters)
    for name, leaf in parameters.items():
        along = jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape)
        ends = [total(parameters | {name: leaf + step * along}) for step in (1e-5, -1e-5)]
        expected = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(jnp.vdot(slopes[name], along), expected, rtol=1e-6, err_msg=name)
        assert abs(expected) > 1e-4


def test_the_fast_evaluation_follows_tones_where_a_parameter_stands_for_the_line():
    line = Line.geometric(1e9, 1.8e9, 40, 1e-4)
    options = {"rectifier": Linear(), "spread": 0.3, "key": KEYS[0], "tolerance": 1e-6}
    network = rfjax.nn.mlp((2,), lines=line, resonators=Resonator(1e9), **options)
    comb = Derived(Line.geometric, 1e9, Bounded.of(1.8e9, 1.5e9, 2e9), 40, 1e-4)
    own = Tied.to(lambda network: network.layers[0].array.line.frequencies)
    model = network.with_parameter(
        lambda network: network.layers[0].array.line, comb
    ).with_parameter(lambda network: network.layers[0].array.resonators.frequency, own)
    fixed, moving = (each.layers[0].array.evaluation for each in (network, model))
    assert fixed.preset == moving.preset
    assert fixed.preset.order > 0  # matrices of the far field, as constants or computed
    assert (fixed.far is None, moving.far is None) == (False, True)
    inputs = RNG.random((5, 40))
    np.testing.assert_allclose(
        eqx.filter_jit(model)(inputs), eqx.filter_jit(network)(inputs), rtol=1e-9
    )
    assert resolved(model).layers[0].array.prepared().evaluation.far is not None


def test_damping_trains_inside_of_its_band(tmp_path):
    networks = [constrained(key)[1] for key in KEYS]
    data = {"split": split, "keys": KEYS, "batch_size": 10, "epochs": 6}
    model, history = fit(ensemble(networks), INPUTS, LABELS, optimiser=optax.adam(0.05), **data)
    assert (history.train_loss[-1] < 0.8 * history.train_loss[0]).all()
    one = member(model, 1)
    reached = damping(resolved(one))
    assert ((reached > 0.0095) & (reached < 0.0112)).all()
    assert np.ptp(reached) > 2e-4
    # Its fast evaluation is prepared for where it is, and it is one network with its file.
    exact = eqx.tree_at(lambda net: net.layers[0].array.evaluation, one, None)
    np.testing.assert_allclose(one(INPUTS), exact(INPUTS), atol=1e-3)
    rfjax.save(tmp_path / "one.rfjax", one)
    read = rfjax.load(tmp_path / "one.rfjax")
    np.testing.assert_array_equal(read(INPUTS), one(INPUTS))
    assert eqx.tree_equal(read, one)


def test_a_comb_that_trains_is_saved_with_the_function_that_makes_it(tmp_path):
    model = on_a_comb(constrained(KEYS[0], wiring=OwnTone(), tolerance=None)[1])
    rfjax.save(tmp_path / "comb.rfjax", model)
    read = rfjax.load(tmp_path / "comb.rfjax")
    assert eqx.tree_equal(read, model)
    own = model.with_parameter(
        lambda network: network.layers[0].array.line,
        Derived(lambda power: Line(LINE.frequencies, power), Bounded.of(1e-4, 1e-5, 1e-3)),
    )
    with pytest.raises(InvalidInput, match=r"function <lambda>, .* rfjax.nn.resolved\(model\)"):
        rfjax.save(tmp_path / "own.rfjax", own)
    rfjax.save(tmp_path / "own.rfjax", resolved(own))


def test_parameters_are_added_to_what_was_chosen():
    network, _ = constrained(KEYS[0], tolerance=None)
    chosen = network.with_trained(both).with_parameter(
        damping, Bounded.of(np.full((3, 8), 0.01), 0.009, 0.011)
    )
    names = [".layers[0].array.detuning", ".layers[0].array.resonators.damping.free"]
    assert list(separate(chosen)[0]) == names
    assert list(separate(chosen.with_trained(damping))[0]) == names[1:]


def test_values_that_training_derives_are_checked_as_those_that_train():
    network, _ = constrained(KEYS[0], tolerance=None)
    margin = Derived(lambda whole: whole - 0.0095, Bounded.of(ALIKE, 0.009, 0.02))
    model = network.with_parameter(damping, margin).with_trained(damping)
    options = {"split": split, "keys": KEYS[0], "batch_size": 10, "optimiser": optax.sgd(1e3)}
    with pytest.raises(InvalidInput, match=r"after epoch 1 .* damping\[.* is -0.000.* above zero"):
        fit(model, INPUTS, LABELS, epochs=1, **options)


@pytest.mark.parametrize(
    ("where", "parameter", "message"),
    [
        (damping, Bounded.of(0.01, 0.009, 0.011), r"float64\[\].* in place of .*float64\[3, 8\]"),
        (damping, Derived(Resonator, 1e9), "give one of the same structure"),
        (lambda network: network.layers[0].array.mass, Bounded.of(1.0, 0.0, 2.0), "where takes no"),
        (
            damping,
            Bounded.of(ALIKE, -0.05, 0.02),
            r"at a bound .* damping.* is -0.05; .* above zero",
        ),
        (damping, Bounded.of(-ALIKE, -0.05, 0.02), r"^damping\[0, 0\] is -0.0.* above zero"),
        (damping, Derived(jnp.negative, ALIKE), r"damping\[0, 0\] is -0.01; .* above zero"),
        (damping, Derived(lambda a: a * jnp.nan, ALIKE), r"damping\[0, 0\] is nan"),
        (
            damping,
            Tied.to(lambda network: network.layers[0].array.detuning),
            r"damping\[\d, \d\] is -.*; it must be finite and above zero",
        ),
    ],
)
def test_parameters_that_do_not_fit_are_refused(where, parameter, message):
    with pytest.raises(InvalidInput, match=message):
        constrained(KEYS[0], tolerance=None)[0].with_parameter(where, parameter)


def test_a_penalty_weighs_energy_against_accuracy(tmp_path):
    def energy(model, inputs):
        array = model.layers[0].array
        return jnp.log(jnp.mean(costs(array, inputs * array.peak_powers).energy))

    def trained_with(**options):
        model = constrained(KEYS[0], 0.0095, 0.0112)[1].with_parameter(
            lambda network: network.layers[0].array.line.peak_powers,
            Bounded.of(LINE.peak_powers, 0.9 * LINE.peak_powers, 1.1 * LINE.peak_powers),
        )
        return fit(
            model,
            INPUTS,
            LABELS,
            split=split,
            keys=KEYS[0],
            epochs=3,
            batch_size=10,
            optimiser=optax.adam(0.05),
            **options,
        )

    (plain, alone), (unweighed, same), (sparing, more) = (
        trained_with(),
        trained_with(loss=Penalised(energy, 0.0)),
        trained_with(loss=Penalised(energy, 3.0), checkpoints=Checkpoints(tmp_path)),
    )
    spent, least = (float(energy(resolved(model), INPUTS)) for model in (plain, sparing))
    assert least < spent - 0.03
    assert alone.train_loss[-1] < more.train_loss[-1]
    with pytest.raises(InvalidInput, match="diverged in epoch 1.*or a penalty, does there"):
        trained_with(loss=Penalised(lambda network, inputs: jnp.log(-1.0), 1.0))
    # Without weight it is the loss that is there by default.
    np.testing.assert_allclose(same.train_loss, alone.train_loss, rtol=1e-9)
    np.testing.assert_allclose(detunings(unweighed), detunings(plain), rtol=1e-9, atol=1e-12)
    with pytest.raises(InvalidInput, match="another loss"):
        trained_with(loss=Penalised(energy, 1.0), checkpoints=Checkpoints(tmp_path, resume=True))
    with pytest.raises(InvalidInput, match="loss returns .* one number for all rows"):
        trained(both, loss=lambda model, inputs, labels: model(inputs))
