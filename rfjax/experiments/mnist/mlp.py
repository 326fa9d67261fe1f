"""Fig. 59: multi-layer perceptrons of oscillators and resonators learn MNIST, 784-300-10.

Published: resonators that are trained directly reach less than those that weights of software are
mapped to. Batch size, learning rate, neurons and the trained amplification are the printed ones;
what is not printed is where detunings start and in which unit a rate of frequencies counts. With
the parameter ζ of (6.5) it counts in shares of the frequency, and a step is a twentieth of a
linewidth. Beside them stand settings of ours: a start near zero weight, smaller steps that fall to
zero, and neurons that put out the emitted power; their peer is software whose rate falls likewise.
The mapping has two roots, which meet what it does not know of in `mlp_roots`.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from rfjax import plotting
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row, means_and_deviations
from rfjax.experiments.mnist import mlp_networks, mlp_roots
from rfjax.experiments.mnist.training import (
    MnistTraining,
    Trained,
    accuracy_rows,
    difference_rows,
    draw_training,
    save_histories,
    software_rows,
)
from rfjax.nn import OscillatorActivation
from rfjax.training import member

SHOWS = ("Fig. 59",)

EPOCHS, BATCH_SIZE, SEEDS = 15, 500, 10
RATE = 5e-4  # of weights, gains, offsets, and of ζ in f_res = f (1 − ζ) (6.5)
START = 1.0  # linewidths; that of the thesis is not printed
OSCILLATORS, DIRECT, MAPPED = (
    "oscillators, software synapses",
    "trained on resonators",
    "mapped to resonators",
)
OURS = f"{DIRECT}, settings of ours"
OUR_SOFTWARE = "software, rate of ours"
PUBLISHED = {"software": 98.15, OSCILLATORS: 97.90, DIRECT: 96.70, MAPPED: 97.92}  # %, test
NOT_PRINTED = (
    f"{EPOCHS} epochs; how many the thesis had, how its networks started and in which unit its "
    "rate of frequencies counts is not printed"
)


def run(training: MnistTraining) -> Result:
    """Train with weights of software and on resonators, and map.

    **Arguments:** `training`: where to, on what, how; result.json, history.json and mlp.png are
    written.

    **Returns:** the result: accuracies compared with those published, of either root as well.
    """
    start, out = time.perf_counter(), training.out
    rates: Any = {"learning_rate": RATE / mlp_networks.DAMPING, "amplifier_rate": RATE}
    published = mlp_networks.resonators(DIRECT, spread=START, **rates)
    networks = [mlp_networks.software(RATE), mlp_networks.oscillators(RATE), published]
    trained = {network.name: training.train(network) for network in networks}
    ours = mlp_networks.resonators(OURS, activation=OscillatorActivation())
    for network in (mlp_networks.software(name=OUR_SOFTWARE), ours):
        trained[network.name] = training.train(network, falling=True)
    save_histories(trained, out)
    peers = trained[OSCILLATORS]
    members = [member(peers.model, seed) for seed in range(training.seeds)]
    roots = mlp_roots.evaluated(members, training.data)
    plotting.save(_drawn(trained, roots), out / "mlp.png")
    settings = {
        **mlp_networks.SETTINGS,
        "rectifier model": "linear, each resonator receives its own tone",
        "rates": f"constant, {RATE:g} of weights, gains and offsets; of detunings "
        f"{RATE / mlp_networks.DAMPING:g} linewidths, which is {RATE:g} of the frequency",
        "start": f"detunings of {START:g} linewidth, not printed",
        "epochs of the thesis": "not printed",
        OURS: f"start of {mlp_networks.SPREAD:g} linewidths, rate {mlp_networks.RATE:g} linewidths "
        "that falls to zero along a cosine, neurons put out the emitted power (B.11)",
        OUR_SOFTWARE: f"rate {mlp_networks.SOFTWARE_RATE:g} of weights, falling likewise",
        "training rows": "the last 5000 of 60,000 validate; the thesis trains on all",
        "far root": f"weights too small for {mlp_roots.FARTHEST:g} linewidths stay there",
        **training.settings,
    }
    rows = _rows(training, trained, roots)
    result = Result("mlp", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def _rows(training: MnistTraining, trained: Mapping[str, Trained], roots: Any) -> list[Row]:
    software, *others = trained.items()
    rows = software_rows(software[1], training.data, PUBLISHED["software"], NOT_PRINTED)
    for name, each in others:
        known = name in PUBLISHED
        rows += accuracy_rows(name, each, PUBLISHED.get(name), NOT_PRINTED if known else None)
        if name != OUR_SOFTWARE:
            peer = OUR_SOFTWARE if name == OURS else software[0]
            rows += difference_rows(f"{name} - {peer}", each, trained[peer], SHOWS[0])
    mapped = 100 * roots["near"][mlp_roots.EXACT]
    what = f"{MAPPED}: test accuracy"
    rows.append(mean_row(what, "%", mapped, PUBLISHED[MAPPED], NOT_PRINTED))
    direct = 100 * trained[DIRECT].test
    what = f"{DIRECT} - {MAPPED}"
    rows.append(difference_row(what, "points", direct, mapped, note=NOT_PRINTED))
    for root, accuracies in roots.items():
        for what, each in accuracies.items():
            rows.append(mean_row(f"{MAPPED}, {root} root, {what}: test accuracy", "%", 100 * each))
    return rows


@plotting.styled
def _drawn(trained: Mapping[str, Trained], roots: Mapping[str, Mapping[str, np.ndarray]]) -> Any:
    drawn, (left, right) = plotting.figure(1, 2, width=1.15, aspect=0.8)
    draw_training(left, trained)
    last = min(100 * each.history.test_accuracy[-1].mean() for each in trained.values())
    left.set(title="(a) bands: deviation of seeds", ylim=(last - 2, None))
    conditions = list(next(iter(roots.values())))
    places = np.arange(len(conditions))
    for (root, accuracies), aside, colour in zip(roots.items(), (-0.2, 0.2), plotting.COLOURS):
        mean, bars = means_and_deviations([100 * accuracies[what] for what in conditions])
        right.barh(places + aside, mean, 0.38, xerr=bars, color=colour, label=f"{root} root")
    right.set_yticks(places, conditions)
    right.invert_yaxis()
    right.set(title="(b) mapped; bars: deviation of seeds", xlabel="accuracy on test rows (%)")
    drawn.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    drawn.legend(*right.get_legend_handles_labels(), loc="outside upper right")
    return drawn
