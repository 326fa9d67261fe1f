"""MNIST at a price in energy: devices, power and the comb beside detunings, by one gradient.

The perceptron of chapter V: ten chains of 784 resonators on one line of 784 tones, each of which
every resonator receives, by the linear rectifier model. Damping, diameter of the junctions, power
and the highest tone train beside detunings and read-out, on cross-entropy under the Johnson noise
of the chains and on the energy of a presentation (appendix B), between the bounds of what devices
and lines can have. The same network, of which detunings and read-out alone train, stands beside it
at several powers.

Not in the noise: thermal motion of the magnetisation. Not in the energy: losses of amplifiers,
oscillators and the read-out.
"""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from matplotlib.ticker import NullLocator

from rfjax import nn, plotting
from rfjax.arrays import costs
from rfjax.devices import Resonator
from rfjax.experiments.co_design.designs import (
    BOUNDS,
    DIAMETER,
    NANO,
    NOMINAL,
    TEMPERATURE,
    Weighed,
    scaled_devices,
    scatter_and_energy,
    unit_voltage,
)
from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import means_and_deviations, sampling_row
from rfjax.experiments.mnist import perceptron
from rfjax.experiments.mnist.training import CLASSES, PIXELS, MnistTraining
from rfjax.lines import Line
from rfjax.nn import Bounded, Derived, Tied, resolved
from rfjax.rectifiers import Linear
from rfjax.training import accuracy, member

SHOWS = ()

EPOCHS, BATCH_SIZE, SEEDS = 6, 500, 3
WEIGHTS = (0.1, 1.0, 10.0)  # nats/mJ
POWERS = (1e-6, 3e-6, 1e-5)  # W, of nominal devices; the last is that of the thesis
START = 3e-6  # W, of devices that train
HIGHEST = (2e9, 30e9)  # Hz, bounds of the highest tone
RATE, AMPLIFIER_RATE, DEVICE_RATE = 0.005, 0.02, 0.004  # of Adam, at the start
SPREAD, GAIN = 0.3, 4.0  # of the detunings at the start, linewidths; of the read-out
TOLERANCE = 1e-4  # of the fast evaluation
MILLI = 1e-3
_DRAWS = 5  # of the noise, for every test row


class Scores(NamedTuple):
    """What training made of a network; each array has shape (seeds,).

    **Arguments:** `accuracy` on test rows with noise drawn, 0 to 1; `energy` of a presentation of a
    test row, J; `latency` in s; `bandwidth` in Hz; `design`: damping, diameter in m, power of the
    first tone in W and highest tone in Hz.
    """

    accuracy: Float[np.ndarray, " seeds"]
    energy: Float[np.ndarray, " seeds"]
    latency: Float[np.ndarray, " seeds"]
    bandwidth: Float[np.ndarray, " seeds"]
    design: dict[str, Float[np.ndarray, " seeds"]]


def run(training: MnistTraining) -> Result:
    """Train along the front of accuracy and energy, with devices that move and nominal ones.

    **Arguments:** `training`: where to, on what, how; result.json and co_design_mnist.png are
    written.

    **Returns:** the result: accuracies with noise, costs, and the designs.
    """
    start = time.perf_counter()
    weights, powers = (WEIGHTS[1:2], POWERS[1:2]) if training.quick else (WEIGHTS, POWERS)
    designed = {
        weight: _scores(training, perceptron_of(START, weight, DEVICE_RATE), weight)
        for weight in weights
    }
    nominal = {
        power: _scores(training, perceptron_of(power, WEIGHTS[1], 0.0), WEIGHTS[1])
        for power in powers
    }
    rows = []
    for weight, each in designed.items():
        what = f"devices, comb and detunings, {weight:g} nats/mJ"
        rows += _rows(what, each)
        for (name, values), (factor, unit) in zip(each.design.items(), _UNITS, strict=True):
            rows.append(mean_row(f"{what}: {name}", unit, factor * values))
    for power, each in nominal.items():
        rows += _rows(f"detunings alone, {power * 1e6:g} µW", each)
    best = max(float(each.accuracy.mean()) for each in (*designed.values(), *nominal.values()))
    rows.append(sampling_row("all networks", best, len(training.data.test_labels)))
    settings = {
        "tones": f"{PIXELS}, geometric, from {perceptron.LOWEST:g} Hz; nominal to "
        f"{perceptron.HIGHEST:g} Hz; bounds of the highest {HIGHEST} Hz",
        "rectifier model": "linear",
        "bounds (SI)": {name: BOUNDS[name] for name in ("damping", "diameter", "power")},
        "at the start": f"damping {NOMINAL['damping']:g}, {DIAMETER:g} m, {START:g} W",
        "weights of the energy (nats/mJ)": weights,
        "rates of Adam": f"detunings {RATE:g} linewidths, read-out {AMPLIFIER_RATE:g}, devices and "
        f"comb {DEVICE_RATE:g}, falling to zero along a cosine",
        "gain at the start": GAIN,
        "spread of the detunings at the start": SPREAD,
        "temperature (K)": TEMPERATURE,
        "diameter": "drive goes with 1/d, rectification and resistance with 1/d²",
        "tolerance of the fast evaluation": TOLERANCE,
        **training.settings,
    }
    result = Result("co-design-mnist", rows, time.perf_counter() - start, settings)
    result.save(training.out)
    plotting.save(_drawn(designed, nominal), training.out / "co_design_mnist.png")
    return result


