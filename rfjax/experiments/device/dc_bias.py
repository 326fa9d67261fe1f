r"""Section 3.6.3: a current below threshold makes a spin diode more sensitive.

The spin torque of a DC current takes damping away, and the response grows as $1/(1-I/I_{th})$. The
thesis quotes a sensitivity of 10³ µV/µW without and close to 10⁵ with bias. In small signals that
takes a current of 0.99 thresholds; but so little damping is left that the nonlinearities take the
gain back at powers that do not matter without bias.
"""

import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from rfjax.devices import Resonator
from rfjax.experiments.common.one_tone import conversion, detuning_from
from rfjax.experiments.common.result import Result, Row
from rfjax.laws.spin_diode import fold_drives, fold_onset, voltage_scale
from rfjax.plotting import COLOURS, figure, save, styled
from rfjax.rectifiers import Independent, Linear
from rfjax.rectifiers.base import reduced_drives

(ITEM,) = SHOWS = ("3.6.3 DC bias boosts the diode; 10³ and 10⁵ µV/µW",)

PASSIVE, BOOSTED = 1e3, 1e5  # µV/µW, printed
RESONANCE, DAMPING = 200e6, 0.01  # Hz
THRESHOLD = 1e-3  # A
POWERS = {1e-12: "1 pW", 1e-9: "1 nW", 1e-6: "1 µW"}  # W
RATIOS = 1 - np.geomspace(1, 1e-3, 40)  # currents over the threshold current
LINES = (0.0, 0.5, 0.8)  # thresholds
FARTHEST, STEPS = 20.0, 4001  # linewidths beyond the shifted resonance; tones a line
HALVINGS, BESIDE = 50, 1e-9  # of the detunings between which a branch ends; linewidths from there


def run(out: Path, *, quick: bool = False) -> Result:
    """Sweep the current through a spin diode, at several powers.

    **Arguments:** `out`: where result.json and dc_bias.png go; `quick` changes nothing: it is
    quick.

    **Returns:** the result: the current that the printed sensitivity takes, and what is left of it
    at higher powers.
    """
    start = time.perf_counter()
    device = passive()
    settings = {
        "printed": f"sensitivities of {PASSIVE:g} µV/µW without and {BOOSTED:g} with bias, of "
        "devices of others, without their settings",
        "rectification (rad/C)": float(device.rectification),
        "not printed": f"resonance {RESONANCE:g} Hz, damping {DAMPING:g}, N = "
        f"{float(device.nonlinear_shift):g}, Q = {float(device.nonlinear_damping):g}, drive "
        f"{float(device.drive):g}; the rectification is such that the passive diode has the "
        "printed sensitivity",
        "powers (W)": tuple(POWERS),
        "sensitivity": "the highest voltage over tone frequency, of all stable states, over the "
        "power; field-like torque",
    }
    with jax.enable_x64(True):  # next to the edge of a fold float32 is too short
        rows = bias_rows()
    result = Result("dc-bias", rows, time.perf_counter() - start, settings)
    result.save(out)
    with jax.enable_x64(True):
        _draw(out / "dc_bias.png")
    return result


def passive() -> Resonator:
    """The spin diode without current, whose small-signal sensitivity is `PASSIVE`."""
    # Half of the scale is reached, one linewidth from the resonance; 1 µV/µW is 1 V/W.
    rectification = 2 * PASSIVE / float(voltage_scale(RESONANCE, DAMPING, 1.0))
    return Resonator(RESONANCE, DAMPING, rectification=rectification)


def biased(ratios: Float[np.ndarray, " n"]) -> Resonator:
    """The diode under currents over the threshold current, (n, 1)."""
    device = passive()
    efficiency = device.linewidth / THRESHOLD
    return device.biased(THRESHOLD * ratios[:, None], efficiency)


def sensitivity(
    ratios: Float[np.ndarray, " n"], power: float | None = None
) -> Float[np.ndarray, " n"]:
    """The highest voltage over tone frequency, of all stable states, over the power, V/W.

    Where the response folds, the highest may be the last state of the lower branch, next to where
    that ends.

    **Arguments:** `ratios`: currents over the threshold current; `power` in W, that of a small
    signal if none is given.
    """
    devices = biased(ratios)
    if power is None:
        volts = conversion(Linear(), devices, 1.0, _tones(devices, np.zeros((len(ratios), 1))))
        return volts.max(-1)
    # No tone of this power makes it oscillate more than in step with the shifted resonance.
    growth, drive = (
        np.asarray(each, np.float64)
        for each in (devices.nonlinear_damping, (devices.drive / devices.linewidth) ** 2 * power)
    )
    most = np.minimum(drive, (drive / np.maximum(growth, 1e-9) ** 2) ** (1 / 3))
    tones = _tones(devices, np.asarray(devices.reduced_shift) * most)
    tones = np.concatenate([tones, _ends_of_lower_branch(devices, power, tones)], axis=-1)
    branches = (conversion(Independent(each), devices, power, tones) for each in ("lower", "upper"))
    return np.maximum(*branches).max(-1)


