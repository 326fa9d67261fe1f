"""The fourth rung: the auto-oscillator integrated under all tones at once."""

import functools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, broadcast_shape, non_negative, positive
from rfjax.devices import Resonator
from rfjax.dynamics.clock import Clock, Rotation
from rfjax.dynamics.force import AbstractAction, Amplitude
from rfjax.dynamics.integrate import State, Stepper, advance, default_solver, step_for
from rfjax.dynamics.pace import fastest, reach
from rfjax.dynamics.sensitivity import with_sensitivities
from rfjax.dynamics.system import System
from rfjax.dynamics.tones import SteadyTones
from rfjax.laws import auto_oscillator, spin_diode
from rfjax.rectifiers.base import AbstractRectifier, given_phases, root_powers
from rfjax.rectifiers.in_parts import in_parts
from rfjax.rectifiers.rotating_frame import beat_spacing, following, rotating_frame, rounding

LONGEST = 100_000  # steps that are worth waiting for
_AT_ONCE = 4096  # lanes that fit into the nearest memory, with all stages of a step
_USUAL = 15e-6  # W in every tone: the largest power of the published chains


class Schedule(NamedTuple):
    """How long to integrate.

    **Arguments:** `step` in s; `settling`: steps before the mean is taken; `counted`: steps over
    which it is.
    """

    step: float
    settling: int
    counted: int