_UNITS = ((1, "1"), (1e9, "nm"), (1e6, "µW"), (1e-9, "GHz"))  # of a design


def perceptron_of(power: float, weight: float, device_rate: float) -> Recipe:
    """Ten chains of 784 resonators on one line, with devices, power and comb as parameters.

    **Arguments:** `power` of the first tone at the start, W; `weight` of the energy, nats/mJ, for
    the name; `device_rate` of Adam for devices, power and comb, which stay as they are at zero.

    **Returns:** the network.
    """
    plain = Line.geometric(perceptron.LOWEST, perceptron.HIGHEST, PIXELS, power)

    def create(key: Key[Array, ""]) -> nn.Network:
        network = nn.mlp(
            (CLASSES,),
            lines=plain,
            resonators=Resonator(plain.frequencies),
            key=key,
            rectifier=Linear(),
            spread=SPREAD,
            gain=GAIN,
            tolerance=TOLERANCE,
        )
        node = {
            name: Bounded.of(value, *BOUNDS[name])
            for name, value in (NOMINAL | {"power": power}).items()
            if name != "nonlinear shift"
        }
        highest = Bounded.of(perceptron.HIGHEST, *HIGHEST)
        comb = Derived(Line.geometric, perceptron.LOWEST, highest, PIXELS, node["power"])
        devices = Derived(
            scaled_devices,
            Tied.to(lambda network: network.layers[0].array.line.frequencies),
            node["damping"],
            NOMINAL["nonlinear shift"],
            node["diameter"],
        )
        unit = Derived(
            unit_voltage,
            Tied.to(lambda network: network.layers[0].array.resonators),
            Tied.to(lambda network: network.layers[0].array.line.peak_powers),
        )
        places = {"line": comb, "resonators": devices}
        for name, parameter in places.items():
            network = network.with_parameter(
                lambda network, name=name: getattr(network.layers[0].array, name), parameter
            )
        return network.with_parameter(lambda network: network.layers[0].read_out.unit, unit)

    what = f"{weight:g} nats per mJ" if device_rate else f"{power * 1e6:g} uW"
    return Recipe(what, create, RATE, AMPLIFIER_RATE, device_rate)


def _scores(training: MnistTraining, recipe: Recipe, weight: float) -> Scores:
    """Train a network from every seed, and look at the test rows."""
    loss = Weighed(jnp.asarray(weight * NANO / MILLI))
    model, _ = training.fitted(recipe, falling=True, loss=loss)
    found: list[Any] = []
    for seed in range(training.seeds):
        one = member(model, seed)
        key = jax.random.key(seed)
        found.append(_tested(one, key, training.data.test_images, training.data.test_labels))
    right, energy, latency, bandwidth = (
        np.array([float(one[at]) for one in found]) for at in range(4)
    )
    names = ("damping", "diameter", "power", "highest tone")
    design = {name: np.array([float(one[4][at]) for one in found]) for at, name in enumerate(names)}
    return Scores(right, energy, latency, bandwidth, design)


@eqx.filter_jit
def _tested(model, key, images, labels):
    """Accuracy with noise, costs and design of one network."""
    plain = resolved(model)
    (layer,) = plain.layers
    array, devices = layer.array, layer.array.resonators
    scatter, energy = scatter_and_energy(plain, images)
    logits = plain(images)
    noise = jax.random.normal(key, (_DRAWS, *logits.shape))
    right = accuracy(logits + scatter * noise, jnp.tile(labels, (_DRAWS, 1)))
    spent = costs(array, array.peak_powers)
    diameter = DIAMETER * jnp.sqrt(Resonator(1.0).rectification / devices.rectification)
    design = devices.damping, diameter, array.peak_powers[0], array.frequencies[-1]
    return jnp.mean(right), energy, spent.latency, spent.bandwidth, design


def _rows(what: str, scores: Scores) -> list[Row]:
    return [
        mean_row(f"{what}: test accuracy with noise", "%", 100 * scores.accuracy),
        mean_row(f"{what}: energy of a presentation", "mJ", scores.energy / MILLI),
        mean_row(f"{what}: latency", "µs", 1e6 * scores.latency),
        mean_row(f"{what}: bandwidth", "GHz", 1e-9 * scores.bandwidth),
    ]


@plotting.styled
def _drawn(designed: Mapping[float, Scores], nominal: Mapping[float, Scores]) -> Any:
    drawn, (left, right) = plotting.figure(1, 2, width=1.0, aspect=0.75)
    for colour, (name, points, style) in zip(
        plotting.COLOURS[::3],
        (
            ("devices, comb, detunings", designed, "o-"),
            ("detunings alone", nominal, "s--"),
        ),
    ):
        accuracies, along = means_and_deviations([100 * p.accuracy for p in points.values()])
        for axes, costs_of in (
            (left, [p.energy / MILLI for p in points.values()]),
            (right, [1e-9 * p.bandwidth for p in points.values()]),
        ):
            spent, across = means_and_deviations(costs_of)
            axes.errorbar(
                spent, accuracies, along, across, style, ms=3, lw=1, color=colour, label=name
            )
    left.set(
        xscale="log",
        xlabel="energy of a presentation (mJ)",
        ylabel="test accuracy with noise (%)",
        title="bars: deviation of seeds",
    )
    ticks = (0.05, 0.1, 0.2, 0.5)
    left.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    left.xaxis.set_minor_locator(NullLocator())
    right.set(xlabel="bandwidth (GHz)", ylabel="test accuracy with noise (%)")
    left.legend(loc="lower right")
    return drawn