def bias_rows() -> list[Row]:
    """The current of the printed boost, and what is left of it at powers of `POWERS`."""
    ratios = np.linspace(0.98, 0.995, 301)
    gains = sensitivity(ratios) / sensitivity(np.zeros(1))
    law = 1 - PASSIVE / BOOSTED
    needed = float(np.interp(BOOSTED / PASSIVE, gains, ratios))
    rows = [
        Row(
            "current that the boost takes, small signal",
            "thresholds",
            None,
            needed,
            law=law,
            item=ITEM,
        )
    ]
    for power, name in POWERS.items():
        rows.append(
            Row(
                f"sensitivity at that current, {name}",
                "µV/µW",
                None,
                float(sensitivity(np.array([law]), power)[0]),
                note="the passive 10³ µV/µW are put in and the current is solved from the printed "
                "10⁵, at a power that is not printed; with a hundredth of the damping left, "
                "nonlinearities set in at about 10⁻⁶ of the power, (1 − I/I_th)³, and limit the "
                "gain",
                item=ITEM,
            )
        )
    return rows


def _ends_of_lower_branch(
    devices: Resonator, power: float, tones: Float[np.ndarray, "n tones"]
) -> Float[np.ndarray, "n 1"]:
    """The lowest tones that leave a lower branch, Hz; the highest of `tones` without a fold."""
    shape = devices.reduced_shift, devices.nonlinear_damping
    onset, weakest = fold_onset(*shape)
    drive = reduced_drives(devices, jnp.asarray(power, float))
    folds = np.asarray(drive > weakest)
    ends = eqx.filter_jit(lambda x: fold_drives(x, *shape)[1])
    highest = np.asarray(detuning_from(devices, tones[:, -1:]), np.float64)
    begin, end = np.where(folds, onset, highest), highest
    for _ in range(HALVINGS):
        middle = (begin + end) / 2
        beyond = np.asarray(ends(middle)) > drive
        begin, end = np.where(beyond, begin, middle), np.where(beyond, middle, end)
    return RESONANCE + np.asarray(devices.linewidth_frequency, np.float64) * (end + BESIDE)


def _tones(devices: Resonator, shift: Float[np.ndarray, "n 1"]) -> Float[np.ndarray, "n tones"]:
    """Tones up to `FARTHEST` linewidths beyond the most shifted resonance, Hz."""
    away = np.linspace(0, 1, STEPS) * (FARTHEST + np.maximum(shift, 0))
    return RESONANCE + np.asarray(devices.linewidth_frequency, np.float64) * away


@styled
def _draw(path: Path) -> None:
    drawn, (lines, boost) = figure(1, 2, width=0.95, aspect=0.75)
    _draw_lines(lines)
    _draw_boost(boost)
    save(drawn, path)


def _draw_lines(axes: Axes) -> None:
    tones = np.linspace(0.95, 1.05, 2001) * RESONANCE
    volts = conversion(Linear(), biased(np.array(LINES)), 1.0, tones)
    for ratio, line, colour in zip(LINES, volts, COLOURS, strict=False):
        axes.plot(tones / 1e6, line / 1e3, color=colour, label=f"{ratio:g}")
    axes.legend(loc="upper left", title="I/I$_{th}$", title_fontsize=7)
    axes.set(
        xlabel="frequency of the tone (MHz)",
        ylabel="voltage over power (mV/µW)",
        title="(a) lines, small signal",
        xticks=range(190, 211, 5),
    )


def _draw_boost(axes: Axes) -> None:
    left = 1 - RATIOS
    axes.loglog(left, PASSIVE / left, color=COLOURS[-1], lw=0.9, label="small signal")
    for (power, name), mark, colour in zip(POWERS.items(), "os^", COLOURS, strict=False):
        found = sensitivity(RATIOS, power)
        axes.loglog(left, found, mark, ms=2.5, mfc="none", mew=0.7, color=colour, label=name)
    for value, name, place in ((PASSIVE, "passive", 0.03), (BOOSTED, "with bias", 0.9)):
        axes.axhline(value, color="0.5", lw=0.8, ls=":")
        axes.text(place, value * 1.15, f"printed, {name}", fontsize=7, color="0.35")
    axes.legend(loc="upper left", ncols=2, columnspacing=1)
    axes.set(
        xlabel="damping left by the current, 1 - I/I$_{th}$",
        ylabel="highest sensitivity (µV/µW)",
        title="(b) sensitivity, passive diode at the left",
        xlim=(1.2, 8e-4),
        ylim=(600, 6e6),
    )
