"""Resonators under one tone at a time, and how to draw a response that may fold."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float
from matplotlib.axes import Axes

from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers import AbstractToneByTone, Independent
from rfjax.rectifiers.base import reduced_drives


def detuning_from(resonators: Resonator, tones: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
    """How far each tone lies from its resonator, in linewidths.

    **Arguments:** `resonators`; `tones` in Hz, which broadcast: one for each resonator.
    """
    tones = jnp.asarray(tones, float)
    return spin_diode.reduced_detuning(tones, resonators.frequency, resonators.damping)


def conversion(
    rectifier: AbstractToneByTone,
    resonators: Resonator,
    powers: Float[ArrayLike, "..."],
    tones: Float[ArrayLike, "..."],
) -> Float[np.ndarray, "..."]:
    """The volts per watt of resonators that receive one tone each.

    **Arguments:** `rectifier`: a model; `resonators`, `powers` in W and `tones` in Hz,
    which broadcast.

    **Returns:** V/W, of the broadcast shape.
    """
    return _evaluated(_conversion, resonators, powers, tones, rectifier)


def oscillation(
    resonators: Resonator,
    powers: Float[ArrayLike, "..."],
    tones: Float[ArrayLike, "..."],
    branch: str = "lower",
) -> Float[np.ndarray, "..."]:
    """The oscillation power of resonators that receive one tone each.

    **Arguments:** as for `conversion`; `branch`: "lower" or "upper".

    **Returns:** $p$, of the broadcast shape.
    """
    return _evaluated(_oscillation, resonators, powers, tones, Independent(branch))


def folded(
    resonators: Resonator, powers: Float[ArrayLike, "..."], tones: Float[ArrayLike, "..."]
) -> Bool[np.ndarray, "..."]:
    """Where the response has two stable branches.

    **Arguments:** as for `conversion`.

    **Returns:** booleans, of the broadcast shape.
    """
    return _evaluated(_branches, resonators, powers, tones) == 2


def draw_branches(
    axes: Axes,
    across: Float[np.ndarray, " n"],
    lower: Float[np.ndarray, " n"],
    upper: Float[np.ndarray, " n"],
    two: Bool[np.ndarray, " n"],
    colour: str,
    label: str,
) -> None:
    """A response with both branches: the lower one solid, the upper one dashed.

    **Arguments:** `axes`; `across`: along the first axis; `lower` and `upper` branch; `two`: where
    there are two; `colour`; `label` in the legend.
    """
    # At one edge of the fold the lower branch goes on, at the other it is the upper one.
    edge = two[1:] != two[:-1]
    jumps = np.flatnonzero(edge & (np.abs(np.diff(lower)) > np.abs(np.diff(upper)))) + 1
    axes.plot(
        np.insert(across, jumps, np.nan), np.insert(lower, jumps, np.nan), color=colour, label=label
    )
    if two.any():
        only = np.where(two, upper, np.nan)
        axes.plot(across, only, ls=(0, (2, 1)), color=colour, label="upper branch")


def _evaluated(law: Callable, resonators, powers, tones, *rest) -> np.ndarray:
    """A law of resonators, detunings and powers, compiled, in double precision from there on."""
    detuning, powers = detuning_from(resonators, tones), jnp.asarray(powers, float)
    return np.asarray(_compiled(law, resonators, detuning, powers, *rest), np.float64)


@eqx.filter_jit
def _compiled(law, *arguments):
    return law(*arguments)


def _conversion(resonators, detuning, powers, rectifier):
    return rectifier.conversion(resonators, detuning, powers)


def _oscillation(resonators, detuning, powers, rectifier):
    return rectifier.oscillation_powers(resonators, detuning, powers)


def _branches(resonators, detuning, powers):
    return spin_diode.stable_branches(
        detuning,
        reduced_drives(resonators, powers),
        resonators.reduced_shift,
        resonators.nonlinear_damping,
    )
