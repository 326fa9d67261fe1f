"""What `rfjax train` does with any data: resonators and a software peer learn, seed by seed."""

import dataclasses
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from rfjax import plotting
from rfjax.arrays import with_rectifier
from rfjax.checks import InvalidInput, positive
from rfjax.data import Split
from rfjax.experiments.common.accuracies import accuracy_rows, difference_rows
from rfjax.experiments.common.recipe import OnEpoch, Recipe
from rfjax.experiments.common.result import Result, mean_row
from rfjax.experiments.common.statistics import difference_row
from rfjax.rectifiers import AbstractRectifier
from rfjax.training import Checkpoints, Evaluation, History, ensemble, load, member, save, seed_keys
from rfjax.training import evaluate as evaluated
from rfjax.training.checkpoint import FOLDER
from rfjax.training.ensemble import separate

NETWORKS = "resonators", "software"
EVALUATION = "evaluation.json"


@dataclasses.dataclass(frozen=True)
class Task:
    """What two networks learn.

    **Arguments:**

    - `name`: as `rfjax train` calls it.
    - `train`: trains a network from seeds, called as `train(network, seeds, split=, epochs=,
      batch_size=, checkpoints=, on_epoch=)`; returns (ensemble, history).
    - `rows`: all inputs and labels.
    - `split`: which rows train.
    - `rectifiers`: rectifier models by name.
    - `overlap` of the splits of different seeds, see `difference_row`.
    - `settings`: what else is to be said in a result.
    - `drawn`: a figure of the first seed's networks and of all histories, both by name.
    - `falling`: whether rates fall to zero, so that the number of epochs cannot be changed later.
    """

    name: str
    train: Callable[..., tuple[Any, History]]
    rows: Callable[[], tuple[Float[Array, "rows features"], Int[Array, " rows"]]]
    split: Split
    rectifiers: Mapping[str, AbstractRectifier]
    overlap: float
    settings: Mapping[str, Any]
    drawn: Callable[[dict[str, Any], dict[str, History]], Any]
    falling: bool = False

    def run(
        self,
        out: Path,
        networks: Sequence[Recipe],
        *,
        rectifier: str,
        gradient: str,
        epochs: int,
        seeds: Sequence[int],
        batch_size: int,
        learning_rate: float | None,
        resume: bool,
        overwrite: bool,
        on_epoch: OnEpoch | None,
    ) -> Result:
        """Train both networks and compare them, pair by pair.

        Writes result.json, history.json (the metrics of every epoch), a figure and the trained
        networks of all seeds, resonators.rfjax and software.rfjax, for `rfjax.load`; keeps
        checkpoints while it trains.

        **Arguments:** `out`: where to; `networks`: resonators and their peer; `rectifier` and
        `gradient` by their names; `epochs`; `seeds`; `batch_size`; `learning_rate`: of both
        networks, instead of each one's own; `resume`: go on from the checkpoints in `out`;
        `overwrite`: replace them; `on_epoch`: called with the network's name, the epoch from 1, how
        many there are, and the metrics.

        **Returns:** the result.

        **Raises:** `InvalidInput` for settings that do not fit; `OSError` if `out` cannot be
        written.
        """
        start = time.perf_counter()
        if learning_rate is not None:
            rate = float(positive("learning_rate", learning_rate))
            networks = [dataclasses.replace(network, learning_rate=rate) for network in networks]
        settings = {"rectifier": rectifier, "gradient": gradient, "batch size": batch_size}
        checkpoints = {
            network.name: Checkpoints(
                out / FOLDER / network.name,
                resume,
                {
                    "seeds": len(seeds),
                    "first seed": seeds[0],
                    **settings,
                    "network": network.name,
                    "learning rate": network.learning_rate,
                    **({"falling to epoch": epochs} if self.falling else {}),
                },
                overwrite=overwrite,
            )
            for network in networks
        }
        for each in checkpoints.values():
            each.check(epochs)
        trained = {
            network.name: self.train(
                network,
                seeds,
                split=self.split,
                epochs=epochs,
                batch_size=batch_size,
                checkpoints=checkpoints[network.name],
                on_epoch=on_epoch,
            )
            for network in networks
        }
        (out / EVALUATION).unlink(missing_ok=True)  # of networks that are replaced
        for name, (model, _) in trained.items():
            save(out / f"{name}.rfjax", model)
        histories = {name: history for name, (_, history) in trained.items()}
        written = {name: json.loads(history.to_json()) for name, history in histories.items()}
        (out / "history.json").write_text(json.dumps(written))
        firsts = {name: member(model, 0) for name, (model, _) in trained.items()}
        plotting.save(self.drawn(firsts, histories), out / f"{self.name}.png")
        rows = [row for name, history in histories.items() for row in accuracy_rows(name, history)]
        ours, theirs = histories.values()
        rows += difference_rows("resonators - software", ours, theirs, overlap=self.overlap)
        settings |= {f"learning rate, {each.name}": each.learning_rate for each in networks}
        settings |= {"epochs": epochs, "seeds": len(seeds), "first seed": seeds[0], **self.settings}
        result = Result(f"train {self.name}", rows, time.perf_counter() - start, settings)
        result.save(out)
        return result

    def evaluate(self, directory: Path, rectifier: str | None) -> Result:
        """Evaluate the networks that `run` trained, each seed on the rows that it held back.

        Writes evaluation.json next to them.

        **Arguments:** `directory` that `run` wrote to; `rectifier`: the name of a model to evaluate
        the resonators on, next to the one that they were trained on.

        **Returns:** the result: accuracy and loss on the test rows.

        **Raises:** `InvalidInput` if there are no networks, or others than the result is of;
        `OSError` if the directory cannot be written.
        """
        start = time.perf_counter()
        run = Result.read(directory)
        models = {
            name: load(directory / f"{name}.rfjax")
            for name in NETWORKS
            if (directory / f"{name}.rfjax").exists()
        }
        if run is None or not models:
            raise InvalidInput(
                f"{directory} holds no networks that rfjax train has trained to the end"
            )
        first, seeds = (run.settings.get(name) for name in ("first seed", "seeds"))
        if not (isinstance(first, int) and isinstance(seeds, int)):
            raise InvalidInput(
                f"the result in {directory} does not say which seeds it is of; train the networks "
                "anew with rfjax train --overwrite"
            )
        trained_on = run.settings.get("rectifier")
        if rectifier not in (None, trained_on) and "resonators" in models:
            models[f"resonators, evaluated on {rectifier}"] = with_rectifier(
                models["resonators"], self.rectifiers[rectifier]
            )
        found = {
            name: self._on_test_rows(model, range(first, first + seeds), directory)
            for name, model in models.items()
        }
        rows = []
        for name, each in found.items():
            rows += [
                mean_row(f"{name}: test accuracy", "%", 100 * each.accuracy),
                mean_row(f"{name}: test loss", "nats", each.loss),
            ]
        pairs = [
            ("resonators", "software"),
            (f"resonators, evaluated on {rectifier}", "resonators"),
        ]
        rows += [
            difference_row(
                f"{one} - {other}: paired difference",
                "points",
                100 * found[one].accuracy,
                100 * found[other].accuracy,
                overlap=self.overlap,
            )
            for one, other in pairs
            if one in found and other in found
        ]
        settings = {
            "trained by": run.command,
            "trained on": trained_on,
            "evaluated on": rectifier or trained_on,
            "seeds": seeds,
            "first seed": first,
            "rows": "those that the split of each seed held back",
        }
        result = Result(f"evaluate {self.name}", rows, time.perf_counter() - start, settings)
        result.save(directory, EVALUATION)
        return result

    def _on_test_rows(self, model: Any, seeds: Sequence[int], directory: Path) -> Evaluation:
        """Loss and accuracy of every seed on its own test rows."""
        inputs, labels = self.rows()
        counts = {len(leaf) for leaf in separate(model)[0].values()}
        if counts != {len(seeds)}:
            raise InvalidInput(
                f"a network in {directory} is of {counts} seeds, its result of {len(seeds)}; "
                "train anew with rfjax train --overwrite"
            )
        _, keys = seed_keys(seeds)
        found = []
        for index, key in enumerate(keys):
            _, test = self.split(0, len(labels), key=key)
            one = ensemble([member(model, index)])
            found.append(evaluated(one, inputs[test], labels[test]))
        return jax.tree.map(lambda *each: np.concatenate(each), *found)
