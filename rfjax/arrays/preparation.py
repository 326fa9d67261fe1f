"""Preparing the evaluation of an array: for a range of detunings, and measured.

A pure function of line, devices, model, wiring, range and tolerance, which runs on the host; the
same request is prepared once.
"""

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from rfjax.arrays.polarity import signs
from rfjax.arrays.reading import AbstractReading
from rfjax.arrays.wiring import AbstractWiring
from rfjax.compilation import use_persistent_cache
from rfjax.devices import Resonator
from rfjax.laws.spin_diode import reduced_drive
from rfjax.lines import Line
from rfjax.rectifiers import AbstractRectifier
from rfjax.rectifiers.fast import AbstractEvaluation, Circumstances, NotPrepared
from rfjax.rectifiers.fast.base import full_volts
from rfjax.rectifiers.fast.poles import relative_volts

_HALF_WIDTHS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
ROOM, _MOVED = 1.5, 0.1  # what detunings may grow by before another range is needed
_LEAST = 1.01  # the same where no wider range can be prepared
_ATTEMPTS = 6
# Errors follow the target, more or less: by how much less to ask for than what would do.
_TIGHTER = 0.7
_LOWEST = 0.9  # of the detuning at which a resonance would have no frequency left
_KEPT = 2**28  # bytes of what was prepared last
# Evaluations, as arrays of the host, or the reason why there is none.
_known: OrderedDict[Any, tuple[AbstractEvaluation | None, str]] = OrderedDict()


class Tuned(NamedTuple):
    """Resonators and how far they are detuned, of one array or of many on the same line.

    **Arguments:** `resonators`; `detuning` from their own tones, in linewidths, (chains, tones);
    `readings` that come to those of the array, the last. Of many arrays all numbers have an axis
    more, the first.
    """

    resonators: Resonator
    detuning: Float[Array, "*draws chains tones"]
    readings: tuple[AbstractReading, ...] = ()


def half_widths_for(detuning: Float[np.ndarray, "..."], room: float = ROOM) -> list[float]:
    """The ranges that hold all detunings, in linewidths, in the order in which they are tried.

    First the narrowest with room to move; then, where nothing can be prepared for it, those that
    are narrower.

    **Returns:** the ranges; none if the detunings leave all of them.
    """
    farthest = float(np.max(np.abs(detuning), initial=0.0))
    holding = [width for width in _HALF_WIDTHS if width >= _LEAST * farthest]
    roomy = [width for width in holding if width >= _MOVED + room * farthest]
    return roomy[:1] + [width for width in reversed(holding) if width not in roomy]


def prepared_evaluation(
    rectifier: AbstractRectifier,
    wiring: AbstractWiring,
    resonators: Resonator,
    line: Line,
    detuning: Float[Array, "*seeds chains tones"],
    tolerance: float,
    room: float,
) -> AbstractEvaluation | None:
    """The cheapest evaluation found to keep a tolerance, in the range of some detunings.

    **Arguments:** as those of a `ResonatorArray`, with any axes before those of detunings, and with
    any number of chains of devices, for all of which it is to hold; `room`: the factor by which
    detunings may grow.

    **Returns:** the evaluation, whose arrays nothing else holds; None if there is none, to compute
    directly.
    """
    sign = signs(line.tones, detuning.dtype)
    wanted = Circumstances(
        line, resonators, sign, 0.0, tolerance, detuning.shape[-2], wiring.shared
    )
    reason = f"detunings lie beyond the widest range, {_HALF_WIDTHS[-1]:g} linewidths"
    for half_width in half_widths_for(np.asarray(detuning), room):
        asked = wanted._replace(half_width=half_width)
        key = _key(rectifier, wiring, asked)
        evaluation, reason = _known.pop(key, None) or _found(rectifier, wiring, asked)
        _known[key] = evaluation, reason  # used last
        while sum(map(_bytes, _known.items())) > _KEPT:
            _known.popitem(last=False)
        if not reason:
            # Copies: a model that holds an array twice cannot be donated to a compiled program.
            return _copied(evaluation)
    warnings.warn(
        f"no fast evaluation of {line.tones} tones keeps a tolerance of {tolerance:g}, since "
        f"{reason}: every resonator is computed directly, which is slow; lower the powers, "
        "allow a larger tolerance, or give None as tolerance to silence this",
        stacklevel=4,
    )
    return None


