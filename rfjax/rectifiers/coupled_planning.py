"""Preparing the fast evaluation of cross-coupled tones: signals and what they weigh.

All of it runs on the host, in float64, and leaves arrays of the layer's own precision.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.numerics.chebyshev import nodes
from rfjax.rectifiers.coupled_expansion import CoupledExpansion, Stretch
from rfjax.rectifiers.coupled_orders import Blocks, largest_totals, needed_orders
from rfjax.rectifiers.coupled_response import excess_responses, linear_responses
from rfjax.rectifiers.cross_coupled import CrossCoupled
from rfjax.rectifiers.line import Line, data_of, line_of, neighbours

_WINDOW = 16
_MOST_MOMENTS = 32
# Entries to look at for each feature; by how much tones that err alike err more than at random.
_ENTRIES = 12
_COHERENCE = 20


def planned_coupled(
    resonators: Resonator,
    peak_powers: Float[Array, " tones"],
    signs: Float[Array, " tones"],
    *,
    half_width: float,
    tolerance: float,
) -> CoupledExpansion | None:
    """An expansion of `CrossCoupled` that is estimated to keep a tolerance.

    The same request is planned once; the estimate is not a proof, so that whoever asks measures.

    **Arguments:** `resonators` (tones,), at their own tones; `peak_powers` (tones,) in W; `signs`
    (tones,) of the wiring; `half_width`: largest detuning in linewidths; `tolerance`, relative to
    the largest voltage.

    **Returns:** the expansion, or None where the steady state may not be unique or is too far from
    linear.
    """
    data = data_of(resonators, peak_powers, signs)
    dtype = jnp.result_type(*jax.tree.leaves(resonators), peak_powers)
    return _planned(data, half_width, tolerance, np.dtype(dtype).name)


@lru_cache(maxsize=16)
def _planned(data, half_width, tolerance, dtype) -> CoupledExpansion | None:
    line, order = _sorted(line_of(data))
    with jax.enable_x64(True):
        largest = _largest_totals(data, half_width)
        if largest is None:
            return None
        blocks = needed_orders(line, half_width, largest, tolerance)
        if blocks is None:
            return None
        stretches = tuple(_stretch(line, half_width, largest, each, order) for each in blocks)
    line = line_of(data)
    expansion = CoupledExpansion(
        CrossCoupled(), line.resonators, np.asarray(half_width), line.peaks, stretches
    )
    return jax.tree.map(
        lambda leaf: jnp.asarray(leaf.astype(dtype if leaf.dtype.kind == "f" else np.int32)),
        expansion,
    )


@lru_cache(maxsize=4)
def _largest_totals(data, half_width) -> Float[np.ndarray, " tones"] | None:
    return largest_totals(_sorted(line_of(data))[0], half_width)


def _sorted(line: Line) -> tuple[Line, np.ndarray]:
    """The line in the order of its frequencies, and which tone is where in that order."""
    order = np.argsort(np.asarray(line.resonators.frequency), kind="stable")
    with jax.enable_x64(True):
        return jax.tree.map(lambda field: np.asarray(field)[order], line), order


class _Block(NamedTuple):
    """One block: its moments afar and, for each resonator, what its features are worth.

    `values` (per_block, features, detunings × totals × 2) in V.
    """

    afar: np.ndarray
    values: np.ndarray


def _stretch(line: Line, half_width: float, largest, blocks: Blocks, order) -> Stretch:
    count, per_block = blocks.own.shape
    tones = len(line.peaks)
    reach = (max((_WINDOW, *blocks.reach[:1])), *blocks.reach[1:])
    reach = tuple(min(each, tones - 1) for each in reach)
    detuning, to_terms = nodes(blocks.terms)
    points, to_orders = nodes(blocks.orders)
    found = []
    for own, weight in zip(blocks.own, blocks.weight):
        totals = largest[own][:, None] * (1 + points) / 2
        scale = np.stack([weight / largest[own], np.ones(per_block)], axis=-1)
        found.append(_block(line, own, half_width * detuning, totals, scale, reach, blocks))
    moments = max(len(block.afar) for block in found)
    found = [_padded(block, moments) for block in found]
    values = np.concatenate([block.values for block in found])
    signals = np.swapaxes(_combinations(values, blocks.loss), 1, 2)
    table = (signals @ values).reshape(*signals.shape[:2], blocks.terms, blocks.orders, 2)
    table = np.einsum("mo,rsdoc->mrsdc", to_orders, table, optimize=True)
    turn, kept = _nested(table.reshape(*table.shape[:3], -1), blocks.loss)
    signals = turn @ signals
    table = np.einsum("rus,mrsdc->mrudc", turn, table, optimize=True)
    table = np.concatenate([each[:, :count] for each, count in zip(table, kept)], axis=1)
    weight = np.stack([np.repeat(blocks.weight, per_block), np.ones(len(table))], axis=-1)
    table = np.einsum("td,rndc,rc->rctn", to_terms, table, 1 / weight, optimize=True)
    first = blocks.own[:, :1]
    windows = tuple(
        np.clip(first + np.arange(-each, per_block + each), 0, tones - 1) for each in reach
    )
    afar = np.zeros((count, moments, tones))
    afar[..., order] = np.stack([block.afar for block in found])
    return Stretch(
        order[blocks.own],
        line.signs[blocks.own] * blocks.there,
        tuple(order[window] for window in windows),
        afar,
        signals.reshape(count, per_block * signals.shape[1], -1),
        table.reshape(count, per_block, 2, blocks.terms, -1),
        kept,
    )


def _block(line: Line, own, detuning, totals, scale, reach, blocks: Blocks) -> _Block:
    """What each feature of a block adds to each of its resonators."""
    tones, per_block = len(line.peaks), len(own)
    every = np.broadcast_to(np.arange(tones), (per_block, tones))
    linear = np.asarray(linear_responses(line, own, every, detuning, totals))
    linear = (linear * scale[:, None, None, None]).reshape(per_block, tones, -1)
    window = own[0] + np.arange(-reach[0], per_block + reach[0])
    inside = (window >= 0) & (window < tones)
    near = linear[:, np.clip(window, 0, tones - 1)] * inside[:, None]
    afar = np.delete(linear, window[inside], axis=1)
    moments = _moments(afar, blocks.loss)
    felt = np.zeros((moments.shape[1], tones))
    felt[:, np.delete(np.arange(tones), window[inside])] = moments.T
    rows = [moments.T @ afar, near]
    if blocks.reach:
        shares, to_shares = nodes(len(blocks.reach))
        tone, valid = neighbours(own, tones, blocks.reach[0])
        excess = excess_responses(line, own, tone, detuning, totals, (1 + shares) / 2)
        excess = np.asarray(excess) * valid[..., None, None, None, None]
        series = np.einsum("lu,kwtmuc->lkwtmc", to_shares, excess, optimize=True)
        series = series * scale[:, None, None, None]
        for order, each in enumerate(reach):
            row = near if order == 0 else np.zeros((per_block, per_block + 2 * each, near.shape[2]))
            for k, part in enumerate(series[order].reshape(per_block, tone.shape[1], -1)):
                middle, used = blocks.reach[0], blocks.reach[order]
                row[k, k + each - used : k + each + used + 1] += part[
                    middle - used : middle + used + 1
                ]
            if order:
                rows.append(row)
    return _Block(felt, np.concatenate(rows, axis=1))


def _moments(afar, loss: float):
    """Few combinations of the tones afar, (tones, moments), that all resonators' responses span."""
    tones = afar.shape[1]
    rows = np.moveaxis(afar, 1, 0).reshape(tones, afar.shape[0] * afar.shape[2])
    most = min(_MOST_MOMENTS, tones)
    draw = np.random.default_rng(0).standard_normal((rows.shape[1], most))
    basis, _ = np.linalg.qr(rows @ draw)
    return basis @ _combinations(basis.T @ rows, loss)


