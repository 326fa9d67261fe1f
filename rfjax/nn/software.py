"""Layers of software weights, and the twin of a network that has them in place of arrays."""

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import Windows
from rfjax.checks import InvalidInput, finite_if_known, instance_of, random_key
from rfjax.nn.activation import AbstractActivation
from rfjax.nn.network import Network
from rfjax.nn.synapses import WEIGHTS_NORM
from rfjax.printing import described


class Weights(eqx.Module):
    r"""A layer of free weights with bias, $y=Wu+b$, over rows or over the patches of images.

    **Arguments:** `linear`: the weights, (outputs, inputs), and the bias; `windows`: None, or the
    patches, elements counted over (channels, *kernel), the last axis first.
    """

    linear: eqx.nn.Linear
    windows: Windows | None = None

    __repr__ = described

    def __call__(self, values: ArrayLike) -> Float[Array, "..."]:
        """The weighted sums of a batch.

        **Arguments:** `values`: (*b, inputs), or (*b, channels, *space) with windows.

        **Returns:** (*b, outputs), or (*b, outputs, *out).

        **Raises:** `InvalidInput` for another number of inputs, known ones that are not finite, and
        for an ensemble.
        """
        weight, bias = self.linear.weight, self.linear.bias
        if weight.ndim != 2:
            raise InvalidInput(
                f"the model is an ensemble of {weight.shape[0]} networks; take one of them with "
                "rfjax.training.member(model, index)"
            )
        values = finite_if_known("inputs", values)
        if self.windows is not None:
            axis = -len(self.windows.size) - 1
            found = jnp.moveaxis(self.windows.products(values, weight), axis, -1) + bias
            return jnp.moveaxis(found, -1, axis)
        if not values.ndim or values.shape[-1] != weight.shape[1]:
            raise InvalidInput(f"inputs have shape {values.shape}; give (..., {weight.shape[1]})")
        return values @ weight.T + bias


def twin(
    network: Network,
    *,
    key: Key[Array, ""],
    activation: Callable[..., Any] | None = None,
) -> Network:
    r"""The software peer of a network: free weights in place of its arrays, all else as it is.

    Weights of networks without neurons are drawn evenly from $\pm1/\sqrt n$ for $n$ inputs, without
    bias. Those of others are drawn from a normal distribution: of the variance $2/n$ (He et al.,
    2015) before rectifying functions; before oscillators of $9/n$, with a bias to the middle of
    where they emit, as resonators start.

    **Arguments:** `network`, of resonators; `key` of the random draw; `activation`: neurons in
    place of those of the network, as `jax.nn.relu`; its own if none are given.

    **Returns:** the network, in the default precision.

    **Raises:** `InvalidInput` for something else than a network.
    """
    instance_of("network", network, Network, "a Network, as from rfjax.nn.mlp")
    key = random_key("key", key)
    arrays = [at for at, layer in enumerate(network.layers) if hasattr(layer, "array")]
    layers = list(network.layers)
    neurons = [at for at, layer in enumerate(layers) if isinstance(layer, AbstractActivation)]
    if activation is not None:
        for at in neurons:
            layers[at] = activation
    kind = layers[neurons[0]] if neurons else None
    filters = sum(hasattr(layers[at].array, "windows") for at in arrays)
    behind = jax.random.fold_in(key, filters) if filters else key
    for number, at in enumerate(arrays):
        before = number < filters
        drawn = jax.random.fold_in(key if before else behind, number - (0 if before else filters))
        drawn = drawn if neurons else key
        layers[at] = _drawn(layers[at].array, kind, at == arrays[-1], key=drawn)
    return Network(layers)


def _drawn(array: Any, neurons: Any, last: bool, *, key) -> Weights:
    """Weights before training, of the shape of an array, for some neurons or for none."""
    windows = getattr(array, "windows", None)
    rows = array.detuning.reshape(len(array.detuning), -1)
    outputs, inputs = rows.shape
    bias = 0.0
    if neurons is None:
        weight = jax.random.uniform(key, rows.shape, minval=-(inputs**-0.5), maxval=inputs**-0.5)
    else:
        oscillators = isinstance(neurons, AbstractActivation)
        norm = WEIGHTS_NORM if oscillators else math.sqrt(2)
        weight = norm / math.sqrt(inputs) * jax.random.normal(key, rows.shape)
        bias = neurons.middle if oscillators and not last else 0.0
    linear = eqx.nn.Linear(inputs, outputs, key=key)
    linear = eqx.tree_at(
        lambda layer: (layer.weight, layer.bias), linear, (weight, jnp.full(outputs, bias))
    )
    return Weights(linear, windows)