def standing_for_all(one: Resonator, many: Tuned, line: Line) -> Resonator:
    """Devices of the extreme chains among many arrays.

    At some tone each has the most or least of a number that decides how far from linear a
    resonator is; together they limit what can be prepared for all.

    **Arguments:** `one`: devices of an array, which are among those; `many` arrays; `line`.

    **Returns:** devices of some chains, at the tones of the line.
    """

    many_shape = draws, *_ = many.detuning.shape

    def rows(one, many):
        of_draws = np.asarray(many).reshape(draws, *(1,) * (3 - many.ndim), *many.shape[1:])
        of_draws = np.broadcast_to(of_draws, many_shape).reshape(-1, line.tones)
        return np.concatenate([np.broadcast_to(one, many_shape[1:]), of_draws])

    devices = jax.tree.map(rows, one, many.resonators)
    which = np.unique(np.asarray(_outermost(devices, line)))
    chosen = jax.tree.map(lambda field: field[which], devices)
    return eqx.tree_at(lambda each: each.frequency, chosen, line.frequencies)


def _having_most(resonators: Resonator, line: Line) -> Int[Array, "numbers tones"]:
    """The chains that have the most of some number, for each tone."""
    drive = reduced_drive(1.0, line.frequencies, resonators.damping, resonators.drive)
    shift, growth = resonators.reduced_shift, resonators.nonlinear_damping
    relative = relative_volts(resonators, line)
    numbers = resonators.damping, drive, shift, -shift, growth, -growth, relative
    return jnp.stack([jnp.argmax(each, axis=0) for each in numbers])


@jax.jit
def _copied(evaluation: AbstractEvaluation | None) -> AbstractEvaluation | None:
    return jax.tree.map(jnp.copy, evaluation)


def _found(
    rectifier: AbstractRectifier, wiring: AbstractWiring, wanted: Circumstances
) -> tuple[AbstractEvaluation | None, str]:
    """What a model prepares, measured, or the reason why there is nothing."""
    use_persistent_cache()  # what measures is compiled for longer than it runs
    try:
        with jax.default_device(_host()):
            found = _measured(rectifier, wiring, wanted)
    except NotPrepared as reason:
        return None, str(reason)
    return jax.tree.map(np.asarray, found), ""


def errors(
    rectifier: AbstractRectifier,
    wiring: AbstractWiring,
    resonators: Resonator,
    line: Line,
    detuning: Float[np.ndarray, "chains tones"],
) -> Callable[[AbstractEvaluation | None], float]:
    """The largest difference of an evaluation from the direct one in float64, on two rows.

    **Arguments:** as those of a `ResonatorArray`, of some of its chains.

    **Returns:** a function of an evaluation, or of None for the direct one as precise as the line;
    its result is relative to the largest voltage of a chain or, where chains give less, to what one
    resonator gives at most: resonators near zero weight are no reason to compute to no end.
    """
    # All of the powers, and some of each tone.
    peaks = np.asarray(line.peak_powers)
    draw = np.random.default_rng(0).random(line.tones) ** 2
    powers = (np.stack([np.ones(line.tones), draw]) * peaks).astype(peaks.dtype)
    arguments = rectifier, wiring, resonators, line, detuning, powers
    with jax.enable_x64(True):
        exact = np.asarray(_directly(*jax.tree.map(lambda a: np.asarray(a, np.float64), arguments)))
    alone = float(_most_alone(resonators, line))
    scale = max(np.max(np.abs(exact)), alone, np.finfo(float).tiny)

    def error(evaluation):
        if evaluation is None:
            found = _directly(*arguments)
        else:
            found = _evaluated(evaluation, resonators, detuning, line, powers)
        return float(np.max(np.abs(np.asarray(found) - exact)) / scale)

    return error


