"""Several seeds at once: one model whose trained arrays have a leading axis of seeds.

All that does not train (frequencies, constants of the fast layer) is held once and shared.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.checks import InvalidInput


@runtime_checkable
class Model(Protocol):
    """What can be trained: an Equinox module with these three methods."""

    def __call__(self, inputs: Float[Array, "*batch features"]) -> Float[Array, "*batch classes"]:
        """Logits of a batch."""
        ...

    def trainable(self) -> Any:
        """The model's structure with True at every array that trains, False elsewhere."""
        ...

    def adapted(self) -> "Model":
        """The model made valid for its present parameters; itself if it is valid already."""
        ...


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


def separate(model: Model) -> tuple[dict[str, Float[Array, "..."]], Frame]:
    """The trained arrays of a model, by name, and the `Frame` that they were taken from.

    **Arguments:** `model`: `model.trainable()` says which of its arrays train.

    **Returns:** (parameters, frame), with `frame.filled(parameters)` the model again.
    """
    trained, rest = eqx.partition(model, model.trainable())
    named = jax.tree_util.tree_leaves_with_path(trained)
    parameters = {jax.tree_util.keystr(path): leaf for path, leaf in named}
    names = jax.tree_util.tree_map_with_path(lambda path, _: jax.tree_util.keystr(path), trained)
    return parameters, Frame(names, rest)


def seed_keys(seeds: Sequence[int]) -> tuple[Key[Array, " seeds"], Key[Array, " seeds"]]:
    """Two keys for each seed, which depend on that seed alone.

    The networks of three seeds are therefore the first three of ten, and different networks of one
    seed train on the same rows in the same order.

    **Arguments:** `seeds`: whole numbers.

    **Returns:** the keys of the networks before training, for `create`, and those of splits and
    batches, for `fit`; (seeds,) each.
    """
    pairs = jax.vmap(jax.random.split)(jnp.stack([jax.random.key(seed) for seed in seeds]))
    return pairs[:, 0], pairs[:, 1]


def ensemble(models: Sequence[Model]) -> Any:
    """One model for several seeds: the trained arrays stacked, the rest taken from the first.

    **Arguments:** `models`: one a seed, made with the same settings.

    **Returns:** a model whose trained arrays have a leading axis of `len(models)`.

    **Raises:** `InvalidInput` if there is no model, or if their trained arrays differ in shape.
    """
    if not models:
        raise InvalidInput("an ensemble needs at least one model; give one for each seed")
    every = [separate(model)[0] for model in models]
    shapes = [{name: leaf.shape for name, leaf in parameters.items()} for parameters in every]
    for seed, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise InvalidInput(
                f"model {seed} trains {shape} but model 0 trains {shapes[0]}; "
                "make all models of an ensemble with the same settings"
            )
    stacked = {name: jnp.stack([parameters[name] for parameters in every]) for name in shapes[0]}
    return separate(models[0])[1].filled(stacked)


def member(model: Model, index: int) -> Any:
    """The model of one seed out of an ensemble.

    **Arguments:** `model`: from `ensemble` or `fit`; `index`: which seed.

    **Returns:** a model without the axis of seeds.

    **Raises:** `InvalidInput` if there is no such seed.
    """
    parameters, frame = separate(model)
    seeds = min(len(leaf) for leaf in parameters.values())
    if not 0 <= index < seeds:
        raise InvalidInput(f"member {index} of an ensemble of {seeds}; give 0 to {seeds - 1}")
    return frame.filled({name: leaf[index] for name, leaf in parameters.items()})


def moved(model: Model, other: Model) -> Any:
    """Another model with the trained arrays of this one: what was learnt, judged elsewhere.

    **Arguments:** `model`; `other`, with trained arrays of the same names and shapes.

    **Returns:** the other model; `adapted()` makes its fast path fit.

    **Raises:** `InvalidInput` if their trained arrays differ.
    """
    (ours, _), (theirs, frame) = separate(model), separate(other)
    shapes = [{name: leaf.shape for name, leaf in each.items()} for each in (ours, theirs)]
    if shapes[0] != shapes[1]:
        raise InvalidInput(
            f"one model trains {shapes[0]} but the other {shapes[1]}; "
            "only models of the same architecture can take each other's trained arrays"
        )
    return frame.filled(ours)
