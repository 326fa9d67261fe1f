"""Preparing the fast evaluation: order, band and nodes from one requested tolerance.

All of it runs on the host, in float64, and leaves arrays of the layer's own precision.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.rectifiers import chebyshev
from rfjax.rectifiers.base import AbstractToneByTone
from rfjax.rectifiers.expansion import Expansion
from rfjax.rectifiers.line import Line, convert, data_of, folds, line_of
from rfjax.rectifiers.linear import Linear
from rfjax.rectifiers.pairs import AbstractPairs, Excess, Pairs, PairSeries

_HALF_WIDTHS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
# Layers fit their range between epochs of training, in which detunings move by tenths of
# linewidths; one that leaves the range costs the layer its fast evaluation until the next.
_ROOM, _MOVED = 1.2, 0.5
_NODE_COUNTS = np.array((0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48))
_FAR_NODES = 12
# At least so many detunings for each linewidth of the range, or the resonance hides between them.
_DENSITY = 4
_WIDEST = 96
_SAMPLED = 16
# Series of more terms cost as much as the cubics that they stand for.
_MOST_TERMS = 40
# What costs a gradient step so many ns: a pair, for each chain; an entry of a far matrix, which
# has to be read once and is then multiplied for each chain.
_PAIR_COST, _READ_COST, _PRODUCT_COST = 3.0, 0.5, 0.03


def half_width_for(detuning: Float[np.ndarray, "..."]) -> float | None:
    """The first of the prepared ranges, in linewidths, that holds all detunings with room to move.

    **Returns:** the range, or None if the detunings leave all of them.
    """
    needed = _MOVED + _ROOM * float(np.max(np.abs(detuning), initial=0.0))
    return next((width for width in _HALF_WIDTHS if width >= needed), None)


def planned(
    rectifier: AbstractToneByTone,
    resonators: Resonator,
    peak_powers: Float[Array, " tones"],
    signs: Float[Array, " tones"],
    *,
    half_width: float,
    tolerance: float,
    chains: int,
) -> Expansion | None:
    """The cheapest expansion that is estimated to keep a tolerance.

    The same request is planned once; the estimate is not a proof, so that whoever asks measures.

    **Arguments:** `rectifier`: the rung; `resonators` (tones,), at their own tones;
    `peak_powers` (tones,) in W; `signs` (tones,) of the wiring; `half_width`: largest detuning in
    linewidths; `tolerance`, relative to the largest voltage; `chains`: how many share the tones.

    **Returns:** the expansion, or None where the response folds or is too far from linear.
    """
    data = data_of(resonators, peak_powers, signs)
    dtype = jnp.result_type(*jax.tree.leaves(resonators), peak_powers)
    return _planned(rectifier, data, half_width, tolerance, chains, np.dtype(dtype).name)


@lru_cache(maxsize=32)
def _planned(rectifier, data, half_width, tolerance, chains, dtype) -> Expansion | None:
    line = line_of(data)
    tones = len(line.peaks)
    linear, scale = _linear_response(data, half_width)
    far = _far_field(linear * line.peaks[:, None], tolerance * scale / 3, chains)
    terms = len(far.series)
    series = far.series
    nodes = _Nodes(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int))
    if not isinstance(rectifier, Linear):
        if folds(data, half_width):
            return None
        sampled = _sampled_excess(rectifier, data, half_width)
        nodes = _node_counts(sampled, terms, tolerance * scale / 3, tones)
        if nodes is None:
            return None
        if terms:
            excess = _full_excess(rectifier, data, half_width)
            growing = _growing_field(excess, terms, nodes, tones)
            series = np.concatenate([series, growing], axis=1)
    expansion = Expansion(
        rectifier,
        np.asarray(half_width),
        line.peaks,
        np.moveaxis(series[1:] * line.signs, 0, 1).reshape(series.shape[1], -1),
        series[0] @ line.signs if terms else np.zeros(series.shape[1]),
        _band(line, far.band),
        *_corrections(rectifier, line, nodes, half_width, tolerance * scale / 3),
        _reach(nodes, series.shape[1] // tones, tones),
    )
    return jax.tree.map(
        lambda leaf: jnp.asarray(leaf.astype(dtype if leaf.dtype.kind == "f" else np.int32)),
        expansion,
    )


class _FarField(NamedTuple):
    """The linear response beyond a band, as Chebyshev series in the detuning.

    `series`: (terms, tones, resonators), V.
    """

    series: np.ndarray
    band: int


@lru_cache(maxsize=4)
def _linear_response(data, half_width) -> tuple[np.ndarray, float]:
    """Chebyshev series of all pairs (terms, tones, resonators), V/W, and the scale, V."""
    line = line_of(data)
    tones = len(line.peaks)
    own, tone = np.arange(tones), np.arange(tones)[:, None]
    detuning, to_series = _detuning_series(half_width)
    values = convert(Linear(), line, own, tone, detuning[:, None, None], np.zeros(()))
    squares = np.mean((values * line.peaks[:, None]) ** 2, axis=0)
    return np.tensordot(to_series, values, axes=1), float(np.sqrt(np.sum(squares) / 3))


def _far_field(series: np.ndarray, budget: float, chains: int) -> _FarField:
    """The order and the band that keep the budget at the least cost of a gradient step."""
    tones = series.shape[1]
    own, tone = np.arange(tones), np.arange(tones)[:, None]
    distance = np.abs(own - tone)
    entry_cost = _READ_COST + _PRODUCT_COST * chains
    best = (_PAIR_COST * chains * (2 * tones - 1) * tones, tones - 1, 0)
    tail = np.zeros_like(series[0])
    for terms in range(len(series) - 1, 1, -1):
        tail += np.abs(series[terms])
        lost = np.zeros((tones, tones + 1))
        np.add.at(lost, (np.broadcast_to(own, distance.shape), distance), tail)
        beyond = np.cumsum(lost[:, ::-1], axis=1)[:, ::-1][:, 1:]
        band = int(np.argmax(_together(beyond) <= budget))
        cost = _PAIR_COST * chains * (2 * band + 1) * tones + entry_cost * terms * tones**2
        if band < tones - 1:
            best = min(best, (cost, band, terms))
    _, band, terms = best
    return _FarField(np.where(distance > band, series[:terms], 0), band)


@lru_cache(maxsize=4)
def _full_excess(rectifier, data, half_width) -> np.ndarray:
    """Chebyshev series of the excess of neighbours at full power, (terms, tones, offsets), V."""
    line = line_of(data)
    tones = len(line.peaks)
    tone, own = _neighbours(np.arange(tones), tones)
    there = (tone >= 0) & (tone < tones)
    tone = np.clip(tone, 0, tones - 1)
    detuning, to_series = _detuning_series(half_width)
    place = (line, own, tone, detuning[:, None, None], line.peaks[tone])
    values = convert(Excess(rectifier), *place) * line.peaks[tone] * there
    return np.tensordot(to_series, values, axes=1)


def _growing_field(excess: np.ndarray, terms: int, nodes: "_Nodes", tones: int) -> np.ndarray:
    """The part of the excess at full power that belongs to pairs without nodes, for all pairs."""
    tone, own = _neighbours(np.arange(tones), tones)
    alone = np.ones((tones, tones), bool)
    alone[nodes.tone, nodes.own] = False
    there = (tone >= 0) & (tone < tones)
    there[there] = alone[tone[there], own[there]]
    series = np.zeros((terms, tones, tones))
    series[:, tone[there], own[there]] = excess[:terms, there]
    return series


def _neighbours(own: np.ndarray, tones: int) -> tuple[np.ndarray, np.ndarray]:
    """The tones about some resonators, (resonators, offsets), and the resonators themselves."""
    widest = min(tones - 1, _WIDEST)
    tone = own[:, None] + np.arange(-widest, widest + 1)
    return tone, np.broadcast_to(own[:, None], tone.shape)


def _detuning_series(half_width, count: int = _FAR_NODES) -> tuple[np.ndarray, np.ndarray]:
    """Detunings to sample, and the matrix from values there to Chebyshev coefficients."""
    points, to_series = chebyshev.nodes(count)
    return half_width * points, to_series


def _together(lost: np.ndarray) -> np.ndarray | np.floating:
    """What a chain loses when each resonator (first axis) loses so much at full power.

    Tones err alike, for powers have one sign; resonators err independently.
    """
    return np.sqrt(np.sum((lost / 2) ** 2, axis=0))


class _Sampled(NamedTuple):
    """Sampled resonators: what is lost of their excess, V.

    `own`: which; `by_count` (resonators, offsets, counts but the first): with so many nodes;
    `by_terms` (resonators, offsets, terms): left to a far field of so many terms.
    """

    own: np.ndarray
    by_count: np.ndarray
    by_terms: np.ndarray


@lru_cache(maxsize=4)
def _sampled_excess(rectifier, data, half_width) -> _Sampled:
    line = line_of(data)
    tones = len(line.peaks)
    own = np.arange(tones)
    if _gradual(line):
        own = np.unique(np.linspace(0, tones - 1, _SAMPLED).astype(int))
    losses = [
        _losses(rectifier, line, half_width, own[first : first + _SAMPLED])
        for first in range(0, len(own), _SAMPLED)
    ]
    return _Sampled(own, *(np.concatenate(parts) for parts in zip(*losses, strict=True)))


def _gradual(line: Line) -> bool:
    """Whether what lies between two resonators of the line lies between their values, too."""
    distances = np.diff(np.log(line.resonators.frequency))
    for values in (*jax.tree.leaves(line.resonators), line.peaks, distances):
        steps, rounding = np.diff(values), 1e-3 * np.mean(np.abs(values))
        if np.any(steps > rounding) and np.any(steps < -rounding):
            return False
    return True


def _losses(rectifier, line: Line, half_width, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The losses of some resonators, by count and by terms: see `_Sampled`."""
    tones = len(line.peaks)
    tone, _ = _neighbours(own, tones)
    there = (tone >= 0) & (tone < tones)
    dense = max(_FAR_NODES, _DENSITY * int(half_width))
    detuning, to_detuning_series = _detuning_series(half_width, dense)
    most = int(_NODE_COUNTS[-1])
    share, to_series = _nodes(most)
    tone = np.clip(tone, 0, tones - 1)[..., None, None]
    place = (line, own[:, None, None, None], tone, detuning[:, None], line.peaks[tone] * share)
    values = line.peaks[tone] * convert(Excess(rectifier), *place) * there[..., None, None]
    series = np.abs(values @ to_series.T).max(axis=2)
    # Interpolation at n nodes loses no more than twice what lies beyond the n-th polynomial.
    beyond = 2 * np.cumsum(series[..., ::-1], axis=-1)[..., ::-1]
    by_count = np.stack([beyond[..., min(n + 1, most)] for n in _NODE_COUNTS[1:]], axis=-1)
    # The far field has one node, and what lies beyond its last polynomial of the detuning.
    along = np.abs(np.tensordot(values[..., -1], to_detuning_series, (2, 1)))
    by_terms = by_count[..., :1] + np.cumsum(along[..., ::-1], axis=-1)[..., ::-1]
    return by_count, by_terms


