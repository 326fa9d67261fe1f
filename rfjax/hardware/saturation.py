"""Sources of tones that saturate."""

from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read
from rfjax.checks import InvalidInput, known, positive
from rfjax.laws.compression import compressed, compression_point


def _sharpness(value):
    value = positive("sharpness", value)
    if known(value) and not np.all(np.asarray(value) >= 1):
        raise InvalidInput(
            f"sharpness is {float(jnp.min(value)):g}; give 1 or more, as Rapp's model has it"
        )
    return value


class Saturation(AbstractReading):
    r"""Oscillators or amplifiers whose tones compress: $\frac{P}{[1+(P/P_{sat})^n]^{1/n}}$.

    Each tone has a source of its own, as in appendix B. An amplifier of all tones together would
    compress by their sum and mix them, which is not in it. As a reading of an array it is given
    last, as a `Combiner` is, so that whatever is nearer to the array has the powers that arrive.

    **Arguments:**

    - `power` $P_{sat}$: the most that arrives in one resonator, W, as everywhere the power of the
      amplifier over $NM$; one number, or one for each tone, (tones,).
    - `sharpness` $n$ of the bend, 1 or more: see `rfjax.laws.compression.compressed`.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    draws: ClassVar[bool] = False
    over: ClassVar[tuple[str, ...]] = ("tones",)

    power: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "power"), metadata={"unit": "W"}
    )
    sharpness: Float[Array, "..."] = eqx.field(converter=_sharpness)

    @classmethod
    def of_compression_point(
        cls, power: ArrayLike, sharpness: ArrayLike, decibels: ArrayLike = 1.0
    ) -> "Saturation":
        """Sources of a known compression point, where they emit less than ideal ones by decibels.

        **Arguments:** `power` that ideal ones would emit there, W into one resonator; `sharpness`;
        `decibels`, 1 for the 1 dB compression point.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        sharpness, decibels = _sharpness(sharpness), positive("decibels", decibels)
        return cls(
            positive("power", power) / compression_point(1.0, sharpness, decibels), sharpness
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
        emitted = compressed(powers, self.power, self.sharpness)
        return read(array, emitted.astype(powers.dtype), frequencies)
