"""The voltages of integrated resonators: means over periods of all beats, or under a window."""

import functools
from dataclasses import replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from equinox.internal import unvmap_any
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.devices import Resonator
from rfjax.dynamics.carrier_frame import CarrierFrame, Rotation
from rfjax.dynamics.equation_of_motion import EquationOfMotion
from rfjax.dynamics.force import AbstractAction, Amplitude
from rfjax.dynamics.integrate import State, Stepper, advance, default_solver
from rfjax.dynamics.sensitivity import with_sensitivities
from rfjax.dynamics.tones import SteadyTones
from rfjax.laws import auto_oscillator, spin_diode
from rfjax.rectifiers.base import root_powers
from rfjax.rectifiers.dynamic_schedule import Schedule
from rfjax.rectifiers.periodic import periodic_state
from rfjax.rectifiers.rotating_frame import following

_ALLOWED = 4.0  # tolerances by which a state may be off that counts as settled
_ROUNDED = 64.0  # by which it may be off where rounding is coarser
_WAITS, _FEWEST = 40, 20  # settling times, and periods, after which a search for a state ends
_FIRST = 0.75  # of a window: another one, whose mean has to be the same
_SAME = 10.0  # tolerances by which the two means may differ


class _OnTheLine(AbstractAction):
    """Tones that all resonators share: summed once, and driving each with its own strength."""

    tones: SteadyTones
    drive: Float[Array, "..."]

    def at_step(self, number, memory: Any) -> Any:
        return self.tones.at_step(number, memory)

    def __call__(self, constants: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        re, im = self.tones(constants, offset, amplitude)
        return self.drive * re, self.drive * im


class Rows(eqx.Module):
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
    rows: Rows
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

        def mix(sums, state, number, _):
            re, im = state.amplitude
            constants = tones.rotation.phase(number)
            force_re, force_im = tones(constants, 0.0, state.amplitude)
            now = _Mean(re * force_re + im * force_im, im * force_re - re * force_im, re**2 + im**2)
            weight = weights[..., number - begin]
            return jax.tree.map(lambda sum, part: sum + jnp.multiply.outer(weight, part), sums, now)

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
    resonators, rows: Rows, offset, tones, schedule: Schedule, written_out: bool
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
    distance = (one.in_phase - other.in_phase) ** 2 + (one.in_quadrature - other.in_quadrature) ** 2
    allowed = max(_SAME * tolerance, _SAME * _ROUNDED * float(jnp.finfo(size.dtype).eps))
    return distance <= allowed**2 * size + jnp.finfo(size.dtype).tiny


def _allowed(tolerance: float, like: Float[Array, "..."]) -> float:
    """By how much of itself an amplitude may be off that counts as settled."""
    return max(_ALLOWED * tolerance, _ROUNDED * float(jnp.finfo(like.dtype).eps))


# Compiled as a whole also where the caller is not: its derivative takes thousands of operations.
mixed_voltages = eqx.filter_jit(
    with_sensitivities(
        *(functools.partial(_integrated, written_out=each) for each in (True, False))
    )
)
