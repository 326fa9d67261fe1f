"""What concerns all arrays of a model: their preparation and their rectifier model."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from rfjax.arrays.preparation import ROOM, Tuned
from rfjax.arrays.reading import AbstractReading
from rfjax.arrays.resonator_array import ResonatorArray, checked_readings
from rfjax.checks import InvalidInput, instance_of
from rfjax.numerics.parametrisation import is_parameter, resolved
from rfjax.rectifiers import AbstractRectifier


def prepared(model: Any, *, room: float = ROOM) -> Any:
    """A model whose arrays are prepared for their present detunings; see `ResonatorArray.prepared`.

    For the values that parameters stand for, where arrays hold some.

    **Arguments:** `model`: any tree of modules; `room`: the factor by which detunings may grow.

    **Returns:** the model; itself if all of them are.
    """
    return with_evaluations(model, [each.prepared(room=room) for each in arrays_of(model)])


def arrays_of(model: Any) -> list[ResonatorArray]:
    """The arrays of a model, with values in place of the parameters that stand for them."""
    return list(filter(_is_array, jax.tree.leaves(resolved(model), is_leaf=_is_array)))


def with_evaluations(model: Any, arrays: list[ResonatorArray]) -> Any:
    """A model whose arrays have the evaluations of others.

    **Arguments:** `model`: any tree of modules; `arrays`: one for each that `arrays_of` finds.

    **Returns:** the model; itself if it has them.

    **Raises:** `InvalidInput` where arrays are computed by parameters: these hold no evaluation.
    """
    parts, structure = jax.tree.flatten(model, is_leaf=_is_array)
    if sum(map(_is_array, parts)) != len(arrays):
        raise InvalidInput(
            "an array is computed by a parameter, which no evaluation can be prepared for; let "
            "parameters stand for its detunings, devices and line instead"
        )
    others = iter(arrays)
    after = [_with_evaluation(each, next(others)) if _is_array(each) else each for each in parts]
    if all(one is other for one, other in zip(parts, after, strict=True)):
        return model
    return jax.tree.unflatten(structure, after)


def with_tuned(model: Any, tuned: list[Tuned]) -> Any:
    """A model whose arrays have other resonators and more readings, and what was prepared before.

    **Arguments:** `model`, with values in place of parameters; `tuned`: one for each array.
    """
    parts, structure = jax.tree.flatten(model, is_leaf=_is_array)
    others = iter(tuned)
    after = [_with_tuned(each, next(others)) if _is_array(each) else each for each in parts]
    return jax.tree.unflatten(structure, after)


def _with_tuned(array: ResonatorArray, tuned: Tuned) -> ResonatorArray:
    devices = tuned.resonators, tuned.detuning
    array = eqx.tree_at(lambda each: (each.resonators, each.detuning), array, devices)
    return array.with_readings(*array.readings, *tuned.readings) if tuned.readings else array


def _with_evaluation(array: ResonatorArray, other: ResonatorArray) -> ResonatorArray:
    evaluation = other.evaluation
    if evaluation is not None and _is_computed(array.line):
        evaluation = evaluation.following()
    if evaluation is array.evaluation or eqx.tree_equal(evaluation, array.evaluation):
        return array
    return eqx.tree_at(
        lambda array: array.evaluation, array, evaluation, is_leaf=lambda leaf: leaf is None
    )


def _is_computed(line: Any) -> bool:
    """Whether a parameter stands for a line, or within it."""
    return any(map(is_parameter, jax.tree.leaves(line, is_leaf=is_parameter)))


def computed_directly(model: Any) -> Any:
    """A model whose arrays hold no evaluation, so that every resonator is computed directly.

    **Arguments:** `model`: any tree of modules.
    """

    def bare(array: ResonatorArray) -> ResonatorArray:
        return eqx.tree_at(
            lambda array: array.evaluation, array, None, is_leaf=lambda leaf: leaf is None
        )

    return jax.tree.map(
        lambda part: bare(part) if _is_array(part) else part, model, is_leaf=_is_array
    )


def with_rectifier(model: Any, rectifier: AbstractRectifier) -> Any:
    """A model whose arrays all compute another rectifier model, and are prepared for it.

    For what is trained on one model and evaluated on another. Detunings, devices, lines and the
    model of the gradient stay as they are.

    **Arguments:**

    - `model`: any tree of modules: a network, an ensemble of them, or one array.
    - `rectifier`: the rectifier model.

    **Returns:** the model.

    **Raises:** `InvalidInput` for something else than a rectifier model.
    """
    instance_of("rectifier", rectifier, AbstractRectifier, "a rectifier model, as Independent()")

    def changed(part: Any) -> Any:
        if not _is_array(part):
            return part
        return eqx.tree_at(
            lambda array: (array.rectifier, array.evaluation),
            part,
            (rectifier, None),
            is_leaf=lambda each: each in (part.rectifier, part.evaluation, None),
        )

    return prepared(jax.tree.map(changed, model, is_leaf=_is_array))


def with_readings(model: Any, *readings: AbstractReading) -> Any:
    """A model whose arrays are all read with some readings, as with noise.

    Such a model is called with a key, and so is `rfjax.training.evaluate`.

    **Arguments:** `model`: any tree of modules: a network, an ensemble of them, or one array;
    `readings`, the first next to the array; none for an array that is read as it is.

    **Returns:** the model.

    **Raises:** `InvalidInput` for what are no readings, and for strengths that do not fit.
    """
    readings = checked_readings(readings)

    def changed(part: Any) -> Any:
        return part.with_readings(*readings) if _is_array(part) else part

    return jax.tree.map(changed, model, is_leaf=_is_array)


def covered(model: Any) -> Bool[Array, ""]:
    """Whether what is prepared holds for the present parameters of all arrays of a model."""
    return jnp.all(jnp.stack([jnp.asarray(True), *(p.covered() for p in arrays_of(model))]))


def _is_array(part: Any) -> bool:
    return isinstance(part, ResonatorArray)
