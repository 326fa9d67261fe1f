"""Fig. 59: multi-layer perceptrons of oscillators and resonators learn MNIST, 784-300-10.

Published: resonators that are trained directly reach less than those that weights of software are
mapped to. Here direct training learns the detuning in linewidths, starts near zero weight, and
trains the amplification of each layer; each of the last two is taken away in turn to see what it
is worth. The mapping has two roots, which meet what it does not know of in `mlp_roots`.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from rfjax import plotting
from rfjax.experiments import mlp_networks, mlp_roots
from rfjax.experiments.mnist_training import (
    Learnt,
    MnistTraining,
    accuracy_rows,
    difference_rows,
    save_histories,
)
from rfjax.experiments.result import Result, mean_row
from rfjax.training import member

TITLE = "MNIST: multi-layer perceptrons of oscillators and resonators (Fig. 59)"

EPOCHS, BATCH_SIZE, SEEDS = 15, 100, 10
DIRECT, MAPPED = "trained on resonators", "mapped to resonators"
PUBLISHED = {  # %, test accuracy
    "software": 98.15,
    "oscillators, software synapses": 97.90,
    DIRECT: 96.70,
    MAPPED: 97.92,
}


def run(training: MnistTraining) -> Result:
    """Train with weights of software and on resonators, map, and take away what helps.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and mlp.png are
    written.

    **Returns:** the result: accuracies beside those published, of either root as well.
    """
    start, out = time.perf_counter(), training.out
    direct = mlp_networks.resonators(DIRECT)
    wide = mlp_networks.resonators(
        f"{DIRECT}, start of {mlp_networks.WIDE:g} linewidth", spread=mlp_networks.WIDE
    )
    fixed = mlp_networks.with_fixed_amplification(direct, f"{DIRECT}, amplification fixed")
    both = mlp_networks.with_fixed_amplification(wide, f"{wide.name}, amplification fixed")
    networks = [mlp_networks.software(), mlp_networks.oscillators(), direct]
    networks += [both] if training.quick else [wide, fixed, both]
    learnt = {network.name: training.learn(network) for network in networks}
    save_histories(learnt, out)
    software, peers = list(learnt.values())[:2]
    members = [member(peers.model, seed) for seed in range(training.seeds)]
    roots = mlp_roots.judged(members, training.data)
    plotting.save(_drawn(learnt, roots), out / "mlp.png")

    rows = []
    for name, each in learnt.items():
        rows += accuracy_rows(name, each, PUBLISHED.get(name))
    mapped = roots["near"][mlp_roots.EXACT]
    rows.append(mean_row(f"{MAPPED}: test accuracy", "%", 100 * mapped, PUBLISHED[MAPPED]))
    difference = PUBLISHED[DIRECT] - PUBLISHED["software"]
    rows += difference_rows(f"{DIRECT} - software", learnt[DIRECT], software, difference)
    for root, accuracies in roots.items():
        for what, each in accuracies.items():
            rows.append(mean_row(f"{MAPPED}, {root} root, {what}: test accuracy", "%", 100 * each))
    settings = {
        **mlp_networks.SETTINGS,
        "rung": "linear, each resonator sees its own tone",
        "start": f"detunings of {mlp_networks.SPREAD} linewidths, if not said otherwise",
        "far root": f"weights too small for {mlp_roots.FARTHEST:g} linewidths stay there",
        **training.settings,
    }
    result = Result("mlp", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


@plotting.styled
def _drawn(learnt: Mapping[str, Learnt], roots: Mapping[str, Mapping[str, np.ndarray]]) -> Any:
    drawn, (left, right) = plotting.figure(1, 2, width=1.15, aspect=0.8)
    for (name, each), colour in zip(learnt.items(), plotting.COLOURS, strict=False):
        accuracy = 100 * each.history.test_accuracy
        epochs = np.arange(1, len(accuracy) + 1)
        mean, scatter = accuracy.mean(axis=1), accuracy.std(axis=1)
        left.plot(epochs, mean, color=colour, label=name)
        left.fill_between(epochs, mean - scatter, mean + scatter, color=colour, alpha=0.2, lw=0)
    last = min(100 * each.history.test_accuracy[-1].mean() for each in learnt.values())
    plotting.epochs_along(left)
    left.set(title="(a)", ylabel="accuracy on rows that validate (%)")
    left.set_ylim(bottom=last - 2)

    conditions = list(next(iter(roots.values())))
    places = np.arange(len(conditions))
    for (root, accuracies), aside, colour in zip(roots.items(), (-0.2, 0.2), plotting.COLOURS):
        each = [100 * accuracies[what] for what in conditions]
        mean, scatter = ([f(values) for values in each] for f in (np.mean, np.std))
        right.barh(places + aside, mean, 0.38, xerr=scatter, color=colour, label=f"{root} root")
    right.set_yticks(places, conditions)
    right.invert_yaxis()
    right.set(title="(b) weights of software, mapped", xlabel="accuracy on test rows (%)")
    drawn.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    drawn.legend(*right.get_legend_handles_labels(), loc="outside upper right")
    return drawn
