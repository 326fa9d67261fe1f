"""The rectifier model with the auto-oscillator integrated under all tones at once."""

import functools
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from equinox.internal import unvmap_any
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    check_fit,
    instance_of,
    known,
    non_negative,
    positive_number,
    small_number,
    where_valid,
)
from rfjax.devices import Resonator
from rfjax.dynamics.carrier_frame import CarrierFrame, Rotation
from rfjax.dynamics.equation_of_motion import EquationOfMotion
from rfjax.dynamics.force import AbstractAction, Amplitude
from rfjax.dynamics.integrate import State, Stepper, advance, default_solver, step_for
from rfjax.dynamics.sensitivity import with_sensitivities
from rfjax.dynamics.step_size import Reach, fastest, reach
from rfjax.dynamics.steps import MAX_STEPS
from rfjax.dynamics.tones import SteadyTones
from rfjax.laws import auto_oscillator, spin_diode
from rfjax.numerics.batched_map import in_parts
from rfjax.rectifiers.base import (
    COARSEST,
    given_phases,
    over_resonators,
    phased,
    root_powers,
)
from rfjax.rectifiers.fast.scheduled import AbstractScheduled
from rfjax.rectifiers.periodic import periodic_state
from rfjax.rectifiers.refusal import answered
from rfjax.rectifiers.rotating_frame import (
    BEATS,
    RotatingFrame,
    beat_spacing,
    following,
    rotating_frame,
    rounding,
    same_tones,
    scheduled_tones,
)

LONGEST = 100_000  # steps of a mean
_AT_ONCE = 4096  # lanes that fit into the nearest memory, with all stages of a step
_USUAL = 15e-6  # W in every tone: the largest power of the published chains
_ALLOWED = 4.0  # tolerances by which a state may be off that counts as settled
_ROUNDED = 64.0  # by which it may be off where rounding is coarser
_WAITS, _FEWEST = 40, 20  # settling times, and periods, after which a search for a state ends
_FIRST = 0.75  # of a window: another one, whose mean has to be the same
_SAME = 10.0  # tolerances by which the two means may differ
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


