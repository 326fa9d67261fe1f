"""What `simulate` is asked for, checked: forces, the start and the step."""

import warnings
from collections.abc import Sequence
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import ArrayLike, Float

from rfjax.checks import InvalidInput, broadcast_shape, finite_parts, instance_of, known
from rfjax.devices import Oscillator
from rfjax.dynamics.current import Waveform
from rfjax.dynamics.equation_of_motion import LARGEST_POWER
from rfjax.dynamics.force import AbstractForce, Amplitude
from rfjax.dynamics.integrate import FARTHEST_TURN, longest_step, step_for
from rfjax.dynamics.noise import ThermalNoise, coarseness, step_for_noise
from rfjax.dynamics.step_size import Rates

_SMALL = 1e-3  # amplitude at which oscillators start
_COARSEST = 0.01  # relative error of the power of fluctuations, above which a step is refused
_DRIFT = 1e-3  # of the tolerance with noise: what the drift keeps


def checked_forces(forces: Any) -> tuple[AbstractForce, ...]:
    """The forces, as a tuple. **Raises:** `InvalidInput` for what is none."""
    what = "a force, as Tones, or a list of forces"
    if isinstance(forces, AbstractForce):
        return (forces,)
    return tuple(
        instance_of(
            "forces" if forces is each else f"force {number + 1}", each, AbstractForce, what
        )
        for number, each in enumerate(forces if isinstance(forces, list | tuple) else [forces])
    )


def switches_of(forces: Sequence[AbstractForce], current: Any) -> Float[np.ndarray, " switches"]:
    """The times at which drives jump or bend, and those at which others repeat that, s."""
    own = [force.switches() for force in forces]
    if isinstance(current, Waveform):
        own.append(current.switches())
    switches = np.concatenate([np.zeros(0), *own])
    return np.concatenate([switches, *(force.echoes(switches) for force in forces)])


def checked_start(devices, forces, current, noise, start) -> Amplitude:
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
    library = np if known(real, imaginary) else jnp  # NumPy compiles nothing
    parts = (library.broadcast_to(part, lanes).astype(dtype) for part in (real, imaginary))
    real, imaginary = jax.device_put(tuple(parts))
    return real, imaginary


def step_of(
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


def checked_step(
    step: float, moves: Rates, solver: diffrax.AbstractSolver, noise: ThermalNoise | None
) -> None:
    """Refuse a given step that is too long, and warn of one that may make amplitudes grow.

    **Raises:** `InvalidInput`.
    """
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


def check_moved(
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


def is_zero(current: ArrayLike) -> bool:
    """Whether a current is known to be zero."""
    return not isinstance(current, Tracer) and not np.any(np.asarray(current))
