"""What tones add to a resonator in which the total oscillation power is known, in float64.

All of it is sampled on the host. Responses are computed in parts of one size, so that a line of
any length and any number of samples share one compiled program.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from rfjax.devices import Resonator
from rfjax.laws import cross_coupling, spin_diode
from rfjax.rectifiers.base import reduced_drives, volts_per_watt

_AT_ONCE = 2**15  # samples that are computed together
_NEWTON_STEPS = 10
_SETTLED = 1e-3
_DIFFERENCE = 1e-5  # of the totals, for slopes
_FOLD_MARGIN = 1.2


class Setting(NamedTuple):
    """Resonators at their own tones, the largest powers of those and the signs of the wiring."""

    resonators: Resonator
    peaks: Float[np.ndarray, " tones"]
    signs: Float[np.ndarray, " tones"]


class _Pairs(eqx.Module):
    """Resonators, tuned, and tones that they receive, with axes that broadcast."""

    tuned: Resonator
    detuning: Float[Array, "..."]
    drive: Float[Array, "..."]
    peak: Float[Array, "..."]

    def linear(self, total):
        """Oscillation power and volts of a low-power tone, for a share of one."""
        effective = 2 * total
        shift, damping = self.tuned.reduced_shift, self.tuned.nonlinear_damping
        power = self.drive / spin_diode.response_denominator(
            self.detuning, effective, shift, damping
        )
        volts = self.peak * volts_per_watt(self.tuned, self.detuning, effective)
        return jnp.stack(jnp.broadcast_arrays(power, volts), axis=-1)

    def excess(self, total, share):
        """What a share of the peak power adds to the low-power response, for a share of one."""
        shift, damping = self.tuned.reduced_shift, self.tuned.nonlinear_damping
        drive = share * self.drive
        power = cross_coupling.power_in_total(self.detuning, drive, shift, damping, total)
        volts = self.peak * volts_per_watt(self.tuned, self.detuning, 2 * total - power)
        whole = jnp.stack(jnp.broadcast_arrays(power / share, volts), axis=-1)
        return whole - self.linear(total)

    def folded(self, total):
        """Whether the branch that begins at rest ends, or nearly, below a tone's full power."""
        shift, damping = self.tuned.reduced_shift, self.tuned.nonlinear_damping
        width = 1 + 2 * damping * total
        shifted = (self.detuning - 2 * shift * total) / width
        _, end = spin_diode.fold_drives(shifted, -shift, -damping)
        return _FOLD_MARGIN * self.drive / width**3 >= end


def _pairs(setting: Setting, own, tone, detuning) -> _Pairs:
    """Pairs of indices and detunings, broadcast."""
    frequency = setting.resonators.frequency
    resonators = jax.tree.map(lambda field: field[own], setting.resonators)
    from_tone = spin_diode.detuning_from_own_tone(
        frequency[tone], frequency[own], detuning, resonators.damping
    )
    reached = spin_diode.continued_resonance_frequency(
        resonators.frequency, detuning, resonators.damping
    )
    tuned = eqx.tree_at(lambda device: device.frequency, resonators, reached)
    peak = jnp.asarray(setting.peaks)[tone]
    return _Pairs(tuned, from_tone, reduced_drives(tuned, peak), peak)


def linear_responses(
    setting: Setting, own: Int[np.ndarray, " r"], tone, detuning, total
) -> Float[np.ndarray, "r w t m 2"]:
    """Oscillation powers and volts of low-power tones, for a share of one of their peak powers.

    **Arguments:** indices of resonators, `own` (r,), and of tones, `tone` (r, w); on a grid of
    `detuning` (t,), in linewidths, and `total` oscillation powers (r, m).
    """
    tone, total = tone[:, :, None, None], total[:, None, None, :]
    return _in_parts(_linear, setting, own, tone, detuning[:, None], total)


def excess_responses(
    setting: Setting, own: Int[np.ndarray, " r"], tone, detuning, total, share
) -> Float[np.ndarray, "r w t m u 2"]:
    """What tones add to the low-power responses at shares of their peak power, for a share of one.

    **Arguments:** as for `linear_responses`, and the `share` (u,), above zero.
    """
    tone, total = tone[:, :, None, None, None], total[:, None, None, :, None]
    return _in_parts(_excess, setting, own, tone, detuning[:, None, None], total, share)


@jax.jit
def _linear(setting: Setting, own, tone, detuning, total):
    return _pairs(setting, own, tone, detuning).linear(total)


@jax.jit
def _excess(setting: Setting, own, tone, detuning, total, share):
    return _pairs(setting, own, tone, detuning).excess(total, share)


