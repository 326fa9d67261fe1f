"""Resonators that are left out because they matter least."""

from functools import partial
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import one, share
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.hardware.faults import silenced
from rfjax.rectifiers.base import volts_per_watt


class Pruned(AbstractEffect):
    """The resonators of smallest weight give no voltage, as `Dead` ones; nothing is drawn.

    A weight is the voltage of a weak tone in its own resonator, in proportion to the largest power
    of that tone; those of one array are compared.

    **Arguments:** `fraction` of the resonators of an array that are left out, from 0 to 1.

    **Raises:** `InvalidInput` for another fraction.
    """

    steps: ClassVar[tuple[str, ...]] = ("fraction",)

    fraction: Float[Array, ""] = eqx.field(
        converter=partial(one, share, "fraction", why="as a share of all resonators")
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.fraction):
            return array
        weights = volts_per_watt(array.resonators, array.detuning, 0.0) * array.peak_powers
        rank = jnp.argsort(jnp.argsort(jnp.abs(weights).ravel())).reshape(weights.shape)
        return silenced(array, rank < jnp.round(self.fraction * weights.size))
