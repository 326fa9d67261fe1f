"""What does a gradient step to everything cost, beside one to detunings alone?"""

from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks import operating_point as at
from benchmarks.accelerator import to_everything
from benchmarks.row import Row
from benchmarks.timing import compiled, medians
from rfjax.arrays import ResonatorArray
from rfjax.rectifiers import AbstractRectifier, Independent, Linear

WHAT = "forward and gradient to detunings, devices, tones and powers"
SPEND = 10.0  # s for each of the two, which take turns


def rows(quick: bool) -> Iterator[Row]:
    """Devices alike, and another one at every place; the smallest layer to try it."""
    size = at.DIGITS if quick else at.MNIST
    models: dict[str, AbstractRectifier] = {"linear": Linear(), "nonlinear": Independent()}
    for name, model in models.items():
        alike = at.layer(size, model)
        for devices, layer in {
            "one device": alike,
            "a device at every place": _each_its_own(alike),
        }.items():
            steps = [_step(step, layer, size) for step in (to_everything, at.forward_and_gradient)]
            ours, alone = medians(steps, at.seconds_to_spend(quick) if quick else SPEND)
            peer = "the same layer, to detunings alone"
            yield Row(f"{name} layer {size}, {devices}", WHAT, ours, alone, "s", peer)


def _step(step: Callable[..., Any], layer: ResonatorArray, size: at.Size) -> Callable[[], Any]:
    powers = at.pixels(size) * layer.peak_powers
    _, program = compiled(step, layer, powers)
    return lambda: program(layer, powers)


def _each_its_own(layer: ResonatorArray) -> ResonatorArray:
    """The same layer with devices that do not share a number."""
    fields = {
        name: jnp.broadcast_to(value, layer.detuning.shape)
        for name, value in vars(layer.resonators).items()
        if eqx.is_array(value) and name != "frequency"
    }
    return jax.tree.map(jnp.copy, layer.with_devices(**fields))
