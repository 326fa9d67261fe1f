r"""Section 6.1.3 and appendix B: what an inference costs, and what thermal noise makes of it.

The printed energies with their slips corrected, of networks counted by `rfjax.hardware`; beside
published energies of other hardware; and the energy that a reading needs to stand above the thermal
noise of the very devices that the thesis counts with, of 20 nm. A resonator reads as much signal as
thermal noise at the energy $E_1=2\Gamma_0p_T/\gamma^2$ of its own tone, whatever power and time
are; what settles sooner has to be read for longer.

Of other hardware, energies of a multiply-and-accumulate: 0.7 pJ of a CMOS-memristor chip (Cai et
al.), 17 fJ of a photonic core (Feldmann et al.), and 35 J of a Tegra K1 for the 10,000 test images
of MNIST, all as the thesis quotes them; the arithmetic of CMOS alone, 0.9 pJ to add and 3.7 pJ to
multiply in 32 bits of floating point at 45 nm (Horowitz, ISSCC 2014).
"""

import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes

from rfjax import nn
from rfjax.devices import Resonator
from rfjax.experiments.common.result import Result, Row
from rfjax.hardware import Electronics, NetworkCosts, network_costs
from rfjax.laws import energy
from rfjax.laws.auto_oscillator import linewidth
from rfjax.laws.ferromagnetic_resonance import energy_of_moment
from rfjax.laws.read_out_noise import johnson_voltage
from rfjax.laws.thermal_noise import equilibrium_power
from rfjax.laws.thermal_reading import scatter_scale, small_signal_variance
from rfjax.lines import Line
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import Linear

(ITEM,) = SHOWS = ("6.1.3, appendix B",)

RADIUS, RESISTANCE_AREA, THRESHOLD_DENSITY = 20e-9, 1e-12, 1e10  # m, Ω·m², A/m²
VOLTAGE, PRINTED_SENSITIVITY = 1e-3, 1e4  # V of a full chain; V/W
FREQUENCY, DAMPING = 1e9, 0.01  # Hz
PERCEPTRON, QUICK_PERCEPTRON, IMAGES = (784, 300, 10), (64, 30, 10), 10_000
CONVOLUTIONAL = 6e6, 7792  # resonators, as printed, and oscillators
GPU, MEMRISTOR, PHOTONIC, CMOS = 35.0, 0.7e-12, 17e-15, 4.6e-12  # J for all images; J a MAC
MAGNETISATION, THICKNESS, TEMPERATURE = 1e6, 1.5e-9, 300.0  # A/m, m, K; not printed
SHARES = (0.1, 0.03, 0.01)  # of a full chain, to be resolved
RATIOS = (1.0, 3.0, 10.0)  # signal over thermal scatter of one resonator
FEMTO, PICO, NANO, MICRO = 1e-15, 1e-12, 1e-9, 1e-6


