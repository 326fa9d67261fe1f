"""Digits read in noise: the networks, and what temperature and time make of their accuracy."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from rfjax import nn
from rfjax.arrays import costs, with_readings
from rfjax.data import FixedSplit
from rfjax.devices import Resonator
from rfjax.experiments.digits.networks import (
    BATCH_SIZE,
    CLASSES,
    DAMPING,
    GAIN,
    HIGHEST,
    LOWEST,
    PIXELS,
    SPREAD,
    TEST_FRACTION,
)
from rfjax.hardware import AmplifierNoise, JohnsonNoise, ThermalScatter
from rfjax.laws.read_out_noise import amplifier_voltage, johnson_voltage
from rfjax.lines import Line
from rfjax.training import accuracy, fit

ENERGY = 8.3e-19  # J, of a device at p = 1: p_T = 0.005 at 300 K
RESISTANCE = 796.0  # Ω, of a resonator
AMPLIFIER = 1e-9  # V/√Hz, a low-noise one
SPLIT = FixedSplit(TEST_FRACTION)
_ROOM = 60.0  # for detunings up to 60 times those at the start
_DRAWS = 20  # of the noise, for every test row


class Scatter(NamedTuple):
    """Standard deviations of a reading of a chain by their sources, V, each (rows, chains)."""

    thermal: Array
    johnson: Array
    amplifier: Array


def network(power: float, tolerance: float | None, *, key: Key[Array, ""]) -> nn.Network:
    """Ten chains of 64 resonators on the comb of Fig. 53, at a power of the first tone in W."""
    line = Line.geometric(LOWEST, HIGHEST, PIXELS, power)
    made = nn.mlp(
        (CLASSES,),
        lines=line,
        resonators=Resonator(line.frequencies, damping=DAMPING),
        key=key,
        spread=SPREAD,
        gain=GAIN,
        tolerance=tolerance,
    )
    (layer,) = made.layers
    # For all that training moves detunings by, or it would compile again and again.
    return nn.Network((nn.Synapses(layer.array.prepared(room=_ROOM), layer.read_out),))


def in_noise(model: Any, temperature: float, time: float) -> Any:
    """A network whose readings are noisy, each drawn anew."""
    return with_readings(
        model,
        ThermalScatter(temperature, ENERGY, time),
        JohnsonNoise(RESISTANCE, time, temperature),
        AmplifierNoise.of_density(AMPLIFIER, time),
    )


def trained(model: nn.Network, optimiser: Any, images, digits, epochs: int, *, key) -> nn.Network:
    """A network after training on the digits."""
    return fit(
        model,
        images,
        digits,
        split=SPLIT,
        keys=key,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        optimiser=optimiser,
    )[0]


def scatter(array: Any, powers: Array, temperature: Any, time: Any) -> Scatter:
    """What each source makes readings of an array scatter by."""
    thermal = ThermalScatter(temperature, ENERGY, time).deviation(array, powers)
    johnson = johnson_voltage(PIXELS * RESISTANCE, time, temperature)
    amplifier = amplifier_voltage(AMPLIFIER, time)
    return Scatter(thermal, johnson + 0 * thermal, amplifier + 0 * thermal)


class Read(NamedTuple):
    """What readings of a network give.

    **Arguments:** `quiet`: the accuracy without noise; `noisy`: that under each condition; `power`
    of the tones of an image in all resonators, W; `signal`: how far the voltages of a chain differ
    from image to image, V, root mean square; `scatter` of a reading under the last condition by its
    sources, thermal, Johnson and amplifier, V, root mean square.
    """

    quiet: Float[Array, ""]
    noisy: Float[Array, " conditions"]
    power: Float[Array, ""]
    signal: Float[Array, ""]
    scatter: Float[Array, "3"]


@eqx.filter_jit
def read(
    model: nn.Network,
    images: Array,
    digits: Array,
    conditions: Float[Array, "conditions 2"],
    *,
    key: Key[Array, ""],
) -> Read:
    """What readings give at each temperature and in each time.

    As of `in_noise`, but what is read without noise is computed once for all.

    **Arguments:** `model`; `images` and `digits` to evaluate; `conditions`: K and s.
    """
    (layer,) = model.layers
    powers = images * layer.array.peak_powers
    volts = layer.array.volts(powers)
    noise = jax.random.normal(key, (_DRAWS, *volts.shape), volts.dtype)

    def at(condition):
        parts = jnp.stack(scatter(layer.array, powers, *condition)) / 1e-6
        deviation = jnp.sqrt(jnp.sum(jnp.square(parts), 0)) * 1e-6
        logits = layer.read_out(volts + deviation * noise)
        mean = jnp.sqrt(jnp.mean(jnp.square(parts), (1, 2))) * 1e-6
        return jnp.mean(jnp.argmax(logits, -1) == digits), mean

    noisy, parts = jax.lax.map(at, conditions)
    spent = costs(layer.array, powers)
    return Read(
        accuracy(layer.read_out(volts), digits),
        noisy,
        jnp.mean(spent.energy) / spent.latency,
        jnp.std(volts - jnp.mean(volts, 0)),
        parts[-1],
    )


def time_needed(
    times: Float[np.ndarray, " times"], found: Float[np.ndarray, " times"], wanted: float
) -> float:
    """The time from which on accuracies stay at or above one, s; infinite if they do not get there.

    Between times along the logarithm.
    """
    below = np.flatnonzero(found < wanted)
    if not below.size:
        return float(times[0])
    last = int(below[-1])
    if last == len(times) - 1:
        return float("inf")
    share = (wanted - found[last]) / (found[last + 1] - found[last])
    return float(times[last] * (times[last + 1] / times[last]) ** share)
