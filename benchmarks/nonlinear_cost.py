"""What does the nonlinear physics cost beside the linear model, in the same layer?"""

from collections.abc import Iterator

from benchmarks import operating_point as at
from benchmarks.row import Row
from rfjax.rectifiers import Independent, Linear


def rows(quick: bool) -> Iterator[Row]:
    """Forward, and forward with gradient, at every size."""
    for size in at.sizes(quick):
        for what in at.STEPS:
            ours, theirs = (
                at.layer_seconds(size, model, what, quick) for model in (Independent(), Linear())
            )
            yield Row(f"nonlinear layer {size}", what, ours, theirs, "s", "rfjax Linear")
