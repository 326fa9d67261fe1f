"""Which arrays of a model train is told by its fields."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from rfjax import InvalidInput
from rfjax.numerics.parameters import Choice, computed, fixed, trainable


class Inner(eqx.Module):
    weight: jax.Array
    device: jax.Array = fixed()


class Outer(eqx.Module):
    inner: Inner
    held: Inner = fixed()
    several: dict[str, Any]
    size: int = 3
    name: str = eqx.field(static=True, default="outer")


def model():
    inner = Inner(jnp.ones(2), jnp.ones(3))
    return Outer(inner, inner, {"a": [jnp.ones(1), jnp.arange(2), None], "b": jax.nn.relu})


def test_all_real_arrays_train_but_those_of_fixed_fields_and_of_all_within():
    found = trainable(model())
    assert found.inner.weight is True
    assert found.inner.device is False
    assert jax.tree.leaves(found.held) == [False, False]
    assert found.several == {"a": [True, False, None], "b": False}
    assert found.size is False
    assert jax.tree.structure(found) == jax.tree.structure(model())


def test_a_user_may_say_otherwise():
    mask = eqx.tree_at(lambda mask: mask.inner.device, trainable(model()), True)
    trained, rest = eqx.partition(model(), mask)
    assert len(jax.tree.leaves(trained)) == 3
    assert eqx.tree_equal(eqx.combine(trained, rest), model())


def test_arrays_alone_are_models_too():
    assert trainable(jnp.ones(2)) is True
    assert trainable({"a": jnp.ones(2), "b": 1.0}) == {"a": True, "b": False}
    assert trainable(jnp.arange(2)) is False


class Prepared(eqx.Module):
    weight: jax.Array
    device: jax.Array = fixed()
    constants: Inner = computed()


def test_what_is_computed_from_other_arrays_is_never_chosen():
    part = Prepared(jnp.ones(2), jnp.ones(3), model().inner)
    assert Choice.of([part], lambda parts: parts[0]).paths == ("[0].weight", "[0].device")
    assert trainable(part) == eqx.tree_at(
        lambda mask: mask.weight, jax.tree.map(lambda _: False, part), True
    )
    with pytest.raises(InvalidInput, match="no array that can train .*but .constants.weight"):
        Choice.of(part, lambda part: part.constants.weight)
    with pytest.raises(InvalidInput, match=r"the model does not have \(list index out of range\)"):
        Choice.of([part], lambda parts: parts[1])
