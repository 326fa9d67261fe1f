r"""Mutual synchronisation: coupled oscillators that take one frequency and share one narrow line.

Two oscillators, coupled by a microwave current that both share or by their dipolar fields, are
mapped over coupling strength and detuning and compared with Adler's equation. Then up to 32 equal
oscillators, each coupled to all, with thermal noise: the phase of their mean diffuses as many
times more slowly as there are oscillators, and the line narrows.

Nothing of this is a published figure; all settings are ours.
"""

import time
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rfjax.dynamics import Coupling, SparseCoupling, ThermalNoise, Trajectory, simulate
from rfjax.experiments.common.result import Result, Row
from rfjax.experiments.oscillator.oscillators import CURRENT, mean_slope, nonlinearity, oscillators
from rfjax.laws import auto_oscillator, thermal_noise
from rfjax.laws import mutual_synchronisation as law
from rfjax.plotting import COLOURS, figure, save, styled

SHOWS = ()  # section 3.5.2.1 describes it without a figure

REST, DAMPING, SHIFT = 200e6, 0.01, 0.05  # Hz; N
COUPLINGS = {"shared current": 0.0, "dipolar": -np.pi / 2}  # the phase of the coupling
DETUNING, STRENGTH = 2e6, 0.6e6  # Hz: the highest detuning, and coupling over 2π
GRID = (101, 41), (41, 7)  # detunings and strengths; in full, and quick
MAPPED, MAP_SAVES = 60e-6, 601  # s; times kept
SAME = 2e4  # Hz: frequencies closer than this are one
WEAK = 0.5  # of the highest strength: borders are compared with the law up to there

COUNTS = (1, 2, 4, 8, 16, 32)
LINEWIDTH = 30e3  # Hz, of one oscillator
TIGHT = 1.0  # coupling of many over the linewidth at rest
REPLICAS, WATCHED = (32, 12), (100e-6, 30e-6)  # groups of each size; s; in full, and quick
STEP, INTERVAL = 2.5e-9, 0.1e-6  # s; from one time that is kept to the next
LAG = 2e-6  # s, in which the phase diffuses
MEGA, KILO, MICRO = 1e6, 1e3, 1e-6


class Map(NamedTuple):
    """Pairs of oscillators.

    **Arguments:** `detuning` of the free-running frequencies and `strength` of the coupling over
    2π, Hz; `apart`: the mean difference of the frequencies, Hz, of each coupling of `COUPLINGS`.
    """

    detuning: Float[np.ndarray, " detunings"]
    strength: Float[np.ndarray, " strengths"]
    beat: Float[np.ndarray, "couplings strengths detunings"]


class Lines(NamedTuple):
    """Groups of coupled oscillators with noise, of each size of `COUNTS`.

    **Arguments:** `lags`, s; the `variance` of the common phase that is gathered in them, rad²;
    `linewidth`, from that at `LAG`, and its standard `error`, Hz.
    """

    lags: Float[np.ndarray, " lags"]
    variance: Float[np.ndarray, "sizes lags"]
    linewidth: Float[np.ndarray, " sizes"]
    error: Float[np.ndarray, " sizes"]