class Dynamic(AbstractScheduled):
    r"""The auto-oscillator (3.3) under all tones, from rest, and the voltage it mixes down.

    $V=\frac{\beta}{\gamma^2}\sum_iF_i\langle\mathrm{Im},\mathrm{Re}\;c\,e^{+i(\omega_it-\psi_i)}\rangle$:
    everything that beats included. Where a response folds, each resonator ends on the branch that
    tones lead to that are switched on at once.

    Integration from rest lasts `settling` lifetimes. Resonators that have not settled to the
    tolerance by then, as next to a fold, where settling slows down, are followed until they come
    near a state that repeats, which is then found by shooting. The mean is taken over whole
    periods of all beats, one lifetime or more; or, where the tones do not repeat in reasonable
    time, under a smooth `window`, whose error falls faster than any power of its length: of a beat
    that it holds 14 times it leaves 1e-5, of one that it holds 20 times 5e-7. Then nothing waits:
    what has not settled is refused, and so is a mean that differs by more than ten tolerances (8e-5
    in float32, if that is more) from that under three quarters of the window. Derivatives are those
    of the settled state and reach the devices, the powers and the phases; the tones stay where they
    are.

    **Arguments:**

    - `phases` $\psi_i$ of the tones in rad, (*b, tones); zero if none are given. They matter where
      tones mix onto each other.
    - `settling`: how many lifetimes $1/\Gamma_0$ to wait first.
    - `tolerance` of the integration; below 0.01.
    - `window` in s: length of the smooth mean, twenty times the longest beat or more, of two tones
      at least, and of their products where tones are strong; None for a mean over whole periods.
    - `schedule`: found from frequencies and powers where they are known. Inside of `jit` they are
      not: there, use what `scheduled` returns.

    **Raises:** `InvalidInput` where values are not allowed, where no schedule can be found, where
    the schedule was made for other tones or for slower ones, or where resonators have no settled
    state or no mean, with how many; inside of compiled functions the last two are NaN instead.
    """

    phases: Float[Array, "*b tones"] | None = eqx.field(converter=given_phases, default=None)
    settling: float = eqx.field(
        static=True, converter=functools.partial(positive_number, "settling"), default=14.0
    )
    tolerance: float = eqx.field(
        static=True,
        converter=functools.partial(small_number, "tolerance", below=COARSEST),
        default=1e-6,
    )
    window: float | None = eqx.field(
        static=True,
        converter=lambda window: None if window is None else positive_number("window", window),
        default=None,
    )
    schedule: Schedule | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        if self.schedule is not None:
            instance_of("schedule", self.schedule, Schedule, "what `scheduled` returns, or None")

    def scheduled(
        self,
        resonators: Resonator,
        frequencies: ArrayLike,
        widest: ArrayLike = 0.0,
        powers: ArrayLike = _USUAL,
    ) -> "Dynamic":
        """The same model with its schedule fixed, for compiled programs and for training.

        It knows its tones, how far resonators may move and how strong tones may be, and refuses
        others.

        **Arguments:** `resonators`, and `frequencies` of the tones in Hz, both known; `widest`: by
        how many linewidths the resonators may still move, one number or one for each; `powers`:
        the largest that the tones will have, W, (*b, tones) or one number for each of them.
        Stronger ones move resonances faster than the step was made for.

        **Returns:** the model.

        **Raises:** `InvalidInput` where no schedule can be found.
        """
        tones, dtype = scheduled_tones(resonators, frequencies)
        if not known(resonators, widest, powers):
            raise InvalidInput(
                "resonators, widest or powers are not known before compilation; schedule outside "
                "of it"
            )
        moves = np.asarray(non_negative("widest", widest), np.float64)
        check_fit("widest", moves, resonators.shape, "one for each of the resonators")
        rest, width = (
            np.asarray(field, np.float64)
            for field in (resonators.frequency, resonators.linewidth_frequency)
        )
        reference = tones[len(tones) // 2]
        moved = np.stack([rest - moves * width, rest + moves * width])
        frame = RotatingFrame(tones - reference, moved - reference)
        return self.scheduled_in(frame, resonators, powers, dtype)

    @property
    def is_scheduled(self) -> bool:
        """See `AbstractScheduled.is_scheduled`."""
        return self.schedule is not None

    def scheduled_in(
        self, frame: RotatingFrame, resonators: Resonator, powers: ArrayLike, dtype: np.dtype
    ) -> "Dynamic":
        """See `AbstractScheduled.scheduled_in`."""
        schedule = self._found(resonators, frame, powers, dtype)
        return eqx.tree_at(
            lambda model: model.phases,
            Dynamic(None, self.settling, self.tolerance, self.window, schedule),
            self.phases,
            is_leaf=lambda leaf: leaf is None,
        )

    def suits(
        self, frame: RotatingFrame, resonators: Resonator, powers: Float[Array | np.ndarray, "..."]
    ) -> Bool[Array, "..."]:
        """See `AbstractScheduled.suits`: whether no amplitude moves faster than the step allows."""
        if self.schedule is None:
            return jnp.asarray(True)
        return _follows(self.schedule, resonators, frame, _together(powers))

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        frame = rotating_frame(resonators, detuning)
        schedule = self.schedule
        strongest = jax.lax.stop_gradient(powers)
        if schedule is None:
            known = jax.lax.stop_gradient((resonators, frame))
            if any(isinstance(each, Tracer) for each in jax.tree.leaves(known)):
                raise InvalidInput(
                    "the frequencies are not known inside of a compiled function; use "
                    "Dynamic().scheduled(resonators, frequencies) there"
                )
            schedule = self._found(
                known[0],
                RotatingFrame(*(np.asarray(part, np.float64) for part in known[1])),
                _USUAL if isinstance(strongest, Tracer) else strongest,
                frame.tones.dtype,
            )
        detuning = same_tones(detuning, resonators, schedule.tones, "Dynamic")
        rest = rotating_frame(resonators, detuning).resonators
        frame = RotatingFrame(jnp.asarray(schedule.tones, rest.dtype), rest)
        powers, phases = phased(powers, self.phases)

        def mixed(powers, phases):
            return _mixed(
                resonators,
                _Rows(powers, phases),
                jax.lax.stop_gradient(frame.resonators),
                frame.tones,
                schedule,
            )

        rows = powers.reshape(-1, powers.shape[-1]), phases.reshape(-1, phases.shape[-1])
        volts = in_parts(mixed, rows, max(1, _AT_ONCE // max(1, resonators.frequency.size)))
        volts = volts.reshape(*powers.shape[:-1], *volts.shape[1:])
        device, frame, strongest = jax.lax.stop_gradient((resonators, frame, powers))
        together = over_resonators(_together(strongest)[..., None], device)[..., 0]
        volts = where_valid(
            volts,
            _follows(schedule, device, frame, together),
            "these resonators are detuned farther, or these tones are stronger, than the schedule "
            "of Dynamic was made for; give scheduled the largest powers that the tones will have, "
            "and as widest the linewidths by which resonators may move",
        )
        return answered(
            volts,
            "the oscillations grow beyond all bounds or do not settle, as next to a fold, or have "
            "beats that outlast a window; lower the powers or the nonlinear shift, or, with a "
            "window, wait longer (settling) or average longer (window)",
        )

    def _found(
        self, resonators: Resonator, frame: RotatingFrame, powers: ArrayLike, dtype: np.dtype
    ) -> Schedule:
        """The schedule for tones that were given in a `dtype`."""
        tones, rest = np.asarray(frame.tones), np.asarray(frame.resonators)
        with jax.ensure_compile_time_eval():
            together = jnp.max(_together(_checked(powers, tones)), initial=0)
            quickest = float(jnp.max(_speeds(resonators, frame, together)))
            lifetime = 1 / float(resonators.linewidth.min())
        longest = step_for(quickest, self.tolerance, default_solver(False))
        highest = np.max(np.asarray(resonators.frequency) - rest) + tones.max()
        resolution = rounding(highest, dtype)
        if self.window is None:
            spacing = beat_spacing(tones, resolution)
            period = lifetime if spacing is None else np.ceil(lifetime * spacing) / spacing
        else:
            period = _averaging(self.window, tones, resolution)
        counted = _steps(period, longest, LONGEST, "the mean", _TOO_LONG)
        step = period / counted
        waiting = self.settling * lifetime
        settling = _steps(waiting, step, MAX_STEPS, "settling", "lower settling")
        return Schedule(
            step,
            settling,
            counted,
            self.window is not None,
            self.tolerance,
            tuple(tones.tolist()),
            quickest,
        )


def _averaging(window: float, tones: np.ndarray, resolution: float) -> float:
    """A window that is long enough for the beats of all pairs of tones.

    **Raises:** `InvalidInput` for one that is not.
    """
    apart = np.diff(np.sort(tones))
    slowest = np.min(apart[apart > resolution], initial=np.inf)
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


def _together(powers: Float[Array | np.ndarray, "*b tones"]) -> Float[Array, "*b"]:
    """The roots of the powers of tones that may all add up."""
    return auto_oscillator.force(powers, 1.0).sum(-1)


def _speeds(
    resonators: Resonator, frame: RotatingFrame, together: Float[Array, "..."]
) -> Float[Array, "..."]:
    """How fast each amplitude moves at most, rad/s.

    **Arguments:** `resonators` and `frame`; `together`: see `_together`; all lanes broadcast.
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


def _follows(
    schedule: Schedule, resonators: Resonator, frame: RotatingFrame, together: Float[Array, "..."]
) -> Bool[Array, "..."]:
    """Whether the steps of a schedule follow each amplitude; arguments as for `_speeds`."""
    return _speeds(resonators, frame, together) <= _ROOM * schedule.fastest


class _OnTheLine(AbstractAction):
    """Tones that all resonators share: summed once, and driving each with its own strength."""

    tones: SteadyTones
    drive: Float[Array, "..."]

    def at_step(self, number, memory: Any) -> Any:
        return self.tones.at_step(number, memory)

    def __call__(self, constants: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        re, im = self.tones(constants, offset, amplitude)
        return self.drive * re, self.drive * im


class _Rows(eqx.Module):
    """What all resonators of one row share: the powers in W and the phases of its tones."""

    powers: Float[Array, "b tones"]
    phases: Float[Array, "b tones"]


class _Mean(NamedTuple):
    """What is accumulated: the two parts of the mixed signal, and the power."""

    in_phase: Float[Array, "..."]
    in_quadrature: Float[Array, "..."]
    power: Float[Array, "..."]


class _Driven(eqx.Module):
    """Resonators and the tones that drive them.

    **Arguments:** `resonators`; `rows` of tones; `offset` of the resonators at rest and `tones`
    from the frame, Hz; `schedule`; `written_out`: see `Stepper`.
    """

    resonators: Resonator
    rows: _Rows
    offset: Float[Array, "..."]
    tones: Float[Array, " tones"]
    schedule: Schedule = eqx.field(static=True)
    written_out: bool = eqx.field(static=True)

    @property
    def rest(self) -> Amplitude:
        """The amplitudes at rest, of all lanes."""
        shape = self.rows.powers.shape[0], *self.resonators.shape
        zero = jnp.zeros(shape, self.rows.powers.dtype)
        return zero, zero

    def after(self, start: Amplitude, first: int, count: int) -> Amplitude:
        """The amplitudes after a number of steps."""
        stepper, _ = self._integration()
        state = State.of(stepper.equation, start)
        return advance(stepper, (state, None), jnp.asarray(first), count)[0].amplitude

    def counted(
        self, start: Amplitude, weights: Float[Array | np.ndarray, "*w counted"]
    ) -> tuple[Amplitude, _Mean]:
        """The amplitudes after the steps that are counted, and the weighted means over them."""
        stepper, tones = self._integration()
        begin = self.schedule.settling
        weights = jnp.asarray(weights, self.rows.powers.dtype)

        def mix(seen, state, number, _):
            re, im = state.amplitude
            constants = tones.rotation.phase(number)
            force_re, force_im = tones(constants, 0.0, state.amplitude)
            now = _Mean(re * force_re + im * force_im, im * force_re - re * force_im, re**2 + im**2)
            weight = weights[..., number - begin]
            return jax.tree.map(lambda sum, part: sum + jnp.multiply.outer(weight, part), seen, now)

        nothing = jnp.zeros((*weights.shape[:-1], *self.rest[0].shape), weights.dtype)
        carry = State.of(stepper.equation, start), _Mean(nothing, nothing, nothing)
        state, mean = advance(stepper, carry, jnp.asarray(begin), self.schedule.counted, mix)
        # Lanes that grew beyond all bounds have no voltage.
        return state.amplitude, mean._replace(
            in_phase=jnp.where(state.failed, jnp.nan, mean.in_phase)
        )

    def approach(self, power: Float[Array, "..."], steps: int) -> Float[Array, "..."]:
        """By how much states come together in so many steps of a mean power, at least: a log."""
        device = self.resonators
        return (steps * self.schedule.step) * auto_oscillator.least_decay(
            power,
            device.frequency,
            device.damping,
            device.nonlinear_shift,
            device.nonlinear_damping,
        )

    def _integration(self) -> tuple[Stepper, SteadyTones]:
        resonators, rows = self.resonators, self.rows
        frame = CarrierFrame(
            jnp.asarray(self.schedule.step, rows.powers.dtype), jnp.zeros((), rows.powers.dtype)
        )
        rotation = Rotation.of(self.tones, jnp.zeros_like(self.tones), frame.step)
        first = jnp.moveaxis(root_powers(rows.powers), -1, 0), jnp.moveaxis(rows.phases, -1, 0)
        root, phase = (part.reshape(part.shape + (1,) * len(resonators.shape)) for part in first)
        tones = SteadyTones(root, phase, rotation)
        action = _OnTheLine(tones, resonators.drive)
        nowhere = jnp.zeros((), rows.powers.dtype)
        offset = following(self.offset, resonators)
        equation = EquationOfMotion.of(resonators, offset, nowhere, (action,), frame)
        return Stepper(equation, default_solver(False), written_out=self.written_out), tones


def _integrated(
    resonators, rows: _Rows, offset, tones, schedule: Schedule, written_out: bool
) -> Float[Array, "b *r"]:
    """The voltage of every resonator for rows of tones; NaN where it has not settled."""
    driven = _Driven(resonators, rows, offset, tones, schedule, written_out)
    mean = (_under_a_window if schedule.smooth else _over_a_period)(driven)
    return spin_diode.mixing(
        resonators.drive * mean.in_phase,
        resonators.drive * mean.in_quadrature,
        resonators.rectification,
        resonators.drive,
        resonators.antisymmetric,
        resonators.symmetric,
    )


def _over_a_period(driven: _Driven) -> _Mean:
    """The mean over whole periods of the settled state."""
    schedule = driven.schedule
    weights = np.full(schedule.counted, 1 / schedule.counted)
    start = driven.after(driven.rest, 0, schedule.settling)
    end, mean = driven.counted(start, weights)
    stopped = jax.lax.stop_gradient((driven, start, end, mean))
    # What few need has to compile fast.
    compact = replace(driven, written_out=False)

    def turn(state, driven):
        (re, im), mean = driven.counted((state[0], state[1]), weights)
        return jnp.stack([re, im]), mean.power

    def searched(driven):
        most = max(_FEWEST, _WAITS * schedule.settling // schedule.counted)
        precision = max(schedule.tolerance, 16 * float(jnp.finfo(mean.power.dtype).eps))
        state = periodic_state(turn, precision, most, jnp.stack(stopped[1]), (driven,))
        return driven.counted((state[0], state[1]), weights)[1]

    return jax.lax.cond(
        unvmap_any(~jnp.all(_has_settled(*stopped, _allowed(schedule.tolerance, mean.power)))),
        searched,
        lambda _: mean,
        compact,
    )


def _has_settled(
    driven: _Driven, start: Amplitude, end: Amplitude, mean: _Mean, allowed: float
) -> Bool[Array, "..."]:
    r"""Whether the periodic state is so near: $|x(T)-x(0)|\le(1-e^{-K})\,$ of what is allowed.

    States that come together by $e^{-K}$ in a period, at least, leave no more between them.
    """
    together = -jnp.expm1(-driven.approach(mean.power, driven.schedule.counted))
    left = (end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2
    least = jnp.finfo(left.dtype).tiny
    settled = (together > 0) & (left <= (allowed * together) ** 2 * mean.power + least)
    return settled | jnp.isnan(mean.in_phase)  # what has grown beyond all bounds never settles


def _under_a_window(driven: _Driven) -> _Mean:
    """The mean under a smooth window, of what no longer depends on the start."""
    schedule = driven.schedule
    weights = np.stack([_bump(schedule.counted, share) for share in (1.0, _FIRST)])

    def averaged(start, driven):
        begin = driven.after((start[0], start[1]), 0, schedule.settling)
        return driven.counted(begin, weights)[1]

    means = averaged(jnp.stack(driven.rest), driven)
    mean, other = (jax.tree.map(lambda part, at=at: part[at], means) for at in range(2))
    stopped, power = jax.lax.stop_gradient((driven, mean.power))
    allowed = _allowed(schedule.tolerance, power)
    surely = jnp.exp(-stopped.approach(power, schedule.settling)) <= allowed

    def measured(stopped):
        """Whether the mean has forgotten the start: what a change of it still changes."""

        def change(part):
            start = jnp.stack(stopped.rest)
            ahead = jnp.zeros_like(start).at[part].set(1)
            return jax.jvp(lambda start: averaged(start, stopped), (start,), (ahead,))[1]

        moved = jax.tree.map(lambda part: part[:, 0], jax.vmap(change)(jnp.arange(2)))
        size = jnp.sum(moved.in_phase**2 + moved.in_quadrature**2, axis=0)
        total = jnp.sum(stopped.rows.powers, axis=-1).reshape(-1, *(1,) * (size.ndim - 1))
        return size <= allowed**2 * total + jnp.finfo(size.dtype).tiny

    settled = surely | jax.lax.cond(
        unvmap_any(~jnp.all(surely)),
        measured,
        lambda _: jnp.ones_like(surely),
        replace(stopped, written_out=False),  # What few need has to compile fast.
    )
    good = settled & _same_means(*jax.lax.stop_gradient((mean, other)), schedule.tolerance)
    return mean._replace(in_phase=jnp.where(good, mean.in_phase, jnp.nan))


def _bump(count: int, share: float) -> Float[np.ndarray, " count"]:
    """Smooth weights of a mean over the first share of so many steps."""
    along = (np.arange(count) + 0.5) / (share * count)
    inside = np.clip(along * (1 - along), 1e-9, None)
    bump = np.where(along < 1, np.exp(-1 / inside), 0)
    return bump / bump.sum()


def _same_means(one: _Mean, other: _Mean, tolerance: float) -> Bool[Array, "..."]:
    """Whether two windows give the same mean; beats that they don't average out differ."""
    size = one.in_phase**2 + one.in_quadrature**2
    apart = (one.in_phase - other.in_phase) ** 2 + (one.in_quadrature - other.in_quadrature) ** 2
    allowed = max(_SAME * tolerance, _SAME * _ROUNDED * float(jnp.finfo(size.dtype).eps))
    return apart <= allowed**2 * size + jnp.finfo(size.dtype).tiny


def _allowed(tolerance: float, like: Float[Array, "..."]) -> float:
    """By how much of itself an amplitude may be off that counts as settled."""
    return max(_ALLOWED * tolerance, _ROUNDED * float(jnp.finfo(like.dtype).eps))


# Compiled as a whole also where the caller is not: its derivative takes thousands of operations.
_mixed = eqx.filter_jit(
    with_sensitivities(
        *(functools.partial(_integrated, written_out=each) for each in (True, False))
    )
)
