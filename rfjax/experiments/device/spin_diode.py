r"""Fig. 22: the line shapes of the linear spin diode.

The damping-like torque gives a voltage that is symmetric about the resonance, the field-like
torque an antisymmetric one (3.15); a synapse needs both signs, and hence the latter.
"""

import time
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rfjax.devices import Resonator
from rfjax.experiments.common.one_tone import conversion, detuning_from
from rfjax.experiments.common.result import Result, Row
from rfjax.laws.spin_diode import response, voltage_scale
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import Linear

SHOWS = ("Fig. 22", "3.15")

RESONANCE, POWER = 200e6, 10e-6  # Hz, W
DAMPING = 0.01
# Symmetric and antisymmetric share, as in the panels of the figure.
SHARES = {"symmetric": (1.0, 0.0), "antisymmetric": (0.0, 1.0), "both, equal": (1.0, 1.0)}
TONES = np.linspace(0.94, 1.06, 24001) * RESONANCE  # Hz, 0.0005 linewidths apart
MICRO, MEGA = 1e-6, 1e6


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep a tone over the resonance, for either torque and for both.

    **Arguments:** `out`: where result.json and spin_diode.png go; `quick` changes nothing: it is
    quick.

    **Returns:** the result: the extremes of the three line shapes and where they lie.
    """
    start = time.perf_counter()
    settings = {
        "resonance (Hz), as printed": RESONANCE,
        "power (W), as printed": POWER,
        "symmetric and antisymmetric share, only which and equal are printed": SHARES,
        "damping, not printed with the figure": DAMPING,
        "rectification (rad/C), not printed with the figure": float(
            device("symmetric").rectification
        ),
        "tones (Hz), not printed": f"{TONES[0]:g} to {TONES[-1]:g}, {len(TONES)} of them",
        "rectifier": "linear",
    }
    rows = [row for name in SHARES for row in line_rows(name)]
    result = Result("spin-diode", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(out / "spin_diode.png")
    return result


def device(name: str) -> Resonator:
    """The resonator of a panel of `SHARES`."""
    symmetric, antisymmetric = SHARES[name]
    return Resonator(RESONANCE, DAMPING, antisymmetric=antisymmetric, symmetric=symmetric)


def line(name: str) -> Float[np.ndarray, " tones"]:
    """The voltage of a panel of `SHARES` at `TONES`, V."""
    return POWER * conversion(Linear(), device(name), POWER, TONES)


def line_rows(name: str) -> list[Row]:
    r"""The highest and the lowest voltage of a panel compared with those of the law.

    $\frac{\xi_Ax+\xi_S}{1+x^2}$ is extreme at
    $\xi_Ax=-\xi_S\pm\sqrt{\xi_S^2+\xi_A^2}$, or at $x=0$ without antisymmetric part.
    """
    symmetric, antisymmetric = SHARES[name]
    volts = line(name)
    detuning = np.asarray(detuning_from(device(name), TONES), np.float64)
    scale = POWER * float(voltage_scale(RESONANCE, DAMPING, device(name).rectification))
    if antisymmetric:
        size = np.hypot(symmetric, antisymmetric)
        sides = {"highest": (size - symmetric), "lowest": (-size - symmetric)}
    else:
        sides = {"highest": 0.0}
    rows = []
    for side, where in sides.items():
        at = volts.argmax() if side == "highest" else volts.argmin()
        law = scale * float(response(where, 0.0, 0.0, 0.0, antisymmetric, symmetric))
        rows += [
            Row(
                f"{name}: {side} voltage",
                "µV",
                None,
                volts[at] / MICRO,
                law=law / MICRO,
                item="Fig. 22",
            ),
            Row(f"{name}: {side} at", "linewidths", None, detuning[at], law=where, item="Fig. 22"),
        ]
    return rows


@styled
def _draw(path: Path) -> None:
    drawn, panels = figure(1, 3, width=0.62, aspect=0.85)
    for axes, name, letter, colour in zip(panels, SHARES, "abc", COLOURS, strict=False):
        axes.plot(TONES / MEGA, line(name) / MICRO, color=colour)
        axes.axhline(0, color=COLOURS[-1], lw=0.6)
        axes.axvline(RESONANCE / MEGA, color=COLOURS[-1], lw=0.6, ls=":")
        axes.set(
            xlabel="frequency of the tone (MHz)",
            xlim=(TONES[0] / MEGA, TONES[-1] / MEGA),
            ylim=(-30, 62),
            title=f"({letter}) {name}",
        )
    panels[0].set_ylabel("rectified voltage (µV)")
    save(drawn, path)
