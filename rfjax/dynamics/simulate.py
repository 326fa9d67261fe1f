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
from jaxtyping import Array, ArrayLike, Complex, Int, Key

from rfjax.checks import InvalidInput, broadcast_shape, finite, positive_integer, positive_number
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.clock import Clock
from rfjax.dynamics.current import Waveform
from rfjax.dynamics.force import AbstractAction, AbstractForce, Amplitude
from rfjax.dynamics.integrate import (
    State,
    Stepper,
    advance,
    all_kept,
    default_solver,
    recomputed,
    step_for,
)
from rfjax.dynamics.noise import ThermalNoise, coarseness, step_for_noise
from rfjax.dynamics.pace import Pace, pace
from rfjax.dynamics.sensitivity import differentiated_as, with_sensitivities
from rfjax.dynamics.system import System
from rfjax.dynamics.trajectory import Trajectory

_SMALL = 1e-3  # amplitude at which oscillators start
_COARSEST = 0.01  # relative error of the power of fluctuations, above which a step is refused
_DRIFT = 1e-3  # of the tolerance with noise: what the drift keeps
_PARTS = 50  # of a long integration, between which the progress is shown


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
) -> Trajectory:
    r"""Integrate $\dot c=-[\Gamma_+(p)-\Gamma_-(p)]c-i\omega(p)c+\sum f$ (3.3) in time.

    The amplitude is integrated in a frame that rotates at a reference frequency, in fixed steps:
    they follow the slow dynamics (detunings and linewidths), not the carrier. All lanes advance
    together. Derivatives to few fields of devices that do not act on each other are carried along;
    all others recompute stretches of steps in reverse. Forward mode works as well.

    **Arguments:**

    - `devices`: resonators, or oscillators; (*lanes,).
    - `duration`, s.
    - `forces`: tones, coupling, feedback, one or several; their lanes broadcast with the devices'.
    - `current` through oscillators in A, (*lanes,), or a `Waveform`.
    - `noise` and the `key` that it is drawn from.
    - `start`: the complex amplitude at the start, (*lanes,). If none is given, resonators start at
      rest and oscillators with 0.001, the power 1e-6: at exactly zero they would stay there.
    - `saves`: how many equidistant times are kept, both ends included.
    - `solver` of diffrax for the drift; one of eighth order by default, of fifth with noise, which
      acts between steps.
    - `tolerance`, relative to an amplitude that turns in the frame; it sets the step. 1e-6 if none
      is given. With noise it is the relative error of the power of fluctuations, 1e-3 if none is
      given, and the drift keeps a thousandth of it.
    - `step` in s, instead of the tolerance; `reference` in Hz, of the frame. Both are chosen from
      how fast devices can move at the powers that start, current and tones allow. Inside of `jit`
      or of a derivative, where values are not known, give both.
    - `progress`: show a bar while it runs; works outside of `jit` only.

    **Returns:** the trajectory. A warning says if lanes grew beyond all bounds.

    **Raises:** `InvalidInput` where values or shapes are not allowed, or cannot be known; for a
    step that would change the power of fluctuations by more than one percent; for an oscillator
    above threshold that is started at exactly zero without anything to move it.
    """
    forces = (forces,) if isinstance(forces, AbstractForce) else tuple(forces)
    saves = positive_integer("saves", saves)
    if saves < 2:
        raise InvalidInput("saves is 1; keep at least the two ends")
    if (noise is None) != (key is None):
        raise InvalidInput("noise and key go together; give both or none")
    duration = positive_number("duration", duration)
    reference = None if reference is None else positive_number("reference", reference)
    if isinstance(devices, Resonator) and (isinstance(current, Waveform) or not _is_zero(current)):
        raise InvalidInput("resonators have no current; give an Oscillator to drive one")
    current = current if isinstance(current, Waveform) else finite("current", current)
    solver = default_solver(noise is not None) if solver is None else solver
    if noise is not None:
        _checked_noise(noise, devices, solver)
    amplitude = _at_start(devices, forces, current, noise, start)
    largest = jnp.abs(current.samples).max(-1) if isinstance(current, Waveform) else current
    if isinstance(devices, Oscillator):
        _checked_start(devices, forces, largest, noise, amplitude)
    checked = noise is not None and _known((devices, forces, largest, noise, amplitude))
    if reference is None or step is None or checked:
        moves = pace(devices, forces, largest, amplitude, reference, noise)
        reference = moves.reference
        if step is None:
            step = _step(moves, tolerance, solver, noise)
        elif noise is not None:
            _checked_step(positive_number("step", step), moves)
    between = max(1, int(np.ceil(duration / (saves - 1) / positive_number("step", step) - 1e-9)))
    dtype = amplitude[0].dtype
    with jax.ensure_compile_time_eval():
        clock = Clock(
            jnp.asarray(duration / (saves - 1) / between, dtype), jnp.asarray(reference, dtype)
        )
    actions = tuple(force.prepared(clock) for force in forces)
    changing = isinstance(current, Waveform)
    lanes = _Lanes(devices, 0.0 if changing else current, amplitude)
    others = _Others(current if changing else None, actions, noise, key, clock)
    if progress:
        later = _in_parts(*_begun(lanes, others, solver), saves - 1, between)
    else:
        apart = all(force.apart for force in forces)
        later = _integrated(lanes, others, solver, saves - 1, between, apart)
    kept = State(later, None)
    whole = jax.tree.map(
        lambda begin, part: jnp.concatenate([begin[None], part]), amplitude, kept.amplitude
    )
    real, imaginary = (jnp.moveaxis(part, 0, -1) for part in whole)
    failed = kept.failed[-1]
    if not isinstance(failed, Tracer) and failed.any():
        warnings.warn(
            f"{int(failed.sum())} of {failed.size} lanes grew beyond the power at which the model "
            "ends and are held there: see trajectory.failed",
            stacklevel=2,
        )
    return Trajectory(real, imaginary, between, clock, devices, failed)


