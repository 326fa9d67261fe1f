"""Fig. 48: the resonance of a resonator under one tone, integrated in time, beside the model.

The steady state of the differential equation (3.3) is the root of the cubic (5.7): voltages of the
nonlinear spin diode (5.10) and of the integrated oscillation are the same as long as the response
does not fold. Where it does, a tone that is switched on suddenly need not end on the lower branch,
which is reached by raising the power slowly.
"""

import time
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from rfjax.devices import Resonator
from rfjax.experiments.result import Result, Row
from rfjax.laws import spin_diode
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import AbstractRectifier, Dynamic, Independent

TITLE = "The resonance of one resonator, integrated in time, beside the nonlinear model (Fig. 48)"

TONE, DAMPING = 200e6, 0.01  # Hz
POWERS = (1e-5, 1e-4, 5e-4)  # W
FOLDING = 5e-3  # W
REACH = 6.0  # linewidths, to either side
SETTLING = 60.0  # lifetimes; close to a fold a resonator settles slowly


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep the detuning at several powers, by both models.

    **Arguments:** `out`: where result.json and resonance.png go; `quick`: fewer detunings.

    **Returns:** the result: largest differences of the two, relative to the largest voltage.
    """
    start = time.perf_counter()
    detuning = np.linspace(-REACH, REACH, 61 if quick else 301)
    rows = []
    curves = {}
    for power in (*POWERS, FOLDING):
        curves[power] = [
            voltage(rung, detuning, power) for rung in (Dynamic(settling=SETTLING), Independent())
        ]
    for power in POWERS:
        dynamic, model = curves[power]
        apart = np.max(np.abs(dynamic - model)) / np.max(np.abs(model))
        what = f"{1e6 * power:g} µW: largest difference of the integrated voltage from the model"
        rows.append(Row(what, "% of the largest", None, 100 * float(apart)))
    lower, upper = (voltage(Independent(name), detuning, FOLDING) for name in ("lower", "upper"))
    folded = np.abs(lower - upper) > 1e-3 * np.max(np.abs(lower))
    ended = np.abs(curves[FOLDING][0] - upper) < np.abs(curves[FOLDING][0] - lower)
    what = f"{1e6 * FOLDING:g} µW, where two branches exist: share that ends on the upper one"
    share = 100 * float(np.mean(ended[folded])) if folded.any() else 0.0
    rows.append(Row(what + " when switched on suddenly", "%", None, share))
    settings = {
        "tone (Hz)": TONE,
        "damping": DAMPING,
        "powers (W)": (*POWERS, FOLDING),
        "published": "a figure without printed numbers; the settings are ours",
    }
    if quick:
        settings["quick"] = "fewer detunings"
    result = Result("resonance", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(detuning, curves, (lower, upper), out / "resonance.png")
    return result


def voltage(
    rung: AbstractRectifier, detuning: Float[np.ndarray, " n"], power: float
) -> Float[np.ndarray, " n"]:
    """The voltage of resonators that are detuned from one tone by so many linewidths.

    **Arguments:** `rung` of the ladder; `detuning` in linewidths; `power` in W.

    **Returns:** V.
    """
    frequency = spin_diode.resonance_frequency(TONE, detuning, DAMPING)
    resonators = Resonator(frequency, damping=DAMPING)
    tones = np.array([TONE])
    if isinstance(rung, Dynamic):
        rung = rung.scheduled(resonators, tones, powers=power)
    return np.asarray(_rectified(rung, resonators, np.array([power]), tones), np.float64)


@eqx.filter_jit
def _rectified(rung, resonators, powers, tones):
    return rung(resonators, jnp.asarray(powers, float), jnp.asarray(tones, float))


@styled
def _draw(detuning, curves, branches, path: Path) -> None:
    drawn, (left, right) = figure(1, 2, width=1.0, aspect=0.75)
    for power, colour in zip(POWERS, COLOURS):
        dynamic, model = (1e6 * volts / (1e6 * power) for volts in curves[power])
        left.plot(detuning, model, color=colour, label=f"{1e6 * power:g} µW")
        left.plot(detuning[::6], dynamic[::6], "o", mfc="none", color=colour)
    left.plot([], [], "ko", mfc="none", label="integrated")
    left.set(title="(a) below the fold")
    for name, volts, style in zip(("lower", "upper"), branches, ("-", "--")):
        right.plot(detuning, volts / FOLDING, "k" + style, lw=0.8, label=f"{name} branch")
    right.plot(
        detuning, curves[FOLDING][0] / FOLDING, "o", ms=2, color=COLOURS[1], label="integrated"
    )
    right.set(title=f"(b) {1e6 * FOLDING:g} µW, switched on suddenly")
    for axes in (left, right):
        axes.set(xlabel="detuning at rest (linewidths)", ylabel="voltage per power (V/W)")
        axes.legend(loc="upper left")
    save(drawn, path)
