"""Training for chips that are not made yet: effects drawn anew in each step."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from rfjax.arrays import ResonatorArray, Tuned, covered
from rfjax.checks import positive_integer, random_key
from rfjax.hardware.drawn import drawn_resonators
from rfjax.hardware.effect import AbstractEffect, Effects, as_effect, fabricated
from rfjax.numerics.parametrisation import resolved
from rfjax.printing import described
from rfjax.training.loss import classification

_PREPARED = 200  # chips that arrays are prepared for


class NoiseAware(eqx.Module):
    """The cross-entropy of chips with effects that are drawn anew in each step, for `fit`.

    So networks learn what fabrication leaves of them. Fast evaluations are prepared for 200 chips;
    of one in hundreds that lies beyond their range, devices and detunings are replaced by those
    that were meant, for that step.

    **Arguments:** `effects` of a chip, one or several; `chips` that are drawn for each step, over
    which the loss is a mean.

    **Raises:** `InvalidInput` where they are none.
    """

    effect: AbstractEffect
    chips: int = eqx.field(static=True)

    __repr__ = described

    def __init__(self, effects: Effects, *, chips: int = 1):
        self.effect = as_effect(effects)
        self.chips = positive_integer("chips", chips)

    def __call__(
        self,
        model: Any,
        inputs: Float[Array, "batch ..."],
        labels: Int[Array, " batch"],
        *,
        key: Key[Array, ""],
    ) -> Float[Array, ""]:
        """The mean loss of a batch over the chips that are drawn.

        **Arguments:** as for `rfjax.training.classification`; `key` of the step.
        """

        def of_chip(key):
            made, read = jax.random.split(key)
            return classification(self._chip(model, key=made), inputs, labels, key=read)

        keys = jax.random.split(random_key("key", key), self.chips)
        if self.chips == 1:
            return of_chip(keys[0])
        return jnp.mean(jax.lax.map(of_chip, keys))

    def drawn(self, model: Any) -> list[Tuned]:
        """What arrays are prepared for in training; see `rfjax.training.fit`.

        **Arguments:** `model` of one seed.
        """
        key_of = eqx.Partial(jax.random.fold_in, jax.random.key(0))
        return drawn_resonators(model, self.effect, key_of, np.arange(_PREPARED))

    def _chip(self, model: Any, *, key: Key[Array, ""]) -> Any:
        """A chip that is drawn, or the model where what is prepared does not hold for it."""
        meant = resolved(model)
        holds = covered(fabricated(meant, self.effect, key=key))
        return fabricated(meant, _Where(self.effect, holds), key=key)


class _Where(AbstractEffect):
    """An effect on the devices and detunings of a chip where something holds.

    **Arguments:** `effect`; `holds`: one truth value.
    """

    effect: AbstractEffect
    holds: Bool[Array, ""]

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""

        def parts(array):
            return array.detuning, array.resonators

        made = self.effect(array, key=key)
        chosen = jax.tree.map(partial(jnp.where, self.holds), parts(made), parts(array))
        return eqx.tree_at(parts, made, chosen)