def run(out: Path, *, quick: bool = False) -> Result:
    """Map the locking of two oscillators, and measure the line of many.

    **Arguments:** `out`: where result.json and mutual_synchronisation.png go; `quick`: a coarser
    map and fewer groups, watched for less time.

    **Returns:** the result: borders of the map and linewidths compared with the laws.
    """
    start = time.perf_counter()
    pairs, lines = locking_map(*GRID[quick]), common_lines(REPLICAS[quick], WATCHED[quick])
    rows = [*map_rows(pairs), *line_rows(lines)]
    settings = {
        "frequency at threshold (Hz)": REST,
        "damping": DAMPING,
        "N": SHIFT,
        "current (thresholds)": 2,
        "phases of the couplings (rad)": COUPLINGS,
        "map": f"{len(pairs.detuning)} detunings of at most {DETUNING:g} Hz, "
        f"{len(pairs.strength)} strengths up to 2π·{STRENGTH:g} rad/s, {MAPPED:g} s each",
        "borders": f"compared up to {WEAK:g} of the highest strength",
        "oscillators": COUNTS,
        "coupling of many": f"{TIGHT:g} linewidths at rest over the number of oscillators, to all; "
        "each loses what the common oscillation gains, so that the power is that of one",
        "linewidth of one (Hz)": LINEWIDTH,
        "groups of each size": REPLICAS[quick],
        "duration with noise (s)": WATCHED[quick],
        "linewidth": f"from the variance of the phase of the mean amplitude in {LAG:g} s; errors "
        "are standard errors over the groups",
        "precision": jnp.result_type(float).name,
        "quick": quick,
        "chosen by": "there is no published figure; all settings are ours",
    }
    result = Result("mutual-synchronisation", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(pairs, lines, out / "mutual_synchronisation.png")
    return result


def locking_map(detunings: int, strengths: int) -> Map:
    """Integrate pairs of oscillators at all detunings, strengths and couplings at once.

    **Arguments:** how many `detunings`, of both signs, and `strengths`, without zero.
    """
    detuning = np.linspace(-DETUNING, DETUNING, detunings)
    strength = STRENGTH * np.arange(1, strengths + 1) / strengths
    one = oscillators(REST, DAMPING, np.asarray(SHIFT))
    # Frequencies at rest, such that the free-running ones lie apart by the detuning.
    stretch = np.asarray(one.steady_frequency(CURRENT), np.float64) / REST
    pair = REST + np.multiply.outer(detuning, [0.5, -0.5]) / stretch
    devices = oscillators(np.tile(pair, len(COUPLINGS) * strengths), DAMPING, np.asarray(SHIFT))
    phases = np.array(list(COUPLINGS.values()))
    links = 2 * np.pi * np.multiply.outer(np.exp(1j * phases), np.repeat(strength, 2)).ravel()
    here = np.arange(links.size)
    free = np.sqrt(one.steady_power(CURRENT))
    path = simulate(
        devices,
        MAPPED,
        SparseCoupling(links, here, here ^ 1, links.size),
        current=CURRENT,
        start=free * np.where(here % 2, 1, np.exp(0.5j)),
        saves=MAP_SAVES,
        reference=float(one.steady_frequency(CURRENT)),
    )
    phase = np.asarray(path.phase(), np.float64)[..., MAP_SAVES // 2 :]
    beat = mean_slope(path, phase[:, ::2] - phase[:, 1::2]) / (2 * np.pi)
    return Map(detuning, strength, beat.T.reshape(len(COUPLINGS), strengths, detunings))


def borders(strength: Float[np.ndarray, " n"]) -> Float[np.ndarray, "couplings n"]:
    """The largest detunings, Hz, of pairs that synchronise, by the law.

    **Arguments:** `strength` of the coupling over 2π, Hz.
    """
    skew = nonlinearity(oscillators(REST, DAMPING, np.asarray(SHIFT)))
    phases = np.array(list(COUPLINGS.values()))[:, None]
    return np.asarray(law.locking_range(strength, phases, skew), np.float64)


def common_lines(replicas: int, duration: float) -> Lines:
    """Integrate groups of all sizes at once, each size many times.

    **Arguments:** `replicas`: groups of each size; `duration` in s.
    """
    device = oscillators(REST, DAMPING, np.asarray(SHIFT))
    power = device.steady_power(CURRENT)
    path = simulate(
        device,
        duration,
        Coupling(_all_to_all(TIGHT * float(auto_oscillator.linewidth(REST, DAMPING)))),
        current=CURRENT,
        noise=ThermalNoise.of_linewidth(LINEWIDTH, power, nonlinearity(device)),
        key=jax.random.key(32),
        start=np.sqrt(power) * np.ones((replicas, sum(COUNTS))),
        saves=round(duration / INTERVAL) + 1,
        step=STEP,
        reference=float(device.steady_frequency(CURRENT)),
    )
    phases = _common_phase(path)[..., round(2 * LAG / INTERVAL) :]
    steps = np.unique(np.geomspace(1, 10 * LAG / INTERVAL, 40).round().astype(int))
    gathered = [_gathered(phases, step) for step in steps.tolist()]
    variance = np.stack([each.mean(axis=0) for each in gathered], axis=-1)
    widths = np.asarray(
        thermal_noise.linewidth_of_phase(_gathered(phases, round(LAG / INTERVAL)), LAG),
        np.float64,
    )
    return Lines(
        steps * INTERVAL,
        variance,
        widths.mean(axis=0),
        widths.std(axis=0, ddof=1) / np.sqrt(replicas),
    )


def _all_to_all(strength: float) -> Float[np.ndarray, "n n"]:
    """The coupling of groups of all sizes side by side, rad/s."""
    whole = np.zeros((sum(COUNTS), sum(COUNTS)))
    for count, end in zip(COUNTS, np.cumsum(COUNTS), strict=True):
        inside = slice(end - count, end)
        whole[inside, inside] = strength / count
        whole[range(end - count, end), range(end - count, end)] -= strength
    return whole


def _common_phase(path: Trajectory) -> Float[np.ndarray, "replicas sizes times"]:
    """The phase of the mean amplitude of each group, rad, which turns little between two times."""
    begins = np.cumsum((0, *COUNTS[:-1]))
    amplitude = np.asarray(path.real) + 1j * np.asarray(path.imaginary)
    return np.unwrap(np.angle(np.add.reduceat(amplitude, begins, axis=-2).astype(complex)))


def _gathered(
    phases: Float[np.ndarray, "replicas sizes times"], steps: int
) -> Float[np.ndarray, "replicas sizes"]:
    """The variance of the phase that each group gathers in so many times."""
    gained = phases[..., steps:] - phases[..., :-steps]
    # All groups of a size have one mean frequency.
    return ((gained - gained.mean(axis=(0, -1), keepdims=True)) ** 2).mean(axis=-1)


def map_rows(pairs: Map) -> list[Row]:
    """The borders of the map compared with Adler's equation.

    **Arguments:** `pairs`: the map.
    """
    rows, limits = [], borders(pairs.strength)
    weak = pairs.strength <= WEAK * STRENGTH
    locked = np.abs(pairs.beat) < SAME
    step = pairs.detuning[1] - pairs.detuning[0]
    for name, inside, limit in zip(COUPLINGS, locked, limits, strict=True):
        reach = inside.sum(axis=1) * step / 2
        slopes = [(pairs.strength * each)[weak].sum() for each in (reach, limit)]
        slopes = np.array(slopes) / (pairs.strength**2)[weak].sum()
        same = inside == (np.abs(pairs.detuning) <= limit[:, None])
        rows += [
            Row(f"{name}: locking range over coupling", "1", None, slopes[0], law=slopes[1]),
            Row(f"{name}: share of the map as by the law", "%", None, 100 * same.mean()),
        ]
    return rows


def line_rows(lines: Lines) -> list[Row]:
    """Linewidths compared with the law, and how they go with the number of oscillators.

    **Arguments:** `lines` of groups of all sizes.
    """
    rows = []
    cases = zip(COUNTS, lines.linewidth, lines.error, strict=True)
    for count, width, error in cases:
        what = f"{count} oscillators: linewidth" if count > 1 else "one oscillator: linewidth"
        by_law = float(law.common_linewidth(LINEWIDTH, count)) / KILO
        rows.append(Row(what, "kHz", None, width / KILO, error / KILO, by_law))
    logarithms = np.log(COUNTS) - np.log(COUNTS).mean()
    weights = logarithms / (logarithms**2).sum()
    exponent_error = np.sqrt(((weights * lines.error / lines.linewidth) ** 2).sum())
    exponent = weights @ np.log(lines.linewidth)
    return [*rows, Row("exponent of the number", "1", None, exponent, exponent_error, -1.0)]


@styled
def _draw(pairs: Map, lines: Lines, path: Path) -> None:
    drawn, panels = figure(2, 2, width=0.95, aspect=0.68)
    _draw_maps(drawn, panels[:2], pairs)
    _draw_phases(panels[2], lines)
    _draw_lines(panels[3], lines)
    save(drawn, path)


def _draw_maps(drawn: Figure, panels: list[Axes], pairs: Map) -> None:
    detuning, strength = pairs.detuning / MEGA, pairs.strength / MEGA
    fine = np.linspace(0, STRENGTH, 50)
    cases = zip(panels, COUPLINGS, np.abs(pairs.beat) / MEGA, borders(fine), "ab", strict=True)
    for axes, name, beat, limit, letter in cases:
        shown = axes.pcolormesh(
            detuning,
            strength,
            beat,
            cmap="cividis",
            vmin=0,
            vmax=DETUNING / MEGA,
            rasterized=True,
        )
        for side in (-1, 1):
            axes.plot(side * limit / MEGA, fine / MEGA, "--", color="white", lw=1.2)
        axes.grid(False)
        axes.set(
            xlim=(-DETUNING / MEGA, DETUNING / MEGA),
            ylim=(strength[0] / 2, STRENGTH / MEGA),
            xlabel="detuning of the free oscillators (MHz)",
            ylabel="coupling κ/2π (MHz)",
            title=f"({letter}) {name}",
        )
        axes.text(0, 0.45, "one\nfrequency", ha="center", fontsize=7, color="white")
        axes.text(0.98, 0.03, "dashed: law", fontsize=7, ha="right", transform=axes.transAxes)
    bar = drawn.colorbar(shown, ax=panels[1])
    bar.set_label("mean frequencies apart (MHz)")


def _draw_phases(axes: Axes, lines: Lines) -> None:
    lag = lines.lags / MICRO
    for count, variance, colour in zip(COUNTS, lines.variance, COLOURS, strict=False):
        axes.loglog(lag, variance, color=colour)
        placed = {"textcoords": "offset points", "xytext": (3, 0), "va": "center"}
        axes.annotate(str(count), (lag[-1], variance[-1]), fontsize=7, color=colour, **placed)
    axes.set(
        xlabel="time (µs)",
        ylabel="variance of the phase (rad²)",
        title="(c) phase of 1 to 32 oscillators in step",
    )


def _draw_lines(axes: Axes, lines: Lines) -> None:
    by_law = np.asarray(law.common_linewidth(LINEWIDTH, np.array(COUNTS))) / KILO
    axes.loglog(COUNTS, by_law, color=COLOURS[0], label="law")
    axes.errorbar(
        COUNTS,
        lines.linewidth / KILO,
        lines.error / KILO,
        fmt="o",
        ms=3,
        mfc="none",
        lw=0.8,
        capsize=2,
        color=COLOURS[1],
        label="integrated with noise",
    )
    axes.set(
        xlabel="number of oscillators",
        ylabel="linewidth (kHz)",
        title="(d) common line",
        xticks=COUNTS,
        xticklabels=map(str, COUNTS),
    )
    axes.minorticks_off()
    ticks = (1, 2, 5, 10, 20)
    axes.set_yticks(ticks, map(str, ticks))
    axes.legend(loc="lower left")
