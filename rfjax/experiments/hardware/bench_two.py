r"""Figs 37 to 41: two junctions on a bench multiply, accumulate and classify.

Two vortices in series are tuned by the currents of lines above them, receive two tones through a
combiner, and are read by a voltmeter: spectra at each current and their fits, voltages against
power, 1,296 products beside ideal ones whose weights come from those lines, 36 classifications.

What is printed is used: tones, powers, currents, weights without currents, the stack, and the
constants of chapter V, chosen there to match these devices. Dampings follow from the stack by
Thiele's equation. What is open is chosen before anything is compared, and other choices stand
beside it: which of the two resonances of a weight, how far 10 mA move them, how much leaks.

The noise is what the measurement implies: the published deviation is that of a reading and of two
slopes of six readings each, so that a reading has $0.41/\sqrt{1+1/3}=0.355$ µV. Instruments and the
heat of the junctions explain a hundredth of it. The deviation is therefore no prediction; slope and
accuracies are, as far as what is not printed lets them: the other weights move the mean from 90 to
98 %.
"""

import dataclasses
import time
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rfjax.experiments.common.agreement import best_line, correlation, deviation
from rfjax.experiments.common.result import Result, Row, mean_row
from rfjax.experiments.hardware import bench_products as products
from rfjax.experiments.hardware import bench_two_figures as figures
from rfjax.experiments.hardware.bench_junctions import (
    CURRENTS,
    GILBERT,
    SINGLE,
    TONES,
    WEIGHTS,
    Choice,
    Gyration,
    array,
    chains,
    configurations,
    gyration,
    others,
    resistances,
    slopes,
)
from rfjax.experiments.hardware.bench_spectra import ITEM, spectra, sweep_rows
from rfjax.hardware import Combiner, JohnsonNoise, ThermalScatter, Voltmeter
from rfjax.rectifiers import CrossCoupled

CLASSES = "Fig. 41(c)"
SHOWS = (ITEM, CLASSES)

RMSD, SLOPE = 0.41e-6, 0.99  # published
ACCURACIES = 93.9, 93.6, 100.0  # measured, simulated, of the weights without currents; %
DENSITY, TIME, TEMPERATURE = 3.5e-9, 1.0, 300.0  # V/√Hz and s of a nano-voltmeter, K
LOSSES = (3.1, 3.3)  # dB of an uneven combiner
TRIALS, BENCHES, QUICK_BENCHES = 100, 200, 20
SAMPLES, QUICK_SAMPLES = 1201, 301
MICRO, MEGA = 1e-6, 1e6
INSTRUMENTS = "voltmeter, Johnson noise and heat of the junctions"


def run(out: Path, *, quick: bool = False) -> Result:
    """Measure everything on the virtual bench, many times.

    **Arguments:** `out`: where result.json and the figures go; `quick`: fewer benches, samples and
    other choices.

    **Returns:** the result: the junctions, what fits find, products and classifications.
    """
    start = time.perf_counter()
    benches, samples = (QUICK_BENCHES, QUICK_SAMPLES) if quick else (BENCHES, SAMPLES)
    discs, polarities = gyration()
    choice = Choice((float(discs.damping[0]), float(discs.damping[1])))
    single_damping = float(discs.damping[2])
    voltmeter = Voltmeter(RMSD * products.share_of_reading())
    swept = spectra(choice, single_damping, voltmeter, samples)
    noiseless = products.exact(chains(choice, configurations()))
    found = products.Bench.of(products.read(noiseless, voltmeter, benches))
    accuracies = 100 * products.simulated_accuracy(
        found.wanted, found.noise, 10 if quick else TRIALS
    )
    choices = others(choice, quick=quick)
    expected = np.array([_expected(each) for each in choices])
    rows = [
        *junction_rows(discs, polarities),
        *([] if quick else sweep_rows(swept, choice)),
        *product_rows(found, voltmeter),
        *cause_rows(choice, noiseless, discs.energy[:2], quick),
        *class_rows(found, accuracies, expected),
        *noise_rows(noiseless, benches),
    ]
    settings = {
        "printed": "tones 174, 540 and 346 MHz; 2–12 µW; 0–10 mA; weights -0.50 and 0.23 V/W; "
        "stack and diameters; about 100 MHz for 10 mA, about 1 Oe/mA",
        "of chapter V": "β = 6e7 rad/C, γ = 2e8, N = 0.1, Q = 1, Gilbert damping 0.01: there β and "
        "γ are chosen to match these devices",
        "stack": "0.89 MA/m and 14.6 pJ/m of CoFeB and NiFe, usual values",
        "chosen": "without currents tones lie within a linewidth of the resonances; currents move "
        f"these down by 100 MHz; leakage {choice.leakage:g}; antisymmetric lines",
        "noise of a reading (V)": float(voltmeter.deviation),
        "noise from": "the published deviation: of one reading and of two slopes of six",
        "voltmeter": f"{DENSITY:g} V/√Hz for {TIME:g} s: 15 nV from peak to peak, ours",
        "combiner (dB)": float(products.COMBINER.loss),
        "benches": benches,
        "trials": 10 if quick else TRIALS,
    }
    if quick:
        settings["quick"] = f"{benches} benches, {samples} samples of a spectrum, fewer choices"
    result = Result("bench-two", rows, time.perf_counter() - start, settings)
    result.save(out)
    figures.draw_spectra(swept, out / "bench_two_spectra.png")
    figures.draw_products(found, accuracies, expected, out / "bench_two.png")
    return result


