"""The losses that classifiers are trained on."""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from rfjax.checks import finite_if_known, function, number
from rfjax.numerics.keys import with_key
from rfjax.printing import described
from rfjax.training.checked import class_labels

# Of a model, some inputs and their labels, and a key if it declares one: a scalar.
Loss = Callable[..., Float[Array, ""]]


def cross_entropy(
    logits: Float[Array, "*batch classes"], labels: Int[Array, "*batch"]
) -> Float[Array, ""]:
    r"""Mean cross-entropy, $-\langle\log\mathrm{softmax}(y)_{\mathrm{label}}\rangle$, in nats.

    **Arguments:** `logits` $y$: network outputs, (*batch, classes), no unit; `labels`: the right
    class of each, (*batch).

    **Returns:** the mean over the whole batch, a scalar.

    **Raises:** `InvalidInput` for known labels that are no classes, and logits that are not finite.
    """
    logits = finite_if_known("logits", logits)
    labels = class_labels(labels, logits)
    surprise = -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], axis=-1)
    return jnp.mean(surprise)


def classification(
    model: Any,
    inputs: Float[Array, "batch ..."],
    labels: Int[Array, " batch"],
    *,
    key: Key[Array, "..."] | None = None,
) -> Float[Array, ""]:
    """The cross-entropy of the logits of a model, in nats; what `fit` trains on by default.

    **Arguments:** `model`; `inputs`; `labels`: the right class of each; `key` for models that draw
    at random, as those with noise.
    """
    return cross_entropy(with_key(model, inputs, key=key), labels)


class Penalised(eqx.Module):
    r"""Cross-entropy and what a network costs: $L+\lambda C$.

    **Arguments:** `penalty` $C$: a function of the model, with values in place of its parameters,
    and of the inputs, as `lambda model, inputs: jnp.log(energy)`; its result is a scalar; `weight`
    $\lambda$, in nats for each unit of the penalty.

    **Raises:** `InvalidInput` for what is no function, or no number.
    """

    penalty: Callable[[Any, Any], Any] = eqx.field(
        converter=lambda value: function("penalty", value, "a function of the model and the inputs")
    )
    weight: float = eqx.field(converter=partial(number, "weight"))

    __repr__ = described

    def __call__(
        self,
        model: Any,
        inputs: Float[Array, "batch ..."],
        labels: Int[Array, " batch"],
        *,
        key: Key[Array, "..."] | None = None,
    ) -> Float[Array, ""]:
        """The loss of a batch; arguments as for `classification`."""
        cost = self.weight * self.penalty(model, inputs)
        return classification(model, inputs, labels, key=key) + cost
