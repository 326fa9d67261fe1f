"""How many orders the fast evaluation of cross-coupled tones needs, and where.

All of it runs on the host, in float64, for `rfjax.rectifiers.fast.coupled.planning`.
"""

import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.numerics.chebyshev import nodes
from rfjax.rectifiers.fast.coupled.response import (
    Setting,
    any_fold,
    excess_responses,
    full_totals,
    linear_responses,
    neighbours,
    steepest_total,
)

PER_BLOCK = 8
_LEVELS = np.array((2, 3, 4, 6, 9, 14, 19, 25, 32))
_WORTHWHILE = 3
_ROOM = 1.02
_STEEPEST = 0.9
_DENSITY = 4
_NEAR = np.arange(-32, 33)
# The grid on which a resonator is sampled: totals, few or many, shares of the power, detunings.
_FEW_TOTALS, _TOTALS, _SHARES, _DETUNINGS = 12, 40, 12, 5
_SERIES = 4
_FEWEST_TERMS, _TERMS = 24, 24


class Blocks(NamedTuple):
    """Blocks of neighbouring resonators that need the same orders.

    `own` (blocks, per_block); `there`, where a block is not full; `orders` in the total, `terms`
    in the detuning, `reach` of each order in the share of the power; `weight` (blocks,): volts for
    a change of the total by its largest; `error` of truncation allowed to a resonator, V.
    """

    own: Int[np.ndarray, "blocks per_block"]
    there: Bool[np.ndarray, "blocks per_block"]
    orders: int
    terms: int
    reach: tuple[int, ...]
    weight: Float[np.ndarray, " blocks"]
    error: float


class _Required(NamedTuple):
    """What some resonators need: orders in the total, terms in the detuning, reach of each order
    in the share of the power, below zero for none; and volts for a change of the total."""

    orders: Int[np.ndarray, " r"]
    terms: Int[np.ndarray, " r"]
    reach: Int[np.ndarray, "r shares"]
    weight: Float[np.ndarray, " r"]


def largest_totals(setting: Setting, half_width: float) -> Float[np.ndarray, " tones"] | None:
    """The largest total oscillation power of every resonator, with some room, if there is one."""
    own = np.arange(len(setting.peaks))
    tone, there = neighbours(own, own.size, _NEAR)
    detuning = np.linspace(-half_width, half_width, 2 * int(np.ceil(_DENSITY * half_width)) + 1)
    totals, found = full_totals(setting, own, tone, there, detuning)
    # No power, no total; any number then keeps what is divided by it in order.
    totals = np.asarray(totals)
    return np.where(totals > 0, _ROOM * totals, 1.0) if found else None