class _Nodes(NamedTuple):
    """Pairs of tone and resonator and, for each, the count of its nodes in power."""

    tone: np.ndarray
    own: np.ndarray
    count: np.ndarray


def _node_counts(sampled: _Sampled, terms: int, budget: float, tones: int) -> _Nodes | None:
    """The fewest nodes for each pair that together lose no more than the budget."""
    far = sampled.by_terms[..., terms : terms + 1]
    losses = np.concatenate([far, sampled.by_count], axis=-1)
    for share in budget * 1.5 ** -np.arange(40.0):
        enough = losses <= share
        enough[..., -1] = True
        choice = np.argmax(enough, axis=-1)
        lost = np.take_along_axis(losses, choice[..., None], -1).sum(axis=(1, 2))
        if _together(lost) * np.sqrt(tones / len(lost)) <= budget:
            break
    else:
        return None
    counts = _NODE_COUNTS[choice]
    # Between two sampled resonators whichever of them needs more.
    own = np.arange(tones)
    right = np.searchsorted(sampled.own, own)
    left = np.maximum(right - (sampled.own[right] != own), 0)
    counts = np.maximum(counts[left], counts[right])
    tone, own = _neighbours(own, tones)
    kept = (tone >= 0) & (tone < tones) & (counts > 0)
    return _Nodes(tone[kept], own[kept], counts[kept])