def junction_rows(discs: Gyration, polarities: Float[np.ndarray, " discs"]) -> list[Row]:
    """What Thiele's equation says of the printed stack, beside the tones that match."""
    note = (
        "Published is the tone that matches the resonance. Thiele's equation knows no grains, "
        "which the thesis holds responsible for what fields do to these resonances; of both "
        "polarities the nearer one. The bench takes the damping from it, not the resonance."
    )
    rows = []
    names = ("MTJ 1, 450 nm, 3500 Oe", "MTJ 2, 350 nm, 3500 Oe", "Fig. 37, 250 nm, 6250 Oe")
    for place, (name, tone) in enumerate(zip(names, (*TONES, SINGLE), strict=True)):
        what = f"{name}, polarity {polarities[place]:+g}: resonance by Thiele's equation"
        resonance, damping = (float(each[place]) for each in discs[:2])
        rows.append(Row(what, "MHz", tone / MEGA, resonance / MEGA, note=note, item=ITEM))
        what = f"{name}: damping by Thiele's equation"
        note_of = f"of a Gilbert damping of {GILBERT:g}"
        rows.append(Row(what, "1", None, damping, note=note_of, item=ITEM))
    return rows


def product_rows(found: products.Bench, voltmeter: Voltmeter) -> list[Row]:
    """Products beside ideal ones, over all benches."""
    measured, wanted = found.measured.products, found.wanted
    pairs = list(zip(measured, wanted, strict=True))
    gains = np.array([best_line(*each)[0] for each in pairs])
    sizes = np.array([deviation(*each) for each in pairs]) / MICRO
    related = np.array([100 * correlation(*each) for each in pairs])
    fitted = slopes(found.measured.lines)[..., 0]
    placed = "Resonances were placed by these weights; this is what lines of six readings find."
    rows = [
        mean_row(f"W{tone + 1} without currents", "V/W", fitted[:, tone], WEIGHTS[tone],
                 note=placed, item=ITEM)
        for tone in (0, 1)
    ]  # fmt: skip
    used = "The noise was inferred from it, so that it comes back: no prediction."
    what = "1,296 products"
    noise = float(voltmeter.deviation) / MICRO
    return [
        *rows,
        Row(
            "noise of a reading that the published deviation implies", "µV", None, noise, item=ITEM
        ),
        mean_row(f"{what}: RMSD", "µV", sizes, RMSD / MICRO, note=used, item=ITEM),
        mean_row(f"{what}: slope", "1", gains, SLOPE, item=ITEM),
        mean_row(f"{what}: correlation", "%", related, item=ITEM),
    ]


def cause_rows(
    choice: Choice, bent: products.Measured, energies: Float[np.ndarray, "2"], quick: bool
) -> list[Row]:
    """What each imperfection leaves alone, without noise, and what instruments and heat add."""
    currents = configurations()
    straight = dataclasses.replace(choice, shift=0.0, growth=0.0)
    linear = chains(straight, currents)
    whole = products.exact(linear)
    uneven = products.exact(linear, Combiner(LOSSES))
    # The weight of each tone where only the line of its own junction has a current.
    count = len(CURRENTS)
    both = slopes(whole.lines)[0].reshape(2, count, count)
    alone = np.stack([np.repeat(both[0, :, 0], count), np.tile(both[1, 0], count)])
    left = {
        "nonlinear junctions, N = 0.1, Q = 1": (bent, slopes(bent.lines)[0]),
        "leakage if each weight is measured without the other current": (whole, alone),
        "a combiner uneven by 0.2 dB if lines are measured without it": (
            uneven,
            slopes(whole.lines)[0],
        ),
    }
    if not quick:
        crossed = products.exact(chains(choice, currents, CrossCoupled()))
        left["nonlinear junctions, cross-coupled"] = crossed, slopes(crossed.lines)[0]
        instruments = [
            ThermalScatter(TEMPERATURE, energies, TIME),
            JohnsonNoise(resistances(), TIME, TEMPERATURE),
            Voltmeter.of_density(DENSITY, TIME),
        ]
        noisy = products.instrumental(array(straight, currents), instruments)
        left[INSTRUMENTS] = noisy, slopes(noisy.lines)[0]
    note = (
        "Not the published deviation: that has another cause, which the thesis does not tell, as "
        "jitter of resonances that grains hold, contacts, or drift between lines and products."
    )
    rows = []
    for what, (found, weights) in left.items():
        size = deviation(found.products[0], products.ideal(weights)) / MICRO
        last = what == INSTRUMENTS
        row = Row(
            f"1,296 products, RMSD by {what}, alone",
            "µV",
            RMSD / MICRO if last else None,
            size,
            note=note if last else None,
            item=ITEM,
        )
        rows.append(row)
    return rows


