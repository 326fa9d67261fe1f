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
from rfjax.numerics import chebyshev
from rfjax.rectifiers.base import AbstractToneByTone
from rfjax.rectifiers.expansion import Expansion
from rfjax.rectifiers.line import convert, data_of, folds, line_of, lost_together, neighbours
from rfjax.rectifiers.linear import Linear
from rfjax.rectifiers.near_pairs import corrections, linear_band, reach
from rfjax.rectifiers.node_counts import FAR_NODES, WIDEST, Nodes, node_counts, sampled_excess
from rfjax.rectifiers.pairs import Excess

_HALF_WIDTHS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
# Layers fit their range between epochs of training, in which detunings move by tenths of
# linewidths; one that leaves the range costs the layer its fast evaluation until the next.
_ROOM, _MOVED = 1.2, 0.5
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

    **Arguments:** `rectifier`: the model; `resonators` (tones,), at their own tones;
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
    nodes = Nodes(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int))
    if not isinstance(rectifier, Linear):
        if folds(data, half_width):
            return None
        sampled = sampled_excess(rectifier, data, half_width)
        nodes = node_counts(sampled, terms, tolerance * scale / 3, tones)
        if nodes is None:
            return None
        if terms:
            excess = _full_excess(rectifier, data, half_width)
            growing = _growing_field(excess, terms, nodes, tones)
            series = np.concatenate([series, growing], axis=1)
    expansion = Expansion(
        rectifier,
        line.resonators,
        np.asarray(half_width),
        line.peaks,
        np.moveaxis(series[1:] * line.signs, 0, 1).reshape(series.shape[1], -1),
        series[0] @ line.signs if terms else np.zeros(series.shape[1]),
        linear_band(line, far.band),
        *corrections(rectifier, line, nodes, half_width, tolerance * scale / 3),
        reach(nodes, series.shape[1] // tones, tones),
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
    points, to_series = chebyshev.nodes(FAR_NODES)
    detuning = half_width * points[:, None, None]
    values = convert(Linear(), line, own, tone, detuning, np.zeros(()))
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
        band = int(np.argmax(lost_together(beyond) <= budget))
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
    own = np.arange(tones)
    tone, there = neighbours(own, tones, min(tones - 1, WIDEST))
    points, to_series = chebyshev.nodes(FAR_NODES)
    place = (line, own[:, None], tone, half_width * points[:, None, None], line.peaks[tone])
    values = convert(Excess(rectifier), *place) * line.peaks[tone] * there
    return np.tensordot(to_series, values, axes=1)


def _growing_field(excess: np.ndarray, terms: int, nodes: Nodes, tones: int) -> np.ndarray:
    """The part of the excess at full power that belongs to pairs without nodes, for all pairs."""
    tone, there = neighbours(np.arange(tones), tones, min(tones - 1, WIDEST))
    own = np.broadcast_to(np.arange(tones)[:, None], tone.shape)
    alone = np.ones((tones, tones), bool)
    alone[nodes.tone, nodes.own] = False
    there = there & alone[tone, own]
    series = np.zeros((terms, tones, tones))
    series[:, tone[there], own[there]] = excess[:terms, there]
    return series
