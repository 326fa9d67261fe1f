"""The steps of an integration, chosen on the host: no switch of a drive lies inside of one.

They depend on the duration, the longest step and the switches. Save times have no part in them.
"""

import dataclasses
import functools
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from rfjax.checks import InvalidInput
from rfjax.dynamics.carrier_frame import CarrierFrame, UnequalCarrierFrame, split

MAX_STEPS = 20_000_000

_ROUNDING = 8 * np.finfo(np.float64).eps  # of times, as a share of the duration
_MOMENT = 1e-9  # of a sample, within which a moment belongs to the one that begins there
_PRECISION = 1e-14  # of a moment, which two float32 numbers hold together
_SAME = 1e-12  # of a step: times as near as that are one


class Samples(NamedTuple):
    """Which sample of a drive each step lies in.

    **Arguments:** `number` of the sample; `since`: time from its beginning to that of the step, s.
    """

    number: Int[np.ndarray, " steps"]
    since: Float[np.ndarray, " steps"]


class Saved(NamedTuple):
    """How save times are reached from the steps.

    **Arguments:** `steps`: how many are whole before each save time; `beyond`: the time from the
    end of those to the save time, s, less than a step.
    """

    steps: Int[np.ndarray, " saves"]
    beyond: Float[np.ndarray, " saves"]


@dataclasses.dataclass(frozen=True, eq=False)
class Steps:
    """The steps of an integration.

    **Arguments:** `begin`: when each begins, s; `length` of each, s, zero for moments; `reference`:
    the frequency of the rotating frame, Hz; `dtype` of the integration; `ending`: whether a moment
    between two samples of a drive belongs to the one that ends there.
    """

    begin: Float[np.ndarray, " steps"]
    length: Float[np.ndarray, " steps"]
    reference: float
    dtype: np.dtype
    ending: bool = False

    @classmethod
    def of(
        cls,
        duration: float,
        longest: float,
        switches: Float[np.ndarray, " switches"],
        reference: float,
        dtype: np.dtype,
        max_steps: int,
    ) -> "Steps":
        """Steps between switches: equal ones from one to the next, none longer than the longest.

        **Arguments:** `duration` in s; `longest` step, s; `switches`: times at which a drive jumps
        or bends, s, in any order; `reference` in Hz; `dtype`; `max_steps`: how many are allowed.

        **Returns:** the steps.

        **Raises:** `InvalidInput` where there would be more of them, or too short ones for the
        precision of arrays.
        """
        same = _ROUNDING * duration + _SAME * min(longest, duration)
        inside = np.unique(switches[(switches > same) & (switches < duration - same)])
        distinct = np.diff(inside, prepend=-np.inf) > same
        bounds = np.concatenate([[0.0], inside[distinct], [duration]])
        stretches = np.diff(bounds)
        with np.errstate(over="ignore"):
            counts = np.maximum(np.ceil(stretches / longest * (1 - 1e-9)), 1)
        if not counts.sum() <= max_steps:
            raise InvalidInput(
                f"a duration of {duration:g} s takes {counts.sum():.3g} steps of up to "
                f"{longest:.3g} s; at most {max_steps} are allowed: check the units, or raise "
                "max_steps"
            )
        if not reference <= np.finfo(dtype).max:
            raise InvalidInput(f"reference is {reference:g}, which {dtype} cannot hold")
        counts = counts.astype(np.int64)
        if (stretches / counts).min() < np.finfo(dtype).tiny:
            raise InvalidInput(
                f"a step of {(stretches / counts).min():g} s is too short for {dtype}; "
                "give a longer duration"
            )
        length = np.repeat(stretches / counts, counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        within = (np.arange(len(length)) - first) * length
        return cls(np.repeat(bounds[:-1], counts) + within, length, reference, dtype)

    @functools.cached_property
    def frame(self) -> CarrierFrame | UnequalCarrierFrame:
        """The steps and the frame as arrays on the device."""
        if self.length[0] and (self.length == self.length[0]).all():
            return CarrierFrame.of(self.length[0], self.reference, self.dtype)
        parts = split(self.begin, self.dtype)
        with jax.ensure_compile_time_eval():
            whole = parts, self.length.astype(self.dtype), np.asarray(self.reference, self.dtype)
            return UnequalCarrierFrame(*jax.device_put(whole))

    def samples(self, interval: float, count: int) -> Samples:
        """Where each step lies among samples at a steady rate; the last one stays."""
        place = (self.begin + self.length / 2) / interval
        near = _MOMENT + _PRECISION * place
        number = np.ceil(place - near) - 1 if self.ending else np.floor(place + near)
        number = np.clip(number, 0, count - 1).astype(np.int32)
        return Samples(number, np.maximum(self.begin - number * interval, 0.0))

    def saved(self, times: Float[np.ndarray, " saves"]) -> Saved:
        """How save times (s, rising, up to the duration) are reached."""
        duration = self.begin[-1] + self.length[-1]
        ends = np.append(self.begin, duration)
        steps = np.searchsorted(self.begin, times, "right") - 1
        same = _ROUNDING * duration + _SAME * self.length[steps]
        steps = steps + (ends[steps + 1] - times <= same)
        beyond = times - ends[steps]
        return Saved(steps.astype(np.int32), np.where(beyond <= same, 0.0, beyond))
