"""At which power do weights stop being weights? A perceptron learns MNIST through the nonlinearity.

784 tones share a line, every resonator receives every tone, and each pair follows its own cubic:
the physics that was too expensive for the published simulations of MNIST. A weight is what a
resonator makes of a tone whatever the tone's power; nonlinear resonators change it as the power
grows. The same network learns with and without the nonlinearity, and what was trained without it is
evaluated with it. The comb begins at 70 MHz: lower, resonators would fold at the highest power.
"""

import time
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from matplotlib.ticker import NullLocator

from rfjax import plotting
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row, means_and_deviations
from rfjax.experiments.mnist import perceptron
from rfjax.experiments.mnist.training import (
    MnistTraining,
    Trained,
    accuracy_rows,
    difference_rows,
    save_histories,
    software_rows,
)
from rfjax.nn import Network
from rfjax.rectifiers import Independent
from rfjax.training import member

SHOWS = ()

EPOCHS, BATCH_SIZE, SEEDS = 10, 500, 10
POWERS = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4)  # W, a white pixel on the first tone
LOWEST = 70e6  # Hz
LOW = 1e-3  # share of the full power of a tone
CHANGED = 10.0  # %, of the weights: where they have stopped being weights, we say


def run(training: MnistTraining) -> Result:
    """Train at every power, with and without the nonlinearity.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and
    mnist_nonlinear.png are written.

    **Returns:** the result: accuracies, how much weights change with the power of the signal, and
    the power at which that is a tenth.
    """
    start, out = time.perf_counter(), training.out
    powers = (1e-5, 1e-4) if training.quick else POWERS
    rate = perceptron.FALLING_RATE
    software = training.train(perceptron.software(perceptron.FALLING_SOFTWARE_RATE), falling=True)
    linear = training.train(
        perceptron.resonators("linear", lowest=LOWEST, learning_rate=rate), falling=True
    )
    trained = {}
    for power in powers:
        comb = {"lowest": LOWEST, "power": power, "learning_rate": rate}
        network = perceptron.resonators(_label(power), Independent(), **comb)
        trained[power] = training.train(network, falling=True)
    evaluated = {
        power: training.evaluated(
            linear, perceptron.resonators("", Independent(), lowest=LOWEST, power=power)
        )
        for power in powers
    }
    changes = {power: _changes(trained[power]) for power in powers}
    save_histories(
        {"software": software, "linear": linear} | {_label(p): each for p, each in trained.items()},
        out,
    )
    plotting.save(
        _drawn(software, linear, trained, evaluated, changes), out / "mnist_nonlinear.png"
    )
    rows = software_rows(software, training.data) + accuracy_rows("linear", linear)
    for power, each in trained.items():
        rows += accuracy_rows(f"{_label(power)}, trained with the nonlinearity", each)
        rows += difference_rows(f"{_label(power)}: with - without the nonlinearity", each, linear)
        what = f"{_label(power)}, trained without, evaluated with the nonlinearity: test accuracy"
        rows.append(mean_row(what, "%", 100 * evaluated[power]))
        what = f"{_label(power)}: trained with - without, evaluated with the nonlinearity"
        rows.append(difference_row(what, "points", 100 * each.test, 100 * evaluated[power]))
        what = f"{_label(power)}: change of the weights from low to full power"
        rows.append(mean_row(what, "%", changes[power]))
    if len(powers) > 2:
        means = [changes[power].mean() for power in powers]
        limit = np.exp(np.interp(np.log(CHANGED), np.log(means), np.log(powers)))
        what = f"power at which the weights change by {CHANGED:g} %, interpolated"
        rows.append(Row(what, "µW", None, float(1e6 * limit)))
    settings = {
        "tones": f"784, geometric, {LOWEST:g} to {perceptron.HIGHEST:g} Hz",
        "rectifier model": "independent: each pair of resonator and tone follows its own cubic",
        "damping": perceptron.DAMPING,
        **perceptron.SETTINGS,
        "power": "on the first tone, in proportion to frequency on the others",
        "rates": f"{rate:g} linewidths, {perceptron.FALLING_SOFTWARE_RATE:g} of software, falling "
        "to zero along a cosine",
        "change of the weights": "norm of the difference over the norm, of what each tone alone "
        f"adds per watt, at full power and at {LOW:g} of it",
        **training.settings,
    }
    result = Result("mnist-nonlinear", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def _label(power: float) -> str:
    return f"{power * 1e6:g} µW"


def _changes(trained: Trained) -> np.ndarray:
    """How much the weights of each seed's network change with the power, in per cent."""
    models = [member(trained.model, seed) for seed in range(len(trained.test))]
    found = []
    for model in models:
        low, full = (np.asarray(_weights(model, jnp.asarray(share))) for share in (LOW, 1.0))
        found.append(100 * np.linalg.norm(full - low) / np.linalg.norm(low))
    return np.asarray(found)


@eqx.filter_jit
def _weights(model: Network, share):
    """Volts per watt of every tone alone, at a share of its full power, counted in `unit`."""
    (layer,) = model.layers_with("array")
    powers = share * jnp.diag(layer.array.peak_powers)
    return (layer.array(powers) / share / layer.read_out.unit).T


@plotting.styled
def _drawn(
    software: Trained,
    linear: Trained,
    trained: Mapping[float, Trained],
    evaluated: Mapping[float, np.ndarray],
    changes: Mapping[float, np.ndarray],
) -> Any:
    drawn, (left, right) = plotting.figure(1, 2, width=1.0)
    powers = 1e6 * np.array(list(trained))
    with_it = [100 * each.test for each in trained.values()]
    without = [100 * evaluated[power] for power in trained]
    for accuracies, label, style in (
        (with_it, "trained with the nonlinearity", "o-"),
        (without, "trained without it", "s--"),
    ):
        left.errorbar(powers, *means_and_deviations(accuracies), fmt=style, capsize=2, label=label)
    left.axhline(100 * software.test.mean(), color="black", ls=":", label="software")
    left.axhline(100 * linear.test.mean(), color="grey", ls="-.", label="linear resonators")
    left.set(
        title="(a) evaluated with the nonlinearity; bars: deviation of seeds",
        ylabel="accuracy on test rows (%)",
    )
    left.legend()
    shown = means_and_deviations([changes[power] for power in trained])
    right.errorbar(powers, *shown, fmt="o-", capsize=2)
    right.axhline(CHANGED, color="grey", lw=0.8)
    right.set(title="(b) from low to full power", yscale="log", ylabel="change of weights (%)")
    for axes in (left, right):
        axes.set(xscale="log", xlabel="power of a white pixel, first tone (µW)")
        axes.set_xticks(powers, [f"{power:g}" for power in powers])
        axes.xaxis.set_minor_locator(NullLocator())
    return drawn
