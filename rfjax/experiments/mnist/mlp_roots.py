"""Which of the two detunings of a weight suffers less, the near one or the far one?

The same weights of software, mapped to either root, meet what a mapping does not know of: the
nonlinearity, tones of neighbours, and resonances that are off.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from rfjax.arrays import ResonatorArray, SharedLine, prepared
from rfjax.data import Mnist
from rfjax.experiments.mnist.mlp_networks import OUTPUTS, resonators
from rfjax.laws.synaptic_weight import far_detuning, near_detuning
from rfjax.nn import Network, Weights, mapped
from rfjax.rectifiers import Independent, Linear
from rfjax.training import ensemble, evaluate

FARTHEST = 50.0  # linewidths; weights below what is reached there stay there
ROOTS = {"near": near_detuning, "far": partial(far_detuning, farthest=FARTHEST)}
VARIATIONS = (0.03, 0.1, 0.3)  # standard deviation of resonances, in linewidths
NARROW = 0.001  # damping with which tones on the comb are several linewidths apart
EXACT, NONLINEAR = "as mapped", "nonlinearity"
NEIGHBOURS = f"every tone in every resonator, damping {NARROW:g}"


def evaluated(
    software: list[Network], data: Mnist
) -> Mapping[str, Mapping[str, Float[np.ndarray, " seeds"]]]:
    """Test accuracies, from 0 to 1, of networks of software that are mapped to either root.

    **Arguments:** `software`: trained, with oscillators as neurons, one a seed; `data`.

    **Returns:** for each root, accuracies by what the networks met.
    """
    devices: dict[str, dict[str, Any]] = {
        EXACT: {},
        NONLINEAR: {"rectifier": Independent()},
        # Of these only the weights are taken.
        NEIGHBOURS: {"damping": NARROW, "tolerance": None},
    }
    frames = {
        what: resonators("", **device).create(jax.random.key(0)) for what, device in devices.items()
    }
    return {root: _met(software, frames, inverse, data) for root, inverse in ROOTS.items()}


def _met(
    software: list[Network],
    frames: Mapping[str, Network],
    inverse: Callable[..., Any],
    data: Mnist,
) -> Mapping[str, Float[np.ndarray, " seeds"]]:
    """Test accuracies of networks that are mapped to one root, by what they met."""
    conditions = {
        what: [mapped(frame, peer, inverse=inverse) for peer in software]
        for what, frame in frames.items()
    }
    networks = conditions[EXACT]
    conditions[NEIGHBOURS] = [_on_shared_lines(network) for network in conditions[NEIGHBOURS]]
    for variation in VARIATIONS:
        conditions[f"resonances off by {variation:g} linewidths"] = [
            _off(variation, network, seed) for seed, network in enumerate(networks)
        ]
    return {
        what: evaluate(ensemble(models), data.test_images, data.test_labels).accuracy
        for what, models in conditions.items()
    }


def _off(variation: float, network: Network, seed: int) -> Network:
    """A mapped network whose resonances are somewhere else than where they should be."""
    keys = jax.random.split(jax.random.key(seed), len(OUTPUTS))
    moved = [
        layer.array.detuning + variation * jax.random.normal(key, layer.array.detuning.shape)
        for key, layer in zip(keys, network.layers_with("array"), strict=True)
    ]
    return prepared(
        eqx.tree_at(
            lambda model: [layer.array.detuning for layer in model.layers_with("array")],
            network,
            moved,
        )
    )


def _on_shared_lines(network: Network) -> Network:
    """What a mapped network computes if every resonator rectifies every tone, as weights."""
    return Network(
        [_as_weights(layer) if hasattr(layer, "array") else layer for layer in network.layers]
    )


def _as_weights(layer: Any) -> Weights:
    weight = layer.read_out.gain / layer.read_out.unit * _volts_of_all_tones(layer.array)
    chains, tones = weight.shape
    linear = eqx.nn.Linear(tones, chains, key=jax.random.key(0))
    trained = weight, layer.read_out.offset
    return Weights(eqx.tree_at(lambda each: (each.weight, each.bias), linear, trained))


@eqx.filter_jit
def _volts_of_all_tones(array: ResonatorArray) -> Float[Array, "chains tones"]:
    """What each tone at full power adds to each chain of a shared line, V, a chain at a time."""

    def volts(powers, detuning):
        return SharedLine().directly(
            Linear(), array.resonators, detuning[None], powers[None], array.frequencies
        )[0, 0]

    # They are linear in the powers: the slopes are what each tone adds.
    return jax.lax.map(
        lambda detuning: array.peak_powers * jax.grad(volts)(array.peak_powers, detuning),
        array.detuning,
    )
