import jax
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.nn.software import SoftwarePerceptron


def test_it_is_a_linear_layer_with_bias():
    model = SoftwarePerceptron.create(jax.random.key(0), 5, 3)
    inputs = jax.random.uniform(jax.random.key(1), (2, 4, 5))
    expected = np.einsum("cf,abf->abc", model.weight, inputs) + model.bias
    np.testing.assert_allclose(model(inputs), expected, rtol=1e-12)
    assert np.abs(model.weight).max() <= 5**-0.5


def test_all_of_it_trains_and_it_needs_no_adapting():
    model = SoftwarePerceptron.create(jax.random.key(0), 5, 3)
    assert jax.tree.leaves(model.trainable()) == [True, True]
    assert model.adapted() is model


def test_counts_must_be_above_zero():
    with pytest.raises(InvalidInput, match="features is 0"):
        SoftwarePerceptron.create(jax.random.key(0), 0, 3)
