r"""The model of an oscillator under a current, and where its fits start.

Frequency, emitted power and linewidth against the current, each a block of samples in a scale of
its own. The parameters are the frequency at threshold as an offset, $N$ over its scale, $Q$, and
logarithms of threshold current, damping, emission and equilibrium power.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.laws import auto_oscillator, injection_locking, thermal_noise
from rfjax.numerics.least_squares import Numbers

PARAMETERS = (
    "frequency",
    "nonlinear_shift",
    "nonlinear_damping",
    "threshold_current",
    "damping",
    "emission",
    "equilibrium_power",
)
_GROWTHS = (0.1, 0.5, 2.0, 6.0, 20.0)  # Q to start from
_DAMPINGS = (0.003, 0.01, 0.03, 0.1)
_THRESHOLDS = 20


class CurrentSweep(NamedTuple):
    """What an oscillator was measured at, and the scales of what was measured.

    **Arguments:** `currents` (n,) in units of `largest`, A; `centre` and `unit` of frequencies, Hz;
    `watts`: the unit of the emitted power; `shift`: the unit of the nonlinear shift.
    """

    currents: Float[Numbers, " n"]
    largest: Float[Numbers, ""]
    centre: Float[Numbers, ""]
    unit: Float[Numbers, ""]
    watts: Float[Numbers, ""]
    shift: Float[Numbers, ""]


def curves(parameters: Float[Numbers, "7"], sweep: CurrentSweep) -> Float[Array, "3 n"]:
    r"""Frequency, emitted power and logarithm of the linewidth, in their units.

    $f_0(1+Np)$, $\kappa I^2p$ and, above threshold, $\frac{D(p)}{2\pi p}(1+\nu^2)$; below it
    $(\Gamma_+-\Gamma_-)/\pi$ at rest.

    **Arguments:** `parameters`, see `PARAMETERS`; `sweep`.
    """
    offset, shift, growth, log_threshold, log_damping, log_emission, log_noise = parameters
    shift = shift * sweep.shift
    over = sweep.currents * jnp.exp(-log_threshold)  # the threshold is in units of the largest
    damping, noise = jnp.exp(log_damping), jnp.exp(log_noise)
    power = auto_oscillator.steady_power(over, growth)
    # In units: a frequency in Hz would lose the digits of its shift.
    place = sweep.centre / sweep.unit + offset
    turning = auto_oscillator.angular_frequency(power, place, shift, offset)
    emitted = jnp.exp(log_emission) * sweep.currents**2 * power
    width = auto_oscillator.linewidth(place, damping)
    above = over > 1
    excited = jnp.where(above, power, 1.0)
    nonlinearity = injection_locking.nonlinearity(width * over, place, damping, shift, growth)
    strength = thermal_noise.diffusion(noise, width, excited, growth, shift)
    wide = thermal_noise.linewidth_above_threshold(strength, excited, nonlinearity)
    narrow = thermal_noise.linewidth_below_threshold(width * jnp.where(above, 1.0, 1 - over))
    return jnp.stack([turning / (2 * jnp.pi), emitted, jnp.log(jnp.where(above, wide, narrow))])


def starts(
    measured: Float[np.ndarray, "3 n"],
    weights: Float[np.ndarray, "3 n"],
    sweep: CurrentSweep,
    held: dict[int, float],
    count: int,
) -> Float[np.ndarray, "starts 7"]:
    """The best of a grid of thresholds, nonlinear dampings and dampings; the rest is linear there.

    **Arguments:** `measured` of one oscillator, in units; `weights`, zero where a sample is
    missing; `sweep`; `held` parameters by their place; `count` of starts.

    **Returns:** their parameters, those that leave least first.
    """
    currents = np.asarray(sweep.currents, np.float64)
    lowest = currents[currents > 0].min()
    thresholds = [held[3]] if 3 in held else np.log(np.linspace(lowest / 2, 0.97, _THRESHOLDS))
    growths = [held[2]] if 2 in held else _GROWTHS
    dampings = [held[4]] if 4 in held else np.log(_DAMPINGS)
    grid = np.array(np.meshgrid(growths, thresholds, dampings)).reshape(3, -1).T
    rows = np.zeros((len(grid), len(PARAMETERS)))
    rows[:, 2:5] = grid
    place = float(sweep.centre / sweep.unit)
    for row in rows:
        over = currents * np.exp(-row[3])
        power = np.where(over > 1, (over - 1) / (np.maximum(over, 1) + row[2]), 0.0)
        both = np.stack([np.ones_like(power), power], 1)
        row[0], slope = _linear(both, measured[0], weights[0])
        row[1] = slope / (place + row[0]) / float(sweep.shift)
        (emission,) = _linear((currents**2 * power)[:, None], measured[1], weights[1])
        row[5] = np.log(max(emission, 1e-6))
    found = np.array(_curves(rows.astype(np.asarray(sweep.unit).dtype), sweep), np.float64)
    above = (currents > np.exp(rows[:, 3:4])) & (weights[2] > 0)
    away = np.where(above & np.isfinite(found[:, 2]), measured[2] - found[:, 2], 0)
    rows[:, 6] = away.sum(1) / np.maximum(above.sum(1), 1)  # the line is as wide as p_T is large
    found[:, 2] += np.where(above, rows[:, 6:7], 0)
    left = np.where(weights > 0, found - measured, 0)
    misfit = np.sum(weights * np.where(np.isfinite(left), left, 10.0) ** 2, (1, 2))
    for each, value in held.items():
        rows[:, each] = value
    return rows[np.argsort(misfit)[:count]]


def _linear(columns, values, weights) -> np.ndarray:
    root = np.sqrt(weights)
    return np.linalg.lstsq(columns * root[:, None], values * root, rcond=None)[0]


_curves = jax.jit(jax.vmap(curves, (0, None)))
