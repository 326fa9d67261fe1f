"""Networks that an experiment compares: how each is made and trained."""

import dataclasses
from collections.abc import Callable
from typing import Any

import optax
from jaxtyping import Array, Key

from rfjax.training import Metrics

# Called with the network's name, the epoch from 1, how many there are, and its metrics.
OnEpoch = Callable[[str, int, int, Metrics], None]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How one of the networks that are compared is made and trained.

    **Arguments:** `name`; `create`: a model from a key; `learning_rate`: of Adam, for detunings in
    linewidths a step; `amplifier_rate`: of gains and offsets, where it is another one;
    `parameter_rate`: of `rfjax.nn.Bounded` parameters, zero where they stay as they are, which need
    an `amplifier_rate`, too.
    """

    name: str
    create: Callable[[Key[Array, ""]], Any]
    learning_rate: float
    amplifier_rate: float | None = None
    parameter_rate: float = 0.0

    def optimiser(self, falling: int | None = None) -> optax.GradientTransformation:
        """Adam with the rates of this network.

        **Arguments:** `falling`: steps in which rates fall to zero along a cosine; they are
        constant if none is given.

        **Returns:** the optimiser.
        """

        def adam(rate: float) -> optax.GradientTransformation:
            return optax.adam(
                rate if falling is None else optax.cosine_decay_schedule(rate, falling)
            )

        if self.amplifier_rate is None:
            return adam(self.learning_rate)
        rates: Any = {
            "detuning": adam(self.learning_rate),
            "amplifier": adam(self.amplifier_rate),
            "parameter": adam(self.parameter_rate) if self.parameter_rate else optax.set_to_zero(),
        }
        return optax.partition(rates, _parts)


def _parts(parameters: dict[str, Any]) -> dict[str, str]:
    """Which trained arrays are detunings, bounded parameters, and those of amplifiers."""

    def part(name: str) -> str:
        if name.endswith(".free"):
            return "parameter"
        return "detuning" if "detuning" in name else "amplifier"

    return {name: part(name) for name in parameters}
