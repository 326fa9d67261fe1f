r"""Fig. 57 and (5.21): how long a resonator takes to follow its tone.

A tone at the resonance is switched on, and later off. At small power the amplitude settles and
decays exponentially, both with the relaxation time $\tau=1/\Gamma_0$. The thesis prints two sets of
times: one beside the figure, and two other numbers in the running text.

Power and timing of the published figure are not known to us; those below are ours.
"""

import time
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from rfjax.devices import Resonator
from rfjax.dynamics import SampledTone, simulate
from rfjax.experiments.result import Result, Row
from rfjax.laws import auto_oscillator
from rfjax.plotting import COLOURS, figure, save, styled

TITLE = "Relaxation of a resonator after a tone is switched on or off (Fig. 57)"

RESONANCE = 50e6  # Hz
DAMPINGS = (0.01, 0.03, 0.05, 0.07)
PUBLISHED = (317.0, 106.0, 64.0, 45.0)  # ns, with the figure
IN_TEXT = (194.0, 20.0)  # ns, in the running text, without the dampings
POWER = 2.5e-9  # W: oscillation powers of 1e-5 and less
LASTS, SAVES = 3.2e-6, 1601  # s that the tone stays on, and then off; times kept of each
FITTED = (0.9, 0.01)  # where the fit begins and ends: of the amplitude that is still to go
NANO, MICRO = 1e-9, 1e-6


class Switching(NamedTuple):
    """The amplitudes of resonators that differ in damping.

    **Arguments:** `time` since the switch, s; `on` and `off`: the amplitude after the tone came and
    after it went.
    """

    time: Float[np.ndarray, " times"]
    on: Float[np.ndarray, "dampings times"]
    off: Float[np.ndarray, "dampings times"]

    @property
    def to_go(self) -> dict[str, Float[np.ndarray, "dampings times"]]:
        """How far from the final state, by the name of the switch, as a share of the way."""
        final = self.on[:, -1:]
        return {"switch-on": 1 - self.on / final, "free decay": self.off / final}


