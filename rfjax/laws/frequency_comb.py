"""The tones that share one line: where they lie and how their powers are scaled."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    non_negative,
    positive,
    positive_integer,
    positive_number,
)

_CHANCE = 0.05  # that tones without a common spacing are given one
_MOST_PARTS = 100_000  # of the extent of tones: longer periods are not worth waiting for


def spacing(lowest: ArrayLike, highest: ArrayLike, count: int) -> Float[Array, "..."]:
    r"""The relative half spacing $\mu$ of a geometric comb (5.20).

    $\mu=(r-1)/(r+1)$ with $r=(f_{max}/f_0)^{1/(n-1)}$, computed as a hyperbolic tangent, which
    keeps its digits in combs of many tones.

    **Arguments:** `lowest` and `highest` frequency in Hz; `count` of tones, two or more.

    **Returns:** $\mu$, without unit.

    **Raises:** `InvalidInput` for frequencies that do not rise or for fewer than two tones.
    """
    lowest, highest = _span(lowest, highest, count)
    return jnp.tanh(jnp.log(highest / lowest) / (2 * (count - 1)))


def geometric_comb(
    lowest: ArrayLike, highest: ArrayLike, count: int | np.integer
) -> Float[Array, "... {count}"]:
    r"""Tones at a constant ratio: $f_i=f_0\left(\frac{1+\mu}{1-\mu}\right)^i$ (5.19).

    Neighbours are the same number of linewidths apart all along the comb.

    **Arguments:** `lowest` and `highest` frequency in Hz; `count` of tones. One tone alone is the
    lowest, whatever the highest.

    **Returns:** frequencies in Hz along a last axis of length `count`.

    **Raises:** `InvalidInput` for frequencies that do not rise from tone to tone.
    """
    return _at_constant_ratio(*_span(lowest, highest, count, least=1), int(count))


@partial(jax.jit, static_argnames="count")
def _at_constant_ratio(lowest, highest, count: int):
    # log((1+μ)/(1−μ)); the ends are set exactly by counting from both.
    step = jnp.log(highest / lowest)[..., None] / max(count - 1, 1)
    index = np.arange(count)
    rising = lowest[..., None] * jnp.exp(step * index)
    falling = highest[..., None] * jnp.exp(-step * (count - 1 - index))
    return jnp.where(index < count / 2, rising, falling)


def rounded_comb(
    lowest: float, highest: float, count: int, grid: float
) -> Float[np.ndarray, " {count}"]:
    r"""A geometric comb (5.19) with every tone rounded to a multiple of one frequency.

    All beats and mixing products then repeat after one period of the grid.

    **Arguments:** `lowest`, `highest` and `grid` in Hz; `count` of tones, two or more.

    **Returns:** frequencies in Hz, (count,), in double precision.

    **Raises:** `InvalidInput` as for `geometric_comb`, and where the grid makes two tones one, or
    a tone zero.
    """
    step = positive_number("grid", grid)
    comb = np.asarray(geometric_comb(lowest, highest, count), np.float64)
    tones = step * np.round(comb / step)
    if not np.all(np.diff(tones, prepend=0) > 0):
        raise InvalidInput(
            f"grid is {step:g} Hz, which makes two tones one or a tone zero; give a finer one"
        )
    return tones


def linear_comb(lowest: ArrayLike, highest: ArrayLike, count: int) -> Float[Array, "... {count}"]:
    r"""Tones at a constant difference: $f_i=f_0+i\,(f_{max}-f_0)/(n-1)$ (5.4.3).

    **Arguments:** `lowest` and `highest` frequency in Hz; `count` of tones, two or more.

    **Returns:** frequencies in Hz along a last axis of length `count`.

    **Raises:** `InvalidInput` for frequencies that do not rise or for fewer than two tones.
    """
    lowest, highest = _span(lowest, highest, count)
    return jnp.linspace(lowest, highest, count, axis=-1)


def scaled_powers(powers: ArrayLike, frequencies: ArrayLike) -> Float[Array, "... tones"]:
    r"""Powers that rectify alike at every frequency: $P_i f_i/f_0$ (5.4.3.2).

    A resonator rectifies as $1/f$; the factor undoes it.

    **Arguments:** `powers` in W, scalar or (..., tones); `frequencies` (tones,) in Hz, the first
    being $f_0$.

    **Returns:** W, (..., tones).

    **Raises:** `InvalidInput` for negative powers, frequencies not above zero, and shapes that do
    not fit.
    """
    powers, frequencies = non_negative("powers", powers), positive("frequencies", frequencies)
    if frequencies.ndim != 1 or not frequencies.size:
        raise InvalidInput(f"frequencies have shape {frequencies.shape}; give (tones,)")
    broadcast_shape(powers=powers.shape, frequencies=frequencies.shape)
    return _scaled_by_frequency(powers, frequencies)


@jax.jit
def _scaled_by_frequency(powers, frequencies):
    return powers * (frequencies / frequencies[0])


def common_spacing(frequencies: ArrayLike, resolution: float = 1.0) -> float | None:
    r"""The largest spacing of which all differences of some frequencies are whole multiples.

    Beats between such tones, and between all that a nonlinear device makes of them, repeat after
    one over this spacing. The largest difference $D$ is divided into 1, 2, 3… parts, until all
    others are whole numbers of parts. Errors do not add up on the way, as they do in Euclid's
    algorithm; but the finer the parts, the more often numbers fit by chance: where that is likely,
    the search ends.

    **Arguments:** `frequencies` in Hz, two or more that differ; `resolution` in Hz: by how much
    rounding may have changed a difference.

    **Returns:** Hz; None where the frequencies have no common spacing that can be told from chance.

    **Raises:** `InvalidInput` if there are no differences.
    """
    positive("frequencies", frequencies)
    tones = np.sort(np.ravel(np.asarray(frequencies, np.float64)))
    limit = positive_number("resolution", resolution)
    offsets = tones - tones[:1]
    if not offsets.size or not offsets[-1] > limit:
        raise InvalidInput("the frequencies do not differ; give two or more that do")
    extent = offsets[-1]
    inner = [each for each in offsets if limit < each < extent - limit]
    parts = np.arange(1.0, _most_parts(len(inner), limit / extent) + 1)
    for each in inner:
        multiples = each / extent * parts
        parts = parts[np.abs(multiples - np.round(multiples)) * extent <= limit * parts]
    return float(extent / parts[0]) if parts.size else None


def _most_parts(count: int, error: float) -> int:
    r"""Into how many parts a length may be divided before random numbers fit by chance.

    Each of $m$ numbers is, to within an error $e$ of the length, a multiple of one of $k$ parts
    with the probability $2ek$; all are at some $k\le K$ with $(2e)^mK^{m+1}/(m+1)$.
    """
    fits = (_CHANCE * (count + 1)) ** (1 / (count + 1)) * (2 * error) ** (-count / (count + 1))
    return int(np.clip(fits, 1, _MOST_PARTS))


def _span(lowest, highest, count, least=2):
    if positive_integer("count", count) < least:
        raise InvalidInput("count is 1; a comb has two tones or more")
    lowest = positive("lowest", lowest)
    highest = positive("highest", highest)
    broadcast_shape(lowest=lowest.shape, highest=highest.shape)
    finite("highest / lowest", highest / lowest)
    if count > 1:
        positive("highest - lowest", highest - lowest)
    return lowest, highest
