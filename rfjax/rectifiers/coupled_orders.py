"""How many orders the fast evaluation of cross-coupled tones needs, and where.

All of it runs on the host, in float64, for `rfjax.rectifiers.coupled_planning`.
"""

import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.numerics.chebyshev import nodes
from rfjax.rectifiers.coupled_response import (
    any_fold,
    excess_responses,
    full_totals,
    linear_responses,
    steepest_total,
)
from rfjax.rectifiers.line import Line, neighbours

PER_BLOCK = 8
_LEVELS = np.array((2, 3, 4, 6, 9, 14, 19, 25, 32))
_WORTHWHILE = 3
_ROOM = 1.02
_STEEPEST = 0.9
_DENSITY = 4
_WIDEST = 32
# The grid on which a resonator is sampled: totals, shares of the power, detunings.
_TOTALS, _SHARES, _DETUNINGS = 40, 12, 5
_SERIES = 4
_FEWEST_TERMS, _TERMS = 24, 24


class Blocks(NamedTuple):
    """Blocks of neighbouring resonators that need the same orders.

    `own` (blocks, per_block); `there`, where a block is not full; `orders` in the total, `terms`
    in the detuning, `reach` of each order in the share of the power; `weight` (blocks,): volts for
    a change of the total by its largest; `loss` allowed to a resonator, V.
    """

    own: Int[np.ndarray, "blocks per_block"]
    there: Bool[np.ndarray, "blocks per_block"]
    orders: int
    terms: int
    reach: tuple[int, ...]
    weight: Float[np.ndarray, " blocks"]
    loss: float


def largest_totals(line: Line, half_width: float) -> Float[np.ndarray, " tones"] | None:
    """The largest total oscillation power of every resonator, with some room, if there is one."""
    own = np.arange(len(line.peaks))
    tone, valid = neighbours(own, own.size, _WIDEST)
    detuning = np.linspace(-half_width, half_width, 2 * int(np.ceil(_DENSITY * half_width)) + 1)
    totals, found = full_totals(line, own, tone, valid, detuning)
    # No power, no total; any number then keeps what is divided by it in order.
    totals = np.asarray(totals)
    return np.where(totals > 0, _ROOM * totals, 1.0) if found else None


