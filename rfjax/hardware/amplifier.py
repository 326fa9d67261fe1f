"""The noise of the amplifier that reads chains."""

from functools import partial
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read
from rfjax.checks import non_negative, positive
from rfjax.laws.read_out_noise import amplifier_voltage
from rfjax.numerics.keys import normal


class AmplifierNoise(AbstractReading):
    """White noise of the amplifier of each chain, drawn anew for every reading.

    **Arguments:** `deviation`: standard deviation of a reading at the input of the amplifier, V:
    one number, or one for each chain.

    **Raises:** `InvalidInput` for a deviation below zero.
    """

    over: ClassVar[tuple[str, ...]] = ("chains",)

    deviation: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "deviation"), metadata={"unit": "V"}
    )

    @classmethod
    def of_density(cls, density: ArrayLike, time: ArrayLike) -> "AmplifierNoise":
        """The noise of an amplifier of a known density, referred to its input.

        **Arguments:** `density` in V/√Hz; `time` of a reading, s, which passes half of its inverse.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        return cls(amplifier_voltage(non_negative("density", density), positive("time", time)))

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
