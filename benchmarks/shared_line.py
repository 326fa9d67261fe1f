"""How much faster is the nonlinear shared-line layer than the same sum taken pair by pair?

The peers are direct sums: one cubic for every image, chain, resonator and tone. What is compared is
a fast evaluation with brute force, not one library with another: the direct sum in JAX, rfjax
without its fast evaluation, stands beside the one in PyTorch.
"""

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import operating_point as at
from benchmarks.peers import NO_TORCH, direct_torch
from benchmarks.row import Row
from benchmarks.timing import compiled, median_seconds
from rfjax.rectifiers import Independent

PAIRS_IN_REACH = 10**8  # beyond, the direct sum is measured with a few images
FEW, MORE = 2, 4
SPEND_FEW = 0.0  # s: as few repetitions as are ever taken


def rows(quick: bool) -> Iterator[Row]:
    """Forward, and forward with gradient, at every size."""
    for size in at.sizes(quick):
        for what in at.STEPS:
            ours = at.layer_seconds(size, Independent(), what, quick)
            for name, of_images in (
                ("direct sum in JAX", _direct_jax(size, what)),
                ("direct sum in PyTorch", _direct_torch(size, what)),
            ):
                theirs, found = (None, NO_TORCH)
                if of_images is not None:
                    theirs, found = _direct_seconds(of_images, size, quick)
                yield Row(f"nonlinear layer {size}", what, ours, theirs, "s", f"{name}{found}")


def _direct_seconds(
    of_images: Callable[[int], Callable[[], Any]], size: at.Size, quick: bool
) -> tuple[float, str]:
    """Time of a direct sum, and how it was found."""
    if size.batch * size.chains * size.tones**2 <= PAIRS_IN_REACH:
        return median_seconds(of_images(size.batch), at.seconds_to_spend(quick)), ""
    few, more = (median_seconds(of_images(images), SPEND_FEW) for images in (FEW, MORE))
    an_image = min(few / FEW, more / MORE)
    found = f", extrapolated from B={FEW}: {few:.2g} s, B={MORE}: {more:.2g} s"
    return an_image * size.batch, found


def _direct_jax(size: at.Size, what: str) -> Callable[[int], Callable[[], Any]]:
    layer = at.layer(size, Independent(), tolerance=None)
    powers = at.pixels(size) * layer.peak_powers

    def of_images(images: int) -> Callable[[], Any]:
        some = powers[:images]
        _, program = compiled(at.STEPS[what], layer, some)
        return lambda: program(layer, some)

    return of_images


def _direct_torch(size: at.Size, what: str) -> Callable[[int], Callable[[], Any]] | None:
    peer = direct_torch()
    if peer is None:
        return None
    ours = at.layer(size, Independent(), tolerance=None)
    layer, powers = peer.DirectSharedLine.like(ours), peer.same(at.pixels(size) * ours.peak_powers)
    return lambda images: lambda: peer.STEPS[what](layer, powers[:images])
