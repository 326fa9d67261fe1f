"""Models that are scheduled for the tones of a line, and chains of resonators that they compute."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

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

    def on_shared_line(self, wanted: Circumstances) -> AbstractEvaluation | None:
        """See `AbstractRectifier.on_shared_line`; none where it is scheduled already."""
        return _scheduled(self, wanted, ScheduledOnSharedLine)

    def on_own_tones(self, wanted: Circumstances) -> AbstractEvaluation | None:
        """See `AbstractRectifier.on_own_tones`; none where it is scheduled already."""
        return _scheduled(self, wanted, ScheduledOnOwnTones)


class AbstractScheduledEvaluation(AbstractEvaluation):
    """Every resonator computed directly, by a model that is scheduled for a line.

    **Arguments:** `model`; `line` and `half_width`, the largest detuning in linewidths, that it is
    scheduled for; `signs` of the wiring.
    """

    model: AbstractScheduled
    line: Line
    half_width: Float[Array, ""]
    signs: Float[Array, " tones"]
    directly: eqx.AbstractClassVar[Callable[..., Any]]  # as in `rfjax.rectifiers.fast.direct`

    @property
    def is_exact(self) -> bool:
        """See `AbstractEvaluation.is_exact`."""
        return True

    @staticmethod
    @abstractmethod
    def received(frequencies: _Values, peaks: _Values) -> tuple[_Values, _Values, _Values]:
        """The tones that a resonator receives.

        **Arguments:** `frequencies` of all tones, Hz, and their largest powers `peaks`, W.

        **Returns:** tones (received,) less a reference, Hz; the reference, (1,) for all resonators
        of a chain or (tones,); and the largest powers (received,) or (tones, received).
        """

    def __call__(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        line: Line,
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "*b chains"]:
        """See `AbstractEvaluation.__call__`."""
        return self.directly(self.model, resonators, detuning, self.signs, powers, line.frequencies)

    def covers(
        self, resonators: Resonator, detuning: Float[Array, "*seeds chains tones"], line: Line
    ) -> Bool[Array, ""]:
        """See `AbstractEvaluation.covers`."""
        there = jnp.all(line.frequencies == self.line.frequencies)
        weak = jnp.all(line.peak_powers <= self.line.peak_powers)
        tuned = jnp.all(jnp.abs(detuning) <= self.half_width)
        reached = jnp.all(1 + resonators.damping * detuning > 0)
        tones, reference, peaks = self.received(line.frequencies, line.peak_powers)
        moved = spin_diode.resonance_frequency(resonators.frequency, detuning, resonators.damping)
        suited = self.model.suits(RotatingFrame(tones, moved - reference), resonators, peaks)
        return there & weak & tuned & reached & jnp.all(suited)


class ScheduledOnSharedLine(AbstractScheduledEvaluation):
    """Chains in which every resonator receives every tone."""

    @staticmethod
    def received(frequencies: _Values, peaks: _Values) -> tuple[_Values, _Values, _Values]:
        """See `AbstractScheduledEvaluation.received`."""
        middle = len(frequencies) // 2
        reference = frequencies[middle : middle + 1]
        return frequencies - reference, reference, peaks

    directly: ClassVar[Callable[..., Any]] = staticmethod(direct.on_shared_line)


class ScheduledOnOwnTones(AbstractScheduledEvaluation):
    """Chains in which each resonator receives its own tone alone."""

    @staticmethod
    def received(frequencies: _Values, peaks: _Values) -> tuple[_Values, _Values, _Values]:
        """See `AbstractScheduledEvaluation.received`."""
        return 0 * frequencies[:1], frequencies, peaks[:, None]

    directly: ClassVar[Callable[..., Any]] = staticmethod(direct.on_own_tones)


def _scheduled(
    model: AbstractScheduled, wanted: Circumstances, kind: type[AbstractScheduledEvaluation]
) -> AbstractScheduledEvaluation | None:
    """A model scheduled for a line and for resonators that move within a range."""
    damping = np.asarray(wanted.resonators.damping, np.float64)
    if model.is_scheduled:
        return None
    if np.max(damping) * wanted.half_width >= 1:
        raise NotPrepared(f"no resonance has a detuning of {-wanted.half_width:g} linewidths")
    line = jax.tree.map(jnp.copy, wanted.line)
    own = np.asarray(wanted.resonators.frequency, np.float64)
    offsets, reference, largest = kind.received(
        np.asarray(line.frequencies, np.float64), np.asarray(line.peak_powers, np.float64)
    )
    width = wanted.half_width
    ends = [spin_diode.resonance_frequency(own, end, damping) for end in (-width, width)]
    scheduled = model.scheduled_in(
        RotatingFrame(offsets, np.stack(ends) - reference),
        wanted.resonators,
        largest.reshape(-1, offsets.size).max(axis=0),
        np.dtype(line.frequencies.dtype),
    )
    range_end = jnp.asarray(width, line.frequencies.dtype)
    return kind(scheduled, line, range_end, wanted.signs)  # pyright: ignore[reportCallIssue]
