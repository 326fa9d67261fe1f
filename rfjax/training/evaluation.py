"""Evaluating trained networks on rows that they were not trained on."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput
from rfjax.printing import described
from rfjax.training.checked import checked_ensemble, checked_rows
from rfjax.training.co_design import all_covered, prepared_ensemble
from rfjax.training.loss import cross_entropy
from rfjax.training.metrics import accuracy

AT_ONCE = 1000  # rows; bounds the memory, while weights are formed only now and then


class Evaluation(eqx.Module):
    """Loss (nats) and accuracy (0 to 1) of every seed.

    **Arguments:** each field has shape (seeds,).
    """

    loss: Float[np.ndarray, " seeds"]
    accuracy: Float[np.ndarray, " seeds"]

    __repr__ = described


def evaluate(model: Any, inputs: ArrayLike, labels: ArrayLike) -> Evaluation:
    """Evaluate an ensemble, one seed after the other.

    For rows that are to be looked at once: `fit` evaluates the rows that its split holds back after
    every epoch.

    **Arguments:** `model`: from `ensemble` or `fit`; `inputs`: (rows, *features); `labels`: the
    class of each row, counted from 0.

    **Returns:** loss and accuracy of every seed.

    **Raises:** `InvalidInput` if there is not one label for each row, if a label has no class, or
    if the model does not take the inputs.
    """
    parameters, frame = checked_ensemble(model)
    inputs, labels = checked_rows(parameters, frame, inputs, labels)
    if not all_covered(frame, parameters):
        frame = prepared_ensemble(frame, parameters)
    found = _evaluated((parameters, frame), inputs, labels)
    losses, accuracies = (np.asarray(values) for values in found)
    if np.isnan(losses).any():
        raise InvalidInput(
            f"logits of seed {int(np.argmax(np.isnan(losses)))} are missing: a rectifier has no "
            "answer there; call the model on the inputs, which says why"
        )
    return Evaluation(losses, accuracies)


@eqx.filter_jit
def _evaluated(separated, inputs, labels):
    parameters, frame = separated

    def of_one_seed(parameters):
        logits = all_logits(frame.filled(parameters), inputs)
        return cross_entropy(logits, labels), accuracy(logits, labels)

    return jax.lax.map(of_one_seed, parameters)


def all_logits(model: Any, inputs: Float[Array, "rows ..."]) -> Float[Array, "rows classes"]:
    """The logits of many rows, computed part after part.

    **Arguments:** `model`: of one seed; `inputs`.
    """
    rows = len(inputs)
    parts = -(-rows // AT_ONCE)
    each = -(-rows // parts)
    order = jnp.minimum(jnp.arange(parts * each), rows - 1).reshape(parts, each)
    logits = jax.lax.map(lambda part: model(inputs[part]), order)
    return logits.reshape(parts * each, -1)[:rows]
