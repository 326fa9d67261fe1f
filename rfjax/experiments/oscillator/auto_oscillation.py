r"""Section 3.5.1: an oscillator against its current, below and above threshold.

Without noise the amplitude decays below the threshold current and grows above it, until power and
frequency are those of (3.10), (3.11) and (3.6). Thermal noise gives the oscillator a line: the
net damping makes its width below threshold, the noise of the phase above, and that of the power
where it moves the frequency.

The thesis shows measured spectra of others (Fig. 19) and prints no settings; those below are ours.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from rfjax.devices import Oscillator
from rfjax.dynamics import Spectrum, ThermalNoise, simulate
from rfjax.experiments.common.result import Result, Row
from rfjax.laws import auto_oscillator, injection_locking, thermal_noise
from rfjax.plotting import COLOURS, figure, save, styled

(ITEM,) = SHOWS = ("3.3–3.11",)

REST, DAMPING, SHIFT, NONLINEAR_DAMPING = 200e6, 0.01, 0.05, 2.0  # Hz; α, N, Q
THRESHOLD = 1e-3  # A
ENERGY = 8.3e-19  # J at p = 1
WARM, COLD = 300.0, 3.0  # K: a resonator at rest has an oscillation power of 0.005 when warm
HIGHEST = 3.0  # thresholds
STILL, SETTLED = 57, 12e-6  # currents without noise; s that they take
CURRENTS, REPLICAS, DURATION = (25, 5), (24, 12), (200e-6, 40e-6)  # warm; in full, and quick
COLD_CURRENTS, COLD_DURATION = (16, 5), (80e-6, 40e-6)  # below threshold
TOLERANCE, INTERVAL = 0.01, 25e-9  # of the power of fluctuations; from one time kept to the next, s
GROUPS = 6, 4  # of the oscillators of a current, over which correlations are averaged
SHOWN = (0.5, 0.9, 1.5, 2.0, 3.0)  # thresholds: linewidths in the rows
SPECTRA = (0.5, 0.9, 1.1, 2.0)  # thresholds: spectra in the figure
SEGMENT = 20e-6  # s, in spectra
CLOSE = 1.1  # thresholds: power and frequency are compared with the laws from here
BELOW, ABOVE = 0.9, 1.5  # thresholds: cold ones up to the first, warm ones from the second
DISCARD = 0.05  # of the times with noise
MEGA, KILO, MILLI = 1e6, 1e3, 1e-3


class Noisy(NamedTuple):
    """Oscillators with thermal noise, many at each current.

    **Arguments:** `currents` in A; the mean `power`; `linewidth` and its standard `error`, Hz;
    the mean `spectrum` of each current.
    """

    currents: Float[np.ndarray, " n"]
    power: Float[np.ndarray, " n"]
    linewidth: Float[np.ndarray, " n"]
    error: Float[np.ndarray, " n"]
    spectrum: Spectrum


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep the current of an oscillator, without and with thermal noise.

    **Arguments:** `out`: where result.json and auto_oscillation.png go; `quick`: fewer currents and
    oscillators with noise, watched for less time.

    **Returns:** the result: threshold, power, frequency and linewidths compared with the laws.
    """
    start = time.perf_counter()
    still = steady()
    replicas = REPLICAS[quick]
    grid = _currents(HIGHEST, CURRENTS[quick], [*SHOWN, *SPECTRA])
    warm = with_noise(WARM, grid, replicas, DURATION[quick], GROUPS[quick])
    grid = _currents(BELOW, COLD_CURRENTS[quick], SHOWN[:2])
    cold = with_noise(COLD, grid, replicas, COLD_DURATION[quick], GROUPS[quick])
    rows = [*steady_rows(*still), *linewidth_rows(cold, warm)]
    settings = {
        "frequency at threshold (Hz)": REST,
        "damping": DAMPING,
        "N, Q": (SHIFT, NONLINEAR_DAMPING),
        "threshold current (A)": THRESHOLD,
        "temperatures (K)": {"warm": WARM, "cold": COLD},
        "energy at p = 1 (J)": ENERGY,
        "currents": f"{STILL} without noise, {len(warm.currents)} warm, {len(cold.currents)} cold",
        "oscillators a current with noise": replicas,
        "duration with noise (s)": {"warm": DURATION[quick], "cold": COLD_DURATION[quick]},
        "power and frequency": f"compared from {CLOSE:g} thresholds on",
        "linewidths": f"compared cold up to {BELOW:g} thresholds and warm from {ABOVE:g} on: the "
        "laws hold for weak noise, which must be weaker near the threshold",
        "errors": f"standard errors over {GROUPS[quick]} groups of the oscillators of a current; "
        "the correlations of a group are averaged",
        "precision": jnp.result_type(float).name,
        "quick": quick,
        "chosen by": "no settings are printed; these are ours",
    }
    result = Result("auto-oscillation", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(still, cold, warm, out / "auto_oscillation.png")
    return result


def device() -> Oscillator:
    """The oscillator of all panels."""
    efficiency = auto_oscillator.linewidth(REST, DAMPING) / THRESHOLD
    return Oscillator(REST, DAMPING, SHIFT, NONLINEAR_DAMPING, efficiency)


def threshold() -> float:
    """The current at which a small oscillation neither grows nor decays, integrated, A."""
    oscillator, currents = device(), THRESHOLD * np.linspace(0.5, 1.5, 21)
    duration = float(auto_oscillator.relaxation_time(REST, DAMPING))
    small = simulate(oscillator, duration, current=currents, start=1e-3, saves=2)
    growth = np.log(np.asarray(small.amplitude, np.float64)[:, -1] / 1e-3)
    slope, at_zero = np.polyfit(currents, growth, 1)
    return -at_zero / slope


def steady() -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Integrate the oscillator at currents up to `HIGHEST` until it is steady.

    **Returns:** the currents, A, the powers, and the frequencies, Hz, NaN where nothing oscillates.
    """
    currents = THRESHOLD * np.linspace(0.2, HIGHEST, STILL)
    path = simulate(device(), SETTLED, current=currents, start=0.5, saves=601, reference=REST)
    power = np.asarray(path.power, np.float64)[:, -1]
    frequency = np.asarray(path.instantaneous_frequency(), np.float64)[:, -1]
    return currents, power, np.where(currents > THRESHOLD, frequency, np.nan)


def noise(temperature: float) -> ThermalNoise:
    """The noise of the oscillator at a temperature in K."""
    return ThermalNoise.of_temperature(temperature, ENERGY)


def with_noise(
    temperature: float,
    currents: Float[np.ndarray, " n"],
    replicas: int,
    duration: float,
    groups: int,
) -> Noisy:
    """Integrate oscillators with noise at all currents at once.

    **Arguments:** `temperature` in K; `currents` in A; `replicas`: oscillators at each;
    `duration` in s; `groups` of the oscillators, each of which gives one linewidth.
    """
    oscillator = device()
    begins = np.sqrt(np.asarray(oscillator.steady_power(currents)))[:, None, None]
    path = simulate(
        oscillator,
        duration,
        current=currents[:, None, None],
        noise=noise(temperature),
        key=jax.random.key(19),
        start=begins * np.ones((1, groups, replicas // groups)),
        saves=round(duration / INTERVAL) + 1,
        tolerance=TOLERANCE,
        reference=REST,
    )
    widths = np.asarray(path.linewidth(DISCARD, repetitions=-1), np.float64)
    found = path.spectrum(round(duration / SEGMENT), DISCARD)
    return Noisy(
        currents,
        np.asarray(path.power, np.float64).mean(axis=(1, 2, 3)),
        widths.mean(axis=1),
        widths.std(axis=1, ddof=1) / np.sqrt(groups),
        Spectrum(found.frequency, found.density.mean(axis=(1, 2))),
    )


def _currents(highest: float, count: int, also: Sequence[float]) -> Float[np.ndarray, " n"]:
    """Currents up to so many thresholds, some of them given, A."""
    return THRESHOLD * np.union1d(np.linspace(0.2, highest, count).round(6), also)


def linewidth_law(currents: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The full width at half maximum of the line, Hz, in either regime, that above when warm.

    **Arguments:** `currents` in A.
    """
    oscillator = device()
    gain = auto_oscillator.negative_damping(0.0, currents, oscillator.spin_torque_efficiency)
    net = auto_oscillator.linewidth(REST, DAMPING) - gain
    power = oscillator.steady_power(currents)
    strength = injection_locking.nonlinearity(gain, REST, DAMPING, SHIFT, NONLINEAR_DAMPING)
    below = thermal_noise.linewidth_below_threshold(net)
    diffusion = thermal_noise.diffusion(
        noise(WARM).equilibrium_power,
        auto_oscillator.linewidth(REST, DAMPING),
        power,
        NONLINEAR_DAMPING,
        SHIFT,
    )
    above = thermal_noise.linewidth_above_threshold(
        diffusion, jnp.where(power > 0, power, 1), strength
    )
    return np.asarray(jnp.where(power > 0, above, below), np.float64)


def steady_rows(
    currents: Float[np.ndarray, " n"],
    powers: Float[np.ndarray, " n"],
    frequencies: Float[np.ndarray, " n"],
) -> list[Row]:
    """Threshold, power and frequency without noise compared with the laws.

    **Arguments:** what `steady` returns.
    """
    oscillator, twice = device(), np.abs(currents - 2 * THRESHOLD).argmin()
    power_law = np.asarray(oscillator.steady_power(currents), np.float64)
    frequency_law = np.asarray(oscillator.steady_frequency(currents), np.float64)
    far = currents > CLOSE * THRESHOLD
    at = f"at {currents[twice] / THRESHOLD:g} thresholds"
    off_power = np.abs(powers / np.where(far, power_law, 1) - 1)[far].max()
    off_frequency = np.abs(frequencies - frequency_law)[far].max()
    by_law = float(oscillator.threshold_current) / MILLI
    far_power, far_frequency = 100 * off_power, off_frequency / KILO
    by_power, by_frequency = power_law[twice], frequency_law[twice] / MEGA
    return [
        Row("threshold current", "mA", None, threshold() / MILLI, law=by_law, item=ITEM),
        Row(f"power {at}", "1", None, powers[twice], law=by_power, item=ITEM),
        Row("power: farthest from the law", "%", None, far_power, item=ITEM),
        Row(
            f"frequency {at}",
            "MHz",
            None,
            frequencies[twice] / MEGA,
            law=by_frequency,
            item=ITEM,
        ),
        Row("frequency: farthest from the law", "kHz", None, far_frequency, item=ITEM),
    ]


def linewidth_rows(cold: Noisy, warm: Noisy) -> list[Row]:
    """Linewidths compared with the laws of both regimes.

    **Arguments:** the oscillators with noise.
    """
    rows = []
    for shown in SHOWN:
        name, noisy = ("cold", cold) if shown < 1 else ("warm", warm)
        at = np.abs(noisy.currents - shown * THRESHOLD).argmin()
        what = f"linewidth at {shown:g} thresholds, {name}"
        law = linewidth_law(noisy.currents)[at]
        width, error = noisy.linewidth[at] / KILO, noisy.error[at] / KILO
        rows.append(Row(what, "kHz", None, width, error, law / KILO))
    far = warm.currents > (ABOVE - 0.01) * THRESHOLD
    for name, noisy, inside in (("below", cold, slice(None)), ("above", warm, far)):
        law = linewidth_law(noisy.currents)
        ratio, error = (noisy.linewidth / law)[inside], (noisy.error / law)[inside]
        mean_error = np.sqrt((error**2).sum()) / len(error)
        what = f"linewidth over the law, {name} threshold"
        rows.append(Row(what, "1", None, ratio.mean(), mean_error, 1.0))
    return rows


@styled
def _draw(still: tuple, cold: Noisy, warm: Noisy, path: Path) -> None:
    drawn, (power, frequency, spectra, widths) = figure(2, 2, width=0.95, aspect=0.62)
    currents = np.linspace(0.2, HIGHEST, 561) * THRESHOLD
    _draw_power(power, still, warm, currents)
    _draw_frequency(frequency, still, warm, currents)
    _draw_spectra(spectra, warm)
    _draw_widths(widths, cold, warm, currents)
    for axes in (power, frequency, widths):
        axes.axvline(THRESHOLD / MILLI, color=COLOURS[-1], lw=0.8, ls=":")
        axes.set(xlabel="current (mA)", xlim=(0.1, 1e3 * HIGHEST * THRESHOLD + 0.1))
    save(drawn, path)


def _draw_power(axes: Axes, still: tuple, warm: Noisy, currents: np.ndarray) -> None:
    law = device().steady_power(currents)
    axes.plot(currents / MILLI, law, color=COLOURS[0], label="law")
    found, noisy = still[0] / MILLI, warm.currents / MILLI
    axes.plot(found, still[1], "o", ms=2.5, mfc="none", color=COLOURS[1], label="integrated")
    axes.plot(noisy, warm.power, "x", color=COLOURS[2], label=f"at {WARM:g} K")
    axes.set(ylabel="oscillation power p", title="(a) power")
    axes.text(1.03 * THRESHOLD / MILLI, 0.3, "threshold", fontsize=7)
    axes.legend(loc="lower right")


def _draw_frequency(axes: Axes, still: tuple, warm: Noisy, currents: np.ndarray) -> None:
    above = currents[currents > THRESHOLD]
    law = np.asarray(device().steady_frequency(above), np.float64)
    axes.plot(above / MILLI, law / MEGA, color=COLOURS[0])
    axes.plot(still[0] / MILLI, still[2] / MEGA, "o", ms=2.5, mfc="none", color=COLOURS[1])
    peaks = np.asarray(warm.spectrum.frequency)[np.asarray(warm.spectrum.density).argmax(-1)]
    axes.plot(
        warm.currents / MILLI, peaks / MEGA, "x", color=COLOURS[2], label=f"peak at {WARM:g} K"
    )
    axes.legend(loc="lower right")
    axes.set(ylabel="frequency (MHz)", title="(b) frequency")


def _draw_spectra(axes: Axes, warm: Noisy) -> None:
    offset = np.asarray(warm.spectrum.frequency, np.float64) / MEGA
    density = np.asarray(warm.spectrum.density, np.float64) * MEGA
    for shown, colour in zip(SPECTRA, COLOURS, strict=False):
        at = np.abs(warm.currents - shown * THRESHOLD).argmin()
        label = f"{warm.currents[at] / MILLI:.1f} mA"
        axes.semilogy(offset, density[at], lw=0.9, color=colour, label=label)
    axes.set(
        xlim=(195, 206),
        ylim=(2e-5, 3),
        xlabel="frequency (MHz)",
        ylabel="power density (1/MHz)",
        title=f"(c) spectra at {WARM:g} K",
    )
    axes.legend(loc="upper left")


def _draw_widths(axes: Axes, cold: Noisy, warm: Noisy, currents: np.ndarray) -> None:
    law = linewidth_law(currents) / KILO
    for inside, label in ((currents < THRESHOLD, "laws"), (currents > THRESHOLD, None)):
        axes.semilogy(currents[inside] / MILLI, law[inside], color=COLOURS[0], label=label)
    for noisy, kelvin, mark, colour in ((warm, WARM, "x", 2), (cold, COLD, "+", 1)):
        axes.errorbar(
            noisy.currents / MILLI,
            noisy.linewidth / KILO,
            noisy.error / KILO,
            fmt=mark,
            ms=4 if mark == "+" else 3,
            lw=0.8,
            color=COLOURS[colour],
            label=f"at {kelvin:g} K",
        )
    axes.set(ylabel="linewidth (kHz)", title="(d) linewidth", ylim=(30, 1e4))
    axes.legend(loc="upper right")
