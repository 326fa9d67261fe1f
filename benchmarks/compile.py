"""How long does compilation take, and how much memory does a gradient step need?"""

import itertools
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

import jax

from benchmarks import operating_point as at
from benchmarks.digits import NETWORKS, TEST_FRACTION
from benchmarks.peers import NO_TORCH, direct_torch
from benchmarks.row import Row
from benchmarks.timing import compiled, in_fresh_process, peak_mebibytes
from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.digits import networks as digits
from rfjax.rectifiers import AbstractRectifier, Independent, Linear

WHAT = "forward and gradient"


class Cost(NamedTuple):
    """What a gradient step takes beside its run time.

    **Arguments:** `preparation` of the layer and `compilation` of the step, in s; `memory` above
    that of the libraries, in MiB.
    """

    preparation: float
    compilation: float
    memory: float


def rows(quick: bool) -> Iterator[Row]:
    """Cold starts: of a training run, and of the layer at every size."""
    ours, software = (in_fresh_process(first_epoch, name) for name in NETWORKS)
    peer = "software perceptron, same loop"
    yield Row("digits training", "first epoch beyond the others", ours, software, "s", peer)
    for size in at.sizes(quick):
        case = f"nonlinear layer {size}"
        ours, linear = (in_fresh_process(cost, size, model) for model in (Independent(), Linear()))
        yield Row(case, "preparation", ours.preparation, linear.preparation, "s", "rfjax Linear")
        yield Row(case, "compilation", ours.compilation, linear.compilation, "s", "rfjax Linear")
        theirs, name = None, NO_TORCH
        if direct_torch() is not None:
            theirs, name = in_fresh_process(torch_memory, size), "PyTorch direct, in parts"
        yield Row(case, "memory", ours.memory, theirs, "MiB", name)


def first_epoch(name: str) -> float:
    """How much longer the first epoch of a training run takes than the others, in s."""
    load_digits()
    times = [time.perf_counter()]
    digits.train(
        NETWORKS[name](),
        [0],
        split=FixedSplit(TEST_FRACTION),
        epochs=4,
        on_epoch=lambda *_: times.append(time.perf_counter()),
    )
    first, *others = (end - start for start, end in itertools.pairwise(times))
    return first - statistics.median(others)


def cost(size: at.Size, rectifier: AbstractRectifier) -> Cost:
    """Prepare, compile and run one gradient step in this process."""
    before = peak_mebibytes()
    start = time.perf_counter()
    layer = at.layer(size, rectifier)
    preparation = time.perf_counter() - start
    powers = at.pixels(size) * layer.peak_powers
    compilation, program = compiled(at.STEPS[WHAT], layer, powers)
    jax.block_until_ready(program(layer, powers))
    return Cost(preparation, compilation, peak_mebibytes() - before)


def torch_memory(size: at.Size) -> float:
    """Run a gradient step of the direct sum, of one part of the batch, in this process."""
    peer = direct_torch()
    assert peer is not None
    ours = at.layer(size, Independent(), tolerance=None)
    before = peak_mebibytes()
    layer, powers = peer.DirectSharedLine.like(ours), peer.same(at.pixels(size) * ours.peak_powers)
    peer.STEPS[WHAT](layer, peer.parts(layer, powers)[0])
    return peak_mebibytes() - before