class Dynamic(AbstractRectifier):
    r"""The auto-oscillator (3.3) under all tones, from rest, and the voltage it mixes down.

    $V=\frac{\beta}{\gamma^2}\sum_iF_i\langle\mathrm{Im},\mathrm{Re}\;c\,e^{+i(\omega_it-\psi_i)}\rangle$:
    everything that beats included. The mean is taken over one whole period of all beats, or, where
    the tones do not repeat in reasonable time, under a smooth `window`, whose error falls faster
    than any power of its length. Derivatives reach the devices, the powers and the phases; the
    tones stay where they are.

    **Arguments:**

    - `phases` $\psi_i$ of the tones in rad, (*b, tones); zero if none are given. They matter where
      tones mix onto each other.
    - `settling`: how many lifetimes $1/\Gamma_0$ to wait first.
    - `tolerance` of the integration.
    - `window` in s: length of the smooth mean; None for one over a whole period.
    - `schedule`: found from frequencies and powers where they are known. Inside of `jit` they are
      not: there, use what `scheduled` returns.

    **Raises:** `InvalidInput` where values are not allowed, or where no schedule can be found.
    """

    phases: Float[Array, "*b tones"] | None = eqx.field(converter=given_phases, default=None)
    settling: float = eqx.field(static=True, default=14.0)
    tolerance: float = eqx.field(static=True, default=1e-6)
    window: float | None = eqx.field(static=True, default=None)
    schedule: Schedule | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        positive("settling", self.settling)
        positive("tolerance", self.tolerance)
        if self.window is not None:
            positive("window", self.window)

    def scheduled(
        self,
        resonators: Resonator,
        frequencies: ArrayLike,
        widest: float = 0.0,
        powers: ArrayLike = _USUAL,
    ) -> "Dynamic":
        """The same rung with its schedule fixed, for compiled programs and for training.

        **Arguments:** `resonators`, and `frequencies` of the tones in Hz, both known; `widest`: by
        how many linewidths the resonators may still move; `powers`: the largest that the tones
        will have, W, (*b, tones) or one number for each of them. Stronger ones move resonances
        faster than the step was made for.

        **Returns:** the rung.

        **Raises:** `InvalidInput` where no schedule can be found.
        """
        positive("frequencies", frequencies)
        tones = np.asarray(frequencies, np.float64)
        rest, width = (
            np.asarray(field, np.float64)
            for field in (resonators.frequency, resonators.linewidth_frequency)
        )
        reference = tones[len(tones) // 2]
        moved = np.stack([rest - widest * width, rest + widest * width])
        dtype = np.result_type(np.asarray(frequencies), np.float32)
        schedule = self._found(resonators, tones - reference, moved - reference, powers, dtype)
        return eqx.tree_at(
            lambda rung: rung.phases,
            Dynamic(None, self.settling, self.tolerance, self.window, schedule),
            self.phases,
            is_leaf=lambda leaf: leaf is None,
        )

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        frame = rotating_frame(resonators, detuning)
        schedule = self.schedule
        if schedule is None:
            known = jax.lax.stop_gradient((resonators, frame))
            if any(isinstance(each, Tracer) for each in jax.tree.leaves(known)):
                raise InvalidInput(
                    "the frequencies are not known inside of a compiled function; use "
                    "Dynamic().scheduled(resonators, frequencies) there"
                )
            loudest = jax.lax.stop_gradient(powers)
            schedule = self._found(
                known[0],
                np.asarray(known[1].tones, np.float64),
                np.asarray(known[1].resonators, np.float64),
                _USUAL if isinstance(loudest, Tracer) else loudest,
                frame.tones.dtype,
            )
        clock = Clock(jnp.asarray(schedule.step, powers.dtype), jnp.zeros((), powers.dtype))
        rotation = Rotation.of(frame.tones, jnp.zeros_like(frame.tones), clock.step)
        phases = jnp.zeros_like(powers) if self.phases is None else self.phases
        powers, phases = jnp.broadcast_arrays(powers, phases.astype(powers.dtype))

        def mixed(powers, phases):
            return _mixed(
                resonators,
                _Rows(powers, phases),
                jax.lax.stop_gradient(frame.resonators),
                clock,
                rotation,
                schedule,
                self._weights(schedule),
            )

        rows = powers.reshape(-1, powers.shape[-1]), phases.reshape(-1, phases.shape[-1])
        volts = in_parts(mixed, rows, max(1, _AT_ONCE // max(1, resonators.frequency.size)))
        return volts.reshape(*powers.shape[:-1], *volts.shape[1:])

    def _found(
        self,
        resonators: Resonator,
        tones: np.ndarray,
        rest: np.ndarray,
        powers: ArrayLike,
        dtype: np.dtype,
    ) -> Schedule:
        """The schedule for offsets of tones and resonators at rest from the frame, Hz.

        The tones were given in a `dtype`.
        """
        reached = reach(resonators, _push(resonators, tones, powers))
        step = step_for(fastest(tones, rest, reached), self.tolerance, default_solver(False))
        period = self.window
        if period is None:
            highest = np.max(np.asarray(resonators.frequency) - rest) + tones.max()
            spacing = beat_spacing(tones, rounding(highest, dtype))
            period = step if spacing is None else 1 / spacing
        counted = int(np.ceil(period / step - 1e-9))
        if counted > LONGEST:
            raise InvalidInput(
                f"the beats of these tones repeat only after {period:.3g} s, {counted} steps; give "
                "Dynamic a window in s: some ten times the longest beat that matters"
            )
        step = period / counted
        lifetime = 1 / float(resonators.linewidth.min())
        return Schedule(step, int(np.ceil(self.settling * lifetime / step)), counted)

    def _weights(self, schedule: Schedule) -> np.ndarray:
        if self.window is None:
            return np.full(schedule.counted, 1 / schedule.counted)
        share = (np.arange(schedule.counted) + 0.5) / schedule.counted
        bump = np.exp(-1 / (share * (1 - share)))
        return bump / bump.sum()


def _push(resonators: Resonator, tones: np.ndarray, powers: ArrayLike) -> np.ndarray:
    """The most that the forces of all tones can add up to on each resonator, rad/s."""
    powers = non_negative("powers", powers)
    powers = jnp.broadcast_to(powers, broadcast_shape(powers=powers.shape, tones=tones.shape))
    together = auto_oscillator.force(powers, 1.0).sum(-1).max()
    return np.asarray(together * resonators.drive, np.float64)


class _OnTheLine(AbstractAction):
    """Tones that all resonators share: summed once, and felt by each with its own strength."""

    tones: SteadyTones
    drive: Float[Array, "..."]

    def held(self, number, memory: Any) -> Any:
        return self.tones.held(number, memory)

    def __call__(self, held: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        re, im = self.tones(held, offset, amplitude)
        return self.drive * re, self.drive * im


class _Rows(eqx.Module):
    """What all resonators of one row share: the powers in W and the phases of its tones."""

    powers: Float[Array, "b tones"]
    phases: Float[Array, "b tones"]


def _integrated(
    resonators: Resonator, rows: _Rows, offset, clock, rotation, schedule, weights, written_out
):
    """The voltage of every resonator for rows of tones: (b, *r)."""
    powers, phases = rows.powers, rows.phases
    tones_first = jnp.moveaxis(root_powers(powers), -1, 0), jnp.moveaxis(phases, -1, 0)
    root, phase = (part.reshape(part.shape + (1,) * len(resonators.shape)) for part in tones_first)
    tones = SteadyTones(root * jnp.cos(phase), root * jnp.sin(phase), rotation)
    action = _OnTheLine(tones, resonators.drive)
    nowhere = jnp.zeros((), powers.dtype)
    system = System.of(resonators, following(offset, resonators), nowhere, (action,), clock)
    rest = jnp.zeros((powers.shape[0], *resonators.shape), powers.dtype)
    stepper = Stepper(system, default_solver(False), written_out=written_out)
    state = State.of(system, (rest, rest))
    state, _ = advance(stepper, (state, None), jnp.asarray(0), schedule.settling)
    weights = jnp.asarray(weights, powers.dtype)

    def mix(seen, state, number):
        re, im = state.amplitude
        force_re, force_im = tones(rotation.phase(number), 0.0, state.amplitude)
        weight = weights[number - schedule.settling]
        return (
            seen[0] + weight * (re * force_re + im * force_im),
            seen[1] + weight * (im * force_re - re * force_im),
        )

    begin = jnp.asarray(schedule.settling)
    state, (in_phase, in_quadrature) = advance(
        stepper, (state, (rest, rest)), begin, schedule.counted, mix
    )
    volts = spin_diode.mixing(
        resonators.drive * in_phase,
        resonators.drive * in_quadrature,
        resonators.rectification,
        resonators.drive,
        resonators.antisymmetric,
        resonators.symmetric,
    )
    return eqx.error_if(
        volts,
        jnp.any(state.failed),
        "an oscillation grew beyond all bounds; lower the powers or the tolerance",
    )


# Compiled as a whole also where the caller is not: its derivative takes thousands of operations.
_mixed = eqx.filter_jit(
    with_sensitivities(
        *(functools.partial(_integrated, written_out=each) for each in (True, False))
    )
)
