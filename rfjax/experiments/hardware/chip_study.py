"""What differs from chip to chip takes from a network, and what two ways of training give back.

Trained on chips that are drawn anew in each step, one network serves all chips. Trained on, a chip
that is there keeps its own devices and moves its detunings.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key
from matplotlib.axes import Axes

from rfjax.data import Split
from rfjax.experiments.common.result import Row, mean_row
from rfjax.hardware import (
    AbstractEffect,
    GivenChip,
    NoiseAware,
    Spread,
    chip_key,
    fabricated,
    monte_carlo,
)
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.training import History, accuracy, classification, ensemble, fit

_CHIPS = jax.random.key(1)
ALIKE = "trained as if alike"
_WORTH = 0.05  # of the accuracy, lost, from which on a share of it says something


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

    **Arguments:** `strengths` by the name of what differs, as shares; `trained_at`: those of them
    that training is for; `chips` that are drawn, and how many of them are `tuned`; `aware_epochs`
    on chips drawn anew, and `tuning_epochs` on a given chip; `rate` of Adam at the start, in
    linewidths a step; `effect` of a name and a strength.
    """

    strengths: Mapping[str, Sequence[float]]
    trained_at: Mapping[str, Sequence[float]]
    chips: int
    tuned: int
    aware_epochs: int
    tuning_epochs: int
    rate: float
    effect: Callable[[str, float], AbstractEffect] = Spread

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


Accuracies = Mapping[tuple[str, float], Float[np.ndarray, " chips"]]


class Study(NamedTuple):
    """Accuracies, from 0 to 1, by the name of what differs and its strength.

    **Arguments:** `whole`: of the network as it was meant; `naive`: of chips of it; `aware` of
    chips that a network was trained for, and `tuned` of chips that were trained on.
    """

    whole: float
    naive: Accuracies
    aware: Accuracies
    tuned: Accuracies


# Of a network, an effect, a task and a plan: the accuracies of chips that are trained on.
Tuning = Callable[[Any, AbstractEffect, Task, Plan], Float[np.ndarray, " chips"]]


def study(network: Any, task: Task, plan: Plan, tuning: Tuning) -> Study:
    """Chips of a trained network, of networks trained for them, and chips that are trained on.

    **Arguments:** `network`, trained as if there were no effects; `task`; `plan`; `tuning`:
    `together`, where chips differ in their detunings alone, or `one_by_one`.
    """
    inputs, labels = task.tested()
    naive = {
        (name, strength): drawn(network, plan.effect(name, strength), task, plan.chips)
        for name, strengths in plan.strengths.items()
        for strength in strengths
    }
    aware, tuned = {}, {}
    for name, strengths in plan.trained_at.items():
        for strength in strengths:
            effect = plan.effect(name, strength)
            steps = falling(plan.rate, task.steps(plan.aware_epochs))
            loss = NoiseAware(effect)
            other, _ = fitted(network, task, task.order, plan.aware_epochs, steps, loss)
            aware[name, strength] = drawn(other, effect, task, plan.chips)
            tuned[name, strength] = tuning(network, effect, task, plan)
    whole = float(accuracy(network(inputs), labels))
    return Study(whole, naive, aware, tuned)


def drawn(
    network: Any, effect: AbstractEffect, task: Task, chips: int
) -> Float[np.ndarray, " chips"]:
    """Accuracies of chips of a network on the rows that test."""
    return monte_carlo(network, effect, *task.tested(), key=_CHIPS, chips=chips).accuracy


def together(
    network: Any, effect: AbstractEffect, task: Task, plan: Plan
) -> Float[np.ndarray, " chips"]:
    """Accuracies of the first chips of `drawn`, trained on as an ensemble, all at once.

    They may differ in what trains alone, their detunings.
    """
    made = [fabricated(network, effect, key=_key(number)) for number in range(plan.tuned)]
    orders = jnp.stack([task.order] * plan.tuned)
    steps = falling(plan.rate, task.steps(plan.tuning_epochs))
    _, history = fitted(ensemble(made), task, orders, plan.tuning_epochs, steps)
    return history.test_accuracy[-1]


