"""The plain software peer of a network of resonators."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.checks import finite_if_known, positive_integer, random_key
from rfjax.nn.checked import check_one_network, check_tones


class SoftwarePerceptron(eqx.Module):
    r"""One linear layer with bias, $y = W u + b$, with free weights of either sign.

    **Arguments:** `weight`: (*seeds, classes, features); `bias`: (*seeds, classes); no unit.
    """

    weight: Float[Array, "*seeds classes features"]
    bias: Float[Array, "*seeds classes"]

    @classmethod
    def create(cls, key: Key[Array, ""], features: int, classes: int) -> "SoftwarePerceptron":
        r"""A perceptron with weights drawn evenly from $\pm 1/\sqrt{\mathrm{features}}$, no bias.

        **Arguments:** `key`: of the random draw; `features`: inputs; `classes`: outputs.

        **Returns:** the perceptron, in the default precision.

        **Raises:** `InvalidInput` if a count is not above zero.
        """
        features, classes = (
            positive_integer("features", features),
            positive_integer("classes", classes),
        )
        bound = features**-0.5
        weight = jax.random.uniform(
            random_key("key", key), (classes, features), minval=-bound, maxval=bound
        )
        return cls(weight, jnp.zeros(classes))

    def __call__(self, inputs: ArrayLike) -> Float[Array, "*batch classes"]:
        """Logits of a batch.

        **Arguments:** `inputs`: (*batch, features), no unit.

        **Returns:** logits, (*batch, classes), no unit.

        **Raises:** `InvalidInput` for another number of inputs, known ones that are not finite, and
        for an ensemble.
        """
        inputs = finite_if_known("inputs", inputs)
        check_one_network(self.weight)
        check_tones("inputs", inputs.shape, self.weight.shape[-1])
        return inputs @ self.weight.T + self.bias

    def trainable(self) -> "SoftwarePerceptron":
        """True at every array that trains: all of them."""
        return jax.tree.map(lambda _: True, self)

    def adapted(self) -> "SoftwarePerceptron":
        """Itself: a software perceptron has no fast path to keep valid."""
        return self
