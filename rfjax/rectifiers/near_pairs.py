"""The pairs near their own tones: those of the linear response, and those that are not linear.

All of it runs on the host, in float64, for `rfjax.rectifiers.planning`.
"""

import jax
import numpy as np

from rfjax.numerics import chebyshev
from rfjax.rectifiers.line import Line, convert, lost_together
from rfjax.rectifiers.linear import Linear
from rfjax.rectifiers.node_counts import Nodes, share_nodes
from rfjax.rectifiers.pairs import AbstractPairs, Excess, Pairs, PairSeries

# Series of more terms cost as much as the cubics that they stand for.
_MOST_TERMS = 40


def linear_band(line: Line, band: int) -> Pairs:
    """All pairs within the band, at rest."""
    own, tone = np.indices((len(line.peaks),) * 2).reshape(2, -1)
    near = np.abs(own - tone) <= band
    own, tone = own[near], tone[near]
    return _pairs(Linear(), line, own, tone, np.zeros_like(own), 1, np.zeros(len(own)))


def corrections(
    rectifier, line: Line, nodes: Nodes, half_width, budget: float
) -> tuple[AbstractPairs, np.ndarray]:
    """All pairs at all of their nodes, and the matrix from their sums to coefficients.

    Pairs with the same count of nodes share a slot for each node.
    """
    counts = np.unique(nodes.count)
    terms = int(counts.max(initial=0)) + 1
    parts, columns, slots = [], [np.zeros((terms, 0))], 0
    for count in counts:
        share, to_series = share_nodes(int(count))
        here = nodes.count == count
        own, tone, node = np.broadcast_arrays(
            nodes.own[here], nodes.tone[here], np.arange(count)[:, None]
        )
        parts.append([own.ravel(), tone.ravel(), slots + node.ravel(), share[node].ravel()])
        columns.append(np.pad(to_series, ((0, terms - len(to_series)), (0, 0))))
        slots += int(count)
    if not parts:
        parts = [[nodes.own, nodes.tone, nodes.count, np.zeros(0)]]
    own, tone, slot, share = (np.concatenate(part) for part in zip(*parts, strict=True))
    pairs = _pairs(Excess(rectifier), line, own, tone, slot, slots, share)
    return _as_series(pairs, line, half_width, budget), np.concatenate(columns, axis=1)


def _as_series(pairs: Pairs, line: Line, half_width, budget: float) -> AbstractPairs:
    """The pairs as series of as many terms as the budget asks for, unless those are too many."""
    points, to_series = chebyshev.nodes(2 * _MOST_TERMS)
    detuning = half_width * points[:, None]
    volts = convert(pairs.kind, line, pairs.own, pairs.tone, detuning, pairs.power)
    series = pairs.weight * (to_series @ volts)
    lost = np.zeros((len(series), len(line.peaks)))
    # What lies beyond a term, for each resonator.
    beyond = np.cumsum(np.abs(series[::-1]), axis=0)[::-1]
    np.add.at(lost.T, pairs.own, beyond.T)
    enough = lost_together(lost.T) <= budget
    terms = int(np.argmax(enough)) if enough.any() else len(series)
    if terms > _MOST_TERMS:
        return pairs
    place = pairs.own, pairs.tone, pairs.slot, pairs.slots
    return PairSeries(*place, series[: max(terms, 1)], np.asarray(half_width))


def reach(nodes: Nodes, fewest: int, tones: int) -> tuple[int, ...]:
    """How many tones, from the first, each polynomial of the share of the power is needed for."""
    most = int(nodes.count.max(initial=0))
    needed = [tones] * fewest
    for term in range(fewest, most + 1):
        needed.append(int(nodes.tone[nodes.count >= term].max()) + 1)
    return tuple(needed)


def _pairs(kind, line: Line, own, tone, slot, slots: int, share) -> Pairs:
    peaks, frequency = line.peaks[tone], np.asarray(line.resonators.frequency)
    resonators = jax.tree.map(
        lambda field: np.asarray(field)[:1].reshape(()) if np.ptp(field) == 0 else field[own],
        line.resonators,
    )
    return Pairs(
        own,
        tone,
        slot,
        slots,
        kind,
        peaks * share,
        peaks * line.signs[own],
        resonators,
        frequency[own],
        frequency[tone],
    )
