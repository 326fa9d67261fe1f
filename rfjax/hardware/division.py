"""Power that does not reach all resonators alike: loss on the way, and uneven division."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import non_negative, one, share
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.laws.power_division import attenuated, divided, transmitted
from rfjax.laws.variability import lognormal_factor


class LineLoss(AbstractEffect):
    r"""Loss along a chain: $P_k=P\,10^{-ak/10}$, the first resonator receives all.

    **Arguments:** `decibels` $a$ from one resonator to the next, dB.

    **Raises:** `InvalidInput` for a loss below zero.
    """

    decibels: Float[Array, ""] = eqx.field(
        converter=partial(one, non_negative, "decibels"), metadata={"unit": "dB"}
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.decibels):
            return array
        return receiving(array, attenuated(self.decibels, jnp.arange(array.tones)))


class UnevenDivision(AbstractEffect):
    r"""An amplifier whose power is not divided evenly: $P_k=P\,w_k/\bar w$, $w_k=e^{\sigma g}$.

    $P=P_{amp}/(NM)$ for $N$ resonators in each of $M$ chains; what one lacks others have too much.

    **Arguments:** `relative` $\sigma$: the spread, without unit: a number, or an array that
    broadcasts to (chains, tones).

    **Raises:** `InvalidInput` for a spread below zero.
    """

    relative: Float[Array, "..."] = eqx.field(converter=partial(non_negative, "relative"))

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.relative):
            return array
        drawn = jax.random.normal(key, array.detuning.shape, array.detuning.dtype)
        return receiving(array, divided(lognormal_factor(self.relative, drawn)))


class Mismatch(AbstractEffect):
    r"""Chains that reflect a part of their power: $P'=P\,(1-|r|^2)$.

    **Arguments:** `reflection` $|r|$ of amplitudes, from 0 to 1: a number, or arrays that broadcast
    to (chains, tones).

    **Raises:** `InvalidInput` for others.
    """

    reflection: Float[Array, "..."] = eqx.field(
        converter=partial(share, "reflection", why="as a share of an amplitude")
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        return array if absent(self.reflection) else receiving(array, transmitted(self.reflection))


def receiving(array: ResonatorArray, received: Float[Array, "..."]) -> ResonatorArray:
    r"""An array whose resonators receive shares of the power that they should, in every tone.

    A device with $\gamma\sqrt w$ and $\beta w$ does at a power $P$ what it does at $wP$.

    **Arguments:** `array`; `received` $w$, which broadcasts to (chains, tones).
    """
    shape, devices = array.detuning.shape, array.resonators
    fields = devices.drive * jnp.sqrt(received), devices.rectification * received
    return eqx.tree_at(
        lambda array: (array.resonators.drive, array.resonators.rectification),
        array,
        tuple(jnp.broadcast_to(each, shape) for each in fields),
    )