def _measured(rectifier, wiring, wanted: Circumstances) -> AbstractEvaluation | None:
    """The first of ever tighter evaluations whose error is what was asked for.

    **Raises:** `NotPrepared` where there is none.
    """
    evaluation = rectifier.prepare(wanted)
    if evaluation is None or evaluation.is_exact:
        return evaluation
    # Resonators near their tones, as most are, and far off.
    generator = np.random.default_rng(0)
    draw = generator.standard_normal(wanted.line.tones)
    spread = generator.choice([0.5, 0.1], wanted.line.tones)
    dtype = wanted.line.frequencies.dtype
    far = wanted.half_width * np.clip(draw * spread, -1, 1)
    # No resonance is so far below its tone that its frequency would be negative.
    far = np.maximum(far, -_LOWEST / np.max(np.asarray(wanted.resonators.damping)))
    detuning = far.astype(dtype)[None]
    some = of_chains(wanted.resonators, [int(_strongest(wanted.resonators))])
    error = errors(rectifier, wiring, some, wanted.line, detuning)
    target, rounding = wanted.tolerance, 0.0
    for _ in range(_ATTEMPTS):
        found = error(evaluation)
        if found > wanted.tolerance and not rounding:
            rounding = error(None)
        if found <= max(wanted.tolerance, rounding):
            return evaluation
        target *= min(_TIGHTER, _TIGHTER * max(wanted.tolerance, rounding) / found)
        evaluation = rectifier.prepare(wanted._replace(tolerance=target))
    raise NotPrepared(f"the best that was found has an error of {found:.1g}")


def of_chains(resonators: Resonator, chains: list[int]) -> Resonator:
    """The devices of some chains, by their numbers.

    **Arguments:** `resonators`, with fields of shape (), (tones,) or (chains, tones); `chains`.
    """
    which = np.asarray(chains)
    return jax.tree.map(
        lambda field: np.asarray(field)[which] if field.ndim == 2 else field, resonators
    )


@eqx.filter_jit
def _most_alone(resonators: Resonator, line: Line) -> Float[Array, ""]:
    return jnp.max(full_volts(resonators, line))


@eqx.filter_jit
def _strongest(resonators: Resonator) -> Int[Array, ""]:
    """The chain with the resonator that is bent most, by the same power."""
    drive = reduced_drive(1.0, resonators.frequency, resonators.damping, resonators.drive)
    bent = drive * (jnp.abs(resonators.reduced_shift) + resonators.nonlinear_damping)
    return jnp.argmax(jnp.max(jnp.atleast_2d(bent), axis=1))


# Programs that run once: compiling them well takes longer than running them.
_COMPILED: Any = {"compiler_options": {"xla_backend_optimization_level": 0}}


def _host() -> Any:
    """The processor that plans: the host, wherever arrays are to be computed."""
    try:
        return jax.devices("cpu")[0]
    except RuntimeError:  # a user may have allowed no other platform
        return None


def _evaluate(evaluation, resonators, detuning, line, powers):
    return evaluation(resonators, detuning, line, powers)


def _direct(rectifier, wiring, resonators, line, detuning, powers):
    return wiring.directly(rectifier, resonators, detuning, powers, line.frequencies)


_outermost: Any = eqx.filter_jit(_having_most, **_COMPILED)
_evaluated: Any = eqx.filter_jit(_evaluate, **_COMPILED)
_directly: Any = eqx.filter_jit(_direct, **_COMPILED)


def _key(rectifier, wiring, wanted: Circumstances) -> Any:
    """What names a request: structure and values of all that it depends on."""
    leaves, structure = jax.tree.flatten((rectifier, wiring, wanted))
    arrays = [np.asarray(leaf) for leaf in leaves]
    values = tuple((each.shape, each.dtype.name, each.tobytes()) for each in arrays)
    return structure, values, jnp.zeros(()).dtype.name


def _bytes(request: tuple[Any, tuple[AbstractEvaluation | None, str]]) -> int:
    """How much a request and what was prepared for it hold."""
    (_, values, _), (evaluation, _) = request
    held = sum(len(data) for *_, data in values)
    return held + sum(leaf.nbytes for leaf in jax.tree.leaves(evaluation))
