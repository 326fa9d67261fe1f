"""The rectifier model with the auto-oscillator integrated under all tones at once."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import (
    InvalidInput,
    check_fit,
    instance_of,
    known,
    non_negative,
    positive_number,
    small_number,
    where_valid,
)
from rfjax.devices import Resonator
from rfjax.numerics.batched_map import in_parts
from rfjax.rectifiers.base import COARSEST, given_phases, over_resonators, phased
from rfjax.rectifiers.dynamic_schedule import Schedule, follows, found_schedule, together_of
from rfjax.rectifiers.dynamic_voltage import Rows, mixed_voltages
from rfjax.rectifiers.fast.scheduled import AbstractScheduled
from rfjax.rectifiers.refusal import answered
from rfjax.rectifiers.rotating_frame import (
    RotatingFrame,
    rotating_frame,
    same_tones,
    scheduled_tones,
)

_AT_ONCE = 4096  # lanes that fit into the cache, with all stages of a step
_USUAL = 15e-6  # W in every tone: the largest power of the published chains


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
        return follows(self.schedule, resonators, frame, together_of(powers))

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
            return mixed_voltages(
                resonators,
                Rows(powers, phases),
                jax.lax.stop_gradient(frame.resonators),
                frame.tones,
                schedule,
            )

        rows = powers.reshape(-1, powers.shape[-1]), phases.reshape(-1, phases.shape[-1])
        volts = in_parts(mixed, rows, max(1, _AT_ONCE // max(1, resonators.frequency.size)))
        volts = volts.reshape(*powers.shape[:-1], *volts.shape[1:])
        device, frame, strongest = jax.lax.stop_gradient((resonators, frame, powers))
        together = over_resonators(together_of(strongest)[..., None], device)[..., 0]
        volts = where_valid(
            volts,
            follows(schedule, device, frame, together),
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

    def _found(self, *circumstances: Any) -> Schedule:
        return found_schedule(
            *circumstances,
            settling=self.settling,
            tolerance=self.tolerance,
            window=self.window,
        )
