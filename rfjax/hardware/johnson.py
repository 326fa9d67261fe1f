"""Johnson noise of chains in a reading."""

from functools import partial
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read
from rfjax.checks import non_negative, one, positive
from rfjax.laws.read_out_noise import johnson_voltage
from rfjax.numerics.keys import normal


class JohnsonNoise(AbstractReading):
    r"""The noise of the resistance of each chain, drawn anew for every reading:
    $\sqrt{4k_BTR\frac1{2t}}$.

    Resonators of a chain are in series: $R$ is the sum of theirs.

    **Arguments:** `resistance` of a resonator, Ω: one number, or an array that broadcasts to
    (chains, tones); `time` of a reading, s; `temperature` in K.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    resistance: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "resistance"), metadata={"unit": "Ω"}
    )
    time: Float[Array, ""] = eqx.field(
        converter=partial(one, positive, "time"), metadata={"unit": "s"}
    )
    temperature: Float[Array, ""] = eqx.field(
        converter=partial(one, non_negative, "temperature"), default=300.0, metadata={"unit": "K"}
    )

    def __call__(
        self,
        read: Read,
        array: Any,
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, "b tones"] | None,
        *,
        keys: Key[Array, " b"],
    ) -> Float[Array, "b chains"]:
        """See `AbstractReading.__call__`."""
        volts = read(array, powers, frequencies)
        resistance = jnp.broadcast_to(self.resistance, array.detuning.shape).sum(-1)
        scatter = johnson_voltage(resistance, self.time, self.temperature).astype(volts.dtype)
        return volts + scatter * normal(keys, volts.shape[1:], volts.dtype)
