"""Preparing the fast evaluation of cross-coupled tones: signals and what they weigh.

All of it runs on the host, in float64, and leaves arrays of the layer's own precision.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from rfjax.numerics.chebyshev import nodes
from rfjax.rectifiers.fast.base import Circumstances, NotPrepared
from rfjax.rectifiers.fast.coupled.expansion import CoupledExpansion, Group
from rfjax.rectifiers.fast.coupled.orders import Blocks, largest_totals, needed_orders
from rfjax.rectifiers.fast.coupled.response import (
    Setting,
    excess_responses,
    linear_responses,
    neighbours,
)

_WINDOW = 16
_MOST_MOMENTS = 32
_FAR_DIGITS = 8  # with which the far field is interpolated
# Entries to look at for each feature; by how much tones that err alike err more than at random.
_ENTRIES = 12
_COHERENCE = 20
# On long lines errors add up beyond the estimate: to 2.4 times at 256 tones, 3.4 times at 784.
_LONG, _TIGHTER = 128, 0.35


def coupled_expansion(wanted: Circumstances) -> CoupledExpansion:
    """The expansion of `CrossCoupled`, on its lower branch, that is estimated to keep a tolerance.

    The estimate is no proof, so that whoever asks measures.

    **Arguments:** `wanted`: for what.

    **Returns:** the expansion.

    **Raises:** `NotPrepared` for devices that differ from chain to chain, and where the steady
    state may not be unique or is too far from linear.
    """
    if len(wanted.resonators.shape) > 1:
        raise NotPrepared("devices differ from chain to chain")
    line, half_width = wanted.line, wanted.half_width
    order = np.argsort(line.frequencies, kind="stable")
    each = jax.tree.map(
        lambda field: np.broadcast_to(np.asarray(field, np.float64), order.shape)[order],
        (wanted.resonators, line.peak_powers, wanted.signs),
    )
    setting = Setting(*each)
    # Of many small matrices each is done before threads have met, which costs ten times as much
    # where other programs use the processor, too.
    with jax.enable_x64(True), threadpool_limits(1, "blas"):
        largest = largest_totals(setting, half_width)
        if largest is None:
            raise NotPrepared("the steady state may not be unique")
        tolerance = wanted.tolerance * (_TIGHTER if line.tones > _LONG else 1)
        blocks = needed_orders(setting, half_width, largest, tolerance)
        if blocks is None:
            raise NotPrepared("the steady state may not be unique, or is too far from linear")
        groups = [_group(setting, half_width, largest, each, order) for each in blocks]
    dtype = line.frequencies.dtype
    return CoupledExpansion(
        jax.tree.map(jnp.copy, wanted.resonators),
        jnp.asarray(half_width, dtype),
        jnp.copy(line.peak_powers),
        jax.tree.map(
            lambda leaf: jnp.asarray(leaf, dtype if leaf.dtype.kind == "f" else np.int32),
            tuple(groups),
        ),
    )


def _group(setting: Setting, half_width: float, largest, blocks: Blocks, order) -> Group:
    count, per_block = blocks.own.shape
    tones = len(setting.peaks)
    reach = (max((_WINDOW, *blocks.reach[:1])), *blocks.reach[1:])
    reach = tuple(min(each, tones - 1) for each in reach)
    windows = [_window(blocks.own, each, tones) for each in reach]
    detuning, to_terms = nodes(blocks.terms)
    points, to_orders = nodes(blocks.orders)
    own = blocks.own.reshape(-1)
    samples = _Samples(setting, own, largest[own], np.repeat(blocks.weight, per_block), half_width)
    moments, far = _far_field(samples, windows[0], blocks)
    near = _near_field(samples, detuning, points, windows[0], reach, blocks)
    values = np.concatenate([far, near], axis=1)
    signals = np.swapaxes(_combinations(values, blocks.error), 1, 2)
    table = (signals @ values).reshape(*signals.shape[:2], blocks.terms, blocks.orders, 2)
    table = np.einsum("mo,rsdoc->mrsdc", to_orders, table, optimize=True)
    turn, kept = _nested(table.reshape(*table.shape[:3], -1), blocks.error)
    signals = turn @ signals
    table = np.einsum("rus,mrsdc->mrudc", turn, table, optimize=True)
    table = np.concatenate([each[:, :count] for each, count in zip(table, kept)], axis=1)
    weight = np.stack([samples.weight, np.ones(len(table))], axis=-1)
    table = np.einsum("td,rndc,rc->rctn", to_terms, table, 1 / weight, optimize=True)
    to_moments = np.zeros((count, moments.shape[2], tones))
    to_moments[..., order] = np.swapaxes(moments, 1, 2)
    return Group(
        order[blocks.own],
        setting.signs[blocks.own] * blocks.there,
        tuple(order[window] for window, _ in windows),
        to_moments,
        signals.reshape(count, per_block * signals.shape[1], values.shape[1]),
        table.reshape(count, per_block, 2, *table.shape[2:]),
        kept,
    )


def _window(own, reach: int, tones: int):
    """The tones about blocks of resonators, up to a reach, and which of them exist."""
    window = own[:, :1] + np.arange(-reach, own.shape[1] + reach)
    return np.clip(window, 0, tones - 1), (window >= 0) & (window < tones)


class _Samples(NamedTuple):
    """Responses of some resonators, in volts.

    `own` (r,), their indices; `largest` (r,), their largest totals; `weight` (r,): volts for a
    change of a total by its largest; `half_width` in linewidths.
    """

    setting: Setting
    own: np.ndarray
    largest: np.ndarray
    weight: np.ndarray
    half_width: float

    def linear(self, tone, there, detuning, points) -> Float[np.ndarray, "r w t m 2"]:
        """The low-power responses to tones (r, w) on a grid of detunings and totals, relative."""
        found = linear_responses(*self._place(tone, detuning, points))
        return found * self._volts(there)[..., None, None, :]

    def excess(self, tone, there, detuning, points, shares) -> Float[np.ndarray, "r w t m u 2"]:
        """What shares of the power add."""
        found = excess_responses(*self._place(tone, detuning, points), (1 + shares) / 2)
        return found * self._volts(there)[..., None, None, None, :]

    def _place(self, tone, detuning, points):
        total = self.largest[:, None] * (1 + points) / 2
        return self.setting, self.own, tone, self.half_width * detuning, total

    def _volts(self, there):
        """From powers and volts to volts; no tone, no response."""
        scale = np.stack([self.weight / self.largest, np.ones(len(self.own))], axis=-1)
        return scale[:, None] * there[..., None]


def _far_field(
    samples: _Samples, window, blocks: Blocks
) -> tuple[Float[np.ndarray, "blocks tones moments"], Float[np.ndarray, "r moments entries"]]:
    """The moments of the tones beyond the windows of blocks, and what each is worth, in V.

    Far from its poles the response is so smooth that few detunings and totals tell all others.
    """
    tones = len(samples.setting.peaks)
    count, per_block = blocks.own.shape
    far = np.ones((count, tones), bool)
    far[np.arange(count)[:, None], window[0]] = False
    far = np.repeat(far, per_block, axis=0)
    device = jax.tree.map(lambda field: np.asarray(field)[samples.own], samples.setting.resonators)
    away = np.abs(samples.setting.resonators.frequency - device.frequency[:, None])
    away = np.where(far, away, np.inf) / np.asarray(device.linewidth_frequency)[:, None]
    nonlinear = np.hypot(device.reduced_shift, device.nonlinear_damping)
    by_total = float(np.max(nonlinear * samples.largest))
    detuning, to_terms = _smooth(blocks.terms, samples.half_width, np.min(away) - by_total)
    points, to_orders = _smooth(blocks.orders, by_total, np.min(away) - samples.half_width)
    every = np.arange(tones)[None]
    linear = samples.linear(every, far, detuning, points)
    rows = np.moveaxis(linear.reshape(count, per_block, tones, -1), 1, 2)
    moments = _moments(rows.reshape(count, tones, -1), blocks.error)
    values = np.swapaxes(np.repeat(moments, per_block, axis=0), 1, 2)
    values = values @ linear.reshape(len(linear), tones, -1)
    values = values.reshape(*values.shape[:2], *linear.shape[2:])
    values = np.einsum("td,mo,kjdoc->kjtmc", to_terms, to_orders, values, optimize=True)
    return moments, values.reshape(*values.shape[:2], blocks.terms * blocks.orders * 2)


def _smooth(count: int, moved: float, away: float):
    """Chebyshev nodes for a response whose pole is `away`, and from them to `count` nodes.

    As the detuning or the total moves the resonance by up to `moved`, coefficients fall by the sum
    of the half axes of the ellipse through the pole.
    """
    fine, _ = nodes(count)
    fewer = count
    if np.isinf(away) or moved <= 0:
        fewer = 1
    elif away > 1.1 * moved:
        ratio = away / moved
        falling = np.log10(ratio + np.sqrt(ratio**2 - 1))
        fewer = min(count, 1 + int(np.ceil(_FAR_DIGITS / falling)))
    points, to_series = nodes(fewer)
    return points, np.polynomial.chebyshev.chebvander(fine, fewer - 1) @ to_series


def _near_field(
    samples: _Samples, detuning, points, window, reach: tuple[int, ...], blocks: Blocks
) -> Float[np.ndarray, "r features entries"]:
    """What each polynomial of each tone in a window adds to the resonators of its block, in V."""
    per_block, tones = blocks.own.shape[1], len(samples.setting.peaks)
    tone, there = (np.repeat(each, per_block, axis=0) for each in window)
    linear = samples.linear(tone, there, detuning, points)
    shapes = [(len(linear), per_block + 2 * each, *linear.shape[2:]) for each in reach[1:]]
    rows = [linear, *(np.zeros(shape) for shape in shapes)]
    # The farther a tone, the fewer polynomials it needs, and as many nodes.
    farthest = np.asarray(blocks.reach, int)
    offset = np.arange(-max(blocks.reach, default=-1), max(blocks.reach, default=-1) + 1)
    counts = np.sum(np.abs(offset) <= farthest[:, None], axis=0)
    resonator = np.arange(len(linear))[:, None]
    for count in np.unique(counts):
        some = offset[counts == count]
        shares, to_shares = nodes(int(count))
        excess = samples.excess(*neighbours(samples.own, tones, some), detuning, points, shares)
        excess = np.einsum("lu,kwtmuc->lkwtmc", to_shares, excess, optimize=True)
        for order, each in enumerate(excess):
            rows[order][resonator, resonator % per_block + reach[order] + some] += each
    return np.concatenate(rows, axis=1).reshape(len(linear), -1, linear[0, 0].size)


def _moments(far, error: float):
    """Few combinations of the tones far away, (blocks, tones, moments), for all responses."""
    most = min(_MOST_MOMENTS, *far.shape[1:])
    draw = np.random.default_rng(0).standard_normal((far.shape[2], most))
    basis, _ = np.linalg.qr(far @ draw)
    return basis @ _combinations(np.swapaxes(basis, 1, 2) @ far, error)


def _combinations(values, error: float):
    """Orthogonal combinations of features, as many as are needed for each of some resonators.

    **Arguments:** `values` (*r, features, entries) that sums of the features are to reach.
    """
    vectors, spare = _principal(values, error)
    return vectors[..., spare:]


def _principal(values, error: float):
    """Principal directions of the features, the largest last, and how many all can do without."""
    features = values.shape[-2]
    some = values
    if values.shape[-1] > _ENTRIES * features:
        draw = np.random.default_rng(0).choice(values.shape[-1], _ENTRIES * features, replace=False)
        some = values[..., draw]
    sizes, vectors = np.linalg.eigh(some @ np.swapaxes(some, -1, -2) / max(some.shape[-1], 1))
    truncated = _COHERENCE * np.sqrt(np.cumsum(np.maximum(sizes, 0), axis=-1))
    return vectors, int(np.sum(np.all(truncated < error, axis=tuple(range(truncated.ndim - 1)))))


def _nested(values, error: float):
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
        vectors, spare = _principal(np.swapaxes(left, 1, 2) @ each, error / np.sqrt(orders))
        found.append(left @ vectors[..., spare:])
        left = left @ vectors[..., :spare]
        kept.insert(0, signals - spare)
    return np.swapaxes(np.concatenate(found, axis=-1), 1, 2), tuple(kept)
