"""How long `Dynamic` integrates, in which steps, and for what that holds."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import InvalidInput, broadcast_shape, non_negative
from rfjax.devices import Resonator
from rfjax.dynamics.integrate import default_solver, step_for
from rfjax.dynamics.step_size import Reach, fastest, reach
from rfjax.dynamics.steps import MAX_STEPS
from rfjax.laws import auto_oscillator
from rfjax.rectifiers.rotating_frame import BEATS, RotatingFrame, beat_spacing, rounding

LONGEST = 100_000  # steps of a mean
_TOO_LONG = (
    "round the frequencies to a common grid, allow a larger tolerance, or give a window in s that "
    f"holds the longest beat that matters {BEATS} times"
)
_FULL = 1.0  # of the power: beyond it the steps need not follow, the model means little there
_ROOM = 1.02  # for a speed that differs by rounding from the one that was prepared for


@dataclass(frozen=True)
class Schedule:
    """How long to integrate, and for what that was found.

    **Arguments:** `step` in s; `settling`: steps before the mean is taken; `counted`: steps over
    which it is, `smooth` where they are no whole periods; `tolerance`; `tones`: their frequencies
    less that of the one in the middle of the list, Hz; `fastest` angular frequency or rate of an
    amplitude that the step suits, rad/s.
    """

    step: float
    settling: int
    counted: int
    smooth: bool
    tolerance: float
    tones: tuple[float, ...]
    fastest: float


def found_schedule(
    resonators: Resonator,
    frame: RotatingFrame,
    powers: ArrayLike,
    dtype: np.dtype,
    *,
    settling: float,
    tolerance: float,
    window: float | None,
) -> Schedule:
    """The schedule for tones that were given in a `dtype`.

    **Arguments:** `resonators` and `frame`; `powers`: the largest that the tones will have, W;
    `settling`, `tolerance` and `window` of the model.

    **Raises:** `InvalidInput` where there is none.
    """
    tones, rest = np.asarray(frame.tones), np.asarray(frame.resonators)
    with jax.ensure_compile_time_eval():
        together = jnp.max(together_of(_checked(powers, tones)), initial=0)
        quickest = float(jnp.max(_speeds(resonators, frame, together)))
        lifetime = 1 / float(resonators.linewidth.min())
    longest = step_for(quickest, tolerance, default_solver(False))
    highest = np.max(np.asarray(resonators.frequency) - rest) + tones.max()
    resolution = rounding(highest, dtype)
    if window is None:
        spacing = beat_spacing(tones, resolution)
        period = lifetime if spacing is None else np.ceil(lifetime * spacing) / spacing
    else:
        period = _averaging(window, tones, resolution)
    counted = _steps(period, longest, LONGEST, "the mean", _TOO_LONG)
    step = period / counted
    waiting = settling * lifetime
    settled = _steps(waiting, step, MAX_STEPS, "settling", "lower settling")
    return Schedule(
        step,
        settled,
        counted,
        window is not None,
        tolerance,
        tuple(tones.tolist()),
        quickest,
    )


def _averaging(window: float, tones: np.ndarray, resolution: float) -> float:
    """A window that is long enough for the beats of all pairs of tones.

    **Raises:** `InvalidInput` for one that is not.
    """
    distance = np.diff(np.sort(tones))
    slowest = np.min(distance[distance > resolution], initial=np.inf)
    if np.isfinite(slowest) and window * slowest < BEATS * (1 - 1e-9):
        raise InvalidInput(
            f"window is {window:g} s, {window * slowest:.3g} times the longest beat of two tones; "
            f"it must hold that beat {BEATS} times: {BEATS / slowest:.3g} s or more"
        )
    return window


def _steps(duration: float, longest: float, most: int, what: str, remedy: str) -> int:
    """How many steps a duration takes.

    **Arguments:** `duration` and the `longest` step in s; how many are allowed at `most`; in words,
    `what` lasts so long, and the `remedy`.

    **Raises:** `InvalidInput` where it takes more.
    """
    with np.errstate(over="ignore"):
        count = np.ceil(np.float64(duration) / longest - 1e-9)
    if not count <= most:
        raise InvalidInput(
            f"{what} lasts {duration:.3g} s and takes {count:.3g} steps of up to {longest:.3g} s; "
            f"at most {most} are allowed: {remedy}"
        )
    return max(1, int(count))


def _checked(powers: ArrayLike, tones: np.ndarray) -> Float[Array, "*b tones"]:
    """The largest powers, for each of the tones."""
    powers = non_negative("powers", powers)
    return jnp.broadcast_to(powers, broadcast_shape(powers=powers.shape, tones=tones.shape))


def together_of(powers: Float[Array | np.ndarray, "*b tones"]) -> Float[Array, "*b"]:
    """The roots of the powers of tones that may all add up."""
    return auto_oscillator.force(powers, 1.0).sum(-1)


@partial(jax.jit, inline=True)
def _speeds(
    resonators: Resonator, frame: RotatingFrame, together: Float[Array, "..."]
) -> Float[Array, "..."]:
    """How fast each amplitude moves at most, rad/s.

    **Arguments:** `resonators` and `frame`; `together`: see `together_of`; all lanes broadcast.
    """
    power = auto_oscillator.largest_power(
        together * resonators.drive,
        resonators.linewidth,
        auto_oscillator.power_stiffness(
            0.0, resonators.frequency, resonators.damping, resonators.nonlinear_damping
        ),
    )
    reached = reach(resonators, jnp.minimum(power, _FULL), (0.0, 0.0))
    each = jnp.broadcast_arrays(frame.resonators, *reached)
    rest, shift, rate = (jnp.ravel(part) for part in each)
    tones = jnp.asarray(frame.tones)
    speeds = jax.vmap(lambda rest, *reached: fastest(tones, rest, Reach(*reached)))
    return speeds(rest, shift, rate).reshape(each[0].shape)


def follows(
    schedule: Schedule, resonators: Resonator, frame: RotatingFrame, together: Float[Array, "..."]
) -> Bool[Array, "..."]:
    """Whether the steps of a schedule follow each amplitude; arguments as for `_speeds`."""
    return _speeds(resonators, frame, together) <= _ROOM * schedule.fastest
