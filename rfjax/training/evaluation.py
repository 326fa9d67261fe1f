"""Evaluating trained networks on rows that they were not trained on."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.checks import InvalidInput, random_key
from rfjax.numerics.keys import row_keys, with_key
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


def evaluate(
    model: Any, inputs: ArrayLike, labels: ArrayLike, *, key: Key[Array, ""] | None = None
) -> Evaluation:
    """Evaluate an ensemble, one seed after the other.

    For rows that are to be looked at once: `fit` evaluates the rows that its split holds back after
    every epoch.

    **Arguments:** `model`: from `ensemble` or `fit`; `inputs`: (rows, *features); `labels`: the
    class of each row, counted from 0; `key` for models that draw at random, as with noise of
    readings: what is drawn for a row depends on the key, the seed's and the row's number alone.

    **Returns:** loss and accuracy of every seed.

    **Raises:** `InvalidInput` if there is not one label for each row, if a label has no class, or
    if the model does not take the inputs.
    """
    parameters, frame = checked_ensemble(model)
    key = None if key is None else random_key("key", key)
    inputs, labels = checked_rows(parameters, frame, inputs, labels, key=key)
    if not all_covered(frame, parameters):
        frame = prepared_ensemble(frame, parameters)
    found = _evaluated((parameters, frame), inputs, labels, key)
    losses, accuracies = (np.asarray(values) for values in found)
    if np.isnan(losses).any():
        raise InvalidInput(
            f"logits of seed {int(np.argmax(np.isnan(losses)))} are missing: a rectifier has no "
            "answer there; call the model on the inputs, which says why"
        )
    return Evaluation(losses, accuracies)


@eqx.filter_jit
def _evaluated(separated, inputs, labels, key):
    parameters, frame = separated

    def of_one_seed(seed):
        parameters, number = seed
        own = None if key is None else jax.random.fold_in(key, number)
        logits = all_logits(frame.filled(parameters), inputs, key=own)
        return cross_entropy(logits, labels), accuracy(logits, labels)

    seeds = len(next(iter(parameters.values())))
    return jax.lax.map(of_one_seed, (parameters, jnp.arange(seeds)))


def all_logits(
    model: Any, inputs: Float[Array, "rows ..."], *, key: Key[Array, ""] | None = None
) -> Float[Array, "rows classes"]:
    """The logits of many rows, computed part after part.

    **Arguments:** `model`: of one seed; `inputs`; `key`, into which the number of each row is
    folded, for models that draw at random.
    """
    keys = None if key is None else row_keys(key, (len(inputs),))
    rows = len(inputs)
    parts = -(-rows // AT_ONCE)
    each = -(-rows // parts)
    order = jnp.minimum(jnp.arange(parts * each), rows - 1).reshape(parts, each)

    def of_part(part):
        return with_key(model, inputs[part], key=None if keys is None else keys[part])

    logits = jax.lax.map(of_part, order)
    return logits.reshape(parts * each, -1)[:rows]
