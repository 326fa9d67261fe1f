"""The direct current through oscillators: steady, or a waveform."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int

from rfjax.checks import InvalidInput, finite, positive


class Waveform(eqx.Module):
    """A current sampled at a steady rate, with straight lines between the samples.

    The last sample stays.

    **Arguments:** `samples` in A, (*lanes, samples); `interval` between them, s.

    **Raises:** `InvalidInput` where values or shapes are not allowed.
    """

    samples: Float[Array, "... samples"]
    interval: Float[Array, ""]

    def __init__(self, samples: ArrayLike, interval: ArrayLike):
        self.samples = finite("samples", samples)
        self.interval = positive("interval", interval)
        if self.samples.ndim < 1 or self.interval.ndim != 0:
            raise InvalidInput(
                f"samples have shape {self.samples.shape} and interval {self.interval.shape}; "
                "give (..., samples) and one number"
            )

    def during(
        self, number: Int[Array, ""], step: Float[Array, ""]
    ) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """The current at the start of a step, A, and its slope until the end, A/s."""
        begin, end = (self._at((number + ahead) * (step / self.interval)) for ahead in (0, 1))
        return begin, (end - begin) / step

    def _at(self, position: Float[Array, ""]) -> Float[Array, "..."]:
        last = self.samples.shape[-1] - 1
        position = jnp.clip(position, 0, last)
        left = jnp.minimum(position.astype(jnp.int32), max(last - 1, 0))
        right = jnp.minimum(left + 1, last)
        share = position - left
        return (1 - share) * self.samples[..., left] + share * self.samples[..., right]
