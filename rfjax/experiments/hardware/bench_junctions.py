"""The junctions of `bench-two`: what is printed of them, what follows, and what is left open."""

import dataclasses
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from rfjax.arrays import Chain, ResonatorArray
from rfjax.devices import Junction, Resonator
from rfjax.hardware import FieldLines
from rfjax.laws import synaptic_weight, vortex_charges
from rfjax.laws import vortex as laws
from rfjax.laws.spin_diode import (
    reduced_detuning,
    resonance_frequency,
    voltage_scale,
)
from rfjax.lines import Line
from rfjax.macrospin import Vortex
from rfjax.rectifiers import AbstractRectifier, Independent

# Printed in section 5.3 and in the captions of Figs 37 to 41.
TONES = (174e6, 540e6)  # Hz
DIAMETERS, FIELD = (450e-9, 350e-9), 3500.0  # m, Oe along the normal
SINGLE, SINGLE_DIAMETER, SINGLE_FIELD = 346e6, 250e-9, 6250.0  # Hz, m, Oe: Fig. 37
POWERS = tuple(1e-6 * power for power in (2, 4, 6, 8, 10, 12))  # W
CURRENTS = tuple(1e-3 * current for current in (0, 2, 4, 6, 8, 10))  # A
WEIGHTS = (-0.50, 0.23)  # V/W without currents
REACH = 100e6  # Hz, of a resonance over all currents
RESISTANCE_AREA = 8e-12  # Ω·m²
# Printed of the devices that chapter V simulates, with constants chosen to match the measured ones.
RECTIFICATION, DRIVE, SHIFT, GROWTH, GILBERT = 6e7, 2e8, 0.1, 1.0, 0.01
# Of 2 nm of Co40Fe40B20 and 7 nm of NiFe, with 1.2 and 0.8 MA/m and their usual stiffness.
MAGNETISATION, THICKNESS, STIFFNESS = 8.9e5, 9e-9, 1.46e-11
OERSTED = 1e3 / (4 * np.pi)  # A/m
# One tone at a time, the first tone first, W.
SINGLE_TONES = np.kron(np.eye(2), np.array(POWERS)[:, None])
_STEPS = 5
REACHES, LEAKAGES, WIDER = (70e6, 100e6, 130e6), (0.0, 0.1), 1.3  # of other choices


class Gyration(NamedTuple):
    """How the core of a vortex in the middle moves by Thiele's equation.

    **Arguments:** `frequency` in Hz; `damping` per radian; `energy` at $p=1$ in J; all (discs,).
    """

    frequency: Float[np.ndarray, " discs"]
    damping: Float[np.ndarray, " discs"]
    energy: Float[np.ndarray, " discs"]


@dataclasses.dataclass(frozen=True)
class Choice:
    """What is not printed of the two junctions and their lines.

    **Arguments:** `dampings` of both; `far`: which resonances lie more than a linewidth off their
    tones without currents, as each weight has two; `reach` over which 10 mA move a resonance down,
    Hz; `leakage` of the lines; `shift` $N$ and `growth` $Q$.
    """

    dampings: tuple[float, float]
    far: tuple[bool, ...] = (False, False)
    reach: float = REACH
    leakage: float = 0.05
    shift: float = SHIFT
    growth: float = GROWTH


def gyration() -> tuple[Gyration, Float[np.ndarray, " discs"]]:
    r"""The vortices of the printed stack, both of the chain and that of Fig. 37.

    Of both polarities of a core the one whose frequency lies nearer to the printed tone.

    **Returns:** how they move, and their polarities.
    """
    diameters = np.array([*DIAMETERS, SINGLE_DIAMETER])
    fields = OERSTED * np.array([FIELD, FIELD, SINGLE_FIELD])
    polarities = np.array([[1.0], [-1.0]])
    found = [np.asarray(each, np.float64) for each in _gyration(diameters, fields, polarities)]
    away = np.abs(np.log(found[0] / np.array([*TONES, SINGLE])))
    near = away.argmin(0)
    return Gyration(*(each[near, np.arange(len(near))] for each in found)), polarities[near, 0]


@jax.jit
def _gyration(diameter, field, polarity):
    r"""$\omega=\gamma_0M_s\frac LR\frac\kappa g$, $\alpha=d/g$, $E_0=\kappa/2$ at $s=1$."""
    disc = Vortex(MAGNETISATION, THICKNESS, diameter, exchange=STIFFNESS, damping=GILBERT)
    tilt = field / disc.saturation_field
    exchange = jnp.pi * disc.exchange_length**2 / (disc.thickness * disc.radius)
    held, _ = laws.stiffness(vortex_charges.stiffness(disc.aspect), exchange, 0.0, 1.0, tilt)
    turned = jnp.abs(laws.gyrovector(polarity, tilt))
    middle, core = (0.0, 0.0), disc.core / disc.radius
    lost, _, _ = laws.damping_tensor(middle, disc.damping, core, polarity, tilt)
    speed = disc.gyromagnetic_ratio * disc.magnetisation * disc.aspect
    energy = jnp.broadcast_to(disc.energy_unit * held / 2, turned.shape)
    return speed * held / turned / (2 * jnp.pi), lost / turned, energy


