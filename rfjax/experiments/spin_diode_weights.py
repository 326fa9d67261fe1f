r"""Figs 32, 33, 34: the linear spin diode as a synapse.

The field-like torque gives a voltage that is antisymmetric about the resonance, the damping-like
torque a symmetric one (3.15). The voltage is proportional to the power of the tone, and its slope,
the weight, is set by the detuning: of either sign, largest one linewidth from the resonance. Tuning
the resonance under a tone that stays tunes the weight.

The settings of the published figures are not known to us; those below are ours.
"""

import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float

from rfjax.devices import Resonator
from rfjax.experiments.one_tone import conversion, detuning_from
from rfjax.experiments.result import Result, Row
from rfjax.laws.spin_diode import resonance_frequency, voltage_scale
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import Linear

TITLE = "The linear spin diode: voltage against power, weights (Figs 32, 33, 34)"

RESONANCE, DAMPING = 200e6, 0.01  # Hz; Gilbert damping
POWER = 10e-6  # W
TONES = np.linspace(0.94, 1.06, 24001) * RESONANCE  # Hz, 0.0005 linewidths apart
POWERS = (5e-6, 10e-6, 20e-6)  # W
DETUNINGS = (1.0, 0.3, 0.0, -0.3, -1.0)  # linewidths
TORQUES = {
    "field-like": Resonator(RESONANCE, DAMPING, antisymmetric=1.0, symmetric=0.0),
    "damping-like": Resonator(RESONANCE, DAMPING, antisymmetric=0.0, symmetric=1.0),
}
MICRO, MEGA = 1e-6, 1e6


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep tone frequency, tone power and resonance of one resonator.

    **Arguments:** `out`: where result.json and spin_diode_weights.png go; `quick` changes nothing:
    it is quick.

    **Returns:** the result: the extremes of both line shapes, how straight the voltage is in power,
    and the range of the weight.
    """
    start = time.perf_counter()
    rows = [*line_rows(), *power_rows(), *weight_rows()]
    settings = {
        "resonance (Hz)": RESONANCE,
        "damping": DAMPING,
        "power (W)": POWER,
        "tones (Hz)": f"{TONES[0]:g} to {TONES[-1]:g}, {len(TONES)} of them",
        "detunings (linewidths)": DETUNINGS,
        "rectifier": "linear",
        "chosen by": "the published settings are not known; these are ours",
    }
    result = Result("spin-diode-weights", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(out / "spin_diode_weights.png")
    return result


def line_rows() -> list[Row]:
    """The extremes of the voltage against tone frequency, and where they lie, for either torque."""
    lines = {name: POWER * _weights(torque, TONES) for name, torque in TORQUES.items()}
    detuning = np.asarray(detuning_from(TORQUES["field-like"], TONES), np.float64)
    peak = POWER * float(voltage_scale(RESONANCE, DAMPING, TORQUES["field-like"].rectification))
    field, symmetric = lines["field-like"], lines["damping-like"]
    high, low, top = field.argmax(), field.argmin(), symmetric.argmax()
    return [
        Row("field-like torque: highest voltage", "µV", None, field[high] / MICRO),
        Row("field-like torque: lowest voltage", "µV", None, field[low] / MICRO),
        Row("field-like torque: βP/(2Γ)", "µV", None, peak / 2 / MICRO),
        Row("field-like torque: highest at (theory 1)", "linewidths", None, detuning[high]),
        Row("field-like torque: lowest at (theory -1)", "linewidths", None, detuning[low]),
        Row("damping-like torque: highest voltage", "µV", None, symmetric[top] / MICRO),
        Row("damping-like torque: βP/Γ", "µV", None, peak / MICRO),
        Row("damping-like torque: highest at (theory 0)", "linewidths", None, detuning[top]),
    ]


def power_rows() -> list[Row]:
    """How far the voltages against power are from straight lines through zero."""
    powers, volts = voltages_against_power()
    slopes = volts @ powers / (powers @ powers)
    residual = np.abs(volts - slopes[:, None] * powers).max() / np.abs(volts).max()
    named = zip(DETUNINGS, slopes, strict=True)
    return [
        *(
            Row(f"slope at {_detuned(each)} linewidths", "V/W", None, slope)
            for each, slope in named
        ),
        Row("farthest from a straight line, of the largest voltage", "%", None, 100 * residual),
    ]


def weight_rows() -> list[Row]:
    """The largest weights of either sign while the resonance moves and the tone stays."""
    resonances, weights = weights_against_resonance()
    high, low = weights.argmax(), weights.argmin()
    return [
        Row("resonance tuned: highest weight", "V/W", None, weights[high]),
        Row("resonance tuned: lowest weight", "V/W", None, weights[low]),
        Row("resonance tuned: highest over lowest", "1", None, weights[high] / weights[low]),
        Row("resonance tuned: highest at", "MHz", None, resonances[high] / MEGA),
        Row("resonance tuned: lowest at", "MHz", None, resonances[low] / MEGA),
    ]


def voltages_against_power() -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "detunings n"]]:
    """Voltages of resonators at `DETUNINGS` from one tone.

    **Returns:** the powers, W, and the voltages, V.
    """
    powers = jnp.linspace(0, 2 * POWER, 41)
    resonances = resonance_frequency(RESONANCE, jnp.asarray(DETUNINGS), DAMPING)
    volts = Linear()(Resonator(resonances, DAMPING), powers[:, None], jnp.asarray([RESONANCE]))
    return np.asarray(powers, np.float64), np.asarray(volts.T, np.float64)


def weights_against_resonance() -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Weights of one tone at `RESONANCE` in resonators at `TONES`.

    **Returns:** the resonances, Hz, and the weights, V/W.
    """
    return TONES, _weights(Resonator(TONES, DAMPING), RESONANCE)


