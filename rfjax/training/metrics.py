"""What is recorded of a training: loss and accuracy, for every epoch and every seed."""

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from rfjax.checks import InvalidInput, finite_if_known, instance_of, sequence, shown
from rfjax.labelled import dataframe, dataset
from rfjax.training.checked import class_labels

if TYPE_CHECKING:
    import pandas
    import xarray


def accuracy(
    logits: Float[Array, "*batch classes"], labels: Int[Array, "*batch"]
) -> Float[Array, ""]:
    """Share of rows whose largest logit is that of the right class (the first one, in a tie).

    **Arguments:** `logits`: network outputs, (*batch, classes), no unit; `labels`: the right class
    of each, (*batch).

    **Returns:** a number from 0 to 1, the mean over the whole batch.

    **Raises:** `InvalidInput` for known labels that are no classes, and logits that are not finite.
    """
    logits = finite_if_known("logits", logits)
    labels = class_labels(labels, logits)
    return jnp.mean(jnp.argmax(logits, axis=-1) == labels, dtype=logits.dtype)


class Metrics(eqx.Module):
    """Loss (nats) and accuracy (0 to 1) over the train and the test rows at the end of one epoch.

    **Arguments:** each field has shape (seeds,).
    """

    train_loss: Float[Array, "*seeds"] | Float[np.ndarray, "*seeds"]
    train_accuracy: Float[Array, "*seeds"] | Float[np.ndarray, "*seeds"]
    test_loss: Float[Array, "*seeds"] | Float[np.ndarray, "*seeds"]
    test_accuracy: Float[Array, "*seeds"] | Float[np.ndarray, "*seeds"]


class History(eqx.Module):
    """The `Metrics` of all epochs so far.

    **Arguments:** each field has shape (epochs, seeds).
    """

    train_loss: Float[np.ndarray, "epochs seeds"]
    train_accuracy: Float[np.ndarray, "epochs seeds"]
    test_loss: Float[np.ndarray, "epochs seeds"]
    test_accuracy: Float[np.ndarray, "epochs seeds"]

    @classmethod
    def of(cls, epochs: Sequence[Metrics]) -> "History":
        """The history made of the metrics of one epoch after another.

        **Arguments:** `epochs`: at least one, all with the same seeds.

        **Returns:** their history.

        **Raises:** `InvalidInput` for anything else.
        """
        for each in (epochs := sequence("epochs", epochs, "Metrics")):
            instance_of("epochs", each, Metrics, "one Metrics for each epoch")
        return cls(
            *(np.stack(values) for values in zip(*map(jax.tree.leaves, epochs), strict=True))
        )

    def __len__(self) -> int:
        return len(self.train_loss)

    def __getitem__(self, epoch: int) -> Metrics:
        return Metrics(*(values[epoch] for values in jax.tree.leaves(self)))

    def __repr__(self) -> str:
        if not len(self):
            return "History(0 epochs)"
        last = ", ".join(
            f"{field.name}={np.mean(getattr(self, field.name)[-1]):.4g}"
            for field in dataclasses.fields(self)
        )
        seeds = self.train_loss.shape[-1]
        return f"History({len(self)} epochs, {seeds} seeds, means at the end: {last})"

    def to_xarray(self) -> "xarray.Dataset":
        """The history with named axes: every field over `epoch`, from 1, and `seed`, from 0.

        **Returns:** losses in nats and accuracies without unit, as their attributes say.
        """
        epochs, seeds = self.train_loss.shape
        coordinates = {
            "epoch": (("epoch",), np.arange(1, epochs + 1), "1"),
            "seed": (("seed",), np.arange(seeds), "1"),
        }
        variables = {
            field.name: (
                ("epoch", "seed"),
                getattr(self, field.name),
                "nat" if field.name.endswith("loss") else "1",
            )
            for field in dataclasses.fields(self)
        }
        return dataset(variables, coordinates)

    def to_dataframe(self) -> "pandas.DataFrame":
        """The history as a table, one row for every epoch and seed; units in `attrs`."""
        return dataframe(self.to_xarray())

    def to_json(self) -> str:
        """The history as JSON: a list (one entry an epoch, one number a seed) for each field."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps({name: values.tolist() for name, values in fields.items()})

    @classmethod
    def from_json(cls, text: str) -> "History":
        """The history that `to_json` wrote, in double precision.

        **Arguments:** `text`: JSON.

        **Returns:** the history.

        **Raises:** `InvalidInput` if the text is no history.
        """
        try:
            fields = json.loads(text)
            history = cls(**{name: np.asarray(rows, float) for name, rows in fields.items()})
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidInput(
                f"this text is no training history ({shown(str(error))}); pass what "
                "History.to_json wrote"
            ) from None
        shapes = {values.shape for values in jax.tree.leaves(history)}
        if len(shapes) > 1 or len(min(shapes)) != 2:
            raise InvalidInput(
                f"the fields of this training history have shapes {sorted(shapes)}; each must have "
                "(epochs, seeds): pass what History.to_json wrote"
            )
        return history
