"""Which classes are taken for which."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int


def confusion(
    labels: Int[np.ndarray, " rows"], found: Int[np.ndarray, "*seeds rows"], classes: int
) -> Int[np.ndarray, "{classes} {classes}"]:
    """How often rows of each class were found to be of each, over all seeds.

    **Arguments:** `labels`: the true classes; `found`: those of one or more networks; `classes`:
    how many there are.

    **Returns:** counts, true classes along the first axis.
    """
    pairs = classes * np.broadcast_to(labels, found.shape) + found
    return np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)


def draw_confusion(axes: Any, counts: np.ndarray, names: Sequence[str], title: str) -> None:
    """Shares of each true class in per cent, as a table of colours and numbers.

    **Arguments:** `axes`: of matplotlib; `counts` of `confusion`; `names` of the classes; `title`.
    """
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    axes.grid(False)
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.05:
            colour = "white" if share > 50 else "black"
            written = f"{share:.3g}" if share < 99.95 else "100"
            axes.text(column, row, written, color=colour, ha="center", va="center", fontsize=5)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.set(title=title, xlabel="found", ylabel="true")
