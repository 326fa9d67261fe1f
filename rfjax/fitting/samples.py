"""What samples tell before anything is fitted to them."""

import numpy as np
from jaxtyping import Float


def sample_noise(
    values: Float[np.ndarray, "*b n"], axes: tuple[int, ...] = (-1,)
) -> Float[np.ndarray, "..."]:
    """The deviation of the noise along the last axis, out of differences from sample to sample.

    Third differences, in which what is smooth leaves little.

    **Arguments:** `values`, in the order in which they were taken; `axes` that share their noise,
    the last one among them.

    **Returns:** the deviation, without these axes; zero for fewer than eight samples.
    """
    if values.shape[-1] < 8:
        return np.zeros(np.median(values, axes).shape)
    return np.median(np.abs(np.diff(values, 3)), axes) / (0.6745 * np.sqrt(20))


def filled_in(values: Float[np.ndarray, "*b n"]) -> Float[np.ndarray, "*b n"]:
    """Samples with what is missing interpolated along the last axis, to find starts in.

    **Arguments:** `values`, NaN where one is missing.
    """
    filled = np.array(values, np.float64)
    for row in filled.reshape(-1, filled.shape[-1]):
        there = np.isfinite(row)
        if not there.all():
            at = np.arange(len(row))
            row[~there] = np.interp(at[~there], at[there], row[there]) if there.any() else 0.0
    return filled