class _Lanes(eqx.Module):
    """What belongs to each lane alone: its device, its steady current and where it starts."""

    devices: Resonator | Oscillator
    current: ArrayLike
    start: Amplitude


class _Others(eqx.Module):
    """What acts on the lanes."""

    waveform: Waveform | None
    actions: tuple[AbstractAction, ...]
    noise: ThermalNoise | None
    key: Key[Array, ""] | None
    clock: Clock


@eqx.filter_jit
def _integrated(
    lanes: _Lanes,
    others: _Others,
    solver: diffrax.AbstractSolver,
    saves: int,
    between: int,
    apart: bool,
) -> Complex[Array, "saves ..."]:
    """The packed amplitude at each save; derivatives are carried along where `apart` allows it."""

    def kept(lanes, rows, others, written_out):
        stepper, state = _begun(lanes, others, solver, written_out)
        return _run(stepper, state, jnp.asarray(0), saves, between)[1]

    fast, other = (functools.partial(kept, written_out=each) for each in (True, False))
    derived = with_sensitivities if apart else differentiated_as
    return derived(fast, other)(lanes, (), others)


def _begun(
    lanes: _Lanes, others: _Others, solver: diffrax.AbstractSolver, written_out: bool = True
) -> tuple[Stepper, State]:
    """How steps are taken, and the state before the first."""
    devices, clock = lanes.devices, others.clock
    current = lanes.current if others.waveform is None else others.waveform
    offset = devices.frequency - clock.reference
    system = System.of(devices, offset, current, others.actions, clock)
    kicks = None if others.noise is None else others.noise.on(devices)
    stepper = Stepper(system, solver, kicks, others.key, written_out)
    return stepper, State.of(system, lanes.start)


@eqx.filter_jit
def _run(stepper: Stepper, state: State, first: Int[Array, ""], saves: int, between: int):
    """Advance from save to save: the state in the end, and the packed amplitude at each save."""

    def onward(state, number):
        state, _ = advance(stepper, (state, None), number, between)
        return state, state.packed

    if not all_kept(state, saves * between):
        onward = recomputed(onward)
    return jax.lax.scan(onward, state, first + between * jnp.arange(saves))


