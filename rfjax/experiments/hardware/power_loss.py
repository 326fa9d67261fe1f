r"""Digits with power that does not reach all resonators alike: loss on the way, uneven division.

Ten chains of 64 nonlinear resonators on the comb of Fig. 53, each to receive $P_{amp}/(NM)$ of a
tone (B.14). Loss along a chain takes more of it from one resonator to the next; an uneven division
gives each its own share. Networks are trained as if all received the same, and with what reaches
them. What the amplifier then has to deliver is what gives chains the signals that they had without
loss, so that these stand as far above the noise of readings.
"""

import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from matplotlib.axes import Axes

from rfjax.experiments.common.result import Result, Row
from rfjax.experiments.digits.networks import CLASSES, PIXELS
from rfjax.experiments.hardware.chip_study import (
    ALIKE,
    Plan,
    Study,
    Task,
    draw_chips,
    draw_trained,
    falling,
    fitted,
    one_by_one,
    rows,
    study,
)
from rfjax.experiments.hardware.digits_chips import digits_network, settings
from rfjax.experiments.hardware.noisy_digits import RESISTANCE
from rfjax.hardware import GivenChip, LineLoss, UnevenDivision, fabricated
from rfjax.laws.energy import amplifier_power, load_resistance, tone_current
from rfjax.laws.junction_voltage import rms_voltage
from rfjax.laws.power_division import attenuated, reflection, transmitted
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.training import accuracy

SHOWS = ()

SOURCE = 50.0  # Ω, that common amplifiers are matched to
LOSSES = (0.01, 0.03, 0.1, 0.2, 0.3)  # dB from one resonator to the next
UNEVEN = "uneven"
PLAN = Plan(
    {UNEVEN: (0.003, 0.01, 0.03, 0.1, 0.3)},
    {UNEVEN: (0.1,)},
    100,
    4,
    30,
    30,
    0.02,
    lambda _, spread: UnevenDivision(spread),
)
QUICK_PLAN = PLAN._replace(strengths={}, trained_at={}, chips=0, tuned=0)
QUICK_ROWS = 60
_KEY = jax.random.key(0)  # a loss along a chain draws nothing
_STEPS = 3  # to the power that restores a signal, to which it is nearly proportional


class Lossy(NamedTuple):
    """A network whose chains lose power on the way.

    **Arguments:** `accuracy`, from 0 to 1; `signal` of its chains over that without loss; `power`:
    by which factor the amplifier has to deliver more for the same signal, and the accuracy
    `restored` then.
    """

    accuracy: float
    signal: float
    power: float
    restored: float


def run(out: Path, *, quick: bool = False) -> Result:
    """Train, take power away, and train with what is left.

    **Arguments:** `out`: where result.json and power-loss.png go; `quick`: one loss,
    few rows of linear resonators, even division, nothing is trained.

    **Returns:** the result: accuracies, signals, and what the amplifier has to deliver.
    """
    start = time.perf_counter()
    count, plan = (QUICK_ROWS, QUICK_PLAN) if quick else (None, PLAN)
    rectifier = "linear" if quick else "independent"
    network, task = digits_network(rectifier, count)
    uneven = study(network, task, plan, one_by_one)
    optimiser = falling(plan.rate, task.steps(plan.tuning_epochs))
    losses = LOSSES[-1:] if quick else LOSSES
    naive = {loss: lossy(network, network, LineLoss(loss), task) for loss in losses}
    known, longer = {}, []
    if not quick:
        # Weights grow in training, so that signals are compared after as much of it.
        on = {
            loss: _on_chip(network, LineLoss(loss), task, plan, optimiser)
            for loss in (0.0, *losses)
        }
        known = {loss: lossy(on[loss], on[0.0], LineLoss(loss), task) for loss in losses}
        longer = _longer(lossy(on[0.0], network, LineLoss(0.0), task))
    said = {**settings(rectifier, count), **plan.settings(), "resistance": f"{RESISTANCE:g} Ω"}
    if quick:
        said["quick"] = f"{count} rows, not trained, one loss, even division"
    lines = [*amplifier(network.layers[0].array.peak_powers), *longer, *_rows(naive, known)]
    lines += rows(uneven, ALIKE, "without loss")
    result = Result("power-loss", lines, time.perf_counter() - start, said)
    result.save(out)
    _draw(naive, known, uneven, out / "power-loss.png")
    return result


def _on_chip(network: Any, loss: LineLoss, task: Task, plan: Plan, optimiser: Any) -> Any:
    """A network after more training, with what reaches its resonators."""
    given = GivenChip(loss, key=_KEY)
    return fitted(network, task, task.order, plan.tuning_epochs, optimiser, given)[0]


def lossy(network: Any, meant: Any, loss: LineLoss, task: Task) -> Lossy:
    """What a network does with a loss, and with the power that makes up for it.

    **Arguments:** `network`; `meant`, as much trained, whose signals without loss are to be had;
    `loss`; `task`.
    """
    inputs, labels = task.tested()
    chip = fabricated(network, loss, key=_KEY)
    wanted = _signal(_volts(meant, inputs))
    volts, power = _volts(chip, inputs), 1.0
    there = chip.layers[0].read_out(volts)
    share = _signal(volts) / wanted
    for _ in range(_STEPS):
        power *= wanted / _signal(volts)
        volts = _volts(chip, power * inputs)
    restored = accuracy(chip.layers[0].read_out(volts), labels)
    return Lossy(float(accuracy(there, labels)), share, power, float(restored))


