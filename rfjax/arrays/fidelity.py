"""The same arrays on another rectifier model."""

from typing import Any

import equinox as eqx
import jax

from rfjax.arrays.resonator_array import ResonatorArray
from rfjax.checks import instance_of
from rfjax.rectifiers import AbstractRectifier


def with_rectifier(model: Any, rectifier: AbstractRectifier) -> Any:
    """A model whose arrays all compute another rectifier model, and are prepared for it.

    For what is trained on one model and evaluated on another. Detunings, devices, lines and what
    stands in for the gradient stay as they are.

    **Arguments:**

    - `model`: any tree of modules: a network, an ensemble of them, or one array.
    - `rectifier`: the rectifier model.

    **Returns:** the model.

    **Raises:** `InvalidInput` for something else than a rectifier model.
    """
    instance_of("rectifier", rectifier, AbstractRectifier, "a rectifier model, as Independent()")

    def changed(part: Any) -> Any:
        if not isinstance(part, ResonatorArray):
            return part
        bare = eqx.tree_at(
            lambda array: (array.rectifier, array.evaluation),
            part,
            (rectifier, None),
            is_leaf=lambda each: each in (part.rectifier, part.evaluation, None),
        )
        return bare.prepared()

    return jax.tree.map(changed, model, is_leaf=lambda part: isinstance(part, ResonatorArray))
