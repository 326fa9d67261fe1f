"""The amplifier that reads chains: its noise and its offset."""

from functools import partial
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read
from rfjax.checks import non_negative
from rfjax.numerics.keys import normal


class AmplifierNoise(AbstractReading):
    """White noise of the amplifier of each chain, drawn anew for every reading.

    **Arguments:** `deviation`: standard deviation of a reading at the input of the amplifier, V:
    one number, or one for each chain.

    **Raises:** `InvalidInput` for a deviation below zero.
    """

    deviation: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "deviation"), metadata={"unit": "V"}
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
        return volts + self.deviation * normal(keys, volts.shape[1:], volts.dtype)