def _combinations(values, loss: float):
    """Orthogonal combinations of features, as many as are needed for each of some resonators.

    **Arguments:** `values` (*r, features, entries) that sums of the features are to reach.
    """
    vectors, spare = _principal(values, loss)
    return vectors[..., spare:]


def _principal(values, loss: float):
    """Principal directions of the features, the largest last, and how many all can do without."""
    features = values.shape[-2]
    some = values
    if values.shape[-1] > _ENTRIES * features:
        draw = np.random.default_rng(0).choice(values.shape[-1], _ENTRIES * features, replace=False)
        some = values[..., draw]
    sizes, vectors = np.linalg.eigh(some @ np.swapaxes(some, -1, -2) / max(some.shape[-1], 1))
    lost = _COHERENCE * np.sqrt(np.cumsum(np.maximum(sizes, 0), axis=-1))
    return vectors, int(np.sum(np.all(lost < loss, axis=tuple(range(lost.ndim - 1)))))


def _nested(values, loss: float):
    """Combinations of signals of which higher orders need fewer, from the first.

    **Arguments:** `values` (orders, resonators, signals, entries) that sums of the signals are to
    reach.

    **Returns:** the combinations (resonators, combinations, signals), and how many each order
    needs.
    """
    orders, resonators, signals, _ = values.shape
    left = np.broadcast_to(np.eye(signals), (resonators, signals, signals))
    found, kept = [], []
    for each in values[::-1]:
        vectors, spare = _principal(np.swapaxes(left, 1, 2) @ each, loss / np.sqrt(orders))
        found.append(left @ vectors[..., spare:])
        left = left @ vectors[..., :spare]
        kept.insert(0, signals - spare)
    return np.swapaxes(np.concatenate(found, axis=-1), 1, 2), tuple(kept)


def _padded(block: _Block, moments: int) -> _Block:
    """The block with as many moments as any of its stretch."""
    missing = moments - len(block.afar)
    afar = np.pad(block.afar, ((0, missing), (0, 0)))
    head, rest = np.split(block.values, [len(block.afar)], axis=1)
    head = np.pad(head, ((0, 0), (0, missing), (0, 0)))
    return _Block(afar, np.concatenate([head, rest], axis=1))
