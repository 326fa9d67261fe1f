"""Networks: one layer after another."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import prepared
from rfjax.checks import InvalidInput, function, instance_of, sequence, shown
from rfjax.numerics.allowed import check_fields
from rfjax.numerics.keys import checked_keys, folded, with_key
from rfjax.numerics.parameters import AbstractParameter, Choice, trainable
from rfjax.numerics.parametrisation import is_parameter, resolved
from rfjax.printing import in_lines


class Network(eqx.Module):
    """Layers that are called one after the other, from inputs to logits.

    A layer is any module or function of a batch: `Synapses`, an activation, `MaxPool`, `Images`,
    `Flatten`, or what a user writes. What trains in it is told by its fields
    (`rfjax.numerics.parameters`), or chosen by `with_trained`.

    **Arguments:** `layers`, first to last; `trains`: None, or what `with_trained` chose.

    **Raises:** `InvalidInput` for no layers, or for what cannot be called.
    """

    layers: tuple[Callable[..., Any], ...] = eqx.field(
        converter=lambda layers: sequence("layers", layers, "layers")
    )
    trains: Choice | None = eqx.field(static=True, default=None, kw_only=True)

    def __check_init__(self):
        for layer in self.layers:
            function("layers", layer, "layers that can be called")

    def __call__(
        self, inputs: ArrayLike, *, key: Key[Array, "..."] | None = None
    ) -> Float[Array, "*b outputs"]:
        """The outputs of the last layer, logits as a rule.

        **Arguments:** `inputs` as the first layer takes them: in [0, 1], (*b, features); `key` of
        what is drawn at random, as noise of readings: one, or one a row, (*b,). The place of a
        layer is folded in, and each layer that declares a `key` is given its own. Networks that
        draw nothing need none.

        **Returns:** (*b, outputs), no unit.

        **Raises:** `InvalidInput` for inputs that a layer refuses, and for readings without a key.
        """
        keys = None if key is None else checked_keys("key", key)
        for place, layer in enumerate(resolved(self).layers):
            inputs = with_key(layer, inputs, key=None if keys is None else folded(keys, place))
        return inputs  # pyright: ignore[reportReturnType]

    def __repr__(self) -> str:
        layers = [getattr(layer, "__name__", repr(layer)) for layer in self.layers]
        return in_lines(type(self).__name__, [f"{_trained(self):,} parameters"], layers)

    def with_trained(self, where: Callable[["Network"], Any]) -> "Network":
        """The same network in which the arrays that are chosen train, and no others.

        For co-design, as of the detunings and the damping of every resonator. Networks of an
        ensemble share what does not train. Where devices train, the fast evaluation is prepared
        anew as they change; `rfjax.training.fit` says where it cannot follow, and arrays with
        `tolerance=None` do without.

        **Arguments:** `where`: a function that takes arrays out of the network, or parts that hold
        some, as `lambda network: network.layers[0].array.resonators.damping`. Of parts that hold
        constants of a fast evaluation, these are not taken.

        **Returns:** the network.

        **Raises:** `InvalidInput` where no array is chosen.
        """
        choice = Choice.of(self, function("where", where, "a function of the network"))
        return Network(self.layers, trains=choice)

    def with_parameter(
        self, where: Callable[["Network"], Any], parameter: AbstractParameter
    ) -> "Network":
        """The same network with a parameter in place of an array, or of a module.

        What is within the parameter trains, too: for co-design, as a damping that stays in what a
        material can have, or devices that are computed from a stack. Where `with_trained` has
        chosen before, it is added to what was chosen.

        **Arguments:** `where`: a function that takes one array or one module out of the network, as
        `lambda network: network.layers[0].array.resonators.damping`; `parameter`: `Bounded`,
        `Derived` or `Tied`, whose value has the same structure and shapes.

        **Returns:** the network, prepared for the value.

        **Raises:** `InvalidInput` where the value does not fit there, or where the fields of the
        network do not allow it, or a bound of a `Bounded` one, as a damping below zero.
        """
        function("where", where, "a function of the network")
        what = "a parameter, as Bounded.of(0.01, 0.005, 0.02)"
        instance_of("parameter", parameter, AbstractParameter, what)
        try:
            placed = eqx.tree_at(where, self, parameter, is_leaf=is_parameter)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise InvalidInput(
                "where takes no one array or module out of the network "
                f"({str(error).splitlines()[0]}); give a function as "
                "lambda network: network.layers[0].array.resonators.damping"
            ) from None
        values = resolved(placed)
        _check_alike(where(resolved(self)), where(values))
        check_fields(values)
        for end in parameter.ends():
            _check_end(eqx.tree_at(where, self, end, is_leaf=is_parameter))
        if self.trains is not None:
            trains = eqx.tree_at(where, trainable(self), trainable(parameter), is_leaf=is_parameter)
            placed = Network(placed.layers, trains=Choice.of_mask(trains))
        return prepared(placed)

    def layers_with(self, name: str) -> tuple[Any, ...]:
        """The layers that have a field of some name, as `array`.

        **Arguments:** `name` of the field.

        **Raises:** `InvalidInput` if there are none.
        """
        found = tuple(layer for layer in self.layers if hasattr(layer, name))
        if not found:
            raise InvalidInput(f"no layer of this network has a field {name!r}")
        return found


def _check_alike(present: Any, value: Any) -> None:
    """Refuse the value of a parameter that has another structure or shape than what is there."""
    there, given = map(_layout, (present, value))
    if there != given:
        raise InvalidInput(
            f"the value of the parameter has {given[1]} in {shown(given[0])}, and stands in place "
            f"of {there[1]} in {shown(there[0])}; give one of the same structure and shapes"
        )


def _check_end(network: Network) -> None:
    """Refuse a network in which a parameter is at a bound, where fields do not allow that."""
    try:
        check_fields(resolved(network))
    except InvalidInput as error:
        raise InvalidInput(f"at a bound of the parameter {error}; move the bound") from None


def _layout(part: Any) -> tuple[Any, list[str]]:
    """The structure of a part of a model, and type and shape of all of its arrays."""
    leaves, structure = jax.tree.flatten(eqx.filter(part, eqx.is_array))
    return structure, [f"{leaf.dtype}{list(leaf.shape)}" for leaf in leaves]


def _trained(model: Any) -> int:
    """How many numbers train in a model."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, trainable(model))))
