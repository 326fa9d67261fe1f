"""How many nodes in power each pair of a tone and a resonator needs.

All of it runs on the host, in float64, for `rfjax.rectifiers.planning`.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import numpy as np

from rfjax.numerics import chebyshev
from rfjax.rectifiers.line import Line, convert, line_of, lost_together, neighbours
from rfjax.rectifiers.pairs import Excess

WIDEST = 96  # how far the neighbours are that may need nodes
FAR_NODES = 12  # detunings at which the far field is sampled
_COUNTS = np.array((0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48))
# At least so many detunings for each linewidth of the range, or the resonance hides between them.
_DENSITY = 4
_SAMPLED = 16


class Sampled(NamedTuple):
    """Sampled resonators: what is lost of their excess, V.

    `own`: which; `by_count` (resonators, offsets, counts but the first): with so many nodes;
    `by_terms` (resonators, offsets, terms): left to a far field of so many terms.
    """

    own: np.ndarray
    by_count: np.ndarray
    by_terms: np.ndarray


@lru_cache(maxsize=4)
def sampled_excess(rectifier, data, half_width) -> Sampled:
    """Errors of interpolating a model's excess: of all resonators, or some on a gradual line."""
    line = line_of(data)
    tones = len(line.peaks)
    own = np.arange(tones)
    if _gradual(line):
        own = np.unique(np.linspace(0, tones - 1, _SAMPLED).astype(int))
    losses = [
        _losses(rectifier, line, half_width, own[first : first + _SAMPLED])
        for first in range(0, len(own), _SAMPLED)
    ]
    return Sampled(own, *(np.concatenate(parts) for parts in zip(*losses, strict=True)))


def _gradual(line: Line) -> bool:
    """Whether what lies between two resonators of the line lies between their values, too."""
    if len(line.peaks) == 1:
        return True
    distances = np.diff(np.log(line.resonators.frequency))
    for values in (*jax.tree.leaves(line.resonators), line.peaks, distances):
        steps, rounding = np.diff(values), 1e-3 * np.mean(np.abs(values))
        if np.any(steps > rounding) and np.any(steps < -rounding):
            return False
    return True


def _losses(rectifier, line: Line, half_width, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The losses of some resonators, by count and by terms: see `Sampled`."""
    tones = len(line.peaks)
    tone, there = neighbours(own, tones, min(tones - 1, WIDEST))
    points, to_detuning_series = chebyshev.nodes(max(FAR_NODES, _DENSITY * int(half_width)))
    detuning = half_width * points
    most = int(_COUNTS[-1])
    share, to_series = share_nodes(most)
    tone = tone[..., None, None]
    place = (line, own[:, None, None, None], tone, detuning[:, None], line.peaks[tone] * share)
    values = line.peaks[tone] * convert(Excess(rectifier), *place) * there[..., None, None]
    series = np.abs(values @ to_series.T).max(axis=2)
    # Interpolation at n nodes loses no more than twice what lies beyond the n-th polynomial.
    beyond = 2 * np.cumsum(series[..., ::-1], axis=-1)[..., ::-1]
    by_count = np.stack([beyond[..., min(n + 1, most)] for n in _COUNTS[1:]], axis=-1)
    # The far field has one node, and what lies beyond its last polynomial of the detuning.
    along = np.abs(np.tensordot(values[..., -1], to_detuning_series, (2, 1)))
    by_terms = by_count[..., :1] + np.cumsum(along[..., ::-1], axis=-1)[..., ::-1]
    return by_count, by_terms


class Nodes(NamedTuple):
    """Pairs of tone and resonator and, for each, the count of its nodes in power."""

    tone: np.ndarray
    own: np.ndarray
    count: np.ndarray


def node_counts(sampled: Sampled, terms: int, budget: float, tones: int) -> Nodes | None:
    """The fewest nodes for each pair that together lose no more than the budget."""
    far = sampled.by_terms[..., terms : terms + 1]
    losses = np.concatenate([far, sampled.by_count], axis=-1)
    for share in budget * 1.5 ** -np.arange(40.0):
        enough = losses <= share
        enough[..., -1] = True
        choice = np.argmax(enough, axis=-1)
        lost = np.take_along_axis(losses, choice[..., None], -1).sum(axis=(1, 2))
        if lost_together(lost) * np.sqrt(tones / len(lost)) <= budget:
            break
    else:
        return None
    counts = _COUNTS[choice]
    # Between two sampled resonators whichever of them needs more.
    own = np.arange(tones)
    right = np.searchsorted(sampled.own, own)
    left = np.maximum(right - (sampled.own[right] != own), 0)
    counts = np.maximum(counts[left], counts[right])
    tone, there = neighbours(own, tones, min(tones - 1, WIDEST))
    kept = there & (counts > 0)
    return Nodes(tone[kept], np.nonzero(kept)[0], counts[kept])


def share_nodes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the peak power, and the matrix from values there to Chebyshev coefficients.

    The excess vanishes at zero power, which is a node that costs nothing.
    """
    share = (1 - np.cos(np.pi * np.arange(count + 1) / count)) / 2
    polynomials = np.polynomial.chebyshev.chebvander(2 * share - 1, count)
    return share[1:], np.linalg.inv(polynomials)[:, 1:]