def class_rows(
    found: products.Bench,
    simulated: Float[np.ndarray, "benches chains"],
    expected: Float[np.ndarray, " choices"],
) -> list[Row]:
    """Accuracies of all 36 classifications, of benches and of ideal products with noise."""
    measured, exact = found.accuracy, 100 * products.expected_accuracy(found.wanted, found.noise)
    published, noisy, calm = ACCURACIES
    related = [np.corrcoef(*each)[0, 1] for each in zip(measured, simulated, strict=True)]
    of_size = [np.corrcoef(*each)[0, 1] for each in zip(measured, found.noise, strict=True)]
    what = "36 classifications"
    apart = (measured - simulated).mean(1)
    unprinted = "Weights of 35 of the 36 pairs of currents are not printed, see below: not settled."
    drawn = mean_row(f"{what}: simulated", "%", simulated.mean(1), noisy, unprinted, CLASSES)
    chance = "The share of benches that reach it by chance stands below."
    rows = [
        mean_row(f"{what}: measured", "%", measured.mean(1), published, unprinted, CLASSES),
        dataclasses.replace(drawn, law=float(exact.mean())),
        mean_row(f"{what}: measured less simulated", "points", apart, published - noisy,
                 item=CLASSES),
        mean_row(f"{what}: correlation of measured and simulated", "1", np.array(related),
                 item=CLASSES),
        mean_row(f"{what}: correlation of accuracy and RMSD", "1", np.array(of_size),
                 item=CLASSES),
        mean_row("without currents: accuracy", "%", measured[:, 0], calm, chance, CLASSES),
        Row("without currents: benches that classify all 36 pairs right", "%", None,
            100 * float(np.mean(measured[:, 0] == 100)), item=CLASSES),  # fmt: skip
    ]  # fmt: skip
    note = (
        "Which resonance belongs to a weight, dampings (of Thiele, 1.3 times those, 0.01), how far "
        "10 mA move a resonance (70, 100, 130 MHz), leakage (0, 5, 10 %)."
    )
    what = f"36 classifications, mean of {len(expected)} choices of what is not printed"
    mean, scatter = float(expected.mean()), float(expected.std(ddof=1))
    rows.append(Row(what, "%", noisy, mean, None, None, scatter, len(expected), note, CLASSES))
    for name, value in (("lowest", expected.min()), ("highest", expected.max())):
        what = f"36 classifications, {name} mean of {len(expected)} choices of what is not printed"
        rows.append(Row(what, "%", None, float(value), note=note, item=CLASSES))
    return rows


def noise_rows(noiseless: products.Measured, benches: int) -> list[Row]:
    """The mean accuracy where the noise is inferred in other ways from the same deviation."""
    offset = Voltmeter(RMSD * products.share_of_reading(offset=True))
    through = products.read(noiseless, offset, benches)
    whole = products.read(noiseless, Voltmeter(RMSD), benches)
    known = np.broadcast_to(products.ideal(slopes(noiseless.lines)), whole.products.shape)
    ways = {
        "lines that may miss the origin": products.Bench.of(through, offset=True),
        "weights without error": products.Bench(whole, known, products.errors(whole, known)),
    }
    return [
        mean_row(f"36 classifications, measured, noise inferred for {way}", "%",
                 bench.accuracy.mean(1), ACCURACIES[0], item=CLASSES)
        for way, bench in ways.items()
    ]  # fmt: skip


def _expected(choice: Choice) -> float:
    """The mean accuracy that the published deviation leaves, %."""
    found = products.exact(chains(choice, configurations()))
    return 100 * float(products.expected_accuracy(products.ideal(slopes(found.lines)), RMSD).mean())
