"""How long does training on the digits take from start to end, compilation included?"""

import time
from collections.abc import Iterator

from benchmarks.peers import NO_TORCH, direct_torch
from benchmarks.row import Row
from benchmarks.timing import in_fresh_process, median_seconds
from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.digits import networks as digits

TEST_FRACTION = 0.25
NETWORKS = {"resonators": digits.resonators, "software": digits.software}
STEPS_AN_EPOCH = 67  # three quarters of 1797 images, twenty a step


def rows(quick: bool) -> Iterator[Row]:
    """The nonlinear perceptron beside a software perceptron and beside PyTorch."""
    epochs = 3 if quick else digits.EPOCHS
    case = f"digits, {epochs} epochs, batch {digits.BATCH_SIZE}"
    ours = in_fresh_process(training_seconds, "resonators", epochs)
    software = in_fresh_process(training_seconds, "software", epochs)
    yield Row(case, "training", ours, software, "s", "software perceptron, same loop")
    theirs, name = None, NO_TORCH
    if direct_torch() is not None:
        steps = epochs * STEPS_AN_EPOCH
        theirs = steps * in_fresh_process(torch_step_seconds, 0.3 if quick else 2.0)
        name = f"PyTorch direct, {steps} times the median step, no metrics"
    yield Row(case, "training", ours, theirs, "s", name)


def training_seconds(name: str, epochs: int) -> float:
    """Wall time of training one seed, from the first draw to the last metric."""
    load_digits()  # so that importing scikit-learn is not counted
    start = time.perf_counter()
    network = NETWORKS[name]()
    digits.train(network, [0], split=FixedSplit(TEST_FRACTION), epochs=epochs)
    return time.perf_counter() - start


def torch_step_seconds(spend: float) -> float:
    """Time of one step of Adam through the direct layer in PyTorch."""
    import torch

    from benchmarks import operating_point as at
    from benchmarks.torch_shared_line import DirectSharedLine, parts, same
    from rfjax.rectifiers import Independent

    ours = at.layer(at.DIGITS, Independent(), tolerance=None)
    layer, scale = DirectSharedLine.like(ours), 1e4  # volts to logits of order one
    powers = parts(layer, same(at.pixels(at.DIGITS) * ours.peak_powers))
    labels = (torch.arange(at.DIGITS.batch) % at.DIGITS.chains).split(
        [len(part) for part in powers]
    )
    cross_entropy = torch.nn.CrossEntropyLoss(reduction="sum")
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.01)

    def step():
        optimiser.zero_grad()
        for part, classes in zip(powers, labels, strict=True):
            cross_entropy(layer(part) * scale, classes).backward()
        optimiser.step()

    return median_seconds(step, spend)
