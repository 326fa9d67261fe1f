"""How every network learns MNIST: the same rows, batches and schedule, and one look at the test.

The last training rows validate, for settings that are ours. The test rows are looked at once, when
training has ended; no epoch is chosen.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax import plotting
from rfjax.data import GivenSplit, Mnist, load_mnist
from rfjax.experiments.common.recipe import OnEpoch, Recipe
from rfjax.experiments.common.result import Row, mean_row
from rfjax.experiments.common.statistics import difference_row, means_and_deviations, sampling_row
from rfjax.training import (
    Checkpoints,
    History,
    Metrics,
    classification,
    ensemble,
    evaluate,
    fit,
    moved,
    save,
    seed_keys,
)
from rfjax.training.checkpoint import FOLDER
from rfjax.training.loop import check_batches
from rfjax.training.loss import Loss

PIXELS, CLASSES = 784, 10
VALIDATING = 5000  # of the training rows, the last
QUICK_ROWS = 4000, 1000, 1000  # train, validate, test


@dataclasses.dataclass(frozen=True)
class Trained:
    """A network after training, all seeds of it.

    **Arguments:** `model`: the ensemble; `history`, whose test rows are those that validate;
    `test`: accuracy on the test rows, from 0 to 1.
    """

    model: Any
    history: History
    test: Float[np.ndarray, " seeds"]


@dataclasses.dataclass(frozen=True)
class MnistTraining:
    """What all networks of one experiment have in common.

    **Arguments:** `out`: where checkpoints go, each network's in a folder; `data`; `validating`:
    how many training rows, the last, validate; `seeds`: how many; `epochs`; `batch_size`;
    `quick`: whether all of it is small, to try it; `resume`: go on from the checkpoints;
    `overwrite`: replace them; `on_epoch`: called with the network's name, the epoch from 1, how
    many there are, and the metrics.
    """

    out: Path
    data: Mnist
    validating: int
    seeds: int
    epochs: int
    batch_size: int
    quick: bool = False
    resume: bool = False
    overwrite: bool = False
    on_epoch: OnEpoch | None = None

    @classmethod
    def create(
        cls,
        out: Path,
        directory: Path | str | None,
        *,
        seeds: int,
        epochs: int,
        batch_size: int,
        quick: bool = False,
        resume: bool = False,
        overwrite: bool = False,
        on_epoch: OnEpoch | None = None,
    ) -> "MnistTraining":
        """The whole of MNIST, or, to try it, a few rows, two seeds and two epochs.

        **Arguments:** `directory` of the data, as for `load_mnist`; `quick`; others as above.

        **Raises:** `InvalidInput` as `load_mnist`.
        """
        data = load_mnist(directory)
        runs: Any = {"resume": resume, "overwrite": overwrite, "on_epoch": on_epoch}
        if not quick:
            return cls(out, data, VALIDATING, seeds, epochs, batch_size, **runs)
        train, validating, test = QUICK_ROWS
        few = Mnist(
            data.train_images[: train + validating],
            data.train_labels[: train + validating],
            data.test_images[:test],
            data.test_labels[:test],
        )
        smaller = min(batch_size, 100)
        return cls(out, few, validating, min(seeds, 2), 2, smaller, True, **runs)

    def train(
        self, network: Recipe, start: Trained | None = None, *, falling: bool = False
    ) -> Trained:
        """Train a network from every seed by Adam.

        Seeds that are alike give the same batches, whatever the network.

        **Arguments:** `network`, with its rate; `start`: what another network of the same
        architecture trained, to go on from; `falling`: whether the rate falls to zero along a
        cosine; it is constant otherwise, as in the thesis.

        **Returns:** what it trained, which is also saved in `out`, for `rfjax.load`.

        **Raises:** as `rfjax.training.fit`.
        """
        model, history = self.fitted(network, start, falling=falling)
        save(self.out / f"{_file_name(network)}.rfjax", model)
        test = evaluate(model, self.data.test_images, self.data.test_labels).accuracy
        return Trained(model, history, test)

    def fitted(
        self,
        network: Recipe,
        start: Trained | None = None,
        *,
        falling: bool = False,
        loss: Loss = classification,
    ) -> tuple[Any, History]:
        """Train a network from every seed by Adam, without a look at the test rows.

        **Arguments:** as of `train`; `loss`, that of a batch.

        **Returns:** the ensemble, and its history.

        **Raises:** as `rfjax.training.fit`.
        """
        data = self.data
        starts, orders = seed_keys(range(self.seeds))
        rows = len(data.train_labels) - self.validating
        split = GivenSplit(rows)
        check_batches(split, len(data.train_labels), self.batch_size, key=orders[0])
        steps = self.epochs * (rows // self.batch_size)
        settings = {
            "seeds": self.seeds,
            "rows that train": rows,
            "batch size": self.batch_size,
            "rates": f"{network.learning_rate}, {network.amplifier_rate}",
            # A rate that falls knows how many epochs there are; a constant one can go on.
            "falling to epoch": self.epochs if falling else None,
        }
        checkpoints = Checkpoints(
            self.out / FOLDER / _file_name(network),
            self.resume,
            settings,
            every=10.0,
            overwrite=self.overwrite,
        )
        checkpoints.check(self.epochs)

        def on_epoch(epoch: int, metrics: Metrics) -> None:
            if self.on_epoch:
                self.on_epoch(network.name, epoch, self.epochs, metrics)

        model = ensemble([network.create(key) for key in starts])
        if start is not None:
            model = moved(start.model, model)
        return fit(
            model,
            data.train_images,
            data.train_labels,
            split=split,
            keys=orders,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimiser=network.optimiser(steps if falling else None),
            loss=loss,
            at_once=_at_once(),
            checkpoints=checkpoints,
            on_epoch=on_epoch,
        )

    def evaluated(self, trained: Trained, network: Recipe) -> Float[np.ndarray, " seeds"]:
        """Test accuracies, from 0 to 1, of what was trained, in another network.

        **Arguments:** `trained`; `network`, of the same architecture.
        """
        others = ensemble([network.create(jax.random.key(0))] * len(trained.test))
        model = moved(trained.model, others)
        return evaluate(model, self.data.test_images, self.data.test_labels).accuracy

    @property
    def settings(self) -> Mapping[str, Any]:
        """How networks were trained, for a result."""
        rows = len(self.data.train_labels)
        quick = {"quick": "fewer rows, seeds, epochs and networks"} if self.quick else {}
        return quick | {
            "rows": f"{rows - self.validating} train, the last {self.validating} validate, "
            f"{len(self.data.test_labels)} test",
            "seeds": self.seeds,
            "epochs": self.epochs,
            "batch size": self.batch_size,
            "optimiser": "Adam",
            "errors": "over the seeds, s / √n with n - 1; all seeds share the test rows, whose "
            "sampling has a row of its own",
            "test": "once, after the last epoch",
        }


def accuracy_rows(
    what: str, trained: Trained, published: float | None = None, note: str | None = None
) -> list[Row]:
    """Accuracies on test, validation and training rows after the last epoch.

    **Arguments:** `what`: which network; `trained`; `published`: test accuracy in per cent;
    `note`: why it differs.
    """
    return [
        mean_row(f"{what}: test accuracy", "%", 100 * trained.test, published, note),
        mean_row(f"{what}: validation accuracy", "%", 100 * trained.history.test_accuracy[-1]),
        mean_row(f"{what}: train accuracy", "%", 100 * trained.history.train_accuracy[-1]),
    ]


def difference_rows(
    what: str, ours: Trained, theirs: Trained, item: str | None = None
) -> list[Row]:
    """The difference of test accuracies, seed by seed, in points."""
    return [difference_row(what, "points", 100 * ours.test, 100 * theirs.test, item=item)]


def software_rows(
    trained: Trained, data: Mnist, published: float | None = None, note: str | None = None
) -> list[Row]:
    """Accuracies of the software peer, and what the sampling of the test rows adds to all."""
    sampled = sampling_row("all networks", float(trained.test.mean()), len(data.test_labels))
    return [*accuracy_rows("software", trained, published, note), sampled]


def save_histories(trained: Mapping[str, Trained], out: Path) -> None:
    """Write the metrics of every epoch and the test accuracies, by network, to history.json."""
    written = {
        name: json.loads(each.history.to_json()) | {"test": each.test.tolist()}
        for name, each in trained.items()
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "history.json").write_text(json.dumps(written))


def added_by_pixels(model: Any) -> Float[Array, "classes pixels"]:
    """What each white pixel alone adds to the logits of a network of one seed."""
    white = jnp.eye(PIXELS)
    return (model(white) - model(jnp.zeros_like(white))).T


def draw_training(axes: Any, trained: Mapping[str, Trained]) -> None:
    """Accuracy on the rows that validate against epoch, with the deviation of the seeds (n - 1)."""
    for (name, each), colour in zip(trained.items(), plotting.COLOURS, strict=False):
        mean, deviation = means_and_deviations(list(100 * each.history.test_accuracy))
        epochs = np.arange(1, len(mean) + 1)
        axes.plot(epochs, mean, color=colour, label=name)
        axes.fill_between(epochs, mean - deviation, mean + deviation, color=colour, alpha=0.2, lw=0)
    plotting.epochs_along(axes)
    axes.set(ylabel="validation accuracy (%)")


def _file_name(network: Recipe) -> str:
    return network.name.replace("/", " per ")


def _at_once() -> int | None:
    """How many seeds share a step: two CPU cores are busy with one."""
    return 1 if jax.default_backend() == "cpu" else None
