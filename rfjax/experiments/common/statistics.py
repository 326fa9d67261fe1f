"""What repetitions tell: paired differences, intervals, and the errors that seeds do not show."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from rfjax.experiments.common.result import Row, mean_row

CONFIDENCE = 0.95


def difference_row(
    what: str,
    unit: str,
    ours: Float[np.ndarray, " repetitions"],
    theirs: Float[np.ndarray, " repetitions"],
    *,
    overlap: float = 0.0,
    note: str | None = None,
    item: str | None = None,
) -> Row:
    r"""The mean of a paired difference with its standard error, and whether it is decided.

    The interval is that of Student's t. Repetitions that draw their test rows from one set of data
    share most of their rows for training, so that their scatter is too small; Nadeau and Bengio
    (2003) replace the variance $s^2/n$ of the mean by $s^2(1/n+n_{test}/n_{train})$.

    **Arguments:** `what` is compared; `unit`; `ours` and `theirs`, pair by pair; `overlap`:
    $n_{test}/n_{train}$ where each repetition draws its own split, zero where all have the same;
    `note`: what else is to be said; `item` of the thesis.

    **Returns:** the row, whose error is `standard_error`. Its note gives the interval if that holds
    zero, or if it is corrected.
    """
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    differences = ours.astype(float) - theirs
    # Differences of single precision that are equal but for rounding have no scatter.
    rounding = (
        4 * np.finfo(np.result_type(ours, theirs, np.float32)).eps * np.abs([ours, theirs]).max()
    )
    if np.ptp(differences) <= rounding:
        differences[:] = differences.mean()
    said = [interval_note(differences, overlap), note]
    row = mean_row(what, unit, differences, note="; ".join(filter(None, said)) or None, item=item)
    if len(differences) == 1:
        return row
    return dataclasses.replace(row, error=standard_error(differences, overlap))


def standard_error(differences: Float[np.ndarray, " repetitions"], overlap: float = 0.0) -> float:
    r"""The standard error of a mean difference, $s\sqrt{1/n+n_{test}/n_{train}}$.

    **Arguments:** `differences`, two or more; `overlap` $n_{test}/n_{train}$: see
    `difference_row`.
    """
    return float(differences.std(ddof=1) * np.sqrt(1 / len(differences) + overlap))


def interval_note(differences: Float[np.ndarray, " repetitions"], overlap: float) -> str | None:
    """What the interval of a mean difference says; None if it decides and is not corrected."""
    count = len(differences)
    if count == 1:
        return "undecided: one repetition has no interval"
    low, high = interval(differences, overlap)
    corrected = ", corrected for splits that overlap" if overlap else ""
    words = f"95 % interval from {low:+.2f} to {high:+.2f}{corrected}"
    if low <= 0 <= high:
        return f"undecided at n = {count}, {words}"
    return words if overlap else None


def interval(
    differences: Float[np.ndarray, " repetitions"], overlap: float = 0.0
) -> tuple[float, float]:
    """The 95 % interval of a mean, by Student's t.

    **Arguments:** `differences`, two or more; `overlap`: see `difference_row`.

    **Returns:** its ends.
    """
    count = len(differences)
    reach = standard_error(differences, overlap) * stdtrit(count - 1, (1 + CONFIDENCE) / 2)
    return float(differences.mean() - reach), float(differences.mean() + reach)


def sampling_row(what: str, accuracy: float, rows: int) -> Row:
    r"""The standard error $\sqrt{p(1-p)/n}$ of an accuracy, since the test rows are a sample.

    It is the same for all seeds that are tested on the same rows, so that their scatter does not
    hold it. A paired difference has $\sqrt{d/n}$ of it, with the share $d$ of rows on which the two
    networks disagree.

    **Arguments:** `what` was tested; `accuracy` $p$, from 0 to 1; `rows`: $n$.

    **Returns:** the row, in points.
    """
    error = 100 * np.sqrt(accuracy * (1 - accuracy) / rows)
    what = f"{what}: standard error of the accuracy from the sampling of {rows} test rows"
    return Row(what, "points", None, float(error))


def means_and_deviations(
    values: Sequence[Float[np.ndarray, "_"]],
) -> tuple[Float[np.ndarray, " values"], Float[np.ndarray, " values"]]:
    """Means and sample standard deviations (n - 1), for the bars of a figure.

    **Arguments:** `values`: for each point the repetitions, (repetitions,).

    **Returns:** (means, deviations); a deviation of one repetition is NaN, and is not drawn.
    """
    means = np.array([np.mean(each) for each in values])
    single = [len(each) < 2 for each in values]
    deviations = [np.nan if one else np.std(each, ddof=1) for one, each in zip(single, values)]
    return means, np.array(deviations)