def needed_orders(
    setting: Setting, half_width: float, largest: Float[np.ndarray, " tones"], tolerance: float
) -> list[Blocks] | None:
    """The blocks of a line with the orders that they need, or None where there are not enough."""
    tones = len(setting.peaks)
    if _folds(setting, half_width, largest):
        return None
    per_block = min(PER_BLOCK, tones)
    own = np.arange(-(-tones // per_block) * per_block).reshape(-1, per_block)
    there, own = own < tones, np.minimum(own, tones - 1)
    # The resonator with the largest total needs the most.
    strongest = np.argmax(largest[own], axis=1)[:, None]
    strongest = np.take_along_axis(own, strongest, axis=1)[:, 0]
    sample = _Sample(setting, half_width, largest, strongest, _FEW_TOTALS)
    # Tones err alike, resonators independently.
    error = tolerance * np.sqrt(sample.power / 3 / tones)
    required = sample.required(error)
    many = required.orders > _FEW_TOTALS - 3
    if many.any():
        finer = _Sample(setting, half_width, largest, strongest[many], _TOTALS)
        for few, more in zip(required, finer.required(error), strict=True):
            few[many] = more
        sample.steepest = max(sample.steepest, finer.steepest)
    if sample.steepest > _STEEPEST:
        return None
    if required.orders.max() > _LEVELS[-1] or required.reach[:, -1].max() >= 0:
        return None
    levels = _LEVELS[np.searchsorted(_LEVELS, required.orders)]
    # A group of its own is not worth its overhead for few blocks.
    for level, higher in itertools.pairwise(np.unique(levels)):
        if np.sum(levels == level) < _WORTHWHILE:
            levels[levels == level] = higher
    weight = np.where(required.weight > 0, required.weight, 1.0)
    parts = []
    for level in np.unique(levels):
        here = levels == level
        reached = required.reach[here].max(axis=0)
        reached = tuple(int(each) for each in reached[reached >= 0])
        most = int(required.terms[here].max())
        parts.append(
            Blocks(own[here], there[here], int(level), most, reached, weight[here], float(error))
        )
    return parts


def _folds(setting: Setting, half_width: float, largest) -> bool:
    """Whether any tone near any resonator folds at any total up to the largest."""
    own = np.arange(len(setting.peaks))
    tone, _ = neighbours(own, own.size, _NEAR)
    detuning = half_width * np.linspace(-1, 1, _DETUNINGS)
    share = (1 + nodes(_FEW_TOTALS)[0]) / 2
    return bool(any_fold(setting, own, tone, detuning, largest[:, None] * share))


class _Sample:
    """Some resonators with the tones near them on a grid of detunings, totals and powers."""

    def __init__(self, setting: Setting, half_width: float, largest, own, totals: int):
        tones = len(setting.peaks)
        points, to_series = nodes(totals)
        shares, to_shares = nodes(_SHARES)
        self.largest = largest[own]
        total = self.largest[:, None] * (1 + points) / 2
        detuning = half_width * np.linspace(-1, 1, _DETUNINGS)
        tone, there = neighbours(own, tones, _NEAR)
        scale = np.stack([1 / self.largest, np.ones(len(own))], axis=-1)[:, None, None, None]
        scale = scale * there[:, :, None, None, None]
        point = setting, own, tone, detuning, total
        linear = linear_responses(*point) * scale
        excess = excess_responses(*point, (1 + shares) / 2)
        excess = np.einsum("lu,rwtmuc->rwtmlc", to_shares, excess, optimize=True)
        excess *= scale[..., None, :]
        # All polynomials are one at full power.
        full = linear + excess.sum(axis=-2)
        slopes = _slopes(points) @ to_series @ full
        relative = np.broadcast_to((1 + points) / 2, (len(own), totals))
        self.steepest = steepest_total(full[..., 0], slopes[..., 0], relative)
        most = np.abs(slopes[..., 1].sum(axis=1)).max(axis=(1, 2))
        self.weight = most / (1 - min(self.steepest, _STEEPEST))
        self.power = tones * np.mean(np.sum(full[..., 1] ** 2, axis=1))
        self._series = np.abs(to_series @ full).sum(axis=1).max(axis=1)
        self._shares = np.abs(excess).max(axis=(2, 3))
        self._place = (setting, half_width, own)

    def required(self, error: float) -> _Required:
        """What keeps the truncation error of each resonator below one, in V."""
        return _Required(self._orders(error), self._terms(error), self._reach(error), self.weight)

    def _orders(self, error: float) -> Int[np.ndarray, " r"]:
        return _count(self._size(self._series) / 2, error)

    def _reach(self, error: float) -> Int[np.ndarray, "r shares"]:
        tail = np.cumsum(self._size(self._shares)[..., ::-1], axis=-1)[..., ::-1]
        return np.where(tail > error / _SERIES, np.abs(_NEAR)[:, None], -1).max(axis=1)

    def _terms(self, error: float) -> Int[np.ndarray, " r"]:
        setting, half_width, own = self._place
        points, to_series = nodes(_FEWEST_TERMS + int(_TERMS * half_width))
        tone, there = neighbours(own, len(setting.peaks), _NEAR[len(_NEAR) // 4 : -len(_NEAR) // 4])
        point = setting, own, tone, half_width * points, self.largest[:, None] * np.arange(2.0)
        values = linear_responses(*point) + excess_responses(*point, np.ones(1))[..., 0, :]
        values = values * there[..., None, None, None]
        size = np.abs(np.einsum("nt,rwtmc->rwnmc", to_series, values, optimize=True))
        size = size.max(axis=(1, 3)) / np.stack([self.largest, np.ones(len(own))], axis=-1)[:, None]
        return _count(self._size(size), error)

    def _size(self, values):
        """How large powers and volts (..., 2) are, the powers relative to the largest, in volts."""
        weight = self.weight.reshape(-1, *(1,) * (values.ndim - 2))
        return np.maximum(weight * values[..., 0], values[..., 1])


def _count(size, error):
    """How many terms to keep for the sum of all others to be within an error."""
    tail = np.cumsum(size[..., ::-1], axis=-1)[..., ::-1]
    return np.maximum(np.sum(tail > error, axis=-1), 2)


def _slopes(points):
    """From Chebyshev coefficients to derivatives with the total relative to its largest."""
    identity = np.eye(len(points))
    derivatives = np.polynomial.chebyshev.chebder(identity)
    return 2 * np.polynomial.chebyshev.chebvander(points, len(points) - 2) @ derivatives
