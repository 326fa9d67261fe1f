"""Networks of resonators that compute what networks of software do."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import equinox as eqx
from jaxtyping import Array, Float

from rfjax.checks import InvalidInput, function, instance_of
from rfjax.laws.synaptic_weight import near_detuning
from rfjax.nn.amplified import Amplified
from rfjax.nn.convolution import AbstractConvolution, SharedLineConv
from rfjax.nn.convolutional import ConvolutionalNetwork
from rfjax.nn.mapping import Mapped, field_line_detuning, kernel_detuning, shared_line_detuning
from rfjax.nn.multi_layer import MultiLayerPerceptron
from rfjax.nn.shared_line import SharedLineDense
from rfjax.nn.software_networks import SoftwareConvolutionalNetwork, SoftwareMultiLayerPerceptron

Network = TypeVar("Network", MultiLayerPerceptron, ConvolutionalNetwork)
Inverse = Callable[..., Float[Array, "..."]]


def mapped(network: Network, software: Any, inverse: Inverse = near_detuning) -> Network:
    r"""A network whose resonators have the weights of a software network (6.1–6.3).

    Layer by layer: weights become detunings, up to a scale $s$ in V; a gain of $U_0/s$ makes up for
    it, and the bias is the offset, so that oscillators are driven by what the neurons of software
    were. Exact, but for rounding, on field lines, with the linear model and without damping-like
    torque. On a shared line what comes closest.

    **Arguments:** `network`: a `MultiLayerPerceptron` or `ConvolutionalNetwork` whose detunings,
    gains and offsets are replaced; `software`: a `SoftwareMultiLayerPerceptron` or
    `SoftwareConvolutionalNetwork` of the same architecture, with the oscillators of `network` as
    its activation; `inverse` of the weights on field lines: `near_detuning`, or `far_detuning`
    with a farthest detuning.

    **Returns:** the network.

    **Raises:** `InvalidInput` where architectures or activations differ.
    """
    what = "a MultiLayerPerceptron or ConvolutionalNetwork"
    instance_of("network", network, (MultiLayerPerceptron, ConvolutionalNetwork), what)
    function("inverse", inverse, "near_detuning or far_detuning")
    if isinstance(network, MultiLayerPerceptron):
        what = "a SoftwareMultiLayerPerceptron"
        instance_of("software", software, SoftwareMultiLayerPerceptron, what)
        if len(network.layers) > 1:
            _check_neurons(network, software)
        return _mapped_perceptron(network, software, inverse)
    what = "a SoftwareConvolutionalNetwork"
    instance_of("software", software, SoftwareConvolutionalNetwork, what)
    for name in ("image", "pool"):
        ours, theirs = getattr(network, name), getattr(software, name)
        if ours != theirs:
            raise InvalidInput(f"{name} is {ours} in the network and {theirs} in software")
    _check_neurons(network.dense, software.dense)
    blocks = _mapped_layers(network.blocks, software.blocks, inverse)
    dense = _mapped_perceptron(network.dense, software.dense, inverse)
    return eqx.tree_at(lambda model: (model.blocks, model.dense), network, (blocks, dense))


def _check_neurons(network: MultiLayerPerceptron, software: Any) -> None:
    if software.activation != network.activation:
        theirs = getattr(software.activation, "__name__", software.activation)
        raise InvalidInput(
            f"the neurons of the network are {network.activation}, those of software {theirs}; "
            "train the software with those of the network"
        )


def _mapped_perceptron(network, software, inverse: Inverse) -> MultiLayerPerceptron:
    layers = _mapped_layers(network.layers, software.layers, inverse)
    return eqx.tree_at(lambda model: model.layers, network, layers)


def _mapped_layers(layers, peers, inverse: Inverse) -> tuple[Amplified, ...]:
    shapes = [layer.line.detuning.shape for layer in layers]
    theirs = [peer.weight.shape for peer in peers]
    if shapes != theirs:
        raise InvalidInput(
            f"the network has resonators {shapes}, software weights {theirs}; make both with the "
            "same sizes"
        )
    return tuple(_mapped_layer(*pair, inverse) for pair in zip(layers, peers, strict=True))


def _mapped_layer(layer: Amplified, peer: Any, inverse: Inverse) -> Amplified:
    found = _detuning(layer.line, peer.weight, inverse)
    detuning = found.detuning
    filters = isinstance(layer.line, AbstractConvolution)
    replaced = eqx.tree_at(
        lambda layer: (
            layer.line.chains.detuning if filters else layer.line.detuning,
            layer.gain,
            layer.offset,
        ),
        layer,
        (
            detuning.reshape(detuning.shape[0], -1),
            layer.unit / found.scale,
            peer.bias.reshape(layer.offset.shape),
        ),
    )
    return replaced.adapted()


def _detuning(line: Any, weight: Float[Array, "..."], inverse: Inverse) -> Mapped:
    mapping = partial(field_line_detuning, inverse=inverse)
    if isinstance(line, SharedLineDense | SharedLineConv):
        mapping = shared_line_detuning
    if isinstance(line, AbstractConvolution):
        return kernel_detuning(weight, line.resonators, line.peak_powers, mapping=mapping)
    return mapping(weight, line.resonators, line.peak_powers)
