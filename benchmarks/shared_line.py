"""How much faster is the nonlinear shared-line layer than the same sum taken pair by pair?"""

from collections.abc import Iterator

from benchmarks import operating_point as at
from benchmarks.peers import NO_TORCH, direct_torch
from benchmarks.row import Row
from benchmarks.timing import median_seconds, seconds_once
from rfjax.rectifiers import Independent

PAIRS_IN_REACH = 10**8  # beyond, the direct sum is measured with a few images
FEW, MORE = 2, 4


def rows(quick: bool) -> Iterator[Row]:
    """Forward, and forward with gradient, at every size."""
    for size in at.sizes(quick):
        for what in at.STEPS:
            ours = at.layer_seconds(size, Independent(), what, quick)
            theirs, name = _direct_seconds(size, what, quick)
            yield Row(f"nonlinear layer {size}", what, ours, theirs, "s", name)


def _direct_seconds(size: at.Size, what: str, quick: bool) -> tuple[float | None, str]:
    """Time of the direct sum in PyTorch, and how it was found."""
    peer = direct_torch()
    if peer is None:
        return None, NO_TORCH
    ours = at.layer(size, Independent(), tolerance=None)
    layer, powers = peer.DirectSharedLine.like(ours), peer.same(at.pixels(size) * ours.peak_powers)
    step = peer.STEPS[what]
    if size.batch * size.chains * size.tones**2 <= PAIRS_IN_REACH:
        seconds = median_seconds(lambda: step(layer, powers), at.seconds_to_spend(quick))
        return seconds, "PyTorch direct"
    step(layer, powers[:1])
    few = seconds_once(lambda: step(layer, powers[:FEW]))
    more = seconds_once(lambda: step(layer, powers[:MORE]))
    an_image = min(few / FEW, more / MORE)
    found = f"extrapolated from B={FEW}: {few:.2f} s, B={MORE}: {more:.2f} s"
    return an_image * size.batch, f"PyTorch direct, {found}"
