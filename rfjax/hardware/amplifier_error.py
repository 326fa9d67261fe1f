"""Amplifiers of chains that are not all alike: errors of their gain, and their offsets."""

from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Float, Key

from rfjax.arrays import AbstractReading, ResonatorArray
from rfjax.arrays.reading import Read
from rfjax.checks import finite, non_negative
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.laws.variability import lognormal_change


class AmplifierError(AbstractReading):
    r"""Amplifiers whose gain and zero are off, the same in all readings: $(1+g)(V+V_0)$.

    **Arguments:** `gain` $g$: the error as a share, without unit; `offset` $V_0$ at the input, V;
    one number, or one for each chain.

    **Raises:** `InvalidInput` for values that are not finite.
    """

    draws: ClassVar[bool] = False
    over: ClassVar[tuple[str, ...]] = ("chains",)

    gain: Float[Array, "..."] = eqx.field(converter=partial(finite, "gain"), default=0.0)
    offset: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "offset"), default=0.0, metadata={"unit": "V"}
    )

    def __call__(
        self,
        read: Read,
        array: Any,
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, "b tones"] | None,
        *,
        keys: Key[Array, " b"] | None,
    ) -> Float[Array, "b chains"]:
        """See `AbstractReading.__call__`."""
        volts = read(array, powers, frequencies)
        return ((volts + self.offset) * (1 + self.gain)).astype(volts.dtype)


class AmplifierSpread(AbstractEffect):
    r"""Amplifiers that are not all alike: $e^{\sigma g}(V+\sigma_0g')$, $g$ Gaussian.

    What is drawn for a chip stands in all of its readings, as an `AmplifierError` behind those that
    the array has. Every chain has one amplifier; all outputs of a filter share it. A chip that is
    trained takes offsets away with those of its read-out, and errors of the gain with detunings.

    **Arguments:** `gain` $\sigma$: the spread as a share, lognormal, without unit; `offset`
    $\sigma_0$: the standard deviation at the input, V; one number, or one for each chain.

    **Raises:** `InvalidInput` for a spread below zero.
    """

    over: ClassVar[tuple[str, ...]] = ("chains",)

    gain: Float[Array, "..."] = eqx.field(converter=partial(non_negative, "gain"), default=0.0)
    offset: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "offset"), default=0.0, metadata={"unit": "V"}
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.gain, self.offset):
            return array
        chains, dtype = array.detuning.shape[:1], array.detuning.dtype
        of_gain, of_offset = jax.random.split(key)
        gain = lognormal_change(self.gain, jax.random.normal(of_gain, chains, dtype))
        offset = self.offset * jax.random.normal(of_offset, chains, dtype)
        return array.with_readings(*array.readings, AmplifierError(gain, offset))
