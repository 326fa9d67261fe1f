"""What the spread of devices takes from a network, and what two ways of training give back.

Trained on chips that are drawn anew in each step, one network serves all chips. Trained on, a chip
that is there keeps its own devices and moves its detunings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from rfjax.data import Split
from rfjax.experiments.common.result import Row, mean_row
from rfjax.hardware import NoiseAware, Spread, fabricated, monte_carlo
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.training import History, accuracy, classification, ensemble, fit

_CHIPS = jax.random.key(1)


class Task(NamedTuple):
    """What a network learns.

    **Arguments:** `inputs` and `labels` of all rows; `split`: which of them train; `order`: the key
    of split and batches; `batch_size`.
    """

    inputs: Float[Array, "rows features"]
    labels: Int[Array, " rows"]
    split: Split
    order: Key[Array, ""]
    batch_size: int

    def tested(self) -> tuple[Array, Array]:
        """Inputs and labels of the rows that test."""
        _, test = self.split(0, len(self.labels), key=self.order)
        return jnp.asarray(self.inputs)[test], jnp.asarray(self.labels)[test]

    def steps(self, epochs: int) -> int:
        """How many batches there are in epochs."""
        train, _ = self.split(0, len(self.labels), key=self.order)
        return epochs * (len(train) // self.batch_size)


class Plan(NamedTuple):
    """What is drawn and trained.

    **Arguments:** `spreads` of each field, without unit; `trained_at`: those of the frequency that
    training is for; `chips` that are drawn, and how many of them are `tuned`; `aware_epochs` on
    chips drawn anew, and `tuning_epochs` on a given chip; `rate` of Adam at the start, in
    linewidths a step.
    """

    spreads: Mapping[str, Sequence[float]]
    trained_at: Sequence[float]
    chips: int
    tuned: int
    aware_epochs: int
    tuning_epochs: int
    rate: float

    def settings(self) -> dict[str, str]:
        """What is printed of it beside a result."""
        return {
            "chips": f"{self.chips}, {self.tuned} of them trained on",
            "epochs from the trained network": f"{self.aware_epochs} on chips drawn anew, or "
            f"{self.tuning_epochs} on a given chip",
            "rate on chips": f"{self.rate:g} linewidths a step at the start, falls to zero along a "
            "cosine",
            "errors": "over the chips, of one network",
        }


class Study(NamedTuple):
    """Accuracies, from 0 to 1.

    **Arguments:** `whole`: of the network as it was meant; `naive`: of chips of it, by field and
    spread; `aware` of chips that a network was trained for, and `tuned` of chips that were trained
    on, both by the spread of the frequency.
    """

    whole: float
    naive: Mapping[tuple[str, float], np.ndarray]
    aware: Mapping[float, np.ndarray]
    tuned: Mapping[float, np.ndarray]


def study(network: Any, task: Task, plan: Plan) -> Study:
    """Chips of a trained network, of networks trained for them, and chips that are trained on.

    **Arguments:** `network`, trained as if all devices were alike; `task`; `plan`.
    """
    inputs, labels = task.tested()
    naive = {
        (field, strength): drawn(network, Spread(field, strength), task, plan.chips)
        for field, strengths in plan.spreads.items()
        for strength in strengths
    }
    aware, tuned = {}, {}
    for strength in plan.trained_at:
        spread = Spread("frequency", strength)
        loss = NoiseAware(spread)
        other, _ = fitted(network, task, task.order, plan.aware_epochs, plan.rate, loss)
        aware[strength] = drawn(other, spread, task, plan.chips)
        tuned[strength] = in_place(network, spread, task, plan)
    whole = float(accuracy(network(inputs), labels))
    return Study(whole, naive, aware, tuned)


def drawn(network: Any, spread: Spread, task: Task, chips: int) -> Float[np.ndarray, " chips"]:
    """Accuracies of chips of a network on the rows that test."""
    return monte_carlo(network, spread, *task.tested(), key=_CHIPS, chips=chips).accuracy


def in_place(network: Any, spread: Spread, task: Task, plan: Plan) -> Float[np.ndarray, " chips"]:
    """Accuracies of the first chips of `drawn`, each trained on with its own devices."""
    made = [
        fabricated(network, spread, key=jax.random.split(jax.random.fold_in(_CHIPS, number))[0])
        for number in range(plan.tuned)
    ]
    orders = jnp.stack([task.order] * plan.tuned)
    _, history = fitted(ensemble(made), task, orders, plan.tuning_epochs, plan.rate)
    return history.test_accuracy[-1]


def fitted(
    network: Any, task: Task, keys: Any, epochs: int, rate: float, loss: Any = classification
) -> tuple[Any, History]:
    """A network after training, at a rate that falls to zero along a cosine, and its history.

    **Arguments:** `network`; `task`; `keys` of the batches, one a network of an ensemble; `epochs`;
    `rate` of Adam at the start; `loss`.
    """
    return fit(
        network,
        task.inputs,
        task.labels,
        split=task.split,
        keys=keys,
        epochs=epochs,
        batch_size=task.batch_size,
        optimiser=optax.adam(optax.cosine_decay_schedule(rate, task.steps(epochs))),
        loss=loss,
    )


def rows(found: Study) -> list[Row]:
    """Means over chips, and the share of what a spread takes that training gives back."""
    lines = [Row("without spread: test accuracy", "%", None, 100 * found.whole)]
    lines += [
        _accuracy(f"{field} {100 * strength:g} %, trained as if alike", accuracies)
        for (field, strength), accuracies in found.naive.items()
    ]
    for strength, aware in found.aware.items():
        lost = found.whole - found.naive["frequency", strength].mean()
        for how, values in (
            ("on chips drawn anew", aware),
            ("on each chip", found.tuned[strength]),
        ):
            what = f"frequency {100 * strength:g} %, trained {how}"
            lines.append(_accuracy(what, values))
            regained = 100 * (1 - (found.whole - values) / lost)
            lines.append(mean_row(f"{what}: share of the loss regained", "%", regained))
    return lines


def _accuracy(what: str, accuracies: np.ndarray) -> Row:
    return mean_row(f"{what}: test accuracy", "%", 100 * accuracies)


@styled
def draw(found: Study, path: Path) -> None:
    """Draw mean accuracies over the spread of each field into a file."""
    page, (axes,) = figure(width=1.7, aspect=0.5)
    fields: Sequence[str] = tuple(dict.fromkeys(field for field, _ in found.naive))
    for field, colour in zip(fields, COLOURS, strict=False):
        spreads = [spread for name, spread in found.naive if name == field]
        means = [100 * found.naive[field, spread].mean() for spread in spreads]
        label = field.replace("_", " ")
        axes.plot(100 * np.array(spreads), means, "o-", ms=3, label=label, color=colour)
    marked = (
        ("^", "black", "chips drawn anew", found.aware),
        ("s", "white", "each chip", found.tuned),
    )
    for marker, face, how, values in marked:
        means = [100 * each.mean() for each in values.values()]
        label = f"frequency, trained on {how}"
        at = 100 * np.array(list(values))
        axes.plot(at, means, marker, color="black", mfc=face, label=label, zorder=3)
    axes.axhline(100 * found.whole, color="black", lw=0.8, ls=":")
    axes.set(xscale="log", xlabel="spread (%)", ylabel="test accuracy (%)", ylim=(0, 100))
    axes.legend(
        title="lines: trained as if alike", fontsize=6, loc="upper left", bbox_to_anchor=(1, 1)
    )
    save(page, path)
