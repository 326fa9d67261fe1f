"""The voltmeter that reads chains on a bench: its noise, its averaging and its offset."""

from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read
from rfjax.checks import finite, non_negative, positive
from rfjax.laws.read_out_noise import amplifier_voltage
from rfjax.numerics.keys import normal


class Voltmeter(AbstractReading):
    r"""One voltmeter on one chain after the other: $V+V_0+s\,g$, $g$ Gaussian, anew each time.

    **Arguments:**

    - `deviation` $s$ of a reading, V, one number, or one for each chain.
    - `offset` $V_0$ of all readings, V: its zero, and thermoelectric voltages of the wires.

    **Raises:** `InvalidInput` for a deviation below zero.
    """

    over: ClassVar[tuple[str, ...]] = ("chains",)

    deviation: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "deviation"), metadata={"unit": "V"}
    )
    offset: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "offset"), default=0.0, metadata={"unit": "V"}
    )

    @classmethod
    def of_density(
        cls, density: ArrayLike, time: ArrayLike, offset: ArrayLike = 0.0
    ) -> "Voltmeter":
        r"""A voltmeter of white noise that averages for a time: $s=e_n\sqrt{1/(2t)}$.

        **Arguments:** `density` $e_n$ in V/√Hz; `time` $t$ of a reading, s; `offset` in V.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        deviation = amplifier_voltage(non_negative("density", density), positive("time", time))
        return cls(deviation, offset)

    def averaged(self, readings: ArrayLike) -> "Voltmeter":
        r"""The same voltmeter where the mean of several readings is taken: $s/\sqrt n$.

        **Arguments:** `readings` $n$, above zero.
        """
        return Voltmeter(self.deviation / jnp.sqrt(positive("readings", readings)), self.offset)

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
        scatter = self.deviation * normal(keys, volts.shape[1:], volts.dtype)
        return (volts + self.offset + scatter).astype(volts.dtype)