def _in_parts(response: Callable[..., Array], setting: Setting, own, *samples) -> np.ndarray:
    """The responses at samples (r, ...), computed in parts of one size."""
    own = own.reshape(-1, *(1,) * (max(map(np.ndim, samples)) - 1))
    shape = np.broadcast_shapes(*map(np.shape, (own, *samples)))
    flat = [np.broadcast_to(each, shape).reshape(-1) for each in (own, *samples)]
    found = np.empty((flat[0].size, 2))
    for begin in range(0, len(found), _AT_ONCE):
        parts = [each[begin : begin + _AT_ONCE] for each in flat]
        count = len(parts[0])
        # What is missing in the last part repeats its end.
        parts = [np.pad(each, (0, _AT_ONCE - count), "edge") for each in parts]
        found[begin : begin + count] = np.asarray(response(setting, *parts))[:count]
    return found.reshape(*shape, 2)


@jax.jit
def full_totals(
    setting: Setting,
    own: Int[Array, " r"],
    tone: Int[Array, "r near"],
    there: Bool[Array, "r near"],
    detuning: Float[Array, " detunings"],
) -> tuple[Float[Array, " r"], Bool[Array, ""]]:
    """The largest total power of each resonator over the detunings, all tones at full power.

    No other powers of the tones give more: where the steady state is unique, more power of any of
    them raises the total.

    **Arguments:** indices `own`; those of the `tone` near them that do not respond linearly, and
    which of those are `there`; `detuning` in linewidths.

    **Returns:** the totals, and whether all were found.
    """
    every = jnp.arange(len(setting.peaks))

    def one(lane):
        own, near, there = lane
        everyone = _pairs(setting, own, every, detuning[:, None])
        close = _pairs(setting, own, near, detuning[:, None])

        def sums(total):
            excess = close.excess(total[..., None], jnp.ones(()))[..., 0]
            far = jnp.sum(everyone.linear(total[..., None])[..., 0], axis=-1)
            return far + jnp.sum(jnp.where(there, excess, 0), axis=-1)

        def step(state):
            total, _, count = state
            farther = total + _DIFFERENCE * jnp.maximum(total, 1)
            value, other = sums(jnp.stack([total, farther]))
            slope = (other - value) / (farther - total)
            settled = jnp.all(jnp.abs(value - total) <= _SETTLED * total)
            return (
                jnp.maximum(total + (value - total) / jnp.maximum(1 - slope, 0.1), 0),
                settled,
                count + 1,
            )

        def moving(state):
            return ~state[1] & (state[2] <= _NEWTON_STEPS)

        start = jnp.zeros_like(detuning), jnp.asarray(False), jnp.asarray(0)
        total, settled, _ = jax.lax.while_loop(moving, step, start)
        return jnp.max(total), settled

    totals, found = jax.lax.map(one, (own, tone, there))
    return totals, jnp.all(found)


@jax.jit
def any_fold(
    setting: Setting,
    own: Int[Array, " r"],
    tone: Int[Array, "r near"],
    detuning: Float[Array, " detunings"],
    total: Float[Array, "r totals"],
) -> Bool[Array, ""]:
    """Whether any tone near a resonator folds, the total being known."""
    pairs = _pairs(setting, own[:, None, None, None], tone[:, :, None, None], detuning[:, None])
    return jnp.any(pairs.folded(total[:, None, None, :]))


def steepest_total(
    powers: Float[np.ndarray, "r w t m"],
    slopes: Float[np.ndarray, "r w t m"],
    total: Float[np.ndarray, "r m"],
) -> float:
    """How fast the tones' powers grow with the total at most, where they add up to that total.

    Of one total each tone may have any share; those that grow fastest for their power take it
    first. Below one everywhere the steady state is unique.

    **Arguments:** `powers` of the tones at full power and their `slopes` with the `total`.
    """
    growth = slopes / np.where(powers > 0, powers, 1)
    order = np.argsort(-growth, axis=1)
    powers, slopes = (np.take_along_axis(array, order, 1) for array in (powers, slopes))
    left = total[:, None, None, :] - (np.cumsum(powers, axis=1) - powers)
    share = np.clip(left / np.where(powers > 0, powers, 1), 0, 1)
    return float(np.max(np.sum(share * np.maximum(slopes, 0), axis=1)))


def neighbours(
    own: Int[np.ndarray, " r"], tones: int, offset: Int[np.ndarray, " w"]
) -> tuple[Int[np.ndarray, "r w"], Bool[np.ndarray, "r w"]]:
    """The tones at some offsets from those of resonators, and which of them exist."""
    tone = own[:, None] + offset
    return np.clip(tone, 0, tones - 1), (tone >= 0) & (tone < tones)
