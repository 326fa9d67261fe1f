import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.training import History, Metrics, accuracy


def test_accuracy_counts_rows_whose_largest_logit_is_right():
    logits = jnp.array([[0.1, 0.9], [2.0, -1.0], [0.3, 0.4], [5.0, 4.0]])
    assert accuracy(logits, jnp.array([1, 0, 0, 1])) == 0.5
    assert accuracy(logits, jnp.array([1, 0, 1, 0])) == 1.0


def test_a_tie_goes_to_the_first_class():
    assert accuracy(jnp.zeros((2, 3)), jnp.array([0, 1])) == 0.5


def three_epochs(seeds=2):
    values = np.random.default_rng(0).random((3, 4, seeds)).astype(np.float32)
    return [Metrics(*fields) for fields in values]


def test_history_gives_back_its_epochs():
    epochs = three_epochs()
    history = History.of(epochs)
    assert len(history) == 3
    assert history.test_accuracy.shape == (3, 2)
    for epoch, metrics in enumerate(epochs):
        jax.tree.map(np.testing.assert_array_equal, history[epoch], metrics)


def test_json_keeps_every_digit():
    history = History.of(three_epochs())
    jax.tree.map(np.testing.assert_array_equal, History.from_json(history.to_json()), history)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"loss": [1]}', "{", '{"train_loss": "a"}'])
def test_other_text_is_no_history(text):
    with pytest.raises(InvalidInput, match="no training history"):
        History.from_json(text)
