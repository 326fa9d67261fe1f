"""Shared lines of resonators, drawn at random or given, and their direct evaluation."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st

from rfjax import Resonator
from rfjax.arrays import Chain
from rfjax.laws.frequency_comb import geometric_comb, scaled_powers

TONES = 12
COMB = geometric_comb(1e9, 1.6e9, TONES)
# A reduced drive of 0.03 at the first tone: well into the nonlinear response.
PEAKS = scaled_powers(3e-3, COMB)
SIGNS = (-1.0) ** jnp.arange(TONES)


@eqx.filter_jit
def chained(rectifier, resonators, detuning, powers):
    """The voltages by a `Chain` of resonators with frequencies in Hz, which expands nothing."""
    devices = eqx.tree_at(
        lambda device: device.frequency,
        resonators,
        resonators.frequency / (1 + resonators.damping * detuning),
    )
    return Chain(devices, rectifier)(powers, resonators.frequency)


def relative_error(found, expected):
    """The largest difference, relative to the largest voltage."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    return np.abs(found - expected).max() / np.abs(expected).max()


def some_powers(peaks, seed=0):
    """All tones at full power, tones of any power, weak ones, and some of no power."""
    rng = np.random.default_rng(seed)
    any_power, on_or_off = rng.random((2, len(peaks))), rng.random((1, len(peaks))) < 0.5
    shares = np.concatenate([np.ones((1, len(peaks))), any_power, any_power**6, on_or_off])
    return jnp.asarray(peaks * shares)


def between(lowest, highest):
    return st.floats(lowest, highest, allow_subnormal=False)


# Plain numbers, of which `built` makes a line: decades of the damping, linewidths between tones,
# decades of the reduced drive, the shift in linewidths.
lines = st.fixed_dictionaries(
    {
        "damping": between(-3, -1.5),
        "apart": between(0.5, 10),
        "drive": between(-5, -0.5),
        "shift": between(-10, 10),
        "widening": st.one_of(st.just(0.0), between(0, 5)),
        "antisymmetric": between(0.1, 1),
        "symmetric": between(-1, 1),
        "uneven": st.booleans(),
        "seed": st.integers(0, 1000),
    }
)


def built(line):
    """(resonators, peaks, rng) of drawn numbers; uneven peaks differ by orders of magnitude."""
    rng = np.random.default_rng(line["seed"])
    damping = 10 ** line["damping"]
    frequencies = 1e9 * (1 + damping * line["apart"]) ** np.arange(TONES)
    resonators = Resonator(
        frequencies,
        damping=damping,
        nonlinear_shift=damping * line["shift"],
        nonlinear_damping=line["widening"],
        antisymmetric=line["antisymmetric"],
        symmetric=line["symmetric"],
    )
    first = 10 ** line["drive"] * (2 * np.pi * 1e9 * damping / 2e8) ** 2
    peaks = first * frequencies / 1e9
    if line["uneven"]:
        peaks = peaks * 10 ** rng.uniform(-3, 0, TONES)
    return resonators, jnp.asarray(peaks), rng
