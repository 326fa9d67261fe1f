r"""Fig. 48: a resonator that a tone sets in motion, in time.

From rest the magnetisation $m_x=\sqrt p\cos\varphi$ grows, beats while the resonator gives up its
own frequency, and after a few lifetimes follows the tone. Resonance, tone and force are the printed
ones; the force is that of 39.5 µW.

The steady state of the differential equation (3.3) is the root of the cubic (5.7): voltages of the
nonlinear spin diode (5.10) and of the integrated oscillation are the same as long as the response
does not fold, which a sweep of the detuning at several powers, ours, confirms. Where it does, a
tone that is switched on suddenly need not end on the lower branch, which is reached by raising the
power slowly.
"""

import time
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rfjax.devices import Resonator
from rfjax.dynamics import Tones, Trajectory, simulate
from rfjax.experiments.common.one_tone import draw_branches
from rfjax.experiments.common.result import Result, Row
from rfjax.laws import spin_diode
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import AbstractRectifier, Dynamic, Independent

SHOWS = ("Fig. 48",)

RESONANCE, TONE, DAMPING = 200e6, 202e6, 0.01  # Hz, Hz; Gilbert damping
FORCE = 0.2e6 * 2 * np.pi  # rad/s
LASTS, SAVES = 1.6e-6, 6401  # s, 20 lifetimes
SHOWN = 0.6e-6  # s
POWERS = (1e-5, 1e-4, 5e-4)  # W
FOLDING = 5e-3  # W
REACH = 6.0  # linewidths, to either side
SETTLING = 60.0  # lifetimes; close to a fold a resonator settles slowly


def run(out: Path, *, quick: bool = False) -> Result:
    """Switch a tone on, and sweep the detuning at several powers, integrated and by the model.

    **Arguments:** `out`: where result.json, resonance.png and resonance_settled.png go; `quick`:
    fewer detunings.

    **Returns:** the result: where the motion ends, and largest differences of the settled voltage
    from the model, relative to the largest voltage.
    """
    start = time.perf_counter()
    motion = switched_on()
    rows = end_rows(motion)
    detuning = np.linspace(-REACH, REACH, 61 if quick else 301)
    curves = {}
    for power in (*POWERS, FOLDING):
        curves[power] = [
            voltage(model, detuning, power) for model in (Dynamic(settling=SETTLING), Independent())
        ]
    for power in POWERS:
        dynamic, model = curves[power]
        difference = np.max(np.abs(dynamic - model)) / np.max(np.abs(model))
        what = f"{1e6 * power:g} µW: largest difference of the integrated voltage from the model"
        rows.append(Row(what, "% of the largest", None, 100 * float(difference)))
    lower, upper = (voltage(Independent(name), detuning, FOLDING) for name in ("lower", "upper"))
    folded = np.abs(lower - upper) > 1e-3 * np.max(np.abs(lower))
    ended = np.abs(curves[FOLDING][0] - upper) < np.abs(curves[FOLDING][0] - lower)
    what = f"{1e6 * FOLDING:g} µW, where two branches exist: share that ends on the upper one"
    share = 100 * float(np.mean(ended[folded])) if folded.any() else 0.0
    rows.append(Row(what + " when switched on suddenly", "%", None, share))
    settings = {
        "resonance, tone (Hz)": (RESONANCE, TONE),
        "damping": DAMPING,
        "force (rad/s)": FORCE,
        "tone of the sweep (Hz)": RESONANCE,
        "powers of the sweep (W)": (*POWERS, FOLDING),
        "chosen by": "the figure has no printed numbers; the sweep is ours",
    }
    if quick:
        settings["quick"] = "fewer detunings"
    result = Result("resonance", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw_motion(motion, out / "resonance.png")
    _draw_settled(detuning, curves, (lower, upper), folded, out / "resonance_settled.png")
    return result


def switched_on() -> Trajectory:
    """The resonator under the printed tone, from rest."""
    return simulate(_device(), LASTS, Tones(FORCE, TONE), saves=SAVES)


def end_rows(motion: Trajectory) -> list[Row]:
    """Oscillation power and frequency at the end, next to the cubic and the tone's frequency."""
    device = _device()
    detuning = spin_diode.reduced_detuning(TONE, RESONANCE, DAMPING)
    drive = (FORCE / float(device.linewidth)) ** 2
    law = spin_diode.oscillation_power(
        detuning, drive, device.reduced_shift, device.nonlinear_damping
    )
    power = float(motion.power[-1])
    last = float(motion.instantaneous_frequency()[-SAVES // 20 :].mean()) / 1e6
    return [
        Row("oscillation power at the end", "1", None, power, law=float(law), item="Fig. 48"),
        Row("frequency at the end", "MHz", None, last, law=TONE / 1e6, item="Fig. 48"),
    ]


def voltage(
    rectifier: AbstractRectifier, detuning: Float[np.ndarray, " n"], power: float
) -> Float[np.ndarray, " n"]:
    """The voltage of resonators that are detuned from one tone by so many linewidths.

    **Arguments:** `rectifier`: a model; `detuning` in linewidths; `power` in W.

    **Returns:** V.
    """
    frequency = spin_diode.resonance_frequency(RESONANCE, detuning, DAMPING)
    volts = rectifier(Resonator(frequency, DAMPING), np.array([power]), np.array([RESONANCE]))
    return np.asarray(volts, np.float64)


def _device() -> Resonator:
    return Resonator(RESONANCE, DAMPING)


@styled
def _draw_motion(motion: Trajectory, path: Path) -> None:
    drawn, (axes,) = figure(width=2.0, aspect=0.36)
    since = np.asarray(motion.time, np.float64)
    within = since < SHOWN
    envelope = np.asarray(motion.amplitude)[within]
    axes.plot(1e9 * since[within], np.asarray(motion.m_x())[within], lw=0.7)
    for sign in (1, -1):
        axes.plot(1e9 * since[within], sign * envelope, "--", color=COLOURS[-1], lw=0.8)
    axes.plot([-60, 0], [0, 0], color=COLOURS[0], lw=0.7)
    axes.set(xlabel="time (ns)", ylabel="$m_x$", xlim=(-60, 1e9 * SHOWN))
    axes.set_title("tone of 202 MHz from t = 0 on a resonator of 200 MHz")
    save(drawn, path)


@styled
def _draw_settled(detuning, curves, branches, folded, path: Path) -> None:
    drawn, (left, right) = figure(1, 2, width=1.0, aspect=0.75)
    for power, colour in zip(POWERS, COLOURS):
        dynamic, model = (1e6 * volts / (1e6 * power) for volts in curves[power])
        left.plot(detuning, model, color=colour, label=f"{1e6 * power:g} µW")
        left.plot(detuning[::6], dynamic[::6], "o", mfc="none", color=colour)
    left.plot([], [], "ko", mfc="none", label="integrated")
    left.set(title="(a) below the fold")
    lower, upper = (volts / FOLDING for volts in branches)
    draw_branches(right, detuning, lower, upper, folded, "k", "lower branch")
    right.plot(
        detuning, curves[FOLDING][0] / FOLDING, "o", ms=2, color=COLOURS[1], label="integrated"
    )
    right.set(title=f"(b) {1e6 * FOLDING:g} µW, switched on suddenly")
    for axes in (left, right):
        axes.set(xlabel="detuning at rest (linewidths)", ylabel="voltage per power (V/W)")
        axes.legend(loc="upper left")
    save(drawn, path)