def one_by_one(
    network: Any, effect: AbstractEffect, task: Task, plan: Plan
) -> Float[np.ndarray, " chips"]:
    """Accuracies of the first chips of `drawn`, each trained on with its own devices and faults."""
    inputs, labels = task.tested()
    steps = falling(plan.rate, task.steps(plan.tuning_epochs))  # one, so that it compiles once
    found = []
    for number in range(plan.tuned):
        loss = GivenChip(effect, key=_key(number))
        tuned, _ = fitted(network, task, task.order, plan.tuning_epochs, steps, loss)
        logits = _logits(tuned, effect, inputs, key=_key(number))
        found.append(float(accuracy(logits, labels)))
    return np.array(found)


def fitted(
    network: Any,
    task: Task,
    keys: Any,
    epochs: int,
    optimiser: optax.GradientTransformation,
    loss: Any = classification,
) -> tuple[Any, History]:
    """A network after training, and its history.

    **Arguments:** `network`; `task`; `keys` of the batches, one a network of an ensemble; `epochs`;
    `optimiser`; `loss`.
    """
    return fit(
        network,
        task.inputs,
        task.labels,
        split=task.split,
        keys=keys,
        epochs=epochs,
        batch_size=task.batch_size,
        optimiser=optimiser,
        loss=loss,
    )


def falling(rate: float, steps: int) -> optax.GradientTransformation:
    """Adam at a rate that falls to zero along a cosine."""
    return optax.adam(optax.cosine_decay_schedule(rate, steps))


def _key(number: int) -> Key[Array, ""]:
    """What a chip of `drawn` is made with."""
    return chip_key(_CHIPS, number)


@eqx.filter_jit
def _logits(network, effect, inputs, *, key):
    """The logits of a chip, by what its network was prepared with."""
    return fabricated(network, effect, key=key)(inputs)


def rows(found: Study, naive: str = ALIKE, whole: str = "without spread") -> list[Row]:
    """Means over chips, and the share of what is lost that training gives back.

    **Arguments:** `found`; in words, `naive`: how the network was trained, and `whole`: how it was
    meant.
    """
    lines = [Row(f"{whole}: test accuracy", "%", None, 100 * found.whole)]
    lines += [
        accuracy_row(f"{name} {100 * strength:g} %, {naive}", accuracies)
        for (name, strength), accuracies in found.naive.items()
    ]
    for (name, strength), aware in found.aware.items():
        lost = found.whole - found.naive[name, strength].mean()
        for how, values in (
            ("on chips drawn anew", aware),
            ("on each chip", found.tuned[name, strength]),
        ):
            what = f"{name} {100 * strength:g} %, trained {how}"
            lines.append(accuracy_row(what, values))
            if lost > _WORTH:
                regained = 100 * (1 - (found.whole - values) / lost)
                lines.append(mean_row(f"{what}: share of the loss regained", "%", regained))
    return lines


def accuracy_row(what: str, accuracies: np.ndarray) -> Row:
    """The mean accuracy of chips, in %."""
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
    for name in dict.fromkeys(name for name, _ in found.aware):
        draw_trained(axes, found, name, f"{name}, ")
    axes.axhline(100 * found.whole, color="black", lw=0.8, ls=":")
    axes.set(xscale="log", xlabel="spread (%)", ylabel="test accuracy (%)", ylim=(0, 100))
    axes.legend(
        title="lines: trained as if alike", fontsize=6, loc="upper left", bbox_to_anchor=(1, 1)
    )
    save(page, path)


def draw_trained(axes: Axes, found: Study, name: str, before: str = "") -> None:
    """Mark mean accuracies of chips that were trained for what differs, and of those trained on."""
    for marker, face, how, values in (
        ("^", "black", "chips drawn anew", found.aware),
        ("s", "white", "each chip", found.tuned),
    ):
        at = np.array([strength for each, strength in values if each == name])
        means = [100 * values[name, strength].mean() for strength in at]
        label = f"{before}trained on {how}"
        axes.plot(100 * at, means, marker, color="black", mfc=face, label=label, zorder=3)


def draw_chips(axes: Axes, found: Study, name: str, colour: str, label: str) -> None:
    """Draw the mean accuracy of chips over a strength, in %, and where nine in ten of them lie."""
    at = 100 * np.array([strength for each, strength in found.naive if each == name])
    chips = [100 * values for (each, _), values in found.naive.items() if each == name]
    axes.plot(at, [each.mean() for each in chips], "o-", ms=3, color=colour, label=label)
    low, high = np.array([np.quantile(each, (0.05, 0.95)) for each in chips]).T
    axes.fill_between(at, low, high, color=colour, alpha=0.2, lw=0)
