"""Preparing the evaluation of an array: for a range of detunings, and measured.

A pure function of line, devices, model, wiring, range and tolerance, which runs on the host; the
same request is prepared once.
"""

import warnings
from collections import OrderedDict
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from rfjax.arrays.polarity import signs
from rfjax.arrays.wiring import AbstractWiring
from rfjax.devices import Resonator
from rfjax.laws.spin_diode import voltage_scale
from rfjax.lines import Line
from rfjax.rectifiers import AbstractRectifier
from rfjax.rectifiers.fast import AbstractEvaluation, Circumstances

_HALF_WIDTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_ROOM, _MOVED = 1.5, 0.1  # what detunings may grow by before another range is needed
_ATTEMPTS = 6
# Errors follow the target, more or less: by how much less to ask for than what would do.
_TIGHTER = 0.7
_LOWEST = 0.9  # of the detuning at which a resonance would have no frequency left
_KEPT = 16
_known: OrderedDict[Any, AbstractEvaluation | None] = OrderedDict()


def half_width_for(detuning: Float[np.ndarray, "..."]) -> float | None:
    """The first of the prepared ranges, in linewidths, that holds all detunings with room to move.

    **Returns:** the range, or None if the detunings leave all of them.
    """
    needed = _MOVED + _ROOM * float(np.max(np.abs(detuning), initial=0.0))
    return next((width for width in _HALF_WIDTHS if width >= needed), None)


def prepared_evaluation(
    rectifier: AbstractRectifier,
    wiring: AbstractWiring,
    resonators: Resonator,
    line: Line,
    detuning: Float[Array, "*seeds chains tones"],
    tolerance: float,
) -> AbstractEvaluation | None:
    """The cheapest evaluation found to keep a tolerance, in the range of some detunings.

    **Arguments:** as those of a `ResonatorArray`.

    **Returns:** the evaluation; None if there is none, to compute directly.
    """
    half_width = half_width_for(np.asarray(detuning))
    if half_width is None:
        return None
    wanted = Circumstances(
        line,
        resonators,
        signs(line.tones, detuning.dtype),
        half_width,
        tolerance,
        detuning.shape[-2],
    )
    key = _key(rectifier, wiring, wanted)
    if key in _known:
        _known.move_to_end(key)
        return _known[key]
    found = _measured(rectifier, wiring, wanted)
    _known[key] = found
    if len(_known) > _KEPT:
        _known.popitem(last=False)
    return found


def error_of(
    evaluation: AbstractEvaluation,
    rectifier: AbstractRectifier,
    wiring: AbstractWiring,
    resonators: Resonator,
    line: Line,
    detuning: Float[np.ndarray, "2 tones"],
) -> float:
    """The largest difference of an evaluation from the direct one in float64, on three rows.

    **Arguments:** `evaluation`; all others as those of a `ResonatorArray`.

    **Returns:** relative to the largest voltage of a chain or, where chains give less, to what one
    resonator gives at most: resonators near zero weight are no reason to compute to no end.
    """
    some, powers = _samples(resonators, line, detuning)
    found = np.asarray(_evaluated(evaluation, some, detuning, line, powers))
    exact, scale = _exactly(rectifier, wiring, some, line, detuning, powers)
    return float(np.max(np.abs(found - exact)) / scale)


def _measured(rectifier, wiring, wanted: Circumstances) -> AbstractEvaluation | None:
    """The first of ever tighter evaluations whose error is what was asked for."""
    target, tolerance = wanted.tolerance, wanted.tolerance
    evaluation = wiring.prepared(rectifier, wanted)
    if evaluation is None:
        return None
    if evaluation.is_exact:
        return evaluation
    # One chain far off everywhere, one as most are.
    draw = np.random.default_rng(0).standard_normal((2, wanted.line.tones))
    far = np.clip(draw * [[0.5], [0.1]], -1, 1) * wanted.half_width
    # No resonance is so far below its tone that its frequency would be negative.
    far = np.maximum(far, -_LOWEST / np.max(np.asarray(wanted.resonators.damping)))
    dtype = wanted.line.frequencies.dtype
    some, powers = _samples(wanted.resonators, wanted.line, far)
    detuning = far.astype(dtype)
    exact, scale = _exactly(rectifier, wiring, some, wanted.line, detuning, powers)
    rounding = None
    for _ in range(_ATTEMPTS):
        found = np.asarray(_evaluated(evaluation, some, detuning, wanted.line, powers))
        error = float(np.max(np.abs(found - exact)) / scale)
        enough = tolerance
        if error > tolerance and rounding is None:
            direct = _directly(rectifier, wiring, some, wanted.line, detuning, powers)
            rounding = float(np.max(np.abs(np.asarray(direct) - exact)) / scale)
        if rounding is not None:
            enough = max(tolerance, rounding)
        if error <= enough:
            return evaluation
        target *= min(_TIGHTER, _TIGHTER * enough / error)
        evaluation = wiring.prepared(rectifier, wanted._replace(tolerance=target))
        if evaluation is None:
            break
    warnings.warn(
        f"no fast evaluation of {wanted.line.tones} tones keeps a tolerance of {tolerance:g}: "
        "every resonator is computed directly, which is slow; lower the powers, allow a larger "
        "tolerance, or give None as tolerance to silence this",
        stacklevel=5,
    )
    return None


def _samples(resonators: Resonator, line: Line, detuning) -> tuple[Resonator, np.ndarray]:
    """Devices for two chains, and rows of powers: all, random ones, and mostly weak ones."""
    ends = np.array([0, -1])
    some = jax.tree.map(lambda field: field[ends] if field.ndim == 2 else field, resonators)
    peaks = np.asarray(line.peak_powers)
    draw = np.random.default_rng(0).random((2, line.tones))
    shares = np.stack([np.ones(line.tones), draw[0], draw[1] ** 4])
    return some, (shares * peaks).astype(peaks.dtype)


def _exactly(rectifier, wiring, resonators, line, detuning, powers) -> tuple[np.ndarray, float]:
    """The direct evaluation in float64, and the voltage that errors are relative to."""
    with jax.enable_x64(True):
        arguments = rectifier, wiring, resonators, line, detuning, powers
        exact = jax.tree.map(lambda array: np.asarray(array, np.float64), arguments)
        volts = np.asarray(_directly(*exact))
    per_watt = voltage_scale(resonators.frequency, resonators.damping, resonators.rectification)
    torque = np.hypot(resonators.antisymmetric, resonators.symmetric)
    alone = float(np.max(np.asarray(per_watt) * torque * np.asarray(line.peak_powers)))
    return volts, max(np.max(np.abs(volts)), alone, np.finfo(float).tiny)


@eqx.filter_jit
def _evaluated(evaluation, resonators, detuning, line, powers):
    return evaluation(resonators, detuning, line, powers)


@eqx.filter_jit
def _directly(rectifier, wiring, resonators, line, detuning, powers):
    return wiring.directly(rectifier, resonators, detuning, powers, line.frequencies)


def _key(rectifier, wiring, wanted: Circumstances) -> Any:
    """What names a request: structure and values of all that it depends on."""
    leaves, structure = jax.tree.flatten((rectifier, wiring, wanted))
    arrays = [np.asarray(leaf) for leaf in leaves]
    values = tuple((each.shape, each.dtype.name, each.tobytes()) for each in arrays)
    return structure, values, jax.config.jax_enable_x64
