"""The layers of a network and what each of them receives, for all that goes through it in turn."""

from collections.abc import Iterator
from typing import Any

from jaxtyping import ArrayLike

from rfjax.arrays import ResonatorArray
from rfjax.checks import InvalidInput, finite, instance_of
from rfjax.nn import Network
from rfjax.numerics.parametrisation import resolved


def driven_layers(network: Network, inputs: ArrayLike) -> Iterator[tuple[Any, Any]]:
    """Each layer of a network with what it receives, up to the last one with an array.

    **Arguments:** `network`; `inputs` as it takes them, (*b, features).

    **Returns:** pairs (layer, values), in their order.

    **Raises:** `InvalidInput` for a network without arrays, for an ensemble, for
    resonators of two states, and for inputs that a layer refuses.
    """
    network = resolved(instance_of("network", network, Network, "a Network"))
    for layer in network.layers_with("array"):
        inner = one_array(layer.array)
        if not isinstance(inner, ResonatorArray):
            raise InvalidInput(
                "a layer has resonators of two states; harden the network first, by "
                "rfjax.hardware.hardened(network)"
            )
        inner.check_one_network()
    last = max(place for place, layer in enumerate(network.layers) if hasattr(layer, "array"))
    values: Any = finite("inputs", inputs)
    for place, layer in enumerate(network.layers[: last + 1]):
        yield layer, values
        # What the last synapses give goes to nothing that is looked at.
        values = layer(values) if place < last else values


def received_shares(layer: Any, values: Any) -> Any:
    """What a layer receives, as shares of the peak powers; checked where the layer knows how."""
    return layer.shares(values) if hasattr(layer, "shares") else values


def one_array(array: Any) -> Any:
    """The array of a layer, that of its filters for a convolution."""
    return getattr(array, "array", array)
