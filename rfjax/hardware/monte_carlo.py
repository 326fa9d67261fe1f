"""Many chips of one network: how well each does, and what the loss depends on."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Key

from rfjax.arrays.of_models import arrays_of, computed_directly, with_evaluations
from rfjax.checks import InvalidInput, finite, positive_integer, random_key
from rfjax.compilation import use_persistent_cache
from rfjax.hardware.chips import Chips
from rfjax.hardware.drawn import drawn_arrays
from rfjax.hardware.effect import AbstractEffect, Effects, as_effect, fabricated
from rfjax.numerics.keys import with_key
from rfjax.numerics.parametrisation import resolved
from rfjax.training.checked import class_labels
from rfjax.training.evaluation import all_logits
from rfjax.training.loss import cross_entropy
from rfjax.training.metrics import accuracy

_DRAWN = 2**25  # numbers of the chips that evaluations are prepared for
_ROOM = 1.01  # by which detunings of other chips may be larger
_AT_ONCE = 8  # chips


def monte_carlo(
    network: Any,
    effects: Effects,
    inputs: ArrayLike,
    labels: ArrayLike,
    *,
    key: Key[Array, ""],
    chips: int = 1000,
    sensitivities: bool = False,
) -> Chips:
    """How well many chips of a network do, each with effects of its own.

    A chip depends on its number and on the key alone, whatever other chips there are. Fast
    evaluations are prepared once, for the devices and detunings of all chips, and keep the
    tolerance of the arrays; chips beyond what can be prepared for are computed directly, which is
    slow.

    **Arguments:**

    - `network`: a `rfjax.nn.Network`, or what is called as it is.
    - `effects` of a chip, one or several, in the order in which they come about.
    - `inputs`: (rows, *features); `labels`: the class of each row, counted from 0.
    - `key`: the number of a chip is folded in; what readings draw follows from it, too.
    - `chips`: how many.
    - `sensitivities`: whether to find how the loss changes with the strengths of the effects, all
      arrays that these hold, which takes about three times as long.

    **Returns:** accuracy and loss of every chip.

    **Raises:** `InvalidInput` where arguments do not fit together, for an ensemble, and where a
    rectifier model has no answer for a chip.
    """
    use_persistent_cache()
    effect, key = as_effect(effects), random_key("key", key)
    chips, inputs = positive_integer("chips", chips), finite("inputs", inputs)
    network = resolved(network)
    labels = _checked_labels(network, inputs, labels, key=key)
    numbers = jnp.arange(chips)
    network = _prepared(network, effect, numbers, key=key)
    found = _evaluated(network, effect, inputs, labels, numbers, sensitivities, key=key)
    found = jax.tree.map(np.array, found)
    beyond = np.flatnonzero(np.isnan(found.loss))
    if beyond.size:
        direct = _evaluated(
            computed_directly(network), effect, inputs, labels, beyond, sensitivities, key=key
        )
        for whole, part in zip(jax.tree.leaves(found), jax.tree.leaves(direct), strict=True):
            whole[beyond] = part
    missing = np.flatnonzero(np.isnan(found.loss))
    if missing.size:
        raise InvalidInput(
            f"{missing.size} of {chips} chips have no logits, the first of them chip {missing[0]}: "
            "a rectifier model has no answer there; lower the strengths of the effects"
        )
    slopes = [] if found.slopes is None else jax.tree.leaves(found.slopes)
    return Chips(found.accuracy, found.loss, tuple(slopes), effect)


class _Found(eqx.Module):
    """Of each chip: loss, accuracy, and slopes of the loss to the strengths of the effects."""

    loss: Any
    accuracy: Any
    slopes: Any


@eqx.filter_jit
def _evaluated(network, effect, inputs, labels, numbers, slopes: bool, *, key) -> _Found:
    strengths, rest = eqx.partition(effect, eqx.is_inexact_array)

    def of_chip(number):
        made, read = _keys(key, number)

        def loss_of(strengths):
            chip = fabricated(network, eqx.combine(strengths, rest), key=made)
            logits = all_logits(chip, inputs, key=read)
            return cross_entropy(logits, labels), accuracy(logits, labels)

        if not slopes:
            return _Found(*loss_of(strengths), None)
        (loss, right), slope = jax.value_and_grad(loss_of, has_aux=True)(strengths)
        return _Found(loss, right, slope)

    return jax.lax.map(of_chip, numbers, batch_size=min(_AT_ONCE, len(numbers)))


def _keys(key: Key[Array, ""], number: Int[Array, ""]) -> Key[Array, " 2"]:
    """The key that a chip is made with, and the one that its readings draw with."""
    return jax.random.split(jax.random.fold_in(key, number))


def _prepared(network: Any, effect: AbstractEffect, numbers: Int[Array, " chips"], *, key) -> Any:
    """A network whose arrays are prepared for its chips, as many of them as memory holds."""
    arrays = arrays_of(network)
    size = sum(len(jax.tree.leaves(each.resonators)) * each.detuning.size for each in arrays)
    some = numbers[: max(1, _DRAWN // max(size, 1))]
    made = jax.vmap(lambda number: _keys(key, number)[0])(some)
    pairs = zip(arrays, drawn_arrays(network, effect, made), strict=True)
    return with_evaluations(network, [one.prepared(room=_ROOM, also=many) for one, many in pairs])


def _checked_labels(
    network: Any, inputs: Float[Array, "rows ..."], labels: ArrayLike, *, key
) -> Int[Array, " rows"]:
    """Labels that fit the network and its inputs; nothing is computed.

    **Raises:** `InvalidInput` where they do not.
    """
    if inputs.ndim < 2 or not len(inputs):
        raise InvalidInput(
            f"inputs have shape {inputs.shape}; give (rows, *features), at least one row"
        )
    logits = eqx.filter_eval_shape(lambda: with_key(network, inputs, key=key))
    return class_labels(labels, logits)
