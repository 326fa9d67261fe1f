"""How does a step of the nonlinear shared-line layer grow with its size?"""

from collections.abc import Iterator

import numpy as np

from benchmarks import operating_point as at
from benchmarks.row import Row
from rfjax.rectifiers import Independent

TONES, CHAINS, BATCHES = (196, 392, 784), (10, 40, 160), (125, 500, 2000)


def rows(quick: bool) -> Iterator[Row]:
    """Three sizes along each axis, and the exponent of the power law through them."""
    if quick:
        return
    axes = {
        "tones": [at.Size(500, tones, 10) for tones in TONES],
        "chains": [at.Size(500, 784, chains) for chains in CHAINS],
        "images": [at.Size(batch, 784, 10) for batch in BATCHES],
    }
    counts = {"tones": TONES, "chains": CHAINS, "images": BATCHES}
    what = "forward and gradient"
    for name, sizes in axes.items():
        seconds = [at.layer_seconds(size, Independent(), what, quick) for size in sizes]
        for size, each in zip(sizes, seconds, strict=True):
            yield Row(f"nonlinear layer {size}", what, each, None, "s", "none: growth")
        exponent = float(np.polyfit(np.log(counts[name]), np.log(seconds), 1)[0])
        yield Row(f"nonlinear layer: exponent of {name}", what, exponent, None, "", "none: growth")
