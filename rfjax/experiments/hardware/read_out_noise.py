r"""Digits read in noise: does the hardware work at a temperature, a power and a speed?

Ten chains of 64 resonators on the comb of Fig. 53, whose readings scatter by the thermal motion of
every resonator, by the Johnson noise of the chain and by the amplifier behind it. Networks that
were trained without noise are read at temperatures, powers and times; others are trained in the
noise of a reading. In single devices: a diode of 200 MHz under 10 µW, whose reading in 100 ns
scatters by more than its signal at 300 K.

The thesis does not compute noise; energy of a device, resistance and amplifier are ours. Settling
comes on top of the time of a reading.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from matplotlib.axes import Axes

from rfjax.arrays import with_readings
from rfjax.data import load_digits
from rfjax.devices import Resonator
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.digits.networks import OPERATING_POINT, RATE
from rfjax.experiments.hardware.noisy_digits import (
    AMPLIFIER,
    ENERGY,
    RESISTANCE,
    SPLIT,
    Read,
    in_noise,
    network,
    read,
    time_needed,
    trained,
)
from rfjax.hardware import ThermalShift, fabricated
from rfjax.laws.read_out_noise import johnson_voltage
from rfjax.laws.spin_diode import reduced_drive, voltage_scale
from rfjax.laws.thermal_noise import equilibrium_power
from rfjax.laws.thermal_reading import scatter_scale, thermal_reading
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.training import seed_keys

SHOWS = ()

POWERS = (1e-6, 1e-5, 1e-4)  # W, of the first tone
TEMPERATURES = (4.0, 77.0, 300.0)  # K
TIMES = np.geomspace(1e-8, 1e-1, 29)  # s
MIDDLE, ROOM = 1e-5, 300.0  # W and K, at which networks are trained in noise
TRAINING_TIMES = (1e-5, 1e-4, 1e-3)  # s, of the readings that they are trained with
CONDITIONS = tuple((kelvin, each) for kelvin in TEMPERATURES for each in TIMES)
LOST, WANTED = 0.01, 0.9  # of the accuracy: what noise may take; what all networks can reach
DIODE, DIODE_POWER, DIODE_TIME = 200e6, 1e-5, 100e-9  # Hz, W, s
SHORT = 4  # the place of 100 ns
CHAIN, BANDWIDTH = 784, 10e6  # resonators; Hz
SEEDS, EPOCHS, QUICK_ROWS = 3, 30, 160
MICRO, MEGA = 1e-6, 1e6
SHIFTED = "10 µW, shifted by the thermal power of 300 K, not tuned to it"
_OPTIMISER = optax.adam(RATE)  # one object, so that training compiles once


def run(out: Path, *, quick: bool = False) -> Result:
    """Train networks, and read them in noise.

    **Arguments:** `out`: where result.json and read_out_noise.png go; `quick`: one seed, one power,
    an epoch, and no training in noise.

    **Returns:** the result: a single diode in noise; times of a reading that accuracies take, and
    accuracies at some.
    """
    start = time.perf_counter()
    powers = (MIDDLE,) if quick else POWERS
    training = () if quick else TRAINING_TIMES
    seeds, epochs = (1, 1) if quick else (SEEDS, EPOCHS)
    images, digits = load_digits()
    rows = QUICK_ROWS if quick else len(digits)
    data = jnp.asarray(images[:rows]), jnp.asarray(digits[:rows])
    found = [
        of_seed(seed, powers, training, epochs, None if quick else 1e-5, *data)
        for seed in range(seeds)
    ]
    settings = {
        "energy of a device at p = 1 (J)": ENERGY,
        "resistance of a resonator (Ω)": RESISTANCE,
        "amplifier (V/√Hz)": AMPLIFIER,
        "temperatures (K)": TEMPERATURES,
        "times of a reading (s)": TIMES,
        "seeds": seeds,
        "epochs": epochs,
        **{name: OPERATING_POINT[name] for name in ("tones", "damping", "rate")},
        "chosen by": "energy, resistance and amplifier are not printed; these are ours",
    }
    if quick:
        settings["quick"] = f"{seeds} seed, {epochs} epoch, {rows} rows; not {SEEDS}, {EPOCHS}"
    lines = [*diode_rows(), *map_rows(found)]
    result = Result("read-out-noise", lines, time.perf_counter() - start, settings)
    result.save(out)
    _draw(found, out / "read_out_noise.png")
    return result


def of_seed(
    seed: int,
    powers: tuple[float, ...],
    training: tuple[float, ...],
    epochs: int,
    tolerance: float | None,
    images: jax.Array,
    digits: jax.Array,
) -> dict[str, Read]:
    """What a seed finds.

    **Arguments:** `seed`; `powers` of networks that are trained without noise, W; `training`:
    times of the readings that others are trained with, s; `epochs`; `tolerance` of fast
    evaluations; `images` and `digits`.

    **Returns:** what was read of each network, by its name, under all `CONDITIONS`.
    """
    (start,), (order,) = seed_keys([seed])
    _, test = SPLIT(0, len(digits), key=order)
    asked = images[test], digits[test], jnp.array(CONDITIONS)
    found: dict[str, Read] = {}
    chosen = [(named(power), power, None) for power in powers]
    chosen += [(named(MIDDLE, each), MIDDLE, each) for each in training]
    for name, power, reading in chosen:
        model = network(power, tolerance, key=start)
        model = model if reading is None else in_noise(model, ROOM, reading)
        model = trained(model, _OPTIMISER, images, digits, epochs, key=order)
        noise = jax.random.fold_in(order, 2)
        found[name] = read(with_readings(model), *asked, key=noise)
        if training and (power, reading) == (MIDDLE, None):
            warm = fabricated(model, ThermalShift(ROOM, ENERGY), key=order)
            found[SHIFTED] = read(warm, *asked, key=noise)
    return found


def named(power: float, reading: float | None = None) -> str:
    """A network by its power in W, and the time in s of the readings that it was trained with."""
    without = f"{power / MICRO:g} µW"
    return without if reading is None else f"{without}, trained in noise of {reading / MICRO:g} µs"


def diode_rows() -> list[Row]:
    """A single diode at room temperature, at rest of one linewidth to either side, and on it."""
    device = Resonator(DIODE)
    thermal = float(equilibrium_power(ROOM, ENERGY))
    drive = reduced_drive(DIODE_POWER, DIODE, device.damping, device.drive)
    scale = float(voltage_scale(DIODE, device.damping, device.rectification)) * DIODE_POWER
    spread = float(scatter_scale(DIODE_POWER, device.rectification, device.drive))

    def read(thermal):
        return thermal_reading(
            jnp.array([-1.0, 0.0, 1.0]),
            drive,
            device.reduced_shift,
            device.nonlinear_damping,
            thermal,
            device.linewidth * DIODE_TIME,
            nonlinear_shift=device.nonlinear_shift,
        )

    cold, warm = read(0.0), read(thermal)
    deviation = spread * np.sqrt(np.asarray(warm.variance)) / MICRO
    shift = scale * float(warm.response[1] - cold.response[1]) / MICRO
    johnson = float(johnson_voltage(CHAIN * RESISTANCE, 1 / (2 * BANDWIDTH), ROOM))
    what = f"diode of {DIODE / MEGA:g} MHz, {named(DIODE_POWER)}, {ROOM:g} K"
    signal = scale * float(cold.response[2]) / MICRO
    return [
        Row(f"{what}: k_BT/E₀", "1", None, thermal),
        Row(f"{what}: signal a linewidth away, cold", "µV", None, signal),
        Row(f"{what}: least scatter in 100 ns", "µV", None, float(deviation.min())),
        Row(f"{what}: largest scatter in 100 ns", "µV", None, float(deviation.max())),
        Row(f"{what}: shift by thermal power on resonance", "µV", None, shift),
        Row(f"{CHAIN} junctions, 10 MHz: Johnson noise", "µV", None, johnson / MICRO),
    ]


def map_rows(found: Sequence[Mapping[str, Read]]) -> list[Row]:
    """What noise leaves of accuracies, and the times that they take.

    **Arguments:** `found` by each seed.
    """
    rows = []
    for name in found[0]:
        reads = [each[name] for each in found]
        quiet = np.array([float(each.quiet) for each in reads])
        rows.append(mean_row(f"{name}: accuracy without noise", "%", 100 * quiet))
        if name == SHIFTED:
            continue
        signal = np.array([float(each.signal) for each in reads])
        rows.append(mean_row(f"{name}: signal of a chain", "µV", signal / MICRO))
        short = over(found, name)[:, -1, SHORT]
        rows.append(mean_row(f"{name}: accuracy in 100 ns, {ROOM:g} K", "%", 100 * short))
        for place, kelvin in enumerate(TEMPERATURES):
            needed = needed_times(found, name, place, quiet - LOST)
            if np.isfinite(needed).all():
                what = f"{name}: time at which noise takes a point, {kelvin:g} K"
                rows.append(mean_row(what, "µs", needed / MICRO))
        needed = needed_times(found, name, -1, np.full(len(quiet), WANTED))
        if np.isfinite(needed).all():
            what = f"{name}: time for {100 * WANTED:g} %, {ROOM:g} K"
            rows.append(mean_row(what, "µs", needed / MICRO))
            spent = needed * np.array([float(each.power) for each in reads])
            rows.append(mean_row(f"{what}: energy of the tones", "µJ", spent / MICRO))
    sources = np.array([each[named(MIDDLE)].scatter for each in found])
    for place, source in enumerate(("thermal motion", "Johnson noise", "the amplifier")):
        what = (
            f"{named(MIDDLE)}: scatter of a chain in {TIMES[-1] / MICRO:g} µs, {ROOM:g} K, {source}"
        )
        rows.append(mean_row(what, "µV", sources[:, place] / MICRO))
    return rows


def over(found: Sequence[Mapping[str, Read]], name: str) -> np.ndarray:
    """The accuracies of a network in noise, (seeds, temperatures, times)."""
    shape = len(found), len(TEMPERATURES), len(TIMES)
    return np.array([each[name].noisy for each in found]).reshape(shape)


def needed_times(
    found: Sequence[Mapping[str, Read]], name: str, place: int, wanted: np.ndarray
) -> np.ndarray:
    """The time of a reading from which on a network has an accuracy, s, for each seed.

    **Arguments:** `found`; `name` of the network; `place` of the temperature; accuracy `wanted` of
    each seed.
    """
    pairs = zip(over(found, name)[:, place], wanted, strict=True)
    return np.array([time_needed(TIMES, each, float(least)) for each, least in pairs])


@styled
def _draw(found: Sequence[Mapping[str, Read]], path: Path) -> None:
    drawn, (left, middle, right) = figure(1, 3, width=0.9, aspect=0.85)
    names = [name for name in found[0] if name != SHIFTED]
    for name, colour in zip(names, COLOURS, strict=False):
        left.plot(TIMES / MICRO, 100 * over(found, name)[:, -1].mean(0), color=colour, label=name)
        needed = [
            needed_times(found, name, place, np.full(len(found), WANTED)).mean()
            for place in range(len(TEMPERATURES))
        ]
        right.loglog(TEMPERATURES, np.array(needed) / MICRO, "o-", color=colour)
    left.set(xscale="log", xlabel="time of a reading (µs)", ylabel="test accuracy (%)")
    left.set(title=f"{ROOM:g} K", ylim=(0, 170), yticks=range(0, 101, 20))
    left.legend(fontsize=6, loc="upper left")
    _draw_map(middle, over(found, named(MIDDLE)).mean(0))
    right.set(xlabel="temperature (K)", ylabel="time of a reading (µs)")
    right.set_title(f"{100 * WANTED:g} % are reached")
    save(drawn, path)


def _draw_map(axes: Axes, found: Any) -> None:
    rows = np.arange(len(TEMPERATURES))
    drawn = axes.pcolormesh(TIMES / MICRO, rows, 100 * found, shading="nearest")
    axes.set_yticks(rows, [f"{each:g}" for each in TEMPERATURES])
    axes.set(xscale="log", xlabel="time of a reading (µs)", ylabel="temperature (K)")
    axes.set_title(f"{named(MIDDLE)}: accuracy (%)")
    axes.grid(False)
    axes.figure.colorbar(drawn, ax=axes)
