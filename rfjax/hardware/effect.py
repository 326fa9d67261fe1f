"""What makes a chip differ from what was meant: an array in, the array that was made out."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray, prepared
from rfjax.arrays.nonideality import AbstractNonideality, check_strengths
from rfjax.checks import InvalidInput, instance_of, known, random_key, shown
from rfjax.numerics.parametrisation import resolved


class AbstractEffect(AbstractNonideality):
    """What fabrication, age or surroundings do to an array.

    Called as `effect(array, key=key)`, within compiled programs and under `jax.vmap`. It changes
    detunings and devices, or adds to the readings, and leaves what is prepared; at strength zero it
    changes no bit. Draws depend on the key alone, and derivatives reach the strengths, but for
    those that a subclass names in `steps`, as a number of faults. Strengths are numbers or fit
    (chains, tones), or what a subclass says by `over`.
    """

    @abstractmethod
    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """The array as one chip has it.

        **Arguments:** `array`; `key` of all that is drawn.

        **Returns:** the array; what was prepared for it may no longer hold, see
        `rfjax.arrays.prepared`.
        """


class Chip(AbstractEffect):
    """Several effects, one after the other, each with a key of its own: its place is folded in.

    **Arguments:** `effects`, in the order in which they come about.

    **Raises:** `InvalidInput` for what are none.
    """

    effects: tuple[AbstractEffect, ...]

    def __init__(self, effects: Sequence[AbstractEffect]):
        what = "effects, as rfjax.hardware.Spread('damping', 0.05)"
        if not isinstance(effects, tuple | list):
            raise InvalidInput(f"effects is {shown(effects)}; give a list or tuple of {what}")
        for each in effects:
            instance_of("effects", each, AbstractEffect, what)
        self.effects = tuple(effects)

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        for place, effect in enumerate(self.effects):
            array = effect(array, key=jax.random.fold_in(key, place))
        return array


def absent(*strengths: Float[Array, "..."] | None) -> bool:
    """Whether strengths are known to be zero, so that an array stays as it is, shapes and all."""
    return known(strengths) and not any(
        np.any(np.asarray(each)) for each in strengths if each is not None
    )


Effects = AbstractEffect | Sequence[AbstractEffect]


def as_effect(effects: Effects) -> AbstractEffect:
    """One effect, or several as a `Chip`.

    **Raises:** `InvalidInput` for what are none.
    """
    return effects if isinstance(effects, AbstractEffect) else Chip(effects)


def fabricated(model: Any, effects: Effects, *, key: Key[Array, ""]) -> Any:
    """A network as one chip has it: effects on all of its arrays.

    Called from Python, its arrays are prepared for what they have become. Inside of a compiled
    program they keep what they were prepared with, and voltages beyond its range are NaN.

    **Arguments:** `model`: any tree of modules, as a `rfjax.nn.Network` or one array; `effects`,
    one or several; `key` of the chip: the place of each array is folded in.

    **Returns:** the model, with values in place of parameters that stand for them.

    **Raises:** `InvalidInput` for what are no effects, strengths that do not fit an array, an
    ensemble, or a model without arrays.
    """
    effect, key = as_effect(effects), random_key("key", key)
    parts, structure = jax.tree.flatten(resolved(model), is_leaf=_is_array)
    places = [place for place, part in enumerate(parts) if _is_array(part)]
    if not places:
        raise InvalidInput(
            f"model is {shown(model)}, which has no arrays of resonators; "
            "harden resonators of two states first, by rfjax.hardware.hardened(network)"
        )
    for number, place in enumerate(places):
        parts[place].check_one_network()
        check_strengths(effect, parts[place].detuning.shape)
        parts[place] = effect(parts[place], key=jax.random.fold_in(key, number))
    made = jax.tree.unflatten(structure, parts)
    return prepared(made) if known(eqx.filter(made, eqx.is_array)) else made


def _is_array(part: Any) -> bool:
    return isinstance(part, ResonatorArray)
