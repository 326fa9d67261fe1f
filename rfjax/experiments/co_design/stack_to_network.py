"""From a stack to a network: diameters of junctions and the anisotropy of a wafer learn the digits.

Nothing tunes these junctions: what each weighs is decided where it is etched. The gradient of the
cross-entropy runs through the rectifier model, the reduction of the free layer to a resonator and
its demagnetising factors to the diameter of each of 640 junctions, and to the anisotropy that all
share. Beside it the same junctions with resonances that train directly, as if each had a field
line.
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from rfjax import nn, plotting
from rfjax.arrays import ResonatorArray
from rfjax.data import FixedSplit, load_digits
from rfjax.experiments.co_design.junctions import (
    ANISOTROPY,
    STACK,
    Geometry,
    at_tones,
    detunings,
    diameters_at,
)
from rfjax.experiments.common.accuracies import accuracy_rows, draw_accuracy
from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.common.statistics import difference_row
from rfjax.experiments.digits.accuracies import OVERLAP, difference_rows
from rfjax.experiments.digits.networks import (
    BATCH_SIZE,
    CLASSES,
    EPOCHS,
    PIXELS,
    TEST_FRACTION,
    train,
)
from rfjax.lines import Line
from rfjax.nn import Bounded, Derived, Tied
from rfjax.training import History, ensemble, evaluate, member, seed_keys

SHOWS = ()

SEEDS = 3
LOWEST, HIGHEST, POWER = 1.95e9, 3.4e9, 2e-10  # Hz, and W on the first tone
FARTHEST = 2e-9  # m, that a diameter may leave its design
ANISOTROPIES = 6.4e-4, 6.6e-4  # J/m², that the wafer's may reach
SPREAD = 5e-12  # m, of the diameters at the start
GAIN = 3.0
RATE, DETUNING_RATE = 4e-3, 8e-3  # without unit, and in linewidths a step
GRIDS = (0.01e-9, 0.03e-9, 0.1e-9, 0.3e-9, 1e-9)  # m, that diameters are rounded to


def run(out: Path, *, quick: bool = False) -> Result:
    """Train geometry, and detunings beside it, on the digits; then round the diameters.

    **Arguments:** `out`: where result.json, history.json and stack_to_network.png go; `quick`: one
    seed, one epoch, two grids.

    **Returns:** the result.
    """
    start = time.perf_counter()
    seeds, epochs = (1, 1) if quick else (SEEDS, EPOCHS)
    grids = GRIDS[1::2] if quick else GRIDS
    split = FixedSplit(TEST_FRACTION)
    found = {
        name: train(recipe, range(seeds), split=split, epochs=epochs)
        for name, recipe in {"geometry": of_geometry(), "detunings": of_detunings()}.items()
    }
    histories = {name: history for name, (_, history) in found.items()}
    trained = [member(found["geometry"][0], seed) for seed in range(seeds)]
    geometries = [geometry_of(network) for network in trained]
    rounded = {grid: _accuracies(trained, grid) for grid in grids}
    written = {name: json.loads(history.to_json()) for name, history in histories.items()}
    (out / "history.json").write_text(json.dumps(written))
    plotting.save(_drawn(histories, geometries, rounded), out / "stack_to_network.png")
    rows = [row for name, history in histories.items() for row in accuracy_rows(name, history)]
    rows += difference_rows("geometry - detunings", histories["geometry"], histories["detunings"])
    rows += _geometry_rows(geometries)
    before = histories["geometry"].test_accuracy[-1]
    for grid, accuracies in rounded.items():
        what = f"geometry, diameters rounded to {1e9 * grid:g} nm"
        rows.append(mean_row(f"{what}: test accuracy", "%", 100 * accuracies))
        difference = 100 * accuracies, 100 * before
        rows.append(difference_row(f"{what} - as trained", "points", *difference, overlap=OVERLAP))
    settings = STACK | {
        "tones": f"{PIXELS}, geometric, {LOWEST:g} to {HIGHEST:g} Hz",
        "power": f"{POWER:g} W on the first tone, in proportion to frequency",
        "rectifier model": "independent",
        "bounds": f"diameters {FARTHEST:g} m about their design, anisotropy {ANISOTROPIES} J/m²",
        "rates": f"geometry {RATE:g}, without unit; detunings {DETUNING_RATE:g} linewidths a step",
        "gain at the start": GAIN,
        "epochs": epochs,
        "batch size": BATCH_SIZE,
        "seeds": seeds,
        "split": "3:1, drawn once for each seed",
    }
    if quick:
        settings["quick"] = f"{seeds} seed, {epochs} epoch, {len(grids)} of {len(GRIDS)} grids"
    result = Result("stack-to-network", rows, time.perf_counter() - start, settings)
    result.save(out)
    return result


def of_geometry() -> Recipe:
    """Ten chains of 64 junctions whose diameters train, and one anisotropy with them."""
    line, designed = _line(), _designed()

    def create(key: Key[Array, ""]) -> nn.Network:
        drawn = SPREAD * jax.random.normal(key, (CLASSES, PIXELS))
        geometry = Geometry(designed, drawn, jnp.asarray(ANISOTROPY))
        network = _network(geometry, line)
        bounded = Bounded.of(drawn, -FARTHEST, FARTHEST), Bounded.of(ANISOTROPY, *ANISOTROPIES)
        geometry = eqx.tree_at(lambda each: (each.change, each.anisotropy), geometry, bounded)
        network = network.with_parameter(
            lambda network: network.layers[0].array.detuning, Derived(detunings, geometry, line)
        )
        return network.with_parameter(
            lambda network: network.layers[0].array.resonators,
            Derived(at_tones, Tied.to(_geometry), line),
        )

    return Recipe("geometry", create, RATE)


def of_detunings() -> Recipe:
    """The same network, of which detunings train and the devices stay as they are."""
    line, designed = _line(), _designed()

    def create(key: Key[Array, ""]) -> nn.Network:
        drawn = SPREAD * jax.random.normal(key, (CLASSES, PIXELS))
        geometry = Geometry(designed, drawn, jnp.asarray(ANISOTROPY))
        # Devices as designed: seeds of an ensemble share what does not train.
        alike = eqx.tree_at(lambda each: each.change, geometry, 0 * drawn)
        return _network(geometry, line, alike)

    return Recipe("detunings", create, DETUNING_RATE)


def geometry_of(network: nn.Network) -> Geometry:
    """The geometry that a network computes its devices from, with values in it."""
    return nn.resolved(_geometry(network))


def _geometry(network: Any) -> Any:
    return network.layers[0].array.detuning.arguments[0]


def _line() -> Line:
    return Line.geometric(LOWEST, HIGHEST, PIXELS, POWER)


def _designed() -> Float[Array, " tones"]:
    return jnp.asarray(diameters_at(_line().frequencies))


def _network(geometry: Geometry, line: Line, devices: Geometry | None = None) -> nn.Network:
    """The network of a geometry, with devices of another one, if that is given."""
    found = at_tones(geometry if devices is None else devices, line)
    array = ResonatorArray(detunings(geometry, line), found, line)
    return nn.Network([nn.Synapses.at_start(array, gain=GAIN)])


def _accuracies(networks: Sequence[nn.Network], grid: float) -> Float[np.ndarray, " seeds"]:
    """Test accuracies with the diameters rounded to a grid in m."""
    images, digits = load_digits()
    _, keys = seed_keys(range(len(networks)))
    split, found = FixedSplit(TEST_FRACTION), []
    for network, key in zip(networks, keys, strict=True):
        geometry = geometry_of(network)
        diameters = grid * np.round(np.asarray(geometry.diameters, float) / grid)
        change = jnp.asarray(diameters - np.asarray(geometry.designed), geometry.change.dtype)
        rounded = _with_geometry(network, eqx.tree_at(lambda g: g.change, geometry, change))
        _, test = split(0, len(digits), key=key)
        found.append(evaluate(ensemble([rounded]), images[test], digits[test]).accuracy[0])
    return np.array(found)


def _with_geometry(network: nn.Network, geometry: Geometry) -> nn.Network:
    """The network of another geometry, as it was read out."""
    made = _network(geometry, _line())
    read_out = network.layers[0].read_out
    return eqx.tree_at(lambda network: network.layers[0].read_out, made, read_out)


def _geometry_rows(geometries: Sequence[Geometry]) -> list[Row]:
    """How far training moved what is etched and grown."""
    changes = [np.std(np.asarray(each.change, float)) for each in geometries]
    farthest = [np.max(np.abs(np.asarray(each.change, float))) for each in geometries]
    moved = [float(each.anisotropy) - ANISOTROPY for each in geometries]
    return [
        mean_row("diameters: standard deviation of the change", "nm", 1e9 * np.array(changes)),
        mean_row("diameters: largest change", "nm", 1e9 * np.array(farthest)),
        mean_row("anisotropy of the interfaces: change", "µJ/m²", 1e6 * np.array(moved)),
    ]


@plotting.styled
def _drawn(
    histories: Mapping[str, History],
    geometries: Sequence[Geometry],
    rounded: Mapping[float, Float[np.ndarray, " seeds"]],
) -> Any:
    drawn, (left, middle, right) = plotting.figure(3, 1, width=1.2, aspect=0.55)
    for (name, history), colour in zip(histories.items(), plotting.COLOURS, strict=False):
        draw_accuracy(left, name, history, colour)
    left.set(xlabel="epoch", ylabel="accuracy (%)", title="lines: test; dashes: train")
    left.legend()
    first = geometries[0]
    designed = 1e9 * np.asarray(first.designed, float)
    for digit, colour in zip((0, 1), plotting.COLOURS, strict=False):
        change = 1e9 * np.asarray(first.change[digit], float)
        middle.plot(designed, change, ".", color=colour, label=f"chain of digit {digit}")
    middle.set(xlabel="designed diameter (nm)", ylabel="trained change (nm)")
    middle.legend()
    means = [100 * each.mean() for each in rounded.values()]
    right.plot(1e9 * np.array(list(rounded)), means, "o-", color=plotting.COLOURS[0])
    trained = 100 * histories["geometry"].test_accuracy[-1].mean()
    right.axhline(trained, color="black", ls=":", label="as trained")
    right.set(xscale="log", xlabel="grid of diameters (nm)", ylabel="test accuracy (%)")
    right.legend()
    return drawn
