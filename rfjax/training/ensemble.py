"""Several seeds at once: one model whose trained arrays have a leading axis of seeds.

All that does not train (tones, devices, the fast evaluation) is stored once and shared.
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from rfjax.arrays import prepared
from rfjax.checks import MOST, InvalidInput, function, instance_of, sequence, shown
from rfjax.numerics.parameters import trainable
from rfjax.rectifiers.fast import AbstractEvaluation


class Frame(eqx.Module):
    """A model without its trained arrays, which are kept apart, by name.

    **Arguments:** `names`: the model's structure with a name at each trained array; `rest`: the
    model with None there.
    """

    names: Any
    rest: Any

    def filled(self, parameters: dict[str, Float[Array, "..."]]) -> Any:
        """The model with these trained arrays."""
        return eqx.combine(jax.tree.map(parameters.__getitem__, self.names), self.rest)


def separate(model: Any) -> tuple[dict[str, Float[Array, "..."]], Frame]:
    """The trained arrays of a model, by name, and the `Frame` that they were taken from.

    **Arguments:** `model`: an Equinox module that is called with inputs; its fields say which of
    their arrays train, see `rfjax.numerics.parameters`.

    **Returns:** (parameters, frame), with `frame.filled(parameters)` the model again.

    **Raises:** `InvalidInput` for what is no model, or trains nothing.
    """
    what = "an Equinox module that is called with inputs, as from rfjax.nn.mlp"
    function("model", instance_of("model", model, eqx.Module, what), what)
    trained, rest = eqx.partition(model, trainable(model))
    named = jax.tree_util.tree_leaves_with_path(trained)
    parameters = {jax.tree_util.keystr(path): leaf for path, leaf in named}
    if not parameters:
        raise InvalidInput(f"nothing trains in {shown(type(model).__name__)}: it holds no arrays")
    names = jax.tree_util.tree_map_with_path(lambda path, _: jax.tree_util.keystr(path), trained)
    return parameters, Frame(names, rest)


def seed_keys(seeds: Sequence[int]) -> tuple[Key[Array, " seeds"], Key[Array, " seeds"]]:
    """Two keys for each seed, which depend on that seed alone.

    The networks of three seeds are therefore the first three of ten, and different networks of one
    seed train on the same rows in the same order.

    **Arguments:** `seeds`: whole numbers.

    **Returns:** the keys of the networks before training, for `rfjax.nn.mlp`, and those of splits
    and batches, for `fit`; (seeds,) each.

    **Raises:** `InvalidInput` for what is no list of whole numbers.
    """
    seeds = sequence("seeds", seeds, "whole numbers")
    for seed in seeds:
        whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
        if not whole or not 0 <= seed <= MOST:
            raise InvalidInput(f"seeds has {shown(seed)}; give whole numbers, 0 to {MOST}")
    pairs = jax.vmap(jax.random.split)(jnp.stack([jax.random.key(seed) for seed in seeds]))
    return pairs[:, 0], pairs[:, 1]


def ensemble(models: Sequence[Any]) -> Any:
    """One model for several seeds: the trained arrays stacked, the rest taken from the first.

    **Arguments:** `models`: one a seed, made with the same settings.

    **Returns:** a model whose trained arrays have a leading axis of `len(models)`.

    **Raises:** `InvalidInput` if there is no model, if their trained arrays differ in shape, or if
    anything differs that does not train.
    """
    models = sequence("models", models, "models, one for each seed")
    every, frames = zip(*map(separate, models), strict=True)
    first = without_evaluations(frames[0])
    for seed, parameters in enumerate(every):
        _check_alike(every[0], parameters, ("model 0", f"model {seed}"))
        other = without_evaluations(frames[seed])
        if not eqx.tree_equal(first, other):
            raise InvalidInput(
                f"model {seed} differs from model 0 in {_differing(first, other)}, which does not "
                "train and which all seeds share; make both with the same settings, or let it "
                "train: with_trained chooses what does"
            )
    stacked = {name: jnp.stack([parameters[name] for parameters in every]) for name in every[0]}
    return frames[0].filled(stacked)


def _differing(one: Any, other: Any) -> str:
    """What is the first to differ between two trees that do."""
    pairs = (jax.tree_util.tree_leaves_with_path(tree) for tree in (one, other))
    for (path, ours), (place, theirs) in zip(*pairs):
        if path != place:
            break
        if not eqx.tree_equal(ours, theirs):
            return jax.tree_util.keystr(path)
    return "its settings"


def without_evaluations(frame: Frame) -> Any:
    """A frame without evaluations, which are prepared anew for other parameters."""

    def is_evaluation(part: Any) -> bool:
        return isinstance(part, AbstractEvaluation)

    return jax.tree.map(
        lambda part: None if is_evaluation(part) else part, frame.rest, is_leaf=is_evaluation
    )


def member(model: Any, index: int) -> Any:
    """The model of one seed out of an ensemble.

    **Arguments:** `model`: from `ensemble` or `fit`; `index`: which seed.

    **Returns:** a model without the axis of seeds.

    **Raises:** `InvalidInput` if there is no such seed.
    """
    parameters, frame = separate(model)
    seeds = min(leaf.shape[0] if leaf.ndim else 0 for leaf in parameters.values())
    if not seeds:
        raise InvalidInput("model has no axis of seeds; give one from ensemble or fit")
    if not isinstance(index, int | np.integer) or isinstance(index, bool):
        raise InvalidInput(f"index is {shown(index)}; give a whole number, 0 to {seeds - 1}")
    if not 0 <= index < seeds:
        raise InvalidInput(f"member {index} of an ensemble of {seeds}; give 0 to {seeds - 1}")
    return frame.filled({name: leaf[index] for name, leaf in parameters.items()})


def moved(model: Any, other: Any) -> Any:
    """Another model with the trained arrays of this one, to be evaluated instead of it.

    **Arguments:** `model`; `other`, with trained arrays of the same names and shapes.

    **Returns:** the other model, prepared for these arrays.

    **Raises:** `InvalidInput` if their trained arrays differ.
    """
    (ours, _), (theirs, frame) = separate(model), separate(other)
    _check_alike(ours, theirs, ("model", "other"))
    return prepared(frame.filled(ours))


def _check_alike(ours: dict, theirs: dict, names: tuple[str, str]) -> None:
    """Refuse trained arrays of other names or shapes."""
    shapes = [{name: leaf.shape for name, leaf in each.items()} for each in (ours, theirs)]
    for array in shapes[0] | shapes[1]:
        one, other = (each.get(array, "missing") for each in shapes)
        if one != other:
            raise InvalidInput(
                f"the trained array {array} is {one} in {names[0]} and {other} in {names[1]}; make "
                "both with the same settings"
            )
