"""How long is an epoch of the printed convolutional network, beside software and beside PyTorch?"""

from collections.abc import Iterator

from benchmarks.networks import beside_software, beside_torch
from benchmarks.row import Row
from rfjax.experiments.mnist import cnn


def rows(quick: bool) -> Iterator[Row]:
    """Filters of resonators, linear, 32 and 64 of 5 × 5, in the printed batches."""
    case = "convolutions, each resonator on its own tone, linear"
    networks = {case: cnn.resonators()}
    yield from beside_software(networks, cnn.software(), cnn.BATCH_SIZE, quick)
    yield beside_torch(case, networks[case], cnn.BATCH_SIZE, quick)
