"""Devices and tones that train: what an ensemble is prepared for, and which values are allowed."""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from rfjax.arrays import covered
from rfjax.arrays.of_models import arrays_of, with_evaluations
from rfjax.checks import InvalidInput
from rfjax.numerics.allowed import check_fields
from rfjax.numerics.parametrisation import resolved
from rfjax.training.ensemble import Frame, separate

Parameters = dict[str, Float[Array, "..."]]


def prepared_ensemble(
    frame: Frame, parameters: Parameters, *, loss: Any = None, **options: Any
) -> Frame:
    """The frame of an ensemble whose arrays are prepared for the detunings of all seeds.

    Devices and tones that train are prepared for as those of the first seed; `all_covered` says
    whether that holds for the others.

    **Arguments:** `frame` and `parameters` of the ensemble; `loss`: what is trained on, whose
    method `drawn` says what else there is to prepare for, if it has one; `options` of
    `rfjax.arrays.prepared`.
    """
    drawn = getattr(loss, "drawn", None)
    also = [drawn(one) for one in _seeds(frame, parameters)] if drawn else []
    each_seed = [arrays_of(one) for one in _seeds(frame, parameters)]
    arrays = []
    for place, alike in enumerate(zip(*each_seed, strict=True)):
        detunings = jnp.stack([array.detuning for array in alike])
        whole = eqx.tree_at(lambda array: array.detuning, alike[0], detunings)
        others = [each[place] for each in also]
        together = jax.tree.map(lambda *parts: jnp.concatenate(parts), *others) if others else None
        arrays.append(whole.prepared(also=together, **options))
    return separate(with_evaluations(frame.filled(parameters), arrays))[1]


def covered_in_training(model: Any, loss: Any) -> Bool[Array, ""]:
    """Whether what is prepared holds for a model, and for what a loss makes of it.

    **Arguments:** `model` of one seed; `loss`: what is trained on, whose method `covered` says the
    latter, if it has one.
    """
    also = getattr(loss, "covered", None)
    return covered(model) & also(model) if also else covered(model)


def all_covered(frame: Frame, parameters: Parameters, *, loss: Any = None) -> bool:
    """Whether what is prepared holds for the parameters of every seed, and for the loss."""
    each = jax.vmap(lambda one: covered_in_training(frame.filled(one), loss))(parameters)
    return bool(jnp.all(each))


def check_allowed(frame: Frame, parameters: Parameters, when: str) -> None:
    """Refuse devices and tones that were trained to values that there are not, as a damping of -1.

    **Arguments:** `frame` and `parameters` of the ensemble; `when`, for the message.

    **Raises:** `InvalidInput`.
    """
    try:
        for one in _seeds(frame, parameters):
            check_fields(resolved(one), unless=frame.rest)
    except InvalidInput as error:
        raise InvalidInput(f"{when} {error}; lower its learning rate") from None


def _seeds(frame: Frame, parameters: Parameters) -> Iterator[Any]:
    """The model of every seed."""
    for seed in range(len(next(iter(parameters.values())))):
        yield frame.filled({name: leaf[seed] for name, leaf in parameters.items()})
