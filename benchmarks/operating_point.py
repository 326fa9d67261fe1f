"""The layer that all questions are about, at the setting of the published networks."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from benchmarks.timing import compiled, median_seconds
from rfjax.arrays import ResonatorArray
from rfjax.devices import Resonator
from rfjax.lines import Line
from rfjax.nn import mlp
from rfjax.rectifiers import AbstractRectifier

LOWEST = 50e6  # Hz, the first tone
HIGHEST, WIDEST = {64: 1e9}, 20e9  # Hz, the last of so many tones, and of any other number
POWER = 1e-5  # W, a white pixel on the first tone
DAMPING = 0.01
SPREAD = 0.5  # linewidths, standard deviation of the detunings
TOLERANCE = 1e-5  # of the fast evaluation, relative to the largest voltage


class Size(NamedTuple):
    """The size of a layer: images, tones (resonators of a chain), chains."""

    batch: int
    tones: int
    chains: int

    def __str__(self) -> str:
        return f"({self.batch}, {self.tones}, {self.chains})"


DIGITS, DIGITS_LARGE, MNIST = Size(20, 64, 10), Size(100, 64, 10), Size(500, 784, 10)


def sizes(quick: bool) -> tuple[Size, ...]:
    """The sizes to measure."""
    return (DIGITS,) if quick else (DIGITS, DIGITS_LARGE, MNIST)


def seconds_to_spend(quick: bool) -> float:
    """About how long to repeat one measurement."""
    return 0.3 if quick else 2.0


@functools.cache
def layer(
    size: Size, rectifier: AbstractRectifier, tolerance: float | None = TOLERANCE
) -> ResonatorArray:
    """The layer with its fast evaluation prepared, or without one for no tolerance."""
    line = Line.geometric(LOWEST, HIGHEST.get(size.tones, WIDEST), size.tones, POWER)
    network = mlp(
        (size.chains,),
        lines=line,
        resonators=Resonator(line.frequencies, damping=DAMPING),
        key=jax.random.key(0),
        rectifier=rectifier,
        tolerance=tolerance,
        spread=SPREAD,
    )
    (synapses,) = network.layers_with("array")
    return synapses.array


def pixels(size: Size) -> Float[Array, "batch tones"]:
    """Images of even noise in [0, 1]."""
    drawn = np.random.default_rng(0).uniform(size=(size.batch, size.tones))
    return jnp.asarray(drawn, jnp.float32)


def forward(
    layer: ResonatorArray, powers: Float[Array, "batch tones"]
) -> Float[Array, "batch chains"]:
    """Volts of all chains."""
    return layer(powers)


def forward_and_gradient(
    layer: ResonatorArray, powers: Float[Array, "batch tones"]
) -> tuple[Float[Array, ""], Float[Array, "chains tones"]]:
    """A loss, half the sum of squared volts, and its gradient to all detunings."""

    def loss(detuning):
        tuned = eqx.tree_at(lambda layer: layer.detuning, layer, detuning)
        return jnp.sum(tuned(powers) ** 2) / 2

    return jax.value_and_grad(loss)(layer.detuning)


STEPS = {"forward": forward, "forward and gradient": forward_and_gradient}


@functools.cache
def layer_seconds(size: Size, rectifier: AbstractRectifier, what: str, quick: bool) -> float:
    """Median time of one of `STEPS`, compiled; measured once in a run, so that it has one value."""
    return median_seconds(step(size, rectifier, what), seconds_to_spend(quick))


def step(size: Size, rectifier: AbstractRectifier, what: str) -> Callable[[], Any]:
    """One of `STEPS`, compiled."""
    ours = layer(size, rectifier)
    powers = pixels(size) * ours.peak_powers
    _, program = compiled(STEPS[what], ours, powers)
    return lambda: program(ours, powers)
