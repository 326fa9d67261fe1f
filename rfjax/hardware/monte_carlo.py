"""Many chips of one network: how well each does, and what the loss depends on."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Key

from rfjax.arrays.nonideality import has_slopes
from rfjax.arrays.of_models import arrays_of, computed_directly, with_evaluations, with_tuned
from rfjax.checks import InvalidInput, finite, positive_integer, random_key
from rfjax.compilation import use_persistent_cache
from rfjax.hardware.chips import Chips
from rfjax.hardware.drawn import COMPILED, drawn_resonators, resonators_of_chip
from rfjax.hardware.effect import Effects, as_effect
from rfjax.numerics.keys import with_key
from rfjax.numerics.parametrisation import resolved
from rfjax.training.checked import class_labels
from rfjax.training.evaluation import all_logits
from rfjax.training.loss import cross_entropy
from rfjax.training.metrics import accuracy

_DRAWN = 2**25  # numbers of the chips that are in memory at once
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
    evaluations are prepared once, for the devices and detunings of all chips or of the first as
    many as memory holds, and keep the tolerance of the arrays; chips beyond what can be prepared
    for are computed directly, which is slow.

    **Arguments:**

    - `network`: a `rfjax.nn.Network`, or what is called as it is.
    - `effects` of a chip, one or several, in the order in which they come about.
    - `inputs`: (rows, *features); `labels`: the class of each row, counted from 0.
    - `key`: the number of a chip is folded in; what readings draw follows from it, too.
    - `chips`: how many.
    - `sensitivities`: whether to find how the loss changes with the strengths of the effects, all
      arrays that these hold but for those that have no derivative, as fractions of faults; it
      takes about three times as long.

    **Returns:** accuracy and loss of every chip.

    **Raises:** `InvalidInput` where arguments do not fit together, for an ensemble, and where a
    rectifier model has no answer for a chip.
    """
    use_persistent_cache()
    effect, key = as_effect(effects), random_key("key", key)
    chips, inputs = positive_integer("chips", chips), finite("inputs", inputs)
    if sensitivities and not any(jax.tree.leaves(has_slopes(effect))):
        raise InvalidInput(
            "no strength of the effects has a derivative, as fractions of faults have none; leave "
            "sensitivities out"
        )
    network = resolved(network)
    labels = _checked_labels(network, inputs, labels, key=key)
    found = _evaluated(network, effect, inputs, labels, chips, sensitivities, key=key)
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


def _evaluated(network, effect, inputs, labels, chips: int, slopes: bool, *, key) -> _Found:
    """All chips, as many together as memory holds."""
    arrays, parts = arrays_of(network), []
    size = sum(len(jax.tree.leaves(each.resonators)) * each.detuning.size for each in arrays)
    at_once = min(max(1, _DRAWN // max(size, 1)), chips)
    key_of = eqx.Partial(chip_key, key)
    for start in range(0, chips, at_once):
        # Parts of one size are one program: the last chip is drawn again.
        numbers = np.minimum(np.arange(start, start + at_once), chips - 1)
        drawn = drawn_resonators(network, effect, key_of, numbers)
        if not start:
            pairs = zip(arrays, drawn, strict=True)
            ready = [one.prepared(room=_ROOM, also=many) for one, many in pairs]
            network = with_evaluations(network, ready)
        found = _of_part(network, drawn, inputs, labels, numbers, slopes, key=key)
        if slopes:
            bare = computed_directly(network)
            by_strength = _pulled_back(bare, effect, key_of, numbers, found.slopes)
            found = _Found(found.loss, found.accuracy, by_strength)
        parts.append(found)
    return jax.tree.map(lambda *each: np.concatenate(each)[:chips], *parts)


def _of_part(network, drawn, inputs, labels, numbers, slopes: bool, *, key) -> _Found:
    """Some chips, those that the evaluation does not hold for directly."""
    found = _of_chips(network, drawn, inputs, labels, numbers, slopes, key=key)
    found = jax.tree.map(np.array, found)
    beyond = np.flatnonzero(np.isnan(found.loss))
    if beyond.size:
        some = jax.tree.map(lambda each: np.asarray(each)[beyond], drawn)
        bare = computed_directly(network)
        direct = _of_chips(bare, some, inputs, labels, numbers[beyond], slopes, key=key)
        for whole, part in zip(jax.tree.leaves(found), jax.tree.leaves(direct), strict=True):
            whole[beyond] = part
    return found


def _losses(network, drawn, inputs, labels, numbers, slopes: bool, *, key) -> _Found:
    def of_chip(drawn_and_number):
        drawn, number = drawn_and_number
        _, read = _keys(key, number)

        def loss_of(drawn):
            logits = all_logits(with_tuned(network, drawn), inputs, key=read)
            return cross_entropy(logits, labels), accuracy(logits, labels)

        if not slopes:
            return _Found(*loss_of(drawn), None)
        (loss, right), slope = jax.value_and_grad(loss_of, has_aux=True)(drawn)
        return _Found(loss, right, slope)

    return jax.lax.map(of_chip, (drawn, numbers), batch_size=min(_AT_ONCE, len(numbers)))


def _by_strength(network, effect, key_of, numbers, slopes):
    """Slopes to the strengths of effects, from those to the resonators that were drawn."""
    strengths, rest = eqx.partition(effect, has_slopes(effect))

    def of_chip(number, slope):
        def made(strengths):
            return resonators_of_chip(network, eqx.combine(strengths, rest), key=key_of(number))

        (found,) = jax.vjp(made, strengths)[1](slope)
        return found

    return jax.vmap(of_chip)(numbers, slopes)


_of_chips: Any = eqx.filter_jit(_losses, **COMPILED)
_pulled_back: Any = eqx.filter_jit(_by_strength, **COMPILED)


def _keys(key: Key[Array, ""], number: Any) -> Key[Array, " 2"]:
    """The key that a chip is made with, and the one that its readings draw with."""
    return jax.random.split(jax.random.fold_in(key, number))


def chip_key(key: Key[Array, ""], number: int | np.integer | Int[Array, ""]) -> Key[Array, ""]:
    """The key that `monte_carlo` makes a chip with, so that `fabricated` can make it again.

    **Arguments:** `key` that `monte_carlo` was given; `number` of the chip, counted from 0.
    """
    return _keys(key, number)[0]


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