def needed_orders(
    line: Line, half_width: float, largest: Float[np.ndarray, " tones"], tolerance: float
) -> list[Blocks] | None:
    """The blocks of a line with the orders that they need, or None where there are not enough."""
    tones = len(line.peaks)
    per_block = min(PER_BLOCK, tones)
    own = np.arange(-(-tones // per_block) * per_block).reshape(-1, per_block)
    there, own = own < tones, np.minimum(own, tones - 1)
    ends = [_Sample(line, half_width, largest, own[:, end]) for end in (0, -1)]
    if any(sample.ambiguous for sample in ends):
        return None
    power = np.mean([sample.power for sample in ends])
    # Tones err alike, resonators independently.
    loss = tolerance * np.sqrt(power / 3 / tones)
    orders = np.maximum(*(sample.orders(loss) for sample in ends))
    terms = np.maximum(*(sample.terms(loss) for sample in ends))
    reach = np.maximum(*(sample.reach(loss) for sample in ends))
    if orders.max() > _LEVELS[-1] or reach[:, -1].max() >= 0:
        return None
    levels = _LEVELS[np.searchsorted(_LEVELS, orders)]
    # A stretch of its own is not worth its overhead for few blocks.
    for level, higher in itertools.pairwise(np.unique(levels)):
        if np.sum(levels == level) < _WORTHWHILE:
            levels[levels == level] = higher
    weight = np.maximum(*(sample.weight for sample in ends))
    weight = np.where(weight > 0, weight, 1.0)
    parts = []
    for level in np.unique(levels):
        here = levels == level
        reached = reach[here].max(axis=0)
        reached = tuple(int(each) for each in reached[reached >= 0])
        most = int(terms[here].max())
        parts.append(
            Blocks(own[here], there[here], int(level), most, reached, weight[here], float(loss))
        )
    return parts


class _Sample:
    """Some resonators with the tones near them on a grid of detunings, totals and powers."""

    def __init__(self, line: Line, half_width: float, largest, own):
        tones = len(line.peaks)
        points, self.to_series = nodes(_TOTALS)
        shares, self.to_shares = nodes(_SHARES)
        self.largest = largest[own]
        total = self.largest[:, None] * (1 + points) / 2
        detuning = half_width * np.linspace(-1, 1, _DETUNINGS)
        tone, valid = neighbours(own, tones, _WIDEST)
        valid = valid[..., None, None, None]
        place = (line, own, tone)
        scale = np.stack([1 / self.largest, np.ones(len(own))], axis=-1)[:, None, None, None]
        linear = np.asarray(linear_responses(*place, detuning, total)) * valid * scale
        excess = np.asarray(excess_responses(*place, detuning, total, (1 + shares) / 2))
        excess = excess * valid[..., None] * scale[..., None, :]
        self.excess = np.einsum("lu,rwtmuc->rwtmlc", self.to_shares, excess, optimize=True)
        # All polynomials are one at full power.
        self.full = linear + self.excess.sum(axis=-2)
        self.series = np.einsum("nm,rwtmc->rwtnc", self.to_series, self.full, optimize=True)
        slopes = np.einsum("mn,rwtnc->rwtmc", _slopes(points), self.series, optimize=True)
        steepest = steepest_total(self.full[..., 0], slopes[..., 0], (1 + points) / 2 + 0 * total)
        self.ambiguous = steepest > _STEEPEST or any_fold(*place, detuning, total)
        self.weight = np.abs(slopes[..., 1].sum(axis=1)).max(axis=(1, 2)) / (1 - min(steepest, 0.9))
        self.power = tones * np.mean(np.sum(self.full[..., 1] ** 2, axis=1))
        self._place = (line, half_width, own)

    def orders(self, loss: float):
        """How many Chebyshev polynomials of the total each resonator needs."""
        size = np.abs(self.series).sum(axis=1).max(axis=1) / 2
        size = np.maximum(self.weight[:, None] * size[..., 0], size[..., 1])
        return _count(size, loss)

    def reach(self, loss: float):
        """How far each polynomial of the share of the power is needed, (resonators, orders).

        The number of the farthest neighbour; below zero for none.
        """
        size = np.abs(self.excess).max(axis=(2, 3))
        size = np.maximum(self.weight[:, None, None] * size[..., 0], size[..., 1])
        tail = np.cumsum(size[..., ::-1], axis=-1)[..., ::-1]
        distance = np.abs(np.arange(-_WIDEST, _WIDEST + 1))[:, None]
        return np.where(tail > loss / _SERIES, distance, -1).max(axis=1)

    def terms(self, loss: float) -> Int[np.ndarray, " r"]:
        """How many Chebyshev polynomials of the detuning each resonator needs."""
        line, half_width, own = self._place
        points, to_series = nodes(_FEWEST_TERMS + int(_TERMS * half_width))
        tone, valid = neighbours(own, len(line.peaks), _WIDEST // 2)
        place = (line, own, tone, half_width * points, self.largest[:, None] * np.array([0.0, 1.0]))
        values = linear_responses(*place) + excess_responses(*place, np.ones(1))[..., 0, :]
        values = np.asarray(values) * valid[..., None, None, None]
        size = (
            np.abs(np.einsum("nt,rwtmc->rwnmc", to_series, values, optimize=True))
            .max(axis=3)
            .max(axis=1)
        )
        factor = self.weight / self.largest
        size = np.maximum(factor[:, None] * size[..., 0], size[..., 1])
        return _count(size, loss)


def _count(size, loss):
    """How many terms to keep for the sum of all others to be within the loss."""
    tail = np.cumsum(size[..., ::-1], axis=-1)[..., ::-1]
    return np.maximum(np.sum(tail > loss, axis=-1), 2)


def _slopes(points):
    """From Chebyshev coefficients to derivatives with the total relative to its largest."""
    identity = np.eye(len(points))
    derivatives = np.polynomial.chebyshev.chebder(identity)
    return 2 * np.polynomial.chebyshev.chebvander(points, len(points) - 2) @ derivatives
