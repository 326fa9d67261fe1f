"""`simulate`: devices integrated in time, and what comes out."""

import functools
import warnings
from collections.abc import Sequence
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float, Int, Key

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    finite_parts,
    instance_of,
    known,
    positive_integer,
    positive_number,
    random_key,
)
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.carrier_frame import CarrierFrame, UnequalCarrierFrame
from rfjax.dynamics.current import ChangingCurrent, Waveform
from rfjax.dynamics.equation_of_motion import LARGEST_POWER, EquationOfMotion
from rfjax.dynamics.force import AbstractAction, AbstractForce, Amplitude
from rfjax.dynamics.integrate import (
    FARTHEST_TURN,
    State,
    Stepper,
    advance,
    advance_forward,
    all_kept,
    default_solver,
    longest_step,
    recomputed,
    step_for,
)
from rfjax.dynamics.noise import ThermalNoise, coarseness, step_for_noise
from rfjax.dynamics.sensitivity import differentiated_as, with_sensitivities
from rfjax.dynamics.step_size import Rates, rates_of_motion
from rfjax.dynamics.steps import MAX_STEPS, Steps
from rfjax.dynamics.trajectory import Trajectory
from rfjax.dynamics.winding import Winding

_SMALL = 1e-3  # amplitude at which oscillators start
_COARSEST = 0.01  # relative error of the power of fluctuations, above which a step is refused
_DRIFT = 1e-3  # of the tolerance with noise: what the drift keeps
_PARTS = 50  # of a long integration, between which the progress is shown
_AT_ONCE = 2**20  # amplitudes that are taken to their save times at once

_Carry = tuple[State, Winding, Int[Array, ""]]
_Kept = tuple[Complex[Array, "..."], Float[Array, "..."]]


