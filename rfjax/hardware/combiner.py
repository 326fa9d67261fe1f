"""The power combiner that brings tones onto one line, and what it loses."""

from functools import partial
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read
from rfjax.checks import finite, non_negative
from rfjax.laws.power_division import attenuated


class Combiner(AbstractReading):
    r"""A combiner of several generators: $10^{-L/10}$ of the power of each tone arrives.

    A combiner without resistors cannot be matched at all ports: one that is loses half of two tones
    of different frequencies, 3 dB, besides what its lines take; one of three resistors 6 dB.

    As a reading of an array it is given last, so that whatever is nearer to the array has the
    powers that arrive.

    **Arguments:** `loss` $L$ in dB, one number, or one for each tone, (tones,).

    **Raises:** `InvalidInput` for a loss below zero.
    """

    draws: ClassVar[bool] = False
    over: ClassVar[tuple[str, ...]] = ("tones",)

    loss: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "loss"), metadata={"unit": "dB"}
    )

    @property
    def share(self) -> Float[Array, "..."]:
        """What arrives of the power of a tone, from 0 to 1."""
        return attenuated(self.loss, 1)

    def arriving(self, powers: ArrayLike) -> Float[Array, "..."]:
        """The powers that arrive, W.

        **Arguments:** `powers` of the generators in W, (*b, tones).

        **Raises:** `InvalidInput` for values that are not finite.
        """
        return finite("powers", powers) * self.share

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
        return read(array, (powers * self.share).astype(powers.dtype), frequencies)
