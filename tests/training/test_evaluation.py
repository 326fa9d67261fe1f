import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.training import accuracy, cross_entropy, evaluate, member
from tests.training.problem import clouds, networks, seeds, train


def test_every_seed_is_judged_on_all_rows():
    inputs, labels = map(jnp.asarray, clouds(2403))  # more rows than are taken at once
    model = networks(seeds(3))
    evaluated = evaluate(model, inputs, labels)
    for seed in range(3):
        logits = member(model, seed)(inputs)
        np.testing.assert_allclose(evaluated.loss[seed], cross_entropy(logits, labels), rtol=1e-12)
        np.testing.assert_allclose(evaluated.accuracy[seed], accuracy(logits, labels), rtol=1e-12)


def test_a_trained_network_is_as_good_on_rows_held_back():
    model, _ = train(epochs=25)
    unseen = clouds(903)
    assert np.all(evaluate(model, unseen[0] + 0.01, unseen[1]).accuracy > 0.95)


@pytest.mark.parametrize("rows", [0, 5])
def test_one_label_is_needed_for_each_row(rows):
    inputs, labels = clouds()
    with pytest.raises(InvalidInput, match="one label for each row"):
        evaluate(networks(jax.random.split(jax.random.key(0), 1)), inputs, labels[:rows])