def resistances() -> Float[np.ndarray, "2"]:
    """The resistances of both junctions in their parallel state, Ω."""
    area = np.pi / 4 * np.array(DIAMETERS) ** 2
    return np.asarray(Junction(RESISTANCE_AREA, area, 1.0).parallel, np.float64)


def device(frequency, damping, choice: Choice) -> Resonator:
    """Resonators with the constants that are printed, at these frequencies, Hz."""
    return Resonator(
        frequency,
        damping,
        choice.shift,
        choice.growth,
        rectification=RECTIFICATION,
        drive=DRIVE,
    )


def junctions(choice: Choice) -> Resonator:
    """Both junctions without currents, where straight lines of the chain have the printed slopes.

    What a junction rectifies of the other one's tone, and what its nonlinearity bends, is part of
    them.

    **Returns:** resonators, (2,).
    """
    tones, dampings, printed = np.array(TONES), np.array(choice.dampings), np.array(WEIGHTS)
    scale = np.array([0.5, -0.5]) * voltage_scale(tones, dampings, RECTIFICATION)
    wanted, resonances = printed, tones
    for _ in range(_STEPS):
        near = synaptic_weight.near_detuning(wanted / scale, dampings)
        distant = synaptic_weight.far_detuning(wanted / scale, dampings)
        resonances = resonance_frequency(tones, np.where(choice.far, distant, near), dampings)
        chain = Chain(device(resonances[None], dampings, choice), Independent())
        lines = np.asarray(chain(SINGLE_TONES, tones), np.float64).reshape(2, len(POWERS))
        wanted = wanted + printed - slopes(lines[..., None])[:, 0]
    return device(resonances, dampings, choice)


def slopes(
    lines: Float[np.ndarray, "*b powers chains"], *, offset: bool = False
) -> Float[np.ndarray, "*b chains"]:
    """The slopes of straight lines through voltages against power, V/W.

    **Arguments:** `lines` of one tone each, V; `offset`: whether the lines may miss the origin.
    """
    powers = np.array(POWERS) - (np.mean(POWERS) if offset else 0)
    return np.einsum("...pc,p->...c", lines, powers) / np.sum(powers**2)


def lines(choice: Choice) -> FieldLines:
    """The field lines above both junctions, of about 1 Oe/mA."""
    return FieldLines(leakage=choice.leakage)


def slope(choice: Choice) -> float:
    """How far a field moves a resonance, Hz per A/m: down, so that weights take both signs."""
    return -choice.reach / (CURRENTS[-1] * float(lines(choice).field))


def configurations() -> Float[np.ndarray, "36 2"]:
    """All pairs of currents of both lines, A."""
    return np.array(list(itertools.product(CURRENTS, repeat=2)))


def chains(
    choice: Choice,
    currents: Float[np.ndarray, "chains 2"],
    rectifier: AbstractRectifier | None = None,
) -> Chain:
    """The chain at several pairs of currents, as one chain for each pair.

    **Arguments:** `choice`; `currents` of both lines in A; `rectifier`: `Independent` if none is
    given.
    """
    tuned = lines(choice).tuned(junctions(choice), currents, slope(choice))
    return Chain(tuned, rectifier or Independent())


def array(choice: Choice, currents: Float[np.ndarray, "chains 2"]) -> ResonatorArray:
    """The same chains as an array, which is read by instruments: see `chains`."""
    tuned = chains(choice, currents).resonators
    line = Line(np.array(TONES), POWERS[-1])
    detuning = reduced_detuning(line.frequencies, tuned.frequency, tuned.damping)
    own = device(line.frequencies, jnp.asarray(choice.dampings), choice)
    return ResonatorArray(detuning, own, line, tolerance=None)


def others(choice: Choice, *, quick: bool) -> list[Choice]:
    """What is not printed could also be this.

    **Arguments:** `choice` of the bench; `quick`: without other dampings.
    """
    of_stack = choice.dampings
    dampings = [of_stack, (WIDER * of_stack[0], WIDER * of_stack[1]), (GILBERT, GILBERT)]
    far = itertools.product((False, True), repeat=2)
    grid = itertools.product(dampings[:1] if quick else dampings, far, REACHES)
    found = [Choice(*each) for each in grid]
    return found + [dataclasses.replace(choice, leakage=each) for each in LEAKAGES]
