"""Parameters that stand in a model for the value that they compute."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import Bounded, Derived, Tied, resolved
from rfjax.numerics.parameters import fixed, trainable


class Model(eqx.Module):
    first: Any
    second: Any = fixed()


def slope(function, at, step):
    return (function(at + step) - function(at - step)) / (2 * step)


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (np.array([0.01, 0.002, 0.0999]), 0.001, 0.1),
        (np.array([-0.5, 0.0, 0.9]), -1.0, 1.0),
        (np.array([1e-5, 2e-6, 0.3]), np.array([1e-6, 0.0, -1.0]), np.array([1e-4, 1.0, 2.0])),
    ],
)
def test_a_bounded_parameter_has_its_value_and_the_derivative_of_what_trains(value, low, high):
    parameter = Bounded.of(value, low, high)
    np.testing.assert_allclose(resolved(parameter), value, rtol=1e-12)

    def at(free):
        return eqx.tree_at(lambda each: each.free, parameter, free).value(None)

    _, change = jax.jvp(at, (parameter.free,), (jnp.ones(3),))
    np.testing.assert_allclose(change, slope(at, parameter.free, 3e-5), rtol=1e-8)
    # Wherever training leads, also where rounding saturates.
    far = jnp.linspace(-2000, 2000, 81)[:, None] * jnp.ones(3)
    reached = np.asarray(at(far))
    assert ((reached >= low) & (reached <= high)).all()
    assert (np.diff(reached, axis=0) >= 0).all()
    gradient = jax.grad(lambda free: at(free).sum())(far)
    assert np.isfinite(gradient).all()


def test_single_precision_is_as_near_as_it_can_be():
    value = np.geomspace(1.01e-6, 0.99e-2, 50).astype(np.float32)
    parameter = Bounded.of(value, np.float32(1e-6), np.float32(1e-2))
    assert parameter.value(None).dtype == jnp.float32
    np.testing.assert_allclose(parameter.value(None), value, rtol=2e-6)


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (1, 1e-25, 1e25),
        (1e-9, -1, 1),
        (3e-5, 1.2e-38, 3e38),
        (1e37, -3e38, 3e38),
        (1e-7, 0, 1),
        (-1e-7, -1, 0),
    ],
)
def test_bounds_may_lie_as_far_apart_as_the_numbers_of_single_precision(value, low, high):
    parameter = Bounded.of(*map(np.float32, (value, low, high)))
    np.testing.assert_allclose(parameter.value(None), value, rtol=2e-5)
    far = jnp.linspace(-300, 300, 61, dtype=np.float32)
    reached = np.asarray(eqx.tree_at(lambda each: each.free, parameter, far).value(None))
    assert reached[0] == np.float32(low)
    assert reached[-1] == np.float32(high)
    assert (np.diff(reached) >= 0).all()


@pytest.mark.parametrize(
    "arguments",
    [
        np.float32([1e-20, 1e-40, 1]),
        np.float32([1, -3e38, 3e38]),
        (1.0, 1e-320, 2.0),
        (1e-20, 1e-200, 1e300),
    ],
)
def test_a_value_that_does_not_come_back_is_refused(arguments):
    with pytest.raises(InvalidInput, match="which comes back as .*; bring the bounds nearer") as it:
        Bounded.of(*arguments)
    assert "\n" not in str(it.value)


def test_bounds_are_known_outside_of_compiled_functions():
    with pytest.raises(InvalidInput, match="make Bounded outside of it"):
        jax.jit(lambda value: Bounded.of(value, 0.0, 1.0))(0.5)
    made = jax.jit(lambda: Bounded.of(0.5, 0.25, 1.0).free)()
    assert float(made) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.01, 0.02, 0.03), "value is 0.01; it must lie between its bounds, 0.02 and 0.03"),
        ((0.02, 0.02, 0.03), "both excluded"),
        ((np.array([0.5, 1.5]), 0.0, np.array([1.0, 1.2])), "value is 1.5; .*, 0 and 1.2"),
        ((0.01, 0.03, 0.02), "low is 0.03 and high 0.02; low must be below high"),
        ((0.5, np.zeros(2), 1.0), "low has shape"),
        ((np.nan, 0.0, 1.0), "value is nan"),
    ],
)
def test_values_outside_of_their_bounds_are_refused_at_construction(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        Bounded.of(*arguments)


def test_values_are_derived_from_other_parameters_and_tied_to_places_of_the_model():
    lowest = Bounded.of(1e9, 0.9e9, 1.1e9)
    line = Derived(Line.geometric, lowest, 1.4e9, 5, Bounded.of(1e-5, 1e-6, 1e-4))
    shared = Tied.to(lambda model: model.first[0].frequencies)
    model = Model((line,), (Derived(Resonator, shared, 0.02), [shared]))
    found = resolved(model)
    comb = geometric_comb(1e9, 1.4e9, 5)
    np.testing.assert_allclose(found.first[0].frequencies, comb, rtol=1e-14)
    np.testing.assert_array_equal(found.second[0].frequency, found.first[0].frequencies)
    np.testing.assert_array_equal(found.second[1][0], found.first[0].frequencies)
    assert float(found.second[0].damping) == 0.02
    assert resolved(found) is found

    # What is shared has the derivatives of all places together.
    def total(free):
        model_ = eqx.tree_at(lambda model: model.first[0].arguments[0].free, model, free)
        value = resolved(model_)
        return jnp.sum(value.first[0].frequencies) + 2 * jnp.sum(value.second[0].frequency)

    expected = slope(total, lowest.free, 1e-4)
    np.testing.assert_allclose(jax.grad(total)(lowest.free), expected, rtol=1e-8)
    assert abs(expected) > 1e8


def test_values_are_tied_to_what_another_parameter_is_computed_from():
    lowest = Bounded.of(1e9, 0.9e9, 1.1e9)
    argument = Tied.to(lambda model: model.first.arguments[0])
    found = resolved(Model(Derived(Line.geometric, lowest, 1.4e9, 5, 1e-5), [argument]))
    assert float(found.second[0]) == pytest.approx(float(found.first.frequencies[0]))


def test_what_is_free_trains_wherever_it_stands_and_constants_do_not():
    bounded = Bounded.of(0.01, 0.001, 0.1)
    derived = Derived(jnp.add, bounded, jnp.ones(3))
    mask = trainable(Model(jnp.ones(2), {"a": bounded, "b": derived, "c": jnp.ones(4)}))
    assert mask.first is True
    assert jax.tree.leaves(mask.second["a"]) == [True, False, False]
    assert jax.tree.leaves(mask.second["b"]) == [False, True, False, False, False]
    assert mask.second["c"] is False


def test_parameters_print_their_values_in_the_unit_of_their_place():
    damping = Bounded.of(0.01, 0.001, 0.1)
    devices = eqx.tree_at(
        lambda device: (device.frequency, device.damping),
        Resonator(2e8),
        (Bounded.of(2e8, 1e8, 3e8), damping),
    )
    assert "frequency=200 MHz in [100 MHz, 300 MHz], damping=0.01 in [0.001, 0.1]" in repr(devices)
    assert repr(Derived(geometric_comb, damping, 2.0, 3)) == (
        "geometric_comb(0.01 in [0.001, 0.1], 2, 3)"
    )
    assert repr(Tied.to(lambda model: model.layers[0].line)) == "Tied to .layers[0].line"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tied.to(lambda model: model), "where returns"),
        (lambda: Tied.to(lambda model: 3), "where returns 3"),
        (lambda: Tied.to(lambda model: model.first["a"]), r"where reads \['a'\]"),
        (
            lambda: resolved(Model(Tied.to(lambda model: model.third), None)),
            "a parameter is tied to .third, which the model does not have",
        ),
        (lambda: resolved(Model(Tied.to(lambda model: model.first), None)), "tied to itself"),
        (
            lambda: resolved(
                Model(Tied.to(lambda model: model.second), Tied.to(lambda model: model.first))
            ),
            "tied to itself, at .second; tie it",
        ),
        (
            lambda: resolved(Model([jnp.ones(2), Tied.to(lambda model: model.first)], None)),
            "tied to itself, at .first",
        ),
    ],
)
def test_what_is_no_parameter_is_refused(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()


def unpacked(model):
    first, _ = model.layers
    return first


@pytest.mark.parametrize(
    "where",
    [
        unpacked,
        lambda model: next(each for each in model.layers),
        lambda model: model.first(),
        lambda model: 2 * model.first,
        lambda model: model.first + 1,
        lambda model: model._first,
        lambda model: model.first if model.second else model.third,
        lambda model: model.first if model.second == 3 else model.third,
        lambda model: model.first if model.second > 3 else model.third,
        lambda model: model.first if isinstance(model.second, Resonator) else model.third,
        lambda model: model.first if 3 in model.second else model.third,
        lambda model: model.layers[len(model.layers) - 1],
        lambda model: setattr(model, "first", 3) or model.first,
    ],
)
def test_places_are_tied_to_by_reading_alone(where):
    with pytest.raises(InvalidInput, match="where does more than to read fields and places"):
        Tied.to(where)
