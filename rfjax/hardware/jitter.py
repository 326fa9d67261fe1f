"""Tones that are not where they should be, anew in each reading."""

from functools import partial
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read
from rfjax.checks import non_negative
from rfjax.laws.variability import lognormal_factor
from rfjax.numerics.keys import normal


class FrequencyJitter(AbstractReading):
    r"""Tones that stand elsewhere in every reading: $f'=f\,e^{\sigma g}$, each on its own.

    Every resonator is computed directly then.

    **Arguments:** `relative` $\sigma$, without unit, one number, or one for each tone, (tones,).

    **Raises:** `InvalidInput` for a jitter below zero.
    """

    over: ClassVar[tuple[str, ...]] = ("tones",)

    relative: Float[Array, "..."] = eqx.field(converter=partial(non_negative, "relative"))

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
        tones = array.frequencies if frequencies is None else frequencies
        drawn = normal(keys, powers.shape[1:], powers.dtype)
        return read(array, powers, tones * lognormal_factor(self.relative, drawn))
