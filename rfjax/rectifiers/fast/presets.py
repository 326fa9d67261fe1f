"""The choices of an evaluation by poles: near band, order and nodes, from a tolerance.

All of it runs on the host, in float64, in closed form; the estimates are no proof, so that whoever
asks measures.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from rfjax.devices import Resonator
from rfjax.laws import pole_expansion, spin_diode
from rfjax.laws.steady_oscillation import (
    fold_onset,
    newton_step,
    power_singularity,
    response_denominator,
)
from rfjax.lines import Line
from rfjax.rectifiers.fast.base import Circumstances, NotPrepared
from rfjax.rectifiers.fast.far_field import FarField
from rfjax.rectifiers.fast.near_band import Ring
from rfjax.rectifiers.fast.poles import Limits, Poles, Preset, most_of_chains, relative_volts

MARGINS = (1.1, 1.0001)  # by which devices may change: much, or only in rounding
WIDEST = 64  # places: how far tones may need nodes in the power
_NODES = np.array((0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 40, 48), float)
_ORDERS = (4, 5, 6, 7, 8, 10, 12, 16)
_CONVERGES = 0.7  # ratio of an order to the one before; tones beyond it belong to the near band
# What a gradient step costs, ns: a linear pair of the band, for each chain; an entry of a far
# matrix, which is read once and multiplied for each chain.
_PAIR_COST, _READ_COST, _PRODUCT_COST = 3.0, 0.5, 0.04
# Tones high on a long line are driven weaker, and need fewer nodes.
_LONG, _BLOCKS = 160, (0.0, 0.3, 1.0)
_VECTOR = 32  # numbers that a processor works on together
_MOST_RINGS = 3  # of a block: each is compiled on its own
_SAMPLED = 6  # own tones of a block, besides the most strongly driven one
_DENSITY = 4  # detunings a linewidth, or the resonance hides between them
_SHARE = 4.0  # of the tolerance for each of near band and far field, which err independently
_FOLDED = 1.01  # rate of convergence, below which a fold is as good as there
_STEPS = 12  # of Newton, at most
_WEAKEST = 1e-30  # a drive in place of none, at which nothing needs nodes


def poles(wanted: Circumstances, *, linear: bool, single: bool = False) -> Poles:
    """The evaluation by poles that is estimated to keep a tolerance.

    **Arguments:** `wanted`: for what; `linear`: whether the model neglects what is not linear;
    `single`: whether no response may have more than one branch, even where the lower one is smooth
    or hardly counts.

    **Returns:** the evaluation.

    **Raises:** `NotPrepared` where the response folds or is too far from linear.
    """
    for margin in MARGINS:
        line = _worst(wanted, margin)
        preset = _preset(wanted, line, linear)
        if preset is not None and not (single and _folds(line, wanted.shared)):
            return _evaluation(wanted, preset, linear)
    raise NotPrepared("responses are about to fold, or too far from linear")


def _preset(wanted: Circumstances, line: "_Line", linear: bool) -> Preset | None:
    tones = len(line.tones)
    budget = _SHARE * wanted.tolerance * _scale(line)
    widest = min(WIDEST, tones - 1) if wanted.shared else 0
    rings = [] if linear else _nodes(line, budget, widest)
    if rings is None:
        return None
    # One node is what the far field has, too.
    reach = max((ring.farthest for ring in rings if ring.nodes > 1), default=0)
    band, order = _far_field(line, budget, reach) if wanted.shared else (0, 0)
    return Preset(tuple(_within(rings, band, tones)), order, band, line.margin)


class _Line(NamedTuple):
    """A line in float64, and the worst of its resonators at each tone, (tones,)."""

    tones: np.ndarray
    peaks: np.ndarray
    damping: np.ndarray
    drive: np.ndarray  # s of one watt on the own tone
    shift: np.ndarray
    nonlinear_damping: np.ndarray
    volts: np.ndarray  # V/W of a response of one
    torques: tuple[np.ndarray, np.ndarray]
    half_width: float
    chains: int
    margin: float


def _host(law: Callable[..., Any], *arguments: Any) -> np.ndarray:
    """A law on the host, in float64."""
    with jax.enable_x64(True):
        return np.asarray(jax.jit(law)(*arguments))  # one small program, not one an operation


def _worst(wanted: Circumstances, margin: float) -> _Line:
    fields = jax.tree.map(lambda field: np.asarray(field, np.float64), wanted.resonators)
    tones = np.asarray(wanted.line.frequencies, np.float64)

    def each(values, worst=np.max):
        return np.broadcast_to(worst(np.atleast_2d(values), axis=0), tones.shape)

    drive = _host(spin_diode.reduced_drive, 1.0, tones, fields.damping, fields.drive)
    volts = _host(spin_diode.voltage_scale, tones, fields.damping, fields.rectification)
    shift = np.atleast_2d(_host(spin_diode.reduced_shift, fields.nonlinear_shift, fields.damping))
    farthest = np.take_along_axis(shift, np.abs(shift).argmax(axis=0)[None], 0)[0]
    return _Line(
        tones,
        np.asarray(wanted.line.peak_powers, np.float64),
        margin * each(fields.damping),
        margin * each(drive),
        margin * np.broadcast_to(farthest, tones.shape),
        each(fields.nonlinear_damping, np.min),
        each(volts),
        (each(np.abs(fields.antisymmetric)), each(np.abs(fields.symmetric))),
        wanted.half_width,
        wanted.chains,
        margin,
    )


def _folds(line: _Line, shared: bool) -> bool:
    """Whether the response to any tone may fold at any detuning, in the range or beyond it."""
    _, onset = _host(fold_onset, line.shift, line.nonlinear_damping / line.margin)
    strongest = np.max(line.peaks) if shared else line.peaks
    # The lowest resonance, at the upper end of the range, has the smallest linewidth.
    drive = line.drive * strongest * (1 + line.damping * line.half_width) ** 2
    return bool(np.any(drive >= onset))


def _scale(line: _Line) -> float:
    """A typical voltage of a chain under random powers: what errors are relative to, V."""
    detuning = line.half_width * np.linspace(-1, 1, 2 * _DENSITY + 1)[:, None]
    response = _host(spin_diode.response, detuning, 0.0, 0.0, 0.0, *line.torques)
    own = line.volts * line.peaks * response
    return float(np.sqrt(np.sum(np.mean(own**2, axis=0)) / 3))


def _rms_error(errors: np.ndarray) -> float:
    """The RMS truncation error of a chain, from that of each resonator (first axis) at full power.

    Errors add linearly over tones, since powers have one sign, and in quadrature over resonators.
    """
    return float(np.sqrt(np.sum((errors / 2) ** 2, axis=0)))


def _nodes(line: _Line, budget: float, widest: int) -> list[Ring] | None:
    """Rings with nodes, of all blocks; None where too many would be needed."""
    blocks = _blocks(len(line.tones))
    sampled = [_pairs(line, begin, end, widest, budget) for begin, end in blocks]
    counts = _counts(sampled, [end - begin for begin, end in blocks], budget)
    if counts is None:
        return None
    found = []
    for (begin, end), pairs, count in zip(blocks, sampled, counts, strict=True):
        found += _rings(count, pairs.steps, begin, end)
    return found


class _Pairs(NamedTuple):
    """Truncation errors of pairs of a block, V, by distance (rows), number of nodes (columns)."""

    errors: np.ndarray
    steps: np.ndarray


def _pairs(line: _Line, begin: int, end: int, widest: int, budget: float) -> _Pairs:
    """Truncation errors of some resonators of a block, at the worst of all detunings."""
    strongest = begin + int(np.argmax((line.drive * line.peaks)[begin:end]))
    steepest = begin + int(np.argmax(np.abs(line.shift)[begin:end]))
    spread = np.linspace(begin, end - 1, min(_SAMPLED, end - begin)).astype(int)
    own = np.unique([*spread, strongest, steepest])[:, None, None]
    apart = np.concatenate([np.arange(widest + 1), -np.arange(1, widest + 1)])
    tone = own + apart[:, None]
    there = (tone >= 0) & (tone < len(line.tones))
    tone = np.clip(tone, 0, len(line.tones) - 1)
    tones, damping = (line.tones[tone], line.tones[own]), line.damping[own] / line.margin
    detuning = _detunings(line, own, tones, damping)
    x = _host(spin_diode.detuning_from_own_tone, *tones, detuning, damping)
    shift, growth = (np.broadcast_to(f[own], x.shape) for f in (line.shift, line.nonlinear_damping))
    # The drive of one watt goes with the square of the linewidth that is reached.
    reached = _host(spin_diode.continued_resonance_frequency, tones[1], detuning, damping)
    drive = line.drive[own] * line.peaks[tone] * (tones[1] / reached) ** 2
    ends = power_singularity(x, shift, growth)
    ends = np.where(np.isfinite(ends), ends, 1 / _WEAKEST) / np.where(drive > 0, drive, _WEAKEST)
    across = 2 * ends - 1
    root = np.sqrt(across**2 - 1)
    rate = np.maximum(np.abs(across + root), np.abs(across - root))
    at_full = line.volts[own] * line.peaks[tone] * there
    limit = budget / (8 * np.sqrt(len(line.tones)))
    power, steps = _oscillation_power(x, drive, shift, growth, at_full / limit)
    torques = [each[own] for each in line.torques]
    whole, linear = (
        _host(spin_diode.response, x, p, shift, growth, *torques) for p in (power, 0.0)
    )
    excess = whole - linear
    at_most = np.abs(excess) * at_full
    with np.errstate(invalid="ignore", over="ignore"):
        error = at_most[..., None] * np.power(rate[..., None], -_NODES) / (1 + _NODES)
    # Where a response folds no number of nodes is enough.
    error[..., 1:] = np.where((rate < _FOLDED)[..., None], np.inf, error[..., 1:])
    error[at_most == 0] = 0
    worst = error.max(axis=(0, 2))  # (places, nodes)
    steps = steps.max(axis=(0, 2))
    inward = np.concatenate([[0], widest + 1 + np.arange(widest)])
    both = np.stack([worst[: widest + 1], worst[inward]])
    return _Pairs(both.sum(axis=0), np.maximum(steps[: widest + 1], steps[inward]))


def _detunings(line: _Line, own, tones, damping) -> np.ndarray:
    """Detunings that are looked at: evenly over the range, and where a fold would set in."""
    even = np.linspace(-1, 1, 2 * int(np.ceil(_DENSITY * line.half_width)) + 1)
    onset, _ = _host(fold_onset, line.shift[own], line.nonlinear_damping[own])
    # The detuning from the own tone at which the other tone is so far.
    start = _host(spin_diode.detuning_from_own_tone, *tones, 0.0, damping)
    at_onset = (onset - start) * tones[1] / tones[0]
    # Nothing folds where the onset is at infinity, and next to the range it is at its end.
    at_onset = np.clip(at_onset, -line.half_width, line.half_width)
    spread = np.broadcast_to(line.half_width * even, (*start.shape[:-1], len(even)))
    return np.concatenate([spread, at_onset], axis=-1)


def _oscillation_power(x, drive, shift, growth, weight) -> tuple[np.ndarray, np.ndarray]:
    """The oscillation power under one tone, and how many steps of Newton lead to it.

    `weight`: the voltage that depends on it, in errors that are allowed.
    """
    size = _host(response_denominator, x, 0.0, 0.0, 0.0)
    linear = 1 / np.sqrt(size)
    power, steps = drive / size, np.ones(x.shape, int)
    for _ in range(_STEPS):
        after = newton_step(power, x, drive, shift, growth)
        # The next step changes it by the square of this change, and the voltage by as much of
        # what is not linear.
        change = np.abs(after / np.where(power > 0, power, 1) - 1) * (power > 0)
        bent = np.minimum(np.abs(shift) * after * linear + growth * after * linear**2, 1)
        steps = steps + (weight * linear * bent * change**2 > 1)
        power = after
    return power, steps


def _counts(sampled: list[_Pairs], sizes: list[int], budget: float) -> list[np.ndarray] | None:
    """The fewest nodes for each block and distance whose errors together keep the budget."""
    for share in budget * 1.5 ** -np.arange(40.0):
        choices, errors = [], []
        for pairs, size in zip(sampled, sizes, strict=True):
            enough = pairs.errors <= share
            enough[:, -1] = True
            choice = np.argmax(enough, axis=1)
            choices.append(_NODES[choice])
            each = np.take_along_axis(pairs.errors, choice[:, None], 1).sum()
            errors.append(np.full(size, each))
        if _rms_error(np.concatenate(errors)) <= budget:
            return choices
    return None


def _blocks(tones: int) -> list[tuple[int, int]]:
    """The parts of a line that have nodes of their own."""
    shares = _BLOCKS if tones >= _LONG else (0.0, 1.0)
    ends = [_VECTOR * round(share * tones / _VECTOR) for share in shares[:-1]] + [tones]
    return list(zip(ends[:-1], ends[1:], strict=True))


def _rings(count: np.ndarray, steps: np.ndarray, begin: int, end: int) -> list[Ring]:
    """The numbers of nodes by distance as a few rings, in which they fall, for one block."""
    count, steps = (np.maximum.accumulate(each[::-1])[::-1] for each in (count, steps))
    rings = []
    for nodes in np.unique(count[count > 0])[::-1]:
        places = np.flatnonzero(count == nodes)
        first = int(places[0])
        rings.append(Ring(first, int(places[-1]), int(nodes), int(steps[first]), begin, end))
    while len(rings) > _MOST_RINGS:
        dearer = [
            _cost(_merged(*pair)) - _cost(pair[0]) - _cost(pair[1])
            for pair in zip(rings, rings[1:])
        ]
        at = int(np.argmin(dearer))
        rings[at : at + 2] = [_merged(*rings[at : at + 2])]
    return rings


def _merged(one: Ring, other: Ring) -> Ring:
    return one._replace(farthest=other.farthest)


def _cost(ring: Ring) -> float:
    places = ring.farthest - max(ring.nearest - 0.5, 0)
    return places * (1 + ring.nodes * (1 + ring.steps / 2))


def _within(rings: list[Ring], band: int, tones: int) -> list[Ring]:
    """The rings of a near band, whose outer part is one ring for all of the line."""
    inner = [ring for ring in rings if ring.nodes > 1]
    start = max((ring.farthest + 1 for ring in inner), default=0)
    found = []
    for begin, end in _blocks(tones) if start else ():
        *others, last = [ring for ring in inner if ring.begin == begin] or [
            _outer([ring for ring in rings if ring.begin == begin], 0, start - 1, begin, end)
        ]
        found += [*others, last._replace(farthest=start - 1)]
    if start <= band:
        outer = [ring for ring in rings if ring.nodes == 1 and ring.farthest >= start]
        found.append(_outer(outer, start, band, 0, tones))
    return found


def _outer(rings: list[Ring], nearest: int, farthest: int, begin: int, end: int) -> Ring:
    """One ring for some that have one node at most, linear if there are none."""
    steps = max((ring.steps for ring in rings), default=0)
    return Ring(nearest, farthest, int(bool(rings)), steps, begin, end)


def _far_field(line: _Line, budget: float, reach: int) -> tuple[int, int]:
    """The near band and the order that keep the budget at the least cost of a gradient step."""
    tones = len(line.tones)
    place = np.arange(tones)
    distance = np.abs(place[:, None] - place)
    ratio = pole_expansion.truncation(line.tones, line.damping, line.half_width)
    torque = np.hypot(*line.torques)
    own = np.where(distance > 0, np.abs(line.tones[:, None] - line.tones), np.inf) / line.tones
    # Of tones that are alike, which the near band holds.
    with np.errstate(divide="ignore", invalid="ignore"):
        first = line.peaks[:, None] * line.volts * torque * line.damping / line.margin / own
    pair = _PAIR_COST * line.chains * tones
    best = (pair * (2 * tones - 1), tones - 1, 0)
    for order in _ORDERS:
        converges = ratio < _CONVERGES
        error = first * np.where(converges, ratio, 1) ** order / (1 - np.minimum(ratio, _CONVERGES))
        error = np.where(converges, error, np.inf)
        band = _narrowest(error, distance, budget, reach)
        entry = (_READ_COST + _PRODUCT_COST * line.chains) * order
        if band < tones - 1:
            best = min(best, (pair * (2 * band + 1) + entry * tones**2, band, order))
    return best[1:]


def _narrowest(errors: np.ndarray, distance: np.ndarray, budget: float, reach: int) -> int:
    """The narrowest band, in places, beyond which truncation errors keep the budget."""
    tones = len(errors)
    by_place = np.zeros((tones, tones + 1))
    own = np.broadcast_to(np.arange(tones), distance.shape)
    np.add.at(by_place, (own, distance), errors)
    beyond = np.cumsum(by_place[:, ::-1], axis=1)[:, ::-1][:, 1:]
    together = np.sqrt(np.sum((beyond / 2) ** 2, axis=0))
    return max(reach, int(np.argmax(together <= budget)))


def _evaluation(wanted: Circumstances, preset: Preset, linear: bool) -> Poles:
    dtype = wanted.line.frequencies.dtype
    far = None
    if preset.order:
        far = _far_field_of(wanted.line.frequencies, preset.near, preset.order)
    damping, relative, limits = _prepared_for(wanted.resonators, wanted.line, linear)
    return Poles(
        preset,
        far,
        jnp.asarray(wanted.signs, dtype),
        wanted.line.frequencies,
        jnp.asarray(wanted.half_width, dtype),
        damping,
        relative,
        limits,
    )


@eqx.filter_jit
def _prepared_for(resonators: Resonator, line: Line, linear: bool):
    """What devices have to be like, as one small program."""
    damping = most_of_chains(resonators.damping)
    relative = most_of_chains(relative_volts(resonators, line))
    return damping, relative, None if linear else Limits.of(resonators, line)


_far_field_of = jax.jit(FarField.of, static_argnums=(1, 2))
