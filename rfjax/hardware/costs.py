"""What an inference costs a network: energy by item and layer, latency, area and peak powers."""

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import instance_of, known
from rfjax.hardware.driven_layers import driven_layers, one_array, received_shares
from rfjax.hardware.electronics import Electronics
from rfjax.laws.energy import amplifier_power, settling_time
from rfjax.nn import Network
from rfjax.printing import quantity

ITEMS = ("synapses", "rf_amplifiers", "neurons", "dc_amplifiers", "write", "read")


class NetworkCosts(eqx.Module):
    """What an inference costs, by item and by layer of synapses; printed as a table.

    **Arguments:**

    - `synapses`: what the tones leave in the resonators; `rf_amplifiers`: what their amplifiers
      take beyond that; `neurons`: the direct current of the oscillators that emit the tones of a
      layer; `dc_amplifiers`: what those take beyond that; `write`; `read`; each (layers, *b), J.
    - `latency` of each layer, s; `area`, m²; `peak_rf` and `peak_dc`, of the supply with all
      tones at their largest, W; (layers,).
    - `resonators` and `oscillators` of each layer: how many.
    """

    synapses: Float[Array, "layers *b"]
    rf_amplifiers: Float[Array, "layers *b"]
    neurons: Float[Array, "layers *b"]
    dc_amplifiers: Float[Array, "layers *b"]
    write: Float[Array, "layers *b"]
    read: Float[Array, "layers *b"]
    latency: Float[Array, " layers"]
    area: Float[Array, " layers"]
    peak_rf: Float[Array, " layers"]
    peak_dc: Float[Array, " layers"]
    resonators: tuple[int, ...] = eqx.field(static=True)
    oscillators: tuple[int, ...] = eqx.field(static=True)

    @property
    def energy(self) -> Float[Array, "*b"]:
        """The energy of each inference, J."""
        return sum(jnp.sum(getattr(self, item), axis=0) for item in ITEMS)  # pyright: ignore

    @property
    def energy_per_synapse(self) -> Float[Array, "*b"]:
        """The energy of each inference over the number of resonators, J."""
        return self.energy / sum(self.resonators)

    def __str__(self) -> str:
        """A table: what each layer takes, on average over the inferences."""
        layers = range(len(self.resonators))
        heads = ["", *(f"layer {layer + 1}" for layer in layers), "all"]
        rows = [heads]
        rows += [["resonators", *map(str, self.resonators), str(sum(self.resonators))]]
        rows += [["oscillators", *map(str, self.oscillators), str(sum(self.oscillators))]]
        for item in ITEMS:
            each = getattr(self, item).reshape(len(heads) - 2, -1).mean(-1)
            rows.append(_row(item.replace("_", " "), each, "J"))
        rows.append(["energy", *("" for _ in layers), quantity(jnp.mean(self.energy), "J")])
        rows.append(_row("latency", self.latency, "s"))
        rows.append(_row("peak rf", self.peak_rf, "W"))
        rows.append(_row("peak dc", self.peak_dc, "W"))
        areas = [f"{float(each) * 1e12:.4g} µm²" for each in (*self.area, self.area.sum())]
        rows.append(["area", *areas])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    __repr__ = __str__


