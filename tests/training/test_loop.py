import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax.checks import InvalidInput
from rfjax.numerics.parameters import fixed
from rfjax.training import Checkpoints, accuracy, cross_entropy, ensemble, fit, member
from tests.training.problem import clouds, networks, seeds, split, train, weights


def test_it_learns_a_separable_problem():
    _, history = train(epochs=25)
    assert np.all(history.train_loss[-1] < 0.6 * history.train_loss[0])
    assert np.all(history.test_accuracy[-1] == 1.0)


def test_metrics_are_those_of_the_returned_model_on_its_own_rows():
    inputs, labels = map(jnp.asarray, clouds(2403))  # more rows than are evaluated at once
    model, history = train(epochs=2, data=(inputs, labels))
    assert history.train_loss.shape == (2, 2)
    for seed, key in enumerate(seeds()):
        for part, rows in zip(("train", "test"), split(1, len(labels), key=key), strict=True):
            logits = member(model, seed)(inputs[rows])
            for name, measure in (("loss", cross_entropy), ("accuracy", accuracy)):
                recorded = getattr(history, f"{part}_{name}")[-1, seed]
                np.testing.assert_allclose(recorded, measure(logits, labels[rows]), rtol=1e-12)


def test_a_step_is_a_step_down_the_gradient_of_its_batch():
    inputs, labels = map(jnp.asarray, clouds(3))
    everything = lambda epoch, rows, *, key: (jnp.arange(rows), jnp.arange(rows))  # noqa: E731
    model, _ = train(
        epochs=1, data=(inputs, labels), split=everything, batch_size=3, optimiser=optax.sgd(0.5)
    )
    start = member(networks(seeds()), 1)
    gradient = jax.grad(lambda model: cross_entropy(model(inputs), labels))(start)
    expected = jax.tree.map(lambda value, slope: value - 0.5 * slope, start, gradient)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), member(model, 1), expected
    )


def test_a_seed_among_others_is_trained_as_it_is_alone():
    keys = seeds(3)
    together, history = train(keys)
    alone, history_alone = train(keys[1:2])
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b[0], rtol=1e-10), member(together, 1), alone
    )
    np.testing.assert_allclose(history.test_loss[:, 1], history_alone.test_loss[:, 0], rtol=1e-10)


def test_one_network_and_one_key_are_an_ensemble_of_one():
    key = seeds(3)[1]
    together, history = train(key[None])
    alone, history_alone = train(key, model=weights(key))
    jax.tree.map(np.testing.assert_array_equal, alone, member(together, 0))
    np.testing.assert_array_equal(history.test_loss, history_alone.test_loss)


@pytest.mark.parametrize("at_once", [1, 2])
def test_seeds_in_turn_are_trained_as_they_are_at_once(at_once):
    keys = seeds(3)
    together, history = train(keys)
    in_turn, history_in_turn = train(keys, at_once=at_once)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10), together, in_turn)
    np.testing.assert_allclose(history.test_loss, history_in_turn.test_loss, rtol=1e-10)


def test_a_schedule_of_the_learning_rate_counts_steps():
    rate = optax.piecewise_constant_schedule(0.5, {7: 0.0})  # 60 rows in batches of 8: 7 an epoch
    once, _ = train(epochs=1, optimiser=optax.sgd(rate))
    twice, _ = train(epochs=2, optimiser=optax.sgd(rate))
    jax.tree.map(np.testing.assert_array_equal, once, twice)


def test_the_same_keys_give_the_same_training_bit_for_bit():
    first, second = train(), train()
    jax.tree.map(np.testing.assert_array_equal, first, second)


def test_the_callers_model_survives():
    model = networks(seeds())
    before = np.array(model.linear.weight)
    train(model=model)
    np.testing.assert_array_equal(model.linear.weight, before)


def test_every_epoch_is_reported():
    seen = []
    _, history = train(epochs=3, on_epoch=lambda epoch, metrics: seen.append((epoch, metrics)))
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    np.testing.assert_array_equal([metrics.test_loss for _, metrics in seen], history.test_loss)


class Watched(eqx.Module):
    """A perceptron that counts how often it is traced."""

    weight: jax.Array
    constants: jax.Array = fixed()
    traced: list = eqx.field(static=True)

    def __call__(self, inputs):
        self.traced.append(self.constants.shape)
        return inputs @ self.weight + jnp.sum(self.constants)


def watched(traced):
    return ensemble(
        [Watched(jnp.full((2, 3), float(seed)), jnp.ones(1), traced) for seed in (1, 2)]
    )


def test_it_is_compiled_once_however_many_epochs_there_are():
    counts = []
    for epochs in (1, 6):
        traced = Traces()
        train(model=watched(traced), epochs=epochs)
        counts.append(len(traced))
    assert counts[0] == counts[1]


def test_what_does_not_train_stays_and_is_shared():
    model, _ = train(model=watched(Traces()))
    np.testing.assert_array_equal(model.constants, [1.0])
    assert model.weight.shape == (2, 2, 3)


class Traces(list):
    """A list that can be a static field."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 61}, "only 60 rows train"),
        ({"optimiser": optax.lbfgs()}, "no step from gradients alone"),
        ({"split": lambda key, epoch, rows: None}, "split cannot be called"),
        (
            {"split": lambda *_, key: (jnp.arange(60) + 100, jnp.arange(9))},
            "the train rows of split",
        ),
        ({"split": lambda *_, key: (jnp.arange(60), -jnp.arange(9))}, "the test rows of split"),
        ({"split": lambda *_, key: (jnp.arange(60), jnp.arange(9.0))}, "the test rows of split"),
        ({"split": lambda *_, key: (jnp.arange(60), jnp.arange(0))}, "the test rows of split"),
        ({"data": (clouds()[0][0], clouds()[1])}, "inputs have shape"),
        ({"data": (np.full((90, 2), np.nan), clouds()[1])}, "inputs.* is nan"),
        ({"data": (clouds()[0], clouds()[1][:5])}, r"labels have shape \(5,\)"),
        ({"data": (clouds()[0], clouds()[1] * 1.0)}, "labels is .*; they must be whole numbers"),
        ({"data": (clouds()[0], clouds()[1] + 1)}, "labels run from 1 to 3"),
        ({"keys": seeds(3), "model": networks(seeds(2))}, "one key a seed"),
        ({"keys": seeds(1)[0], "model": networks(seeds(1))}, "ensemble of 1 networks"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(change, message):
    with pytest.raises(InvalidInput, match=message) as caught:
        train(**change)
    assert "\n" not in str(caught.value)


def test_the_last_good_epoch_is_kept(tmp_path):
    # Steps from the third epoch on are NaN: 7 steps make an epoch.
    optimiser = optax.sgd(lambda step: jnp.where(step < 14, 0.05, jnp.nan))
    checkpoints = Checkpoints(tmp_path / "run")
    with pytest.raises(InvalidInput, match="diverged in epoch 3"):
        train(optimiser=optimiser, checkpoints=checkpoints)
    resumed = Checkpoints(tmp_path / "run", resume=True)
    _, history = train(optimiser=optimiser, checkpoints=resumed, epochs=2)
    assert len(history) == 2


def test_single_precision_stays_single():
    with jax.enable_x64(False):
        inputs, labels = clouds()
        keys = seeds()
        model = ensemble([weights(key) for key in keys])
        model, history = fit(
            model,
            inputs.astype(np.float32),
            labels,
            split=split,
            keys=keys,
            epochs=2,
            batch_size=8,
            optimiser=optax.adam(0.05),
        )
    assert model.linear.weight.dtype == history.train_loss.dtype == np.float32
