"""Effects that are drawn anew from cycle to cycle."""

from functools import partial
from typing import Any

import jax
from jaxtyping import Array, Float, Key

from rfjax.arrays import AbstractReading
from rfjax.arrays.reading import Read, reading
from rfjax.hardware.effect import AbstractEffect, Effects, as_effect


class CycleToCycle(AbstractReading):
    """Effects of a chip that are others in every reading, as where weights are written each time.

    Every row has an array of its own, which costs as much as a chip does.

    **Arguments:** `effects`, one or several.

    **Raises:** `InvalidInput` for what are none.
    """

    effect: AbstractEffect

    def __init__(self, effects: Effects):
        self.effect = as_effect(effects)

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

        def of_row(key, powers, frequencies):
            moved = None if frequencies is None else frequencies[None]
            made, within = jax.random.split(key)
            there = self.effect(array.with_readings(), key=made)
            # What the effect adds to readings stands outside of those that the array has.
            added, there = there.readings, there.with_readings(*array.readings)
            inner = partial(read, keys=within[None])
            return reading(added, inner, there, powers[None], moved, keys=within[None])[0]

        return jax.vmap(of_row)(keys, powers, frequencies)