def _volts(network: Any, inputs: Any) -> Any:
    """The voltages of the chains, for powers beyond what they are prepared for as well."""
    (layer,) = network.layers
    return layer.array(inputs * layer.array.peak_powers)


def _signal(volts: Any) -> float:
    """How far chains differ from each other, and that from image to image, V, root mean square.

    What all chains have in common tells no digits apart.
    """
    apart = volts - jnp.mean(volts, axis=1, keepdims=True)
    return float(jnp.std(apart - jnp.mean(apart, axis=0)))


def amplifier(peaks: Float[Array, " tones"]) -> list[Row]:
    """What the amplifiers of all tones deliver without loss, and into what.

    **Arguments:** `peaks`: the largest powers into one resonator, W.
    """
    delivered = jnp.sum(amplifier_power(peaks, PIXELS * CLASSES))
    load = load_resistance(RESISTANCE, PIXELS, CLASSES)
    current = tone_current(delivered, load)  # of all tones, in quadrature
    what = "all tones at full power"
    return [
        Row(f"{what}: delivered to {CLASSES} chains of {PIXELS}", "W", None, float(delivered)),
        Row(f"{what}: current, root mean square", "A", None, float(current)),
        Row(
            f"{what}: voltage over one resonator, root mean square",
            "V",
            None,
            float(RESISTANCE * current / CLASSES),
            law=float(rms_voltage(peaks, RESISTANCE)),
        ),
        Row("load of the amplifier", "Ω", None, float(load)),
        Row(
            f"share that an amplifier of {SOURCE:g} Ω gets into this load",
            "%",
            None,
            100 * float(transmitted(reflection(load, SOURCE))),
        ),
    ]


def _longer(found: Lossy) -> list[Row]:
    what = "without loss, trained on for as long as with it"
    return [
        Row(f"{what}: test accuracy", "%", None, 100 * found.accuracy),
        Row(f"{what}: signal, of that before", "%", None, 100 * found.signal),
    ]


def _rows(naive: dict[float, Lossy], known: dict[float, Lossy]) -> list[Row]:
    lines = []
    for decibels in naive:
        share = float(attenuated(decibels, 1))
        there = float(jnp.mean(attenuated(decibels, jnp.arange(PIXELS))))
        law = 100 * (1 - share**PIXELS) / (PIXELS * (1 - share))
        what = f"{decibels:g} dB a resonator"
        lines.append(Row(f"{what}: power that reaches resonators", "%", None, 100 * there, law=law))
        for how, found in ((ALIKE, naive), ("trained with it", known)):
            if decibels in found:
                lines += _of_one(f"{what}, {how}", found[decibels])
    return lines


def _of_one(what: str, found: Lossy) -> list[Row]:
    return [
        Row(f"{what}: test accuracy", "%", None, 100 * found.accuracy),
        Row(f"{what}: signal, of that without loss", "%", None, 100 * found.signal),
        Row(f"{what}: power of the amplifier for the same signal", "times", None, found.power),
        Row(f"{what}: test accuracy with that power", "%", None, 100 * found.restored),
    ]


@styled
def _draw(naive: dict[float, Lossy], known: dict[float, Lossy], uneven: Study, path: Path) -> None:
    page, (left, middle, right) = figure(1, 3, width=0.8, aspect=0.85)
    for (how, found), colour in zip(((ALIKE, naive), ("trained with it", known)), COLOURS):
        at, values = list(found), list(found.values())
        left.plot(at, [100 * each.accuracy for each in values], "o-", color=colour, label=how)
        restored = [100 * each.restored for each in values]
        left.plot(at, restored, "s--", color=colour, mfc="white", label=f"{how}, more power")
        middle.plot(at, [each.power for each in values], "o-", color=colour, label=how)
    reached = [1 / float(jnp.mean(attenuated(each, jnp.arange(PIXELS)))) for each in naive]
    middle.plot(list(naive), reached, "k:", label="for the same mean power")
    for axes in (left, middle):
        axes.axhline(1 if axes is middle else 100 * uneven.whole, color="black", lw=0.8, ls=":")
        axes.set(xscale="log", xlabel="loss from one resonator to the next (dB)")
        axes.legend()
    left.set(ylabel="test accuracy (%)", ylim=(0, 100))
    middle.set(ylabel="power of the amplifier (times)", yscale="log")
    middle.set_yticks([1, 2, 3, 5], ["1", "2", "3", "5"])
    middle.minorticks_off()
    if uneven.naive:
        _draw_uneven(right, uneven)
    save(page, path)


def _draw_uneven(axes: Axes, uneven: Study) -> None:
    draw_chips(axes, uneven, UNEVEN, COLOURS[0], ALIKE)
    draw_trained(axes, uneven, UNEVEN)
    axes.axhline(100 * uneven.whole, color="black", lw=0.8, ls=":", label="even")
    axes.set(xscale="log", xlabel="spread of the shares (%)", ylabel="test accuracy (%)")
    axes.set(ylim=(0, 100))
    axes.legend(loc="lower left")