def simulate(
    devices: Resonator | Oscillator,
    duration: float,
    forces: AbstractForce | Sequence[AbstractForce] = (),
    *,
    current: ArrayLike | Waveform = 0.0,
    noise: ThermalNoise | None = None,
    key: Key[Array, ""] | None = None,
    start: Any = None,
    saves: int = 201,
    solver: diffrax.AbstractSolver | None = None,
    tolerance: float | None = None,
    step: float | None = None,
    reference: float | None = None,
    progress: bool = False,
    max_steps: int = MAX_STEPS,
) -> Trajectory:
    r"""Integrate $\dot c=-[\Gamma_+(p)-\Gamma_-(p)]c-i\omega(p)c+\sum f$ (3.3) in time.

    The amplitude is integrated in a frame that rotates at a reference frequency, in fixed steps:
    they follow the slow dynamics (detunings and linewidths), not the carrier. A step ends wherever
    a drive switches, so that none goes across. Save times within a step are reached by a part of it
    that nothing else depends on: they never change the result. All lanes advance together.
    Derivatives to few fields of devices that do not act on each other are carried along; all others
    recompute stretches of steps in reverse. Forward mode works as well.

    **Arguments:**

    - `devices`: resonators, or oscillators; (*lanes,).
    - `duration`, s.
    - `forces`: tones, coupling, feedback, one or several; their lanes broadcast with the devices'.
    - `current` through oscillators in A, (*lanes,), or a `Waveform`.
    - `noise` and the `key` that it is drawn from: each lane has numbers of its own, which depend on
      the key and its flat index alone.
    - `start`: the complex amplitude at the start, (*lanes,). If none is given, resonators start at
      rest and oscillators with 0.001, the power 1e-6: at exactly zero they would stay there.
    - `saves`: how many equidistant times are kept, both ends included.
    - `solver`: an explicit one of diffrax, for all but noise, which acts between steps; by default
      of eighth order, with noise of fifth.
    - `tolerance`, relative to an amplitude that turns in the frame; it sets the step. 1e-6 if none
      is given. Errors add up over the turns of a lifetime: at 1e-6 by up to 1.7e-7 a turn, with
      diffrax.Tsit5 2.5e-7, Bosh3 5e-7 and Dopri5 9e-7; from rest under a tone 200 linewidths away
      (32 turns) they reach 4.5e-6. An oscillation far from the reference has a relative error of
      its power of 2e-6 at 250 linewidths, of 2e-5 with its frequency at rest as `reference`. With
      noise it is the relative error of the power of fluctuations, 1e-3 if none is given, and the
      drift keeps a thousandth of it.
    - `step`: the longest step in s, instead of the tolerance; `reference` in Hz, of the frame.
      Both are chosen from how fast devices can move at the powers that start, current, tones,
      coupling and feedback allow. Inside of `jit` or of a derivative, where values are not known,
      give both.
    - `progress`: show a bar while it runs; works outside of `jit` only.
    - `max_steps`: an integration that would take more steps is refused.

    **Returns:** the trajectory. A warning says if lanes grew beyond all bounds, and if a step that
    is given is too long for the solver at the powers that devices can reach.

    **Raises:** `InvalidInput` where values or shapes are not allowed, or cannot be known; for a
    step longer than the duration, or in which an amplitude turns by more than 2 rad at the power of
    the start, or that would change the power of fluctuations by more than one percent; for a
    tolerance below the precision of the arrays; for an oscillator above threshold that is started
    at exactly zero without anything to move it.
    """
    instance_of("devices", devices, (Resonator, Oscillator), "a Resonator or Oscillator")
    forces = _forces(forces)
    max_steps = positive_integer("max_steps", max_steps)
    saves = positive_integer("saves", saves)
    if not 2 <= saves <= MAX_STEPS:
        raise InvalidInput(f"saves is {saves}; keep from 2, both ends, to {MAX_STEPS} times")
    if (noise is None) != (key is None):
        raise InvalidInput("noise and key go together; give both or none")
    if noise is not None:
        noise = instance_of("noise", noise, ThermalNoise, "a ThermalNoise")
        key = random_key("key", key)
    duration = positive_number("duration", duration)
    instance_of("progress", progress, bool, "True or False")
    reference = None if reference is None else positive_number("reference", reference)
    step = None if step is None else positive_number("step", step)
    tolerance = (1e-6 if noise is None else 1e-3) if tolerance is None else tolerance
    tolerance = positive_number("tolerance", tolerance)
    if tolerance >= 1:
        raise InvalidInput(f"tolerance is {tolerance:g}; it is relative and must be below 1")
    if step is not None and step > duration:
        raise InvalidInput(
            f"step is {step:g} s, longer than the duration of {duration:g} s; give a shorter one, "
            "or a tolerance"
        )
    if isinstance(devices, Resonator) and (isinstance(current, Waveform) or not _is_zero(current)):
        raise InvalidInput("resonators have no current; give an Oscillator to drive one")
    current = current if isinstance(current, Waveform) else finite("current", current)
    solver = default_solver(noise is not None) if solver is None else solver
    kinds = diffrax.AbstractERK, diffrax.Euler
    instance_of("solver", solver, kinds, "an explicit solver, as diffrax.Tsit5()")
    if noise is not None:
        noise.on(devices)
    amplitude = _at_start(devices, forces, current, noise, start)
    extremes = current.extremes if isinstance(current, Waveform) else (current, current)
    if isinstance(devices, Oscillator):
        _checked_start(devices, forces, extremes[1], noise, amplitude)
    dtype = amplitude[0].dtype
    if tolerance < jnp.finfo(dtype).eps:
        raise InvalidInput(
            f"tolerance is {tolerance:g}, below the {jnp.finfo(dtype).eps:.2g} that {dtype} can "
            "keep; give a larger one, or set jax_enable_x64"
        )
    checked = known(devices, forces, extremes, noise, amplitude)
    if reference is None or step is None or checked:
        moves = rates_of_motion(devices, forces, extremes, amplitude, reference, noise)
        reference = moves.reference
        if step is None:
            step = _step(moves, tolerance, solver, forces, noise)
        else:
            _checked_step(step, moves, solver, noise)
    step = min(step, *(force.longest_step() for force in forces), np.inf)
    switches = _switches(forces, current)
    steps = Steps.of(duration, step, switches, reference, dtype, max_steps)
    plan = _Plan.of(steps, np.linspace(0, duration, saves)[1:])
    lanes = _Lanes(devices, 0.0 if isinstance(current, Waveform) else current, amplitude)
    actions = tuple(force.prepared(steps) for force in forces)
    waveform = current.prepared(steps) if isinstance(current, Waveform) else None
    others = _Others(waveform, actions, noise, key, steps.frame)
    if progress:
        later = _in_parts(*_begun(lanes, others, solver), plan)
    else:
        coupled = any(force.couples for force in forces)
        later = _integrated(lanes, others, plan, solver, coupled)
    packed, turns = later
    kept = State(packed, None)
    begins = *amplitude, jnp.zeros_like(amplitude[0])
    whole = jax.tree.map(
        lambda begin, part: jnp.concatenate([begin[None], part]), begins, (*kept.amplitude, turns)
    )
    real, imaginary, turns = (jnp.moveaxis(part, 0, -1) for part in whole)
    failed = kept.failed[-1]
    if not isinstance(failed, Tracer) and failed.any():
        warnings.warn(
            f"{int(failed.sum())} of {failed.size} lanes grew beyond the power at which the model "
            "ends and stay there: see trajectory.failed",
            stacklevel=2,
        )
    frame = CarrierFrame.of(duration / (saves - 1), reference, dtype)
    return Trajectory(real, imaginary, turns, frame, len(steps.begin), devices, failed, forces)


