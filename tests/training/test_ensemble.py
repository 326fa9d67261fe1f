import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import covered
from rfjax.nn import mlp
from rfjax.rectifiers import Independent, Linear
from rfjax.training import ensemble, member, moved
from tests.training.problem import weights


def perceptron(key, highest=1e9, rectifier=None, spread=0.5):
    return mlp(
        (3,),
        lines=Line.geometric(50e6, highest, 6, 1e-5),
        resonators=Resonator(1e9),
        key=key,
        rectifier=rectifier,
        spread=spread,
    )


def test_members_are_the_models_it_was_made_of():
    models = [weights(jax.random.key(seed), 5, 3) for seed in range(4)]
    together = ensemble(models)
    assert together.linear.weight.shape == (4, 3, 5)
    for seed, model in enumerate(models):
        jax.tree.map(np.testing.assert_array_equal, member(together, seed), model)


def test_an_ensemble_is_not_called_as_one_network():
    keys = jax.random.split(jax.random.key(0), 3)
    kinds = ([weights(key, 6, 3) for key in keys], [perceptron(key) for key in keys])
    for models in kinds:
        together = ensemble(models)
        with pytest.raises(InvalidInput, match=r"ensemble of 3 networks; .*member\(model"):
            together(jnp.full((3, 6), 0.5))
        assert member(together, 1)(jnp.full((3, 6), 0.5)).shape == (3, 3)


def test_models_of_other_shapes_are_refused():
    models = [weights(jax.random.key(0), count) for count in (5, 6)]
    with pytest.raises(InvalidInput, match="in model 0 and .* in model 1; make both"):
        ensemble(models)
    with pytest.raises(InvalidInput, match="models is empty"):
        ensemble([])


def test_models_on_other_tones_are_refused_and_other_detunings_are_not():
    def model(highest, seed=0, spread=0.5):
        return perceptron(jax.random.key(seed), highest, Independent(), spread)

    ensemble([model(1e9), model(1e9, seed=1, spread=3.0)])
    for models, differing in (
        ([model(1e9), model(2e9)], r"\.layers\[0\]\.array\.resonators\.frequency"),
        ([model(1e9), perceptron(jax.random.key(1), rectifier=Linear())], "its settings"),
        (
            [
                model(1e9, seed).with_trained(lambda network: network.layers[0].array.detuning)
                for seed in (0, 1)
            ],
            r"\.layers\[0\]\.read_out\.gain, .* with_trained",
        ),
    ):
        with pytest.raises(InvalidInput, match=f"model 1 differs from model 0 in {differing}"):
            ensemble(models)


@pytest.mark.parametrize("index", [-1, 2])
def test_there_is_no_such_member(index):
    together = ensemble([weights(jax.random.key(0), 5, 3)] * 2)
    with pytest.raises(InvalidInput, match="give 0 to 1"):
        member(together, index)


def test_what_was_learnt_moves_to_another_model():
    model, other = (weights(jax.random.key(seed), 3, 2) for seed in (0, 1))
    np.testing.assert_array_equal(moved(model, other).linear.weight, model.linear.weight)
    with pytest.raises(InvalidInput, match="make both with the same settings"):
        moved(model, weights(jax.random.key(1), 4, 2))
    narrow, wide = (perceptron(jax.random.key(0), spread=spread) for spread in (0.1, 3.0))
    assert covered(moved(wide, narrow))
    linear = perceptron(jax.random.key(0), rectifier=Linear())
    assert moved(narrow, linear).layers[0].array.rectifier == Linear()
