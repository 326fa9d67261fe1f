"""Checks of what is trained or evaluated: models, rows of inputs and their labels."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Key

from rfjax.checks import InvalidInput, finite, function, host_numbers, known, shown
from rfjax.numerics.keys import with_key
from rfjax.numerics.parametrisation import resolved
from rfjax.training.ensemble import separate


def checked_ensemble(model: Any) -> tuple[dict[str, Float[Array, "..."]], Any]:
    """The trained arrays of an ensemble, by name, and the `Frame` that they were taken from.

    **Raises:** `InvalidInput` for what is no model, or has no axis of seeds.
    """
    parameters, frame = separate(model)
    shapes = {name: leaf.shape for name, leaf in parameters.items()}
    for name, shape in shapes.items():
        if not shape or shape[0] != next(iter(shapes.values()))[0]:
            raise InvalidInput(
                f"the trained array {name} has shape {shape}, without an axis of seeds that all "
                "share; stack one model a seed with ensemble(), ensemble([network]) for one"
            )
    return parameters, frame


def checked_rows(
    parameters: dict[str, Float[Array, "..."]],
    frame: Any,
    inputs: ArrayLike,
    labels: ArrayLike,
    *,
    key: Key[Array, ""] | None = None,
) -> tuple[Float[Array, "rows ..."], Int[Array, " rows"]]:
    """Inputs that the model takes and one label for each row, as arrays.

    Nothing is computed or compiled: the model is called on shapes, but knows the values of the
    inputs, which it refuses where they are out of its range.

    **Arguments:** `parameters` and `frame` of an ensemble; `inputs` and `labels`; `key` for models
    that draw at random.

    **Raises:** `InvalidInput` where they do not fit together.
    """
    inputs = finite("inputs", inputs)
    if inputs.ndim < 2 or not len(inputs):
        raise InvalidInput(
            f"inputs have shape {inputs.shape}; give (rows, *features), at least one row"
        )
    one = {name: leaf[0] for name, leaf in parameters.items()}
    logits = eqx.filter_eval_shape(lambda: with_key(frame.filled(one), inputs, key=key))
    if len(logits.shape) != 2 or logits.shape[0] != len(inputs):
        raise InvalidInput(
            f"the model makes {logits.shape} of inputs {inputs.shape}; it must make (rows, "
            "classes), and one model a seed must be stacked with ensemble()"
        )
    return inputs, class_labels(labels, logits)


def check_loss(
    loss: Any,
    frame: Any,
    parameters: dict[str, Float[Array, "..."]],
    inputs: Float[Array, "rows ..."],
    labels: Int[Array, " rows"],
    *,
    key: Key[Array, ""],
) -> None:
    """Refuse a loss that is no scalar function of a model, inputs and labels.

    **Raises:** `InvalidInput`.
    """
    function("loss", loss, "a function of a model, inputs and labels")
    one = {name: leaf[0] for name, leaf in parameters.items()}
    found = eqx.filter_eval_shape(
        lambda one, *rows: with_key(loss, resolved(frame.filled(one)), *rows, key=key),
        one,  # not known, as in training
        inputs[:1],
        labels[:1],
    )
    if not (hasattr(found, "shape") and found.shape == ()):
        raise InvalidInput(
            f"loss returns {shown(found)}; it must return one number for all rows, as a mean"
        )


def class_labels(labels: ArrayLike, logits: Any) -> Int[Array, "*b"]:
    """The class of each row, counted from 0; inside of a program values are not checked.

    **Arguments:** `labels`; `logits` (*b, classes), or their shape.

    **Raises:** `InvalidInput` for what is no whole number, has no class, or has another shape.
    """
    if not logits.shape:
        raise InvalidInput("logits is a single number; give (..., classes)")
    rows, classes = logits.shape[:-1], logits.shape[-1]
    if not known(labels):
        return jnp.asarray(labels)
    numbers = host_numbers("labels", labels)
    if numbers.shape != rows:
        raise InvalidInput(
            f"labels have shape {numbers.shape}; give one label for each row, of shape {rows}"
        )
    if np.asarray(labels).dtype.kind not in "iu":
        raise InvalidInput(
            f"labels is {shown(labels)}; they must be whole numbers: the class of each row"
        )
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        raise InvalidInput(
            f"labels run from {numbers.min():.0f} to {numbers.max():.0f}; a network of {classes} "
            f"outputs needs 0 to {classes - 1}"
        )
    return labels if isinstance(labels, jax.Array) else jnp.asarray(numbers, jnp.int32)