class _Plan(eqx.Module):
    """How the save times are reached from the steps.

    **Arguments:** `until`: how many steps are whole before each, `beyond`: the part of the next
    one, s; `last`: the number of the last step; `most` steps from one to the next; `even`: whether
    there are always as many; `within`: whether any of them lies within a step.
    """

    until: Int[Array, " saves"]
    beyond: Float[Array, " saves"]
    last: Int[Array, ""]
    most: int = eqx.field(static=True)
    even: bool = eqx.field(static=True)
    within: bool = eqx.field(static=True)

    @classmethod
    def of(cls, steps: Steps, saves: Float[np.ndarray, " saves"]) -> "_Plan":
        saved = steps.saved(saves)
        counts = np.diff(saved.steps, prepend=0)
        with jax.ensure_compile_time_eval():
            until, beyond = jnp.asarray(saved.steps), jnp.asarray(saved.beyond, steps.dtype)
            last = jnp.asarray(len(steps.begin) - 1, until.dtype)
        most, least = int(counts.max()), int(counts.min())
        return cls(until, beyond, last, most, most == least, bool(saved.beyond.any()))

    def part(self, first: int, count: int) -> "_Plan":
        """That of some of the save times."""
        at = slice(first, first + count)
        return eqx.tree_at(
            lambda plan: (plan.until, plan.beyond), self, (self.until[at], self.beyond[at])
        )


class _Lanes(eqx.Module):
    """What belongs to each lane alone: its device, its steady current and where it starts."""

    devices: Resonator | Oscillator
    current: ArrayLike
    start: Amplitude


class _Others(eqx.Module):
    """What acts on the lanes."""

    waveform: ChangingCurrent | None
    actions: tuple[AbstractAction, ...]
    noise: ThermalNoise | None
    key: Key[Array, ""] | None
    frame: CarrierFrame | UnequalCarrierFrame


@eqx.filter_jit
def _integrated(
    lanes: _Lanes, others: _Others, plan: _Plan, solver: diffrax.AbstractSolver, coupled: bool
) -> _Kept:
    """What is kept at each save; with forward sensitivities unless lanes are coupled."""

    strengths = tuple(action.strengths() for action in others.actions)
    proportional = [each is not None for each in strengths]
    strengths = tuple(each for each in strengths if each is not None)
    others = _with_strengths(others, proportional, [None] * len(strengths))

    def kept(lanes, strengths, others, plan, written_out):
        others = _with_strengths(others, proportional, strengths)
        stepper, state = _begun(lanes, others, solver, written_out)
        return _run(stepper, _at_first(state, plan), plan)[1]

    fast, other = (functools.partial(kept, written_out=each) for each in (True, False))
    if coupled:
        derived = differentiated_as(fast, other)
    else:
        derived = with_sensitivities(fast, other, shared=False)
    return derived(lanes, strengths, others, plan)


def _with_strengths(others: _Others, proportional: list[bool], strengths: Sequence) -> _Others:
    """The same with other strengths of those actions that have any."""
    left = iter(strengths)
    actions = tuple(
        action.of_strengths(next(left)) if has else action
        for action, has in zip(others.actions, proportional, strict=True)
    )
    return eqx.tree_at(lambda others: others.actions, others, actions)