def run(out: Path, *, quick: bool = False) -> Result:
    """Switch a tone on and off, and fit the relaxation time to both.

    **Arguments:** `out`: where result.json and relaxation.png go; `quick` changes nothing: it is
    quick.

    **Returns:** the result: relaxation times, and how far each printed set is from them.
    """
    start = time.perf_counter()
    found = switched()
    times = {name: relaxation_times(found.time, left) for name, left in found.to_go.items()}
    rows = [*time_rows(times), *set_rows(times["free decay"])]
    settings = {
        "resonance (Hz)": RESONANCE,
        "dampings": DAMPINGS,
        "power (W)": POWER,
        "tone": f"at the resonance, on for {LASTS:g} s and then off",
        "fitted while still to go": FITTED,
        "precision": jnp.result_type(float).name,
        "quick": quick,
        "chosen by": "power and timing are not published, these are ours; the running text does "
        "not say which dampings its two times belong to, each is compared with the nearest",
    }
    result = Result("relaxation", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(found, times, out / "relaxation.png")
    return result


def switched() -> Switching:
    """Integrate resonators of all dampings through both switches."""
    resonators = Resonator(RESONANCE, np.asarray(DAMPINGS))
    force = auto_oscillator.force(POWER, resonators.drive)
    tone = SampledTone(np.array([force, 0.0]), RESONANCE, interval=LASTS)
    path = simulate(resonators, 2 * LASTS, tone, saves=2 * SAVES - 1)
    amplitude = np.asarray(path.amplitude, np.float64)
    since = np.asarray(path.time, np.float64)[:SAVES]
    return Switching(since, amplitude[:, :SAVES], amplitude[:, SAVES - 1 :])


def relaxation_times(
    since: Float[np.ndarray, " times"], to_go: Float[np.ndarray, "dampings times"]
) -> Float[np.ndarray, " dampings"]:
    """Fit exponentials.

    **Arguments:** `since` the switch, s; `to_go`: the share of the way still to go.

    **Returns:** the times in which it falls to 1/e, s.
    """
    fitted = []
    for left in to_go:
        within = (left < FITTED[0]) & (left > FITTED[1])
        fitted.append(-1 / np.polyfit(since[within], np.log(left[within]), 1)[0])
    return np.array(fitted)


def law(dampings: Float[np.ndarray, " n"] | tuple[float, ...]) -> Float[np.ndarray, " n"]:
    """The relaxation times (5.21) of resonators with these dampings, s."""
    return np.asarray(auto_oscillator.relaxation_time(RESONANCE, np.asarray(dampings)), np.float64)


def time_rows(times: dict[str, Float[np.ndarray, " dampings"]]) -> list[Row]:
    """The relaxation time of each damping: both fits and the law."""
    cases = zip(DAMPINGS, PUBLISHED, law(DAMPINGS), *times.values(), strict=True)
    rows = []
    for damping, published, theory, *fits in cases:
        what = f"damping {damping:g}: relaxation time"
        for name, fit in zip(times, fits, strict=True):
            rows.append(Row(f"{what}, {name}", "ns", published, fit / NANO))
        rows.append(Row(f"{what}, 1/Γ", "ns", None, theory / NANO))
    return rows


def set_rows(fitted: Float[np.ndarray, " dampings"]) -> list[Row]:
    """Which of the two printed sets the fitted times support."""
    away = np.abs(NANO * np.asarray(PUBLISHED) / fitted - 1).max()
    rows = [Row("times with the figure: farthest from the fit", "%", None, 100 * away)]
    for printed in IN_TEXT:
        nearest = fitted[np.abs(np.log(fitted / (NANO * printed))).argmin()]
        what = f"{printed:g} ns of the running text"
        # The time goes as one over the damping, so that of damping 1 tells which gives `printed`.
        needed = law((1.0,))[0] / (NANO * printed)
        rows += [
            Row(f"{what}: nearest fitted time", "ns", printed, nearest / NANO),
            Row(f"{what}: away from it", "%", None, 100 * abs(NANO * printed / nearest - 1)),
            Row(f"{what}: damping that has it", "1", None, needed),
        ]
    return rows


@styled
def _draw(found: Switching, times: dict, path: Path) -> None:
    drawn, (on, off, against) = figure(1, 3, width=0.72, aspect=0.85)
    _draw_switches(on, off, found)
    _draw_times(against, times)
    save(drawn, path)


def _draw_switches(on: Axes, off: Axes, found: Switching) -> None:
    since, lines = found.time / MICRO, ("-", "--", "-.", ":")
    left = found.to_go["free decay"]
    for damping, rising, falling, line in zip(DAMPINGS, found.on, left, lines, strict=True):
        on.plot(since, rising / rising[-1], line, label=f"{damping:g}")
        off.semilogy(since, falling, line)
    for axes in (on, off):
        axes.set(xlabel="time since the switch (µs)", xlim=(0, 1.5))
    on.set(ylabel="amplitude over its final value", title="(a) tone switched on", ylim=(0, 1.03))
    on.legend(loc="lower right", title="damping", title_fontsize=7)
    off.axhline(np.exp(-1), color=COLOURS[-1], lw=0.6, ls=(0, (1, 2)))
    off.text(1.47, np.exp(-1) * 1.08, "1/e", ha="right", fontsize=7)
    off.set(ylabel="amplitude over its first value", title="(b) tone switched off", ylim=(1e-3, 1))


def _draw_times(axes: Axes, times: dict) -> None:
    dampings = np.linspace(0.008, 0.075, 200)
    axes.plot(dampings, law(dampings) / NANO, color=COLOURS[-1], lw=0.8, label="1/Γ")
    axes.plot(DAMPINGS, PUBLISHED, "o", ms=6, mfc="none", label="with the figure")
    axes.plot(DAMPINGS, times["free decay"] / NANO, "x", ms=4, label="fitted to (b)")
    for printed, place in zip(IN_TEXT, (0.037, 0.007), strict=True):
        axes.axhline(printed, color=COLOURS[3], ls="--", lw=1)
        text = f"running text: {printed:g} ns"
        axes.text(place, printed + 5, text, fontsize=7, color=COLOURS[3])
    axes.set(xlabel="damping", ylabel="relaxation time (ns)", title="(c) times", ylim=(0, 430))
    axes.legend(loc="upper right")
