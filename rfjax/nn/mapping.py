"""Set the detunings of a network from the weights of trained software."""

import operator
from collections.abc import Callable
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from rfjax.arrays import prepared
from rfjax.checks import InvalidInput, function, instance_of
from rfjax.laws.synaptic_weight import near_detuning
from rfjax.nn.network import Network

Inverse = Callable[..., Float[Array, "..."]]


def mapped(network: Network, software: Network, *, inverse: Inverse = near_detuning) -> Network:
    r"""A network whose resonators have the weights of a software network (6.1–6.3).

    Layer by layer: weights become detunings, up to a scale $s$ in V; a gain of $U_0/s$ makes up for
    it, and the bias is the offset, so that oscillators are driven by what the neurons of software
    were. Exact, but for rounding, where each resonator receives its own tone, with the linear model
    and without damping-like torque. On a shared line what comes closest.

    **Arguments:** `network` of resonators, whose detunings, gains and offsets are replaced;
    `software`: its `twin`, trained, with the same neurons; `inverse` of the weights where
    resonators receive their own tone: `near_detuning`, or `far_detuning` with a farthest detuning.

    **Returns:** the network.

    **Raises:** `InvalidInput` where architectures or neurons differ.
    """
    for name, each in {"network": network, "software": software}.items():
        instance_of(name, each, Network, "a Network, as from rfjax.nn.mlp and rfjax.nn.twin")
    function("inverse", inverse, "near_detuning or far_detuning")
    if len(network.layers) != len(software.layers):
        raise InvalidInput(
            f"the network has {len(network.layers)} layers, the software {len(software.layers)}; "
            "train the twin of the network"
        )
    pairs = zip(network.layers, software.layers, strict=True)
    return Network([_mapped_layer(ours, theirs, inverse) for ours, theirs in pairs])


def _mapped_layer(ours: Any, theirs: Any, inverse: Inverse) -> Any:
    if not hasattr(ours, "array"):
        if ours != theirs:
            described = getattr(theirs, "__name__", theirs)
            raise InvalidInput(
                f"a layer of the network is {ours}, of the software {described}; train the twin of "
                "the network, with its own neurons"
            )
        return ours
    array = getattr(ours.array, "array", ours.array)
    weight = getattr(getattr(theirs, "linear", None), "weight", None)
    if weight is None or weight.shape != array.detuning.shape:
        shape = None if weight is None else weight.shape
        raise InvalidInput(
            f"a layer of the network has resonators {array.detuning.shape}, of the software "
            f"weights {shape}; train the twin of the network"
        )
    found = array.wiring.mapped(weight, array.resonators, array.line, inverse)
    gain = ours.read_out.unit / found.scale
    offset = theirs.linear.bias.reshape(ours.read_out.offset.shape)
    inner = "array.array" if hasattr(ours.array, "array") else "array"
    where = operator.attrgetter(inner + ".detuning", "read_out.gain", "read_out.offset")
    return prepared(eqx.tree_at(where, ours, (found.detuning, gain, offset)))