def _begun(
    lanes: _Lanes, others: _Others, solver: diffrax.AbstractSolver, written_out: bool = True
) -> tuple[Stepper, State]:
    """How steps are taken, and the state before the first."""
    devices, frame = lanes.devices, others.frame
    current = lanes.current if others.waveform is None else others.waveform
    offset = devices.frequency - frame.reference
    equation = EquationOfMotion.of(devices, offset, current, others.actions, frame)
    diffusion = None if others.noise is None else others.noise.on(devices)
    stepper = Stepper(equation, solver, diffusion, others.key, written_out)
    return stepper, State.of(equation, lanes.start)


def _at_first(state: State, plan: _Plan) -> _Carry:
    return state, Winding.of(state.packed), jnp.zeros((), plan.until.dtype)


@eqx.filter_jit
def _run(stepper: Stepper, carry: _Carry, plan: _Plan) -> tuple[_Carry, _Kept]:
    """Advance from save to save.

    **Arguments:** `stepper`; `carry`: the state, its turns, and how many steps led to it; `plan`.

    **Returns:** the carry in the end; and at each save the packed amplitude and its turns, as
    numbers of its precision.
    """

    def counted(turns, state, number, passed):
        return turns.along(passed)

    def onward(carry, until):
        state, turns, first = carry
        if plan.even:
            state, turns = advance(stepper, (state, turns), first, plan.most, counted)
        elif stepper.written_out:
            state, turns = advance_forward(stepper, (state, turns), first, until, counted)
        else:
            state, turns = advance(stepper, (state, turns), first, plan.most, counted, until)
        if not plan.within:
            return (state, turns, until), turns
        number = jnp.minimum(until, plan.last)
        constants = stepper.equation.at_step(number, state.memories)
        return (state, turns, until), (turns, constants, number)

    if not all_kept(carry, plan.most * len(plan.until)):
        onward = recomputed(onward)
    carry, kept = jax.lax.scan(onward, carry, plan.until)
    if not plan.within:
        return carry, _kept(kept)

    def part(kept):
        (turns, constants, number), beyond = kept
        begin = turns.packed.real, turns.packed.imag
        return _kept(turns.along(stepper.part(begin, constants, number, beyond)))

    together = max(1, min(len(plan.until), _AT_ONCE // max(1, carry[0].packed.size)))
    return carry, jax.lax.map(part, (kept, plan.beyond), batch_size=together)


def _kept(turns: Winding) -> _Kept:
    return turns.packed, turns.number.astype(turns.packed.real.dtype)


def _in_parts(stepper: Stepper, state: State, plan: _Plan) -> _Kept:
    """The same in parts of one compiled length, with a bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    saves = len(plan.until)
    length = max(1, saves // _PARTS)
    carry = _at_first(state, plan)
    kept = []
    console = Console(stderr=True)
    for begin in track(range(0, saves, length), "integrating", console=console, transient=True):
        carry, part = _run(stepper, carry, plan.part(begin, length))
        kept.append(jax.block_until_ready(part))
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *kept)


def _forces(forces: Any) -> tuple[AbstractForce, ...]:
    what = "a force, as Tones, or a list of forces"
    if isinstance(forces, AbstractForce):
        return (forces,)
    return tuple(
        instance_of(
            "forces" if forces is each else f"force {number + 1}", each, AbstractForce, what
        )
        for number, each in enumerate(forces if isinstance(forces, list | tuple) else [forces])
    )


def _switches(forces: Sequence[AbstractForce], current: Any) -> Float[np.ndarray, " switches"]:
    """The times at which drives jump or bend, and those at which others repeat that, s."""
    own = [force.switches() for force in forces]
    if isinstance(current, Waveform):
        own.append(current.switches())
    switches = np.concatenate([np.zeros(0), *own])
    return np.concatenate([switches, *(force.echoes(switches) for force in forces)])


def _at_start(devices, forces, current, noise, start) -> Amplitude:
    """The amplitude at the start, both parts of the shape of all lanes."""
    shapes = {"devices": devices.shape}
    for index, force in enumerate(forces):
        shapes[f"force {index + 1}"] = force.shape()
    shapes["current"] = current.shape() if isinstance(current, Waveform) else current.shape
    if noise is not None:
        shapes["noise"] = noise.shape
    if start is None:
        start = _SMALL if isinstance(devices, Oscillator) else 0.0
    real, imaginary = finite_parts("start", start)
    if known(real, imaginary):
        power = np.square(real, dtype=np.float64) + np.square(imaginary, dtype=np.float64)
        if power.max(initial=0) >= LARGEST_POWER:
            raise InvalidInput(
                f"start has a power of {power.max():.3g}; powers are about one at most, and the "
                f"model ends at {LARGEST_POWER:g}"
            )
    lanes = broadcast_shape(**shapes, start=real.shape)
    if 0 in lanes:
        raise InvalidInput(f"there are no lanes: shapes broadcast to {lanes}; give one or more")
    for index, force in enumerate(forces):
        if force.couples and force.shape()[-1] != lanes[-1]:
            raise InvalidInput(
                f"force {index + 1} couples {force.shape()[-1]} oscillators, and the last axis of "
                f"the lanes has {lanes[-1]}; give a coupling of {lanes[-1]}"
            )
    dtype = jnp.result_type(*jax.tree.leaves(eqx.filter(devices, eqx.is_inexact_array)))
    real, imaginary = (jnp.broadcast_to(part, lanes).astype(dtype) for part in (real, imaginary))
    return real, imaginary


def _step(
    moves: Rates,
    tolerance: float,
    solver: diffrax.AbstractSolver,
    forces: Sequence[AbstractForce],
    noise: ThermalNoise | None,
) -> float:
    """The step that keeps a tolerance, s; that of noise is of the power of fluctuations."""
    drift = tolerance if noise is None else _DRIFT * tolerance
    limits = [step_for(moves.fastest, drift, solver)]
    limits += [force.exact_step(moves.fastest, drift) for force in forces]
    if noise is not None:
        limits.append(step_for_noise(moves.settling, tolerance))
    return min(limits)


def _checked_step(
    step: float, moves: Rates, solver: diffrax.AbstractSolver, noise: ThermalNoise | None
) -> None:
    longest = longest_step(moves.fastest, solver)
    if step * moves.begins > FARTHEST_TURN:
        most = min(FARTHEST_TURN / moves.begins, longest)
        raise InvalidInput(
            f"step is {step:g} s, in which an amplitude turns by {step * moves.begins:.2g} rad in "
            f"the frame at {moves.reference:g} Hz: give at most {_below(most)} s, or a tolerance"
        )
    # The rates are bounds, with room for frequencies that move further.
    if step > 2 * longest:
        warnings.warn(
            f"step is {step:g} s, with which this solver may be far off or grow at the powers that "
            f"devices can reach: give at most {_below(longest)} s, or a tolerance",
            stacklevel=3,
        )
    off = 0.0 if noise is None else coarseness(moves.settling, step)
    if off > _COARSEST:
        raise InvalidInput(
            f"step is {step:g} s; fluctuations would have a power {100 * off:.2g} % too large: "
            f"give at most {_below(step_for_noise(moves.settling, _COARSEST))} s, or a tolerance"
        )


def _below(seconds: float) -> str:
    """A duration in three digits, rounded down, so that what a message asks for is taken."""
    unit = 10.0 ** (np.floor(np.log10(seconds)) - 2)
    return f"{np.floor(seconds / unit) * unit:.3g}"


def _checked_start(
    devices: Oscillator,
    forces: Sequence[AbstractForce],
    largest: ArrayLike,
    noise: ThermalNoise | None,
    start: Amplitude,
) -> None:
    """An oscillator at exactly zero needs something that moves it."""
    if noise is not None or not known(devices, forces, largest, start):
        return
    push = sum(np.asarray(force.bound(np.zeros(start[0].shape))) for force in forces)
    still = (np.hypot(*start) == 0) & (push == 0)
    if any(force.couples for force in forces) and not still.all():
        return  # what moves one of them may move the others
    above = np.asarray(largest) > np.asarray(devices.threshold_current)
    if np.any(above & still):
        raise InvalidInput(
            "start is 0 for an oscillator above threshold: without noise or a force it would stay "
            f"there; give a small start, or none for {_SMALL:g}"
        )


def _is_zero(current: ArrayLike) -> bool:
    return not isinstance(current, Tracer) and not np.any(np.asarray(current))
