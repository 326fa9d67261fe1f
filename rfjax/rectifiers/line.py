"""A shared line in float64: what its resonators make of its tones, and whether they fold.

All of it runs on the host, for `rfjax.rectifiers.planning`.
"""

from functools import lru_cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers.base import reduced_drives

_AT_ONCE = 2**16  # pairs of a resonator and a tone
# Close together at the onset, where a fold is narrow.
_FOLD_SHARES = np.linspace(0, 1, 9)[:, None, None] ** 3
_FOLD_MARGIN = 1.2


class Line(NamedTuple):
    """A shared line in float64: what the coefficients depend on."""

    resonators: Resonator
    peaks: np.ndarray
    signs: np.ndarray


def data_of(
    resonators: Resonator, peak_powers: Float[Array, " tones"], signs: Float[Array, " tones"]
) -> tuple[bytes, ...]:
    """A line as bytes, which can be compared and kept: fields, peaks, signs."""
    fields = [np.broadcast_to(field, peak_powers.shape) for field in jax.tree.leaves(resonators)]
    return tuple(np.asarray(a, np.float64).tobytes() for a in (*fields, peak_powers, signs))


def line_of(data: tuple[bytes, ...]) -> Line:
    """The line that the bytes of `data_of` stand for."""
    *fields, peaks, signs = (np.frombuffer(piece) for piece in data)
    with jax.enable_x64(True):
        resonators = jax.tree.map(np.asarray, Resonator(*fields))
    return Line(resonators, peaks, signs)


def convert(kind, line: Line, *pairs) -> np.ndarray:
    """Volts per watt of pairs (own, tone, detuning, power), broadcast.

    They are computed in parts of one size, so that all requests share one compiled program.
    """
    shape = np.broadcast_shapes(*(np.shape(part) for part in pairs))
    flat = [np.broadcast_to(part, shape).flat for part in pairs]
    volts = np.empty(int(np.prod(shape)))
    with jax.enable_x64(True):
        for begin in range(0, volts.size, _AT_ONCE):
            some = slice(begin, min(begin + _AT_ONCE, volts.size))
            padding = (0, begin + _AT_ONCE - some.stop)
            parts = (np.pad(part[some], padding, "edge") for part in flat)
            volts[some] = _conversions(kind, line, *parts)[: some.stop - begin]
    return volts.reshape(shape)


@eqx.filter_jit
def _conversions(kind, line: Line, own, tone, detuning, powers):
    """Volts per watt of resonators `own` for tones `tone`, both indices, one of each a pair."""
    frequency = line.resonators.frequency
    resonators = jax.tree.map(lambda field: field[own], line.resonators)
    tuned = eqx.tree_at(
        lambda device: device.frequency,
        resonators,
        spin_diode.continued_resonance_frequency(frequency[own], detuning, resonators.damping),
    )
    seen = spin_diode.detuning_from_own_tone(
        frequency[tone], frequency[own], detuning, resonators.damping
    )
    return kind.conversion(tuned, seen, powers)


@lru_cache(maxsize=32)
def folds(data, half_width) -> bool:
    """Whether any tone comes near the drive at which the response of a resonator folds."""
    with jax.enable_x64(True):
        return bool(_fold_is_near(line_of(data), np.asarray(half_width)))


@eqx.filter_jit
def _fold_is_near(line: Line, half_width):
    """Looks from the onset of the fold, or the end of the range next to it, to the far end."""
    own = line.resonators.frequency[:, None]
    resonators = jax.tree.map(lambda field: field[:, None], line.resonators)
    tone, damping = line.resonators.frequency, resonators.damping
    nonlinear = resonators.reduced_shift, resonators.nonlinear_damping
    undetuned = spin_diode.detuning_from_own_tone(tone, own, 0.0, damping)
    at_onset = (spin_diode.fold_onset(*nonlinear)[0] - undetuned) * own / tone
    onset = jnp.clip(at_onset, -half_width, half_width)
    end = jnp.where(nonlinear[0] > 0, half_width, -half_width)
    detuning = onset + _FOLD_SHARES * (end - onset)
    seen = spin_diode.detuning_from_own_tone(tone, own, detuning, damping)
    begin, _ = spin_diode.fold_drives(seen, *nonlinear)
    tuned = eqx.tree_at(
        lambda device: device.frequency,
        resonators,
        spin_diode.continued_resonance_frequency(own, detuning, damping),
    )
    return jnp.any(_FOLD_MARGIN * reduced_drives(tuned, jnp.asarray(line.peaks)) >= begin)


def neighbours(own: np.ndarray, tones: int, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Tones about some resonators, (resonators, 2 reach + 1), and which of them exist."""
    tone = own[:, None] + np.arange(-reach, reach + 1)
    return np.clip(tone, 0, tones - 1), (tone >= 0) & (tone < tones)


def lost_together(lost: np.ndarray) -> np.ndarray | np.floating:
    """What a chain loses when each resonator (first axis) loses so much at full power.

    Tones err alike, for powers have one sign; resonators err independently.
    """
    return np.sqrt(np.sum((lost / 2) ** 2, axis=0))