def run(out: Path, *, quick: bool = False) -> Result:
    """Count energies, and compare them with what noise asks for.

    **Arguments:** `out`: where result.json and energy.png go; `quick`: a smaller perceptron.

    **Returns:** the result: energies of synapses, neurons and networks, times and scatter.
    """
    start = time.perf_counter()
    layers = QUICK_PERCEPTRON if quick else PERCEPTRON
    costs = perceptron_costs(layers)
    rows = [*printed_rows(costs), *noise_rows(), *conflict_rows(), *other_rows()]
    settings = {
        "printed": f"radius {RADIUS:g} m, RA {RESISTANCE_AREA:g} Ω·m², {THRESHOLD_DENSITY:g} A/m², "
        f"{VOLTAGE:g} V a full chain, {FREQUENCY:g} Hz, damping {DAMPING:g}, four thresholds",
        "not printed": f"M_s {MAGNETISATION:g} A/m, {THICKNESS:g} m thick, {TEMPERATURE:g} K",
        "perceptron": layers,
        "amplifiers": "ideal; reading and writing free, as in appendix B",
        "device of the conflict": "the default resonator at 200 MHz, 10 µW, p_T = 0.005",
    }
    if quick:
        settings["quick"] = f"a perceptron of {_sizes(layers)}, not {_sizes(PERCEPTRON)}"
    result = Result("energy", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(out / "energy.png")
    return result


def perceptron_costs(layers: tuple[int, ...] = PERCEPTRON) -> NetworkCosts:
    """Those of 784-300-10 with every tone and every oscillator at its largest."""
    lines = [Line.geometric(FREQUENCY, 2 * FREQUENCY, count, _each(count)) for count in layers[:-1]]
    # As in (B.16), all tones have one power.
    lines = [Line(line.frequencies, line.peak_powers[0]) for line in lines]
    network = nn.mlp(
        layers[1:],
        lines=lines,
        resonators=Resonator(FREQUENCY, DAMPING, 0.0, 0.0),
        key=jax.random.key(0),
        rectifier=Linear(),
        spread=0.1,
        gain=1.0,
        tolerance=1e-3,
    )
    above = jnp.full_like(network.layers[0].read_out.offset, 1e6)
    network = eqx.tree_at(lambda n: n.layers[0].read_out.offset, network, above)
    return network_costs(network, jnp.ones(layers[0]), Electronics.of_radius(RADIUS))


def _sizes(layers: tuple[int, ...]) -> str:
    return "-".join(map(str, layers))


def _each(count: int) -> float:
    return float(energy.power_for_voltage(VOLTAGE, sensitivity(), count))


def area() -> float:
    """The area of a junction as (B.12) and (B.17) compute it, m²."""
    return float(np.pi * RADIUS**2)


def sensitivity() -> float:
    """That of (B.9), V/W."""
    return float(energy.diode_sensitivity(1.0, energy.threshold_current(THRESHOLD_DENSITY, area())))


def settled() -> float:
    """The time that the thesis gives a presentation, s."""
    return float(energy.settling_time(FREQUENCY, DAMPING))


def synapse() -> float:
    """The energy of a synapse with the sensitivity of (B.9), J."""
    return VOLTAGE / sensitivity() * settled()


def neuron() -> float:
    """The energy of an oscillator at four thresholds, J."""
    threshold = energy.threshold_current(THRESHOLD_DENSITY, area())
    power = energy.oscillator_power(4.0, threshold, RESISTANCE_AREA / area())
    return float(power) * settled()


def printed_rows(costs: NetworkCosts) -> list[Row]:
    """The printed numbers, with their slips corrected."""
    all_images = IMAGES * float(costs.energy)
    counted = sum(costs.resonators), sum(costs.oscillators)
    law = IMAGES * float(energy.inference_energy(*counted, synapse(), neuron()))
    whole = sum(PERCEPTRON[:-1]) == counted[1]
    convolutional = IMAGES * float(energy.inference_energy(*CONVOLUTIONAL, synapse(), neuron()))
    threshold = "I_th is 12.6 µA and 1/8√2 is 0.088; printed are 10 µA and 0.1"
    lifetime = settled() / (2 * np.pi) / NANO
    smaller = "" if whole else f", of {_sizes(QUICK_PERCEPTRON)} alone, not {_sizes(PERCEPTRON)}"
    return [
        Row("sensitivity of a diode", "V/W", 1e4, sensitivity(), note=threshold, item=ITEM),
        Row(
            "latency of a layer",
            "ns",
            100.0,
            settled() / NANO,
            note=f"1/(αf), without the 2π of a lifetime, {lifetime:.1f} ns: 6.3 of these",
            item=ITEM,
        ),
        Row(
            "energy of a synapse",
            "fJ",
            10.0,
            synapse() / FEMTO,
            note="of the sensitivity above; the summary prints 14 fJ",
            item=ITEM,
        ),
        Row(
            "energy of an oscillator",
            "fJ",
            130.0,
            neuron() / FEMTO,
            note="(B.17) is 2.0 µW for the numbers in it, not 1.3",
            item=ITEM,
        ),
        Row(
            "10,000 images, perceptron",
            "µJ",
            25.0 if whole else None,
            all_images / MICRO,
            law=law / MICRO,
            note=f"at 14.2 and 201 fJ{smaller}",
            item=ITEM,
        ),
        Row(
            "10,000 images, convolutional network",
            "µJ",
            610.0,
            convolutional / MICRO,
            note="at 14.2 and 201 fJ, of 6 million resonators; (N_h N_w k²) counts 6.75",
            item=ITEM,
        ),
        Row("perceptron: peak power of tones", "mW", None, float(costs.peak_rf.sum()) * 1e3),
        Row("perceptron: peak direct power", "mW", None, float(costs.peak_dc.sum()) * 1e3),
        Row("perceptron: latency", "ns", None, float(costs.latency.sum()) / NANO),
    ]


def thermal_power(radius: float) -> float:
    """k_BT over the energy of a disc of a radius in m."""
    volume = np.pi * radius**2 * THICKNESS
    return float(equilibrium_power(TEMPERATURE, energy_of_moment(MAGNETISATION, volume, FREQUENCY)))


def chain_scatter(reading: float) -> tuple[float, float]:
    """Thermal and Johnson scatter of a full chain of appendix B, V.

    Of the own tone of each resonator alone: what the others add depends on the comb.

    **Arguments:** `reading`: its time, s.
    """
    count, width = PERCEPTRON[0], float(linewidth(FREQUENCY, DAMPING))
    threshold = float(energy.threshold_current(THRESHOLD_DENSITY, area()))
    resistance = RESISTANCE_AREA / area()
    torque = width / threshold / (2 * np.sqrt(2))  # (B.3, B.4)
    drive, rectification = torque / np.sqrt(resistance), 2 * sensitivity() * width
    scale = float(scatter_scale(_each(count), rectification, drive))
    variance = small_signal_variance(1.0, thermal_power(RADIUS), width * reading)
    johnson = float(johnson_voltage(count * resistance, reading, TEMPERATURE))
    return scale * float(count * variance) ** 0.5, johnson


def time_to_resolve(share: float) -> float:
    """How long a chain is read until it scatters by a share of its full voltage, s."""
    long = 1e-3  # s: many lifetimes, from where variances fall with the time
    whole = np.hypot(*chain_scatter(long))
    return long * (whole / (share * VOLTAGE)) ** 2


def energy_to_resolve(share: float) -> float:
    """The energy of a synapse with that time of reading after settling, J."""
    return VOLTAGE / sensitivity() * (settled() + time_to_resolve(share))


def noise_rows() -> list[Row]:
    """What 300 K do to junctions of 20 nm."""
    rows = []
    for name, radius in (("diameter", RADIUS / 2), ("radius", RADIUS)):
        power = thermal_power(radius)
        rows.append(Row(f"{name} of 20 nm: k_BT/E₀", "1", None, power))
        strength = np.hypot(0.1 / DAMPING, 1.0) * power
        note = "the law of a reading ends at 0.2"
        what = f"{name} of 20 nm: shift and broadening by thermal power, N = 0.1, Q = 1"
        rows.append(Row(what, "linewidths", None, float(strength), note=note))
    thermal, johnson = chain_scatter(settled())
    own = "own tones alone, as if linear"
    rows += [
        Row("full chain: thermal scatter in 100 ns", "µV", None, thermal / MICRO, note=own),
        Row("full chain: Johnson noise in 100 ns", "µV", None, johnson / MICRO),
    ]
    for share in SHARES:
        what = f"scatter of {100 * share:g} % of a full chain"
        rows.append(Row(f"{what}: time", "µs", None, time_to_resolve(share) / MICRO))
        rows.append(
            Row(f"{what}: energy of a synapse", "fJ", None, energy_to_resolve(share) / FEMTO)
        )
    return rows


def conflict() -> tuple[Resonator, float]:
    """The device whose settling and reading are set side by side, and its thermal power."""
    return Resonator(200e6), 0.005


def times(damping: np.ndarray | float, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Settling and reading of the device with a damping, 10 µW, s.

    **Arguments:** `damping`; `ratio` of signal to thermal scatter.
    """
    device, power = conflict()
    width = linewidth(device.frequency, damping)
    reading = ratio**2 * energy.reading_energy(width, device.drive, power) / _POWER
    return np.asarray(energy.settling_time(device.frequency, damping)), np.asarray(reading)


_POWER = 1e-5  # W


def conflict_rows() -> list[Row]:
    """At which damping settling and reading take the least time together."""
    device, power = conflict()
    rows = []
    for ratio in RATIOS:
        width = energy.best_linewidth(_POWER, device.drive, power, ratio)
        best = float(width / (2 * np.pi * device.frequency))
        rows.append(Row(f"signal {ratio:g} times the scatter: best damping", "1", None, best))
        for damping in (best, DAMPING):
            both = float(sum(times(damping, ratio)))
            what = f"signal {ratio:g} times the scatter: time at "
            what += "the best damping" if damping == best else f"damping {DAMPING:g}"
            rows.append(Row(what, "µs", None, both / MICRO))
    return rows


def others() -> dict[str, float]:
    """Published energies of a multiply-and-accumulate on other hardware, J."""
    macs = PERCEPTRON[0] * PERCEPTRON[1] + PERCEPTRON[1] * PERCEPTRON[2]
    return {
        "a GPU (35 J for MNIST)": GPU / IMAGES / macs,
        "CMOS arithmetic, 32-bit float (4.6 pJ)": CMOS,
        "a CMOS-memristor chip (0.7 pJ)": MEMRISTOR,
        "a photonic core (17 fJ)": PHOTONIC,
    }


def other_rows() -> list[Row]:
    """Energies of a synapse over those of other hardware."""
    rows = []
    for name, other in others().items():
        # The arithmetic of CMOS is not in the thesis.
        printed, item = (None, None) if other == CMOS else (10e-15 / other, ITEM)
        rows.append(Row(f"a synapse over {name}", "1", printed, synapse() / other, item=item))
        hard = energy_to_resolve(SHARES[-1]) / other
        what = f"a synapse that resolves {100 * SHARES[-1]:g} % of a full chain, over {name}"
        rows.append(Row(what, "1", None, hard))
    return rows


@styled
def _draw(path: Path) -> None:
    drawn, (left, right) = figure(1, 2, width=1.1, aspect=0.7)
    bars = {"as printed": 10e-15, "with slips corrected": synapse()}
    bars |= {f"scatter {100 * each:g} % of full, 300 K": energy_to_resolve(each) for each in SHARES}
    ours = len(bars)
    bars |= others()
    colours = [COLOURS[0]] * ours + [COLOURS[1]] * (len(bars) - ours)
    left.barh(-np.arange(len(bars)), np.array(list(bars.values())) / PICO, color=colours)
    left.set_yticks(-np.arange(len(bars)), list(bars), fontsize=6)
    left.set(xscale="log", xlim=1e-3, xlabel="energy of a multiply-and-accumulate (pJ)")
    left.set_title("blue: synapses of 20 nm; orange: others")
    _draw_conflict(right)
    save(drawn, path)


def _draw_conflict(axes: Axes) -> None:
    dampings = np.geomspace(1e-4, 0.3, 200)
    axes.loglog(dampings, times(dampings, 1.0)[0] / MICRO, "k--", lw=0.8, label="settling")
    for ratio, colour in zip(RATIOS, COLOURS, strict=False):
        settling, reading = times(dampings, ratio)
        label = f"with a reading, signal {ratio:g} × scatter"
        axes.loglog(dampings, (settling + reading) / MICRO, color=colour, label=label)
    axes.set(xlabel="damping", ylabel="time (µs)", title="200 MHz, 10 µW, k_BT/E₀ = 0.005")
    axes.set_ylim(3e-4, 2e3)
    axes.legend(loc="lower left")