def _in_parts(stepper: Stepper, state: State, saves: int, between: int):
    """The same in parts of one compiled length, with a bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    length = max(1, saves // _PARTS)
    begins = range(0, saves, length)
    kept = []
    for begin in track(begins, "integrating", console=Console(stderr=True), transient=True):
        count = min(length, saves - begin)
        state, part = _run(stepper, state, jnp.asarray(begin * between), count, between)
        kept.append(jax.block_until_ready(part))
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *kept)


def _at_start(devices, forces, current, noise, start) -> Amplitude:
    """The amplitude at the start, both parts of the shape of all lanes."""
    shapes = {"devices": devices.shape}
    for index, force in enumerate(forces):
        shapes[f"force {index + 1}"] = force.shape()
    samples = current.samples[..., 0] if isinstance(current, Waveform) else current
    shapes["current"] = samples.shape
    if noise is not None:
        shapes["noise"] = noise.shape
    if start is None:
        start = _SMALL if isinstance(devices, Oscillator) else 0.0
    real, imaginary = finite("start", jnp.real(start)), finite("start", jnp.imag(start))
    lanes = broadcast_shape(**shapes, start=real.shape)
    dtype = jnp.result_type(*jax.tree.leaves(eqx.filter(devices, eqx.is_inexact_array)))
    real, imaginary = (jnp.broadcast_to(part, lanes).astype(dtype) for part in (real, imaginary))
    return real, imaginary


def _step(
    moves: Pace, tolerance: float | None, solver: diffrax.AbstractSolver, noise: ThermalNoise | None
) -> float:
    """The step that keeps a tolerance, or that of the docstring of `simulate`, s."""
    if tolerance is None:
        tolerance = 1e-6 if noise is None else 1e-3
    tolerance = positive_number("tolerance", tolerance)
    if noise is None:
        return step_for(moves.fastest, tolerance, solver)
    drift = step_for(moves.fastest, _DRIFT * tolerance, solver)
    return min(drift, step_for_noise(moves.settling, tolerance))


def _checked_step(step: float, moves: Pace) -> None:
    off = coarseness(moves.settling, step)
    if off > _COARSEST:
        raise InvalidInput(
            f"step is {step:g} s; fluctuations would have a power {100 * off:.2g} % too large: "
            f"give at most {step_for_noise(moves.settling, _COARSEST):.2g} s, or a tolerance"
        )


def _checked_noise(
    noise: ThermalNoise, devices: Resonator | Oscillator, solver: diffrax.AbstractSolver
) -> None:
    if solver.term_structure is not diffrax.AbstractTerm:
        raise InvalidInput(
            f"solver is {type(solver).__name__}; noise acts between steps: give a solver of "
            "ordinary differential equations"
        )
    noise.on(devices)


def _checked_start(
    devices: Oscillator,
    forces: Sequence[AbstractForce],
    largest: ArrayLike,
    noise: ThermalNoise | None,
    start: Amplitude,
) -> None:
    """An oscillator at exactly zero needs something that moves it."""
    if noise is not None or not _known((devices, forces, largest, start)):
        return
    push = sum(np.asarray(force.bound().constant) for force in forces)
    still = (np.hypot(*start) == 0) & (push == 0)
    if not all(force.apart for force in forces) and not still.all():
        return  # what moves one of them may move the others
    above = np.asarray(largest) > np.asarray(devices.threshold_current)
    if np.any(above & still):
        raise InvalidInput(
            "start is 0 for an oscillator above threshold: without noise or a force it would stay "
            f"there; give a small start, or none for {_SMALL:g}"
        )


def _known(values: Any) -> bool:
    """Whether no value is known only when a program runs."""
    return not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(values))


def _is_zero(current: ArrayLike) -> bool:
    return not isinstance(current, Tracer) and not np.any(np.asarray(current))
