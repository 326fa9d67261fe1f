"""The direct current through oscillators that changes in time."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from rfjax.checks import InvalidInput, finite, one_of, positive_number
from rfjax.dynamics.steps import Steps
from rfjax.printing import described

INTERPOLATIONS = ("linear", "steps")


class Waveform(eqx.Module):
    """A current sampled at equal intervals, joined by straight lines or constant within each.

    The last sample stays.

    **Arguments:** `samples` in A, (*lanes, samples), the first at the start; `interval` between
    them, s; `interpolation`: "linear" for straight lines from each sample to the next, "steps" for
    a current that each sample holds for an interval.

    **Raises:** `InvalidInput` where values or shapes are not allowed.
    """

    samples: Float[Array, "... samples"] = eqx.field(metadata={"unit": "A"})
    interval: float = eqx.field(static=True, metadata={"unit": "s"})
    interpolation: str = eqx.field(static=True)

    __repr__ = described

    def __init__(self, samples: ArrayLike, interval: float, interpolation: str = "linear"):
        self.samples = finite("samples", samples)
        self.interval = positive_number("interval", interval)
        self.interpolation = one_of("interpolation", interpolation, INTERPOLATIONS)
        if self.samples.ndim < 1 or not self.samples.shape[-1]:
            raise InvalidInput(
                f"samples have shape {self.samples.shape}; give at least one along the last axis"
            )

    @property
    def extremes(self) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """The lowest and the highest current, A, (*lanes,)."""
        return self.samples.min(-1), self.samples.max(-1)

    def shape(self) -> tuple[int, ...]:
        """The shape of the lanes that it flows through, to be broadcast."""
        return self.samples.shape[:-1]

    def switches(self) -> Float[np.ndarray, " switches"]:
        """The times at which it jumps or bends, s."""
        return self.interval * np.arange(1, self.samples.shape[-1])

    def prepared(self, steps: Steps) -> "ChangingCurrent":
        """The current made ready for the steps of one integration."""
        number, since = steps.samples(self.interval, self.samples.shape[-1])
        return self._at_steps(*jax.device_put((number, since.astype(steps.dtype))))

    @partial(jax.jit, inline=True)
    def _at_steps(self, number, since) -> "ChangingCurrent":
        samples = jnp.moveaxis(self.samples, -1, 0)
        slopes = jnp.zeros_like(samples)
        if self.interpolation == "linear":
            slopes = slopes.at[:-1].set(jnp.diff(samples, axis=0) / self.interval)
        return ChangingCurrent(samples, slopes, number, since)


class ChangingCurrent(eqx.Module):
    """A current made ready, samples along the first axis.

    **Arguments:** `samples` in A, and the `slopes` after them, A/s; for each step the `sample` it
    lies in, and how long it began after it, `since`, s.
    """

    samples: Float[Array, "samples ..."]
    slopes: Float[Array, "samples ..."]
    sample: Int[Array, " steps"]
    since: Float[Array, " steps"]

    def during(self, number: Int[Array, ""]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """The current at the start of a step, A, and its slope until the end, A/s."""
        at = self.sample[number]
        slope = self.slopes[at]
        return self.samples[at] + slope * self.since[number], slope
