import jax
import jax.numpy as jnp
import numpy as np

from rfjax.training import cross_entropy


def test_even_odds_cost_the_logarithm_of_their_number():
    labels = jnp.array([[0, 3], [2, 1]])
    np.testing.assert_allclose(
        cross_entropy(jnp.full((2, 2, 4), 7.0), labels), np.log(4), rtol=1e-14
    )


def test_two_classes_follow_the_logistic_function():
    logits, labels = jnp.array([[1.0, -0.5], [0.2, 2.0]]), jnp.array([0, 0])
    expected = (np.log1p(np.exp(-1.5)) + np.log1p(np.exp(1.8))) / 2
    np.testing.assert_allclose(cross_entropy(logits, labels), expected, rtol=1e-14)


def test_gradient_is_probability_minus_truth_also_at_huge_logits():
    logits, labels = jnp.array([[1e4, 0.0, -1e4]]), jnp.array([1])
    gradient = jax.grad(cross_entropy)(logits, labels)
    np.testing.assert_allclose(gradient, [[1.0, -1.0, 0.0]], atol=1e-14)
