"""The loss that classifiers are trained on."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from rfjax.checks import finite_if_known
from rfjax.training.checked import class_labels


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
