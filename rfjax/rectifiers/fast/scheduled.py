"""Models that are scheduled for the tones of a line, and chains of resonators that they compute."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.lines import Line
from rfjax.rectifiers.base import AbstractRectifier
from rfjax.rectifiers.fast import direct
from rfjax.rectifiers.fast.base import AbstractEvaluation, Circumstances, NotPrepared
from rfjax.rectifiers.rotating_frame import RotatingFrame

_Values = Float[Array | np.ndarray, "..."]


class AbstractScheduled(AbstractRectifier):
    """A model that needs to know its tones before it is compiled.

    An array of resonators schedules it for its line, unless it is scheduled already.
    """

    @property
    @abstractmethod
    def is_scheduled(self) -> bool:
        """Whether the model knows its tones."""

    @abstractmethod
    def scheduled_in(
        self, frame: RotatingFrame, resonators: Resonator, powers: ArrayLike, dtype: np.dtype
    ) -> "AbstractScheduled":
        """The same model, scheduled for tones that are known.

        **Arguments:** `frame`: tones, and the resonators wherever they may move; `resonators`,
        whose shape broadcasts with those of the frame; `powers`: the largest of each tone, W;
        `dtype` that the tones were rounded to.

        **Returns:** the model.

        **Raises:** `InvalidInput` where no schedule can be found.
        """

    def suits(
        self, frame: RotatingFrame, resonators: Resonator, powers: Float[Array | np.ndarray, "..."]
    ) -> Bool[Array, "..."]:
        """Whether the schedule holds for other devices at its tones.

        **Arguments:** `frame` and `resonators` at rest in it; `powers`: the largest, W, of the
        tones that each resonator receives, along the last axis.

        **Returns:** a truth value for all, or one for each resonator.
        """
        return jnp.asarray(True)

    def check_moving(self) -> None:
        """See `AbstractRectifier.check_moving`."""
        raise InvalidInput(
            f"{type(self).__name__} is scheduled for tones that stay where they are; for tones "
            "that move take another rectifier model"
        )

    def prepare(self, wanted: Circumstances) -> AbstractEvaluation | None:
        """See `AbstractRectifier.prepare`; none where it is scheduled already.

        Resonators may move within the range.
        """
        damping = np.asarray(wanted.resonators.damping, np.float64)
        width = wanted.half_width
        if self.is_scheduled:
            return None
        if np.max(damping) * width >= 1:
            raise NotPrepared(f"no resonance has a detuning of {-width:g} linewidths")
        line = jax.tree.map(jnp.copy, wanted.line)
        own = np.asarray(wanted.resonators.frequency, np.float64)
        tones, peaks = (
            np.asarray(each, np.float64) for each in (line.frequencies, line.peak_powers)
        )
        offsets, reference, largest = _received(tones, peaks, wanted.shared)
        ends = [spin_diode.resonance_frequency(own, end, damping) for end in (-width, width)]
        scheduled = self.scheduled_in(
            RotatingFrame(offsets, np.stack(ends) - reference),
            wanted.resonators,
            largest.reshape(-1, offsets.size).max(axis=0),
            np.dtype(line.frequencies.dtype),
        )
        range_end = jnp.asarray(width, line.frequencies.dtype)
        return Scheduled(scheduled, line, range_end, wanted.signs, wanted.shared)


class Scheduled(AbstractEvaluation):
    """Every resonator computed directly, by a model that is scheduled for a line.

    **Arguments:** `model`; `line` and `half_width`, the largest detuning in linewidths, that it is
    scheduled for; `signs` of the wiring; `shared`: whether a resonator receives all tones.
    """

    model: AbstractScheduled
    line: Line
    half_width: Float[Array, ""]
    signs: Float[Array, " tones"]
    shared: bool = eqx.field(static=True)

    @property
    def is_exact(self) -> bool:
        """See `AbstractEvaluation.is_exact`."""
        return True

    def __call__(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        line: Line,
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "*b chains"]:
        """See `AbstractEvaluation.__call__`."""
        asked = self.model, resonators, detuning, self.signs, powers, line.frequencies
        return direct.voltages(*asked, shared=self.shared)

    def covers(
        self, resonators: Resonator, detuning: Float[Array, "*seeds chains tones"], line: Line
    ) -> Bool[Array, ""]:
        """See `AbstractEvaluation.covers`."""
        there = jnp.all(line.frequencies == self.line.frequencies)
        weak = jnp.all(line.peak_powers <= self.line.peak_powers)
        tuned = jnp.all(jnp.abs(detuning) <= self.half_width)
        reached = jnp.all(1 + resonators.damping * detuning > 0)
        tones, reference, peaks = _received(line.frequencies, line.peak_powers, self.shared)
        moved = spin_diode.resonance_frequency(resonators.frequency, detuning, resonators.damping)
        suited = self.model.suits(RotatingFrame(tones, moved - reference), resonators, peaks)
        return there & weak & tuned & reached & jnp.all(suited)


def _received(
    frequencies: _Values, peaks: _Values, shared: bool
) -> tuple[_Values, _Values, _Values]:
    """The tones that a resonator receives.

    **Arguments:** `frequencies` of all tones, Hz, and their largest powers `peaks`, W; `shared`:
    whether it receives all of them, or its own alone.

    **Returns:** tones (received,) less a reference, Hz; the reference, (1,) for all resonators of a
    chain or (tones,); and the largest powers (received,) or (tones, received).
    """
    if not shared:
        return 0 * frequencies[:1], frequencies, peaks[:, None]
    middle = len(frequencies) // 2
    reference = frequencies[middle : middle + 1]
    return frequencies - reference, reference, peaks
