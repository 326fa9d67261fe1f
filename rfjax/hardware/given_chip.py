"""Training of one chip that is there: what is written to it trains, its faults stay."""

from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from rfjax.arrays import Tuned, covered
from rfjax.checks import random_key
from rfjax.hardware.drawn import drawn_resonators
from rfjax.hardware.effect import AbstractEffect, Effects, as_effect, fabricated
from rfjax.printing import described
from rfjax.training.loss import classification


class GivenChip(eqx.Module):
    """The cross-entropy of one given chip, for `fit`: what is written to it trains.

    The effects of the chip come about in every step, the same ones each time: a resonator that is
    stuck stays where it is, whatever is written to it. Training moves the network that is written;
    `fabricated(trained, effects, key=key)` is the chip with it, and what is to be evaluated.

    **Arguments:** `effects` of the chip, one or several; `key` that it was made with, as for
    `fabricated`.

    **Raises:** `InvalidInput` where they are none.
    """

    effect: AbstractEffect
    key: Key[Array, ""]

    __repr__ = described

    def __init__(self, effects: Effects, *, key: Key[Array, ""]):
        self.effect = as_effect(effects)
        self.key = random_key("key", key)

    def __call__(
        self,
        model: Any,
        inputs: Float[Array, "batch ..."],
        labels: Int[Array, " batch"],
        *,
        key: Key[Array, "..."] | None = None,
    ) -> Float[Array, ""]:
        """The loss of a batch on the chip.

        **Arguments:** as for `rfjax.training.classification`.
        """
        return classification(self._chip(model), inputs, labels, key=key)

    def drawn(self, model: Any) -> list[Tuned]:
        """What arrays are prepared for in training; see `rfjax.training.fit`.

        **Arguments:** `model` of one seed.
        """
        return drawn_resonators(model, self.effect, eqx.Partial(_same, self.key), np.arange(1))

    def covered(self, model: Any) -> Bool[Array, ""]:
        """Whether what arrays are prepared for holds for the chip; see `rfjax.training.fit`.

        **Arguments:** `model` of one seed.
        """
        return covered(self._chip(model))

    def _chip(self, model: Any) -> Any:
        return fabricated(model, self.effect, key=self.key)


def _same(key: Key[Array, ""], number: Int[Array, ""]) -> Key[Array, ""]:
    return key