def _nodes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the peak power, and the matrix from values there to Chebyshev coefficients.

    The excess vanishes at zero power, which is a node that costs nothing.
    """
    share = (1 - np.cos(np.pi * np.arange(count + 1) / count)) / 2
    polynomials = np.polynomial.chebyshev.chebvander(2 * share - 1, count)
    return share[1:], np.linalg.inv(polynomials)[:, 1:]


def _band(line: Line, band: int) -> Pairs:
    """All pairs within the band, at rest."""
    own, tone = np.indices((len(line.peaks),) * 2).reshape(2, -1)
    near = np.abs(own - tone) <= band
    own, tone = own[near], tone[near]
    return _pairs(Linear(), line, own, tone, np.zeros_like(own), 1, np.zeros(len(own)))


def _corrections(
    rectifier, line: Line, nodes: _Nodes, half_width, budget: float
) -> tuple[AbstractPairs, np.ndarray]:
    """All pairs at all of their nodes, and the matrix from their sums to coefficients.

    Pairs with the same count of nodes share a slot for each node.
    """
    counts = np.unique(nodes.count)
    terms = int(counts.max(initial=0)) + 1
    parts, columns, slots = [], [np.zeros((terms, 0))], 0
    for count in counts:
        share, to_series = _nodes(int(count))
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
    detuning, to_series = _detuning_series(half_width, 2 * _MOST_TERMS)
    volts = convert(pairs.kind, line, pairs.own, pairs.tone, detuning[:, None], pairs.power)
    series = pairs.weight * (to_series @ volts)
    lost = np.zeros((len(series), len(line.peaks)))
    # What lies beyond a term, for each resonator.
    beyond = np.cumsum(np.abs(series[::-1]), axis=0)[::-1]
    np.add.at(lost.T, pairs.own, beyond.T)
    enough = _together(lost.T) <= budget
    terms = int(np.argmax(enough)) if enough.any() else len(series)
    if terms > _MOST_TERMS:
        return pairs
    place = pairs.own, pairs.tone, pairs.slot, pairs.slots
    return PairSeries(*place, series[: max(terms, 1)], np.asarray(half_width))


def _reach(nodes: _Nodes, fewest: int, tones: int) -> tuple[int, ...]:
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
