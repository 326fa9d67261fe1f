"""The resonators of many chips of a network, drawn by one program."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Int, Key

from rfjax.arrays import Tuned
from rfjax.arrays.of_models import arrays_of, computed_directly, with_tuned
from rfjax.checks import InvalidInput
from rfjax.hardware.effect import AbstractEffect, fabricated
from rfjax.numerics.parametrisation import resolved

KeyOf = Callable[[Int[Array, ""]], Key[Array, ""]]
# For what runs a few times: to compile it to the last takes longer than that gains.
COMPILED: Any = {"compiler_options": {"xla_backend_optimization_level": 1}}


def drawn_resonators(
    model: Any, effect: AbstractEffect, key_of: KeyOf, numbers: Int[np.ndarray, " chips"]
) -> list[Tuned]:
    """The resonators of many chips, and readings that effects add.

    As `ResonatorArray.prepared` takes them.

    **Arguments:** `model`: a network; `effect` on its chips; `key_of`: the key of a chip from its
    number, a module as `eqx.Partial`; `numbers` of the chips.

    **Returns:** those of each array, with an axis of chips before all others.

    **Raises:** `InvalidInput` for an effect that does more than change devices and detunings, and
    add readings.
    """
    return _drawn(computed_directly(resolved(model)), effect, key_of, numbers)


def resonators_of_chip(network: Any, effect: AbstractEffect, *, key: Key[Array, ""]) -> list[Tuned]:
    """The resonators of one chip, those of each array, and readings that effects add.

    **Arguments:** `network`, with values in place of parameters; `effect`; `key` of the chip.

    **Raises:** as `drawn_resonators`.
    """
    chip = fabricated(network, effect, key=key)
    pairs = zip(arrays_of(network), arrays_of(chip), strict=True)
    drawn = [
        Tuned(made.resonators, made.detuning, made.readings[len(meant.readings) :])
        for meant, made in pairs
    ]
    leaves, structure = jax.tree.flatten(chip)
    again, as_drawn = jax.tree.flatten(with_tuned(network, drawn))
    if structure != as_drawn or any(one is not other for one, other in zip(leaves, again)):
        raise InvalidInput(
            f"{effect!r} changes more of an array; effects may change detunings and devices and "
            "add readings; make other changes to the network first"
        )
    return drawn


def _of_all(network, effect, key_of, numbers):
    return jax.vmap(lambda each: resonators_of_chip(network, effect, key=key_of(each)))(numbers)


_drawn: Any = eqx.filter_jit(_of_all, **COMPILED)