def _weights(resonators: Resonator, tones: Float[ArrayLike, "..."]) -> Float[np.ndarray, "..."]:
    return conversion(Linear(), resonators, POWER, tones)


def _detuned(detuning: float) -> str:
    return f"{detuning:+g}".replace("-", "−") if detuning else "0"


@styled
def _draw(path: Path) -> None:
    drawn, (lines, growing, straight, tuned) = figure(2, 2, width=1.0, aspect=0.68)
    for (name, torque), line in zip(TORQUES.items(), ("-", "--"), strict=True):
        lines.plot(TONES / MEGA, POWER * _weights(torque, TONES) / MICRO, line, label=name)
    lines.set_title(f"(a) line shapes at {POWER / MICRO:g} µW")
    lines.legend(loc="upper left", title="torque", title_fontsize=7)

    field_like = _weights(TORQUES["field-like"], TONES)
    for power, line in zip(POWERS, (":", "--", "-"), strict=True):
        volts = power * field_like / MICRO
        growing.plot(TONES / MEGA, volts, line, label=f"{power / MICRO:g} µW")
    growing.set_title("(b) growing power, field-like torque")
    growing.legend(loc="upper left")
    for axes in (lines, growing):
        axes.set(xlabel="tone frequency (MHz)", ylabel="voltage (µV)")

    powers, voltages = voltages_against_power()
    for detuning, volts, colour in zip(DETUNINGS, voltages / MICRO, COLOURS, strict=False):
        straight.plot(powers / MICRO, volts, color=colour)
        straight.annotate(
            _detuned(detuning),
            (powers[-1] / MICRO, volts[-1]),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=colour,
        )
    straight.set(
        xlabel="tone power (µW)",
        ylabel="voltage (µV)",
        title="(c) detunings in linewidths",
        xticks=np.arange(0, 21, 5),
    )

    resonances, weights = weights_against_resonance()
    tuned.plot(resonances / MEGA, weights)
    tuned.axvline(RESONANCE / MEGA, color=COLOURS[-1], lw=0.8, ls=":")
    tuned.annotate(
        "tone",
        (RESONANCE / MEGA, weights.max()),
        xytext=(3, 0),
        fontsize=7,
        textcoords="offset points",
        va="center",
    )
    tuned.set(
        xlabel="resonance (MHz)", ylabel="weight (V/W)", title="(d) resonance tuned, tone fixed"
    )
    save(drawn, path)
