r"""Fig. 49(a–c): the magnetisation of one resonator under four tones at once.

The thesis sets $m_x(t)=\sqrt p\cos\varphi$, integrated in time, compared with the sum of what each
tone alone would do, $\sum_i\sqrt{p_i}\cos(\omega_it-\psi_i-\lambda_i)$ with $p_i$ from (5.9), and
calls the agreement perfect. It fits the phases $\lambda_i$; they also follow in closed form from
the steady state.

Resonance, tones and force are the printed ones; the tones' phases are random there and here. The
sum is not perfect: every tone shifts the resonance for the others, twice as far as for itself. With
the cross-Kerr shift (as in `CrossCoupled`) two thirds of the deviation vanish; the rest are
mixing products of the tones.
"""

import time
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from rfjax.devices import Resonator
from rfjax.dynamics import Tones, simulate
from rfjax.experiments.common.result import Result, Row
from rfjax.laws.cross_coupling import coupled_powers, effective_powers
from rfjax.laws.spin_diode import oscillation_power, phase_lead, reduced_detuning
from rfjax.plotting import COLOURS, figure, save, styled

SHOWS = ("Fig. 49(a–c)",)

RESONANCE, DAMPING = 200e6, 0.01  # Hz; Gilbert damping
TONES = np.array([200e6, 204e6, 208.2e6, 212.4e6])  # Hz
FORCE = 0.2e6 * 2 * np.pi  # rad/s, of each
PERIOD = 5e-6  # s, after which all beats of these tones repeat
SETTLED = 2e-6  # s, 25 lifetimes
PER_NANOSECOND = 4
SHOWN = (2.0e-6, 2.25e-6)  # s


class Motion(NamedTuple):
    """The magnetisation over one period of the beats, integrated and by the models.

    **Arguments:** `time` in s; `integrated`; `models`: by their names.
    """

    time: Float[np.ndarray, " times"]
    integrated: Float[np.ndarray, " times"]
    models: dict[str, Float[np.ndarray, " times"]]


def run(out: Path, *, quick: bool = False) -> Result:
    """Integrate the resonator under all tones and compare it with sums of single tones.

    **Arguments:** `out`: where result.json and four_tones.png go; `quick` changes nothing: it is
    quick.

    **Returns:** the result: how far each sum is from the integrated magnetisation.
    """
    start = time.perf_counter()
    # A key draws other numbers in another precision: one precision, so that phases stay the same.
    phases = jax.random.uniform(jax.random.key(0), (len(TONES),), jnp.float32, maxval=2 * jnp.pi)
    motion = moved(phases.astype(float))
    size = float(np.sqrt(np.mean(motion.integrated**2)))
    rows = [Row("m_x, root mean square", "1", None, size, item=SHOWS[0])]
    for name, model in motion.models.items():
        difference = float(np.sqrt(np.mean((model - motion.integrated) ** 2)))
        unit = "% of the root mean square"
        rows.append(Row(f"{name}: deviation", unit, None, 100 * difference / size, item=SHOWS[0]))
    settings = {
        "resonance (Hz)": RESONANCE,
        "damping": DAMPING,
        "tones (Hz)": TONES.tolist(),
        "force of each (rad/s)": FORCE,
        "compared over (s)": PERIOD,
        "chosen by": "the phases of the tones are random in the thesis; ours are drawn from key 0",
    }
    result = Result("four-tones", rows, time.perf_counter() - start, settings)
    result.save(out)
    _draw(motion, out / "four_tones.png")
    return result


def moved(phases: Float[jax.Array, " tones"], force: float = FORCE) -> Motion:
    """Integrate from rest until the transient is gone, then over one period of the beats.

    **Arguments:** `phases` of the tones, rad; `force` of each, rad/s.

    **Returns:** the magnetisation, and that of three sums: of single tones with the phases that fit
    best, as in the thesis, and with those that follow from the steady state; and of tones that
    shift the resonance for each other.
    """
    resonator = Resonator(RESONANCE, DAMPING)
    lasts = SETTLED + PERIOD
    saves = round(lasts * 1e9 * PER_NANOSECOND) + 1
    path = simulate(resonator, lasts, Tones(np.full(len(TONES), force), TONES, phases), saves=saves)
    kept = slice(round(SETTLED * 1e9 * PER_NANOSECOND), -1)
    since = np.arange(saves)[kept] / (1e9 * PER_NANOSECOND)
    integrated = np.asarray(path.m_x(), np.float64)[kept]

    detuning = reduced_detuning(TONES, RESONANCE, DAMPING)
    drive = (force / float(resonator.linewidth)) ** 2
    shift, damping = resonator.reduced_shift, resonator.nonlinear_damping
    alone = oscillation_power(detuning, drive, shift, damping)
    coupled = coupled_powers(detuning, drive, shift, damping)
    psi = np.asarray(phases, np.float64)
    carriers = 2 * np.pi * TONES[:, None] * since
    # Over a whole period of the beats the tones are orthogonal: each phase fits by itself.
    fitted = np.angle((integrated * np.exp(1j * carriers)).mean(axis=-1))
    leads = {
        "single tones, phases fitted": (alone, fitted - psi),
        "single tones, phases of the steady state": (
            alone,
            phase_lead(detuning, alone, shift, damping),
        ),
        "tones that shift each other's resonance": (
            coupled,
            phase_lead(detuning, effective_powers(coupled), shift, damping),
        ),
    }
    models = {
        name: (
            np.sqrt(np.asarray(powers, np.float64))[:, None]
            * np.cos(carriers - (psi + np.asarray(lead, np.float64))[:, None])
        ).sum(axis=0)
        for name, (powers, lead) in leads.items()
    }
    return Motion(since, integrated, models)


@styled
def _draw(motion: Motion, path: Path) -> None:
    drawn, (integrated, model, both) = figure(3, 1, width=2.0, aspect=0.24)
    within = (motion.time >= SHOWN[0]) & (motion.time < SHOWN[1])
    since = 1e9 * (motion.time[within] - SHOWN[0])
    name, summed = next(iter(motion.models.items()))
    integrated.plot(since, motion.integrated[within], color=COLOURS[0], lw=0.8)
    integrated.set_title("(a) integrated in time")
    model.plot(since, summed[within], color=COLOURS[-1], lw=0.8)
    model.set_title(f"(b) sum of {name}")
    both.plot(since, motion.integrated[within], color=COLOURS[0], lw=0.8)
    both.plot(since, summed[within], "--", color=COLOURS[-1], lw=0.8)
    both.set_title("(c) integrated, solid, and the sum, dashed")
    for axes in (integrated, model, both):
        axes.set(xlabel="time (ns)", ylabel="$m_x$", xlim=(since[0], since[-1]))
    save(drawn, path)
