"""What samples tell before anything is fitted to them."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from rfjax.checks import InvalidInput, finite, host_numbers

SCATTER = "the noise from sample to sample"
FEW = 8  # samples, below which it is not seen
SHARE = 0.03


def samples_of(name: str, value: Any) -> Float[np.ndarray, "..."]:
    """What was measured, NaN where a sample is missing; zero where arrays would round it to that.

    **Raises:** `InvalidInput` for what is no number, infinite, or beyond the precision of arrays.
    """
    numbers = host_numbers(name, value).astype(np.float64)
    if np.isinf(numbers).any():
        raise InvalidInput(f"{name} are infinite somewhere; give NaN where a sample is missing")
    missing = np.isnan(numbers)
    held = finite(name, np.where(missing, 0.0, numbers))
    return np.where((np.asarray(held) == 0) & ~missing, 0.0, numbers)


def held_by(dtype: Any, value: Float[np.ndarray, "..."], what: str) -> Float[np.ndarray, "..."]:
    """Numbers in the precision of arrays; `what` they come of, in words.

    **Raises:** `InvalidInput` where it does not hold them.
    """
    with np.errstate(over="ignore", under="ignore"):
        cast = np.asarray(value).astype(dtype)
    if not np.isfinite(cast).all():
        raise InvalidInput(f"{what} lead beyond the range of {np.dtype(dtype)}; check their units")
    return cast


def sample_noise(
    values: Float[np.ndarray, "*b n"], axes: tuple[int, ...] = (-1,)
) -> Float[np.ndarray, "..."]:
    """The deviation of the noise along the last axis, out of differences from sample to sample.

    Third differences, in which what is smooth leaves little.

    **Arguments:** `values`, in the order of what they were taken at, see `in_order`; `axes` that
    share their noise, the last one among them.

    **Returns:** the deviation, without these axes; zero for fewer than eight samples.
    """
    if values.shape[-1] < FEW:
        return np.zeros(np.delete(values.shape, axes))
    return np.asarray(np.median(np.abs(np.diff(values, 3)), axes) / (0.6745 * np.sqrt(20)))


def noise_of_curves(values: Float[np.ndarray, "*b n"]) -> Float[np.ndarray, "*b"]:
    """The deviation of the noise of every curve, out of its own differences from sample to sample.

    **Arguments:** `values`, in the order of what they were taken at, NaN where one is missing.

    **Returns:** `sample_noise` of what is there.
    """
    rows = values.reshape(-1, values.shape[-1])
    found = sample_noise(rows)
    for place in np.flatnonzero(np.isnan(rows).any(1)):
        there = rows[place][np.isfinite(rows[place])]
        found[place] = sample_noise(there) if there.size else 0.0
    return found.reshape(values.shape[:-1])


def expected_noise(values: Float[np.ndarray, "*b n"]) -> Float[np.ndarray, "*b"]:
    """The deviation that few samples let expect: their noise, or a share of their range.

    **Arguments:** `values`, in the order of what they were taken at, NaN where one is missing.

    **Returns:** `sample_noise` of what is there, 3 % of its range below eight samples, and at least
    a millionth of the largest.
    """
    rows = [row[np.isfinite(row)] for row in values.reshape(-1, values.shape[-1])]
    found = np.zeros(len(rows))
    for place, row in enumerate(rows):
        if len(row):
            noise = sample_noise(row) if len(row) >= FEW else SHARE * np.ptp(row)
            found[place] = np.maximum(noise, 1e-6 * np.abs(row).max())
    return found.reshape(values.shape[:-1])


def root_mean_square(
    deviations: Float[np.ndarray, "*b curves"], samples: Int[np.ndarray, "*b curves"]
) -> Float[np.ndarray, "*b"]:
    """The deviation of all samples of several curves out of that of each."""
    return np.sqrt(np.average(deviations**2, axis=-1, weights=np.maximum(samples, 1e-9)))


def yardstick_of(samples: int) -> str:
    """What `expected_noise` is out of, in words."""
    return SCATTER if samples >= FEW else f"{SHARE:.0%} of the range of what was measured"


def in_order(
    values: Float[np.ndarray, "*b n"], places: Float[np.ndarray, "*#b n"]
) -> Float[np.ndarray, "*b n"]:
    """Samples by rising place, in which their differences are those of neighbours.

    **Arguments:** `values`; `places` at which they were taken, in any order.
    """
    order = np.broadcast_to(np.argsort(places, axis=-1, kind="stable"), values.shape)
    return np.take_along_axis(values, order, -1)


def filled_in(
    values: Float[np.ndarray, "*b n"], places: Float[np.ndarray, "*#b n"]
) -> Float[np.ndarray, "*b n"]:
    """Samples with what is missing interpolated along the last axis, to find starts in.

    **Arguments:** `values`, NaN where one is missing; `places` at which they were taken, in any
    order.
    """
    filled = np.array(values, np.float64)
    every = np.broadcast_to(places, filled.shape).reshape(-1, filled.shape[-1])
    for row, at in zip(filled.reshape(-1, filled.shape[-1]), every, strict=True):
        there = np.isfinite(row)
        if there.any() and not there.all():
            known, nodes = in_order(row[there], at[there]), np.sort(at[there])
            row[~there] = np.interp(at[~there], nodes, known)
        elif not there.all():
            row[:] = 0.0
    return filled
