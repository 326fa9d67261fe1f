"""Resonators that do not do what they should: dead, or stuck at a detuning."""

from functools import partial
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import finite, one_of, share
from rfjax.hardware.effect import AbstractEffect, absent

_HOW = "as a share of all resonators"


class Dead(AbstractEffect):
    """Resonators that give no voltage: shorted, or open, which cuts off their chain.

    A chain is wired in series. A junction that is shorted leaves its voltage out; one that is open
    leaves nothing to read of all the chain.

    **Arguments:** `fraction` of resonators that are dead, from 0 to 1, each on its own; `kind`:
    "shorted" or "open".

    **Raises:** `InvalidInput` for another fraction or kind.
    """

    steps: ClassVar[tuple[str, ...]] = ("fraction",)

    fraction: Float[Array, "..."] = eqx.field(converter=partial(share, "fraction", why=_HOW))
    kind: str = eqx.field(static=True, default="shorted")

    def __check_init__(self):
        one_of("kind", self.kind, ("shorted", "open"))

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.fraction):
            return array
        alive = ~_chosen(self.fraction, array, key=key)
        if self.kind == "open":
            alive = jnp.broadcast_to(alive.all(axis=-1, keepdims=True), alive.shape)
        return silenced(array, ~alive)


class Stuck(AbstractEffect):
    """Resonators that stay at a detuning whatever is written to them.

    A chip trains on around them by the loss `GivenChip`; what `fabricated` returns is a network of
    its own, all of which trains.

    **Arguments:** `fraction` of resonators that are stuck, from 0 to 1, each on its own; `at`: the
    detunings at which they are, in linewidths, a number or one for each resonator.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    steps: ClassVar[tuple[str, ...]] = ("fraction",)

    fraction: Float[Array, "..."] = eqx.field(converter=partial(share, "fraction", why=_HOW))
    at: Float[Array, "..."] = eqx.field(converter=partial(finite, "at"), default=0.0)

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.fraction):
            return array
        stuck = _chosen(self.fraction, array, key=key)
        detuning = jnp.where(stuck, self.at, array.detuning)
        return eqx.tree_at(lambda array: array.detuning, array, detuning)


def silenced(array: ResonatorArray, which: Bool[Array, "..."]) -> ResonatorArray:
    """An array some resonators of which give no voltage: those whose place is true."""
    devices = array.resonators
    torques = [jnp.where(which, 0, each) for each in (devices.antisymmetric, devices.symmetric)]
    return eqx.tree_at(
        lambda array: (array.resonators.antisymmetric, array.resonators.symmetric),
        array,
        tuple(torques),
    )


def _chosen(fraction, array: ResonatorArray, *, key):
    """Resonators that are chosen at random; more of the same ones with a higher fraction."""
    return jax.random.uniform(key, array.detuning.shape, array.detuning.dtype) < fraction