def network_costs(
    network: Network, inputs: ArrayLike, electronics: Electronics | None = None
) -> NetworkCosts:
    """What inferences cost a network; JAX differentiates it to devices, tones and electronics.

    Layer after layer: all resonators of one receive their tones until they have settled and are
    read. A convolution has a chain for each output, as a `CompactCrossbar`. Oscillators take
    current while the layer that receives their tones is driven.

    **Arguments:** `network`, whose layers of synapses have an `array`, and whose oscillators tell
    the `thresholds` that they run at; `inputs` as the network takes them, (*b, features);
    `electronics`, or None for ideal ones.

    **Returns:** the costs, with an energy for each inference.

    **Raises:** `InvalidInput` for a network without arrays, for an ensemble, and for inputs that a
    layer refuses.
    """
    electronics = Electronics() if electronics is None else electronics
    instance_of("electronics", electronics, Electronics, "Electronics, or None")
    layers, current, largest = [], None, electronics.supercriticality
    for layer, values in driven_layers(network, inputs):
        if hasattr(layer, "thresholds"):
            current, largest = layer.thresholds(values), layer.largest
        if hasattr(layer, "array"):
            shares = received_shares(layer, values)
            layers.append(_of_layer(layer.array, shares, current, largest, electronics))
            current, largest = None, 0.0
    columns = [jnp.stack(each) for each in zip(*(arrays for arrays, _ in layers), strict=True)]
    resonators, oscillators = zip(*(counts for _, counts in layers), strict=True)
    return NetworkCosts(*columns, resonators=resonators, oscillators=oscillators)


def _of_layer(array, shares, current, largest, electronics: Electronics):
    """The fields of one layer, without its axis, and how many devices it has."""
    inputs = shares.shape[shares.ndim - array.peak_powers.ndim :]
    powers, outputs = _presented(array, shares * array.peak_powers)
    peaks, _ = _presented(array, jnp.ones(inputs) * array.peak_powers)
    inner = one_array(array)
    chains, tones = inner.detuning.shape
    receivers = float(chains * (tones if inner.wiring.shared else 1))
    resonators = chains * tones * outputs
    emitted = current is not None or not known(largest) or bool(np.any(np.asarray(largest)))
    oscillators = math.prod(inputs) if emitted else 0
    devices = inner.resonators.detuned(inner.detuning)
    settled = jnp.max(settling_time(devices.frequency, devices.damping, electronics.lifetimes))
    latency = settled + electronics.reading_time
    rf, most_rf = (jnp.sum(amplifier_power(each, receivers), axis=-1) for each in (powers, peaks))
    most_dc = oscillators * electronics.direct_power(jnp.asarray(largest))
    if current is None:
        dc = jnp.broadcast_to(most_dc, rf.shape)
    else:
        dc = jnp.sum(electronics.direct_power(current), axis=tuple(range(rf.ndim, current.ndim)))
    held = electronics.holding_power(inner) * latency
    written = electronics.write_energy / electronics.presentations_per_write
    energies = (
        rf * latency,
        (rf * (1 / electronics.rf_efficiency - 1) + electronics.rf_idle) * latency,
        dc * latency,
        (dc * (1 / electronics.dc_efficiency - 1) + chains * outputs * electronics.dc_idle)
        * latency,
        jnp.broadcast_to(held + chains * tones * written, rf.shape),
        jnp.broadcast_to(chains * outputs * electronics.read_energy, rf.shape),
    )
    area = (
        resonators * electronics.resonator_area
        + oscillators * electronics.oscillator_area
        + electronics.rf_amplifier_area
        + chains * outputs * electronics.dc_amplifier_area
    )
    most_rf = most_rf / electronics.rf_efficiency
    most_dc = most_dc / electronics.dc_efficiency
    return (*energies, latency, area, most_rf, most_dc), (resonators, oscillators)


def _presented(array: Any, powers: Float[Array, "..."]) -> tuple[Float[Array, "*b tones"], int]:
    """The powers on each tone of all chains of a filter together, and how many chains it has."""
    if not hasattr(array, "windows"):
        return powers, 1
    axes = len(array.windows.size)
    patches = array.windows.patches(powers)
    outputs = patches.shape[-axes:]
    summed = jnp.sum(patches, axis=tuple(range(-axes, 0)))
    return jnp.moveaxis(summed, 0, -1), math.prod(outputs)


def _row(name: str, values: Float[Array, " layers"], unit: str) -> list[str]:
    return [name, *(quantity(each, unit) for each in values), quantity(jnp.sum(values), unit)]
