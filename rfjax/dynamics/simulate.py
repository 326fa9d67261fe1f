"""`simulate`: devices integrated in time, and what comes out."""

import warnings
from collections.abc import Sequence
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Complex, Float, Key

from rfjax.checks import (
    InvalidInput,
    finite,
    instance_of,
    known,
    positive_integer,
    positive_number,
    random_key,
)
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.carrier_frame import CarrierFrame
from rfjax.dynamics.current import Waveform
from rfjax.dynamics.force import AbstractForce, Amplitude
from rfjax.dynamics.integrate import State, default_solver
from rfjax.dynamics.noise import ThermalNoise
from rfjax.dynamics.requests import (
    check_moved,
    checked_forces,
    checked_start,
    checked_step,
    is_zero,
    step_of,
    switches_of,
)
from rfjax.dynamics.saves import Lanes, Others, Plan, begun, in_parts, integrated
from rfjax.dynamics.step_size import rates_of_motion
from rfjax.dynamics.steps import MAX_STEPS, Steps
from rfjax.dynamics.trajectory import Trajectory


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
    forces = checked_forces(forces)
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
    if isinstance(devices, Resonator) and (isinstance(current, Waveform) or not is_zero(current)):
        raise InvalidInput("resonators have no current; give an Oscillator to drive one")
    current = current if isinstance(current, Waveform) else finite("current", current)
    solver = default_solver(noise is not None) if solver is None else solver
    kinds = diffrax.AbstractERK, diffrax.Euler
    instance_of("solver", solver, kinds, "an explicit solver, as diffrax.Tsit5()")
    if noise is not None:
        noise.on(devices)
    amplitude = checked_start(devices, forces, current, noise, start)
    extremes = current.extremes if isinstance(current, Waveform) else (current, current)
    if isinstance(devices, Oscillator):
        check_moved(devices, forces, extremes[1], noise, amplitude)
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
            step = step_of(moves, tolerance, solver, forces, noise)
        else:
            checked_step(step, moves, solver, noise)
    step = min(step, *(force.longest_step() for force in forces), np.inf)
    switches = switches_of(forces, current)
    steps = Steps.of(duration, step, switches, reference, dtype, max_steps)
    plan = Plan.of(steps, np.linspace(0, duration, saves)[1:])
    lanes = Lanes(devices, 0.0 if isinstance(current, Waveform) else current, amplitude)
    actions = tuple(force.prepared(steps) for force in forces)
    waveform = current.prepared(steps) if isinstance(current, Waveform) else None
    others = Others(waveform, actions, noise, key, steps.frame)
    if progress:
        later = in_parts(*begun(lanes, others, solver), plan)
    else:
        coupled = any(force.couples for force in forces)
        later = integrated(lanes, others, plan, solver, coupled)
    real, imaginary, windings, failed = _whole(amplitude, *later)
    if not isinstance(failed, Tracer) and np.asarray(failed).any():
        warnings.warn(
            f"{int(failed.sum())} of {failed.size} lanes grew beyond the power at which the model "
            "ends and stay there: see trajectory.failed",
            stacklevel=2,
        )
    frame = CarrierFrame.of(duration / (saves - 1), reference, dtype)
    return Trajectory(real, imaginary, windings, frame, len(steps.begin), devices, failed, forces)


@jax.jit
def _whole(start: Amplitude, packed: Complex[Array, "..."], windings: Float[Array, "..."]):
    """Both parts of the amplitude, its windings, times last, and which lanes failed."""
    kept = State(packed, None)
    begins = *start, jnp.zeros_like(start[0])
    parts = zip(begins, (*kept.amplitude, windings), strict=True)
    whole = (jnp.concatenate([begin[None], part]) for begin, part in parts)
    return *(jnp.moveaxis(part, 0, -1) for part in whole), kept.failed[-1]
