"""What tones add to a resonator in which the total oscillation power is known, in float64.

All of it runs on the host, for `rfjax.rectifiers.coupled_planning`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.laws import cross_coupling, spin_diode
from rfjax.rectifiers.base import reduced_drives, volts_per_watt
from rfjax.rectifiers.line import Line

_NEWTON_STEPS = 10
_SETTLED = 1e-3
_FOLD_MARGIN = 1.2


class _Pairs(eqx.Module):
    """Resonators, tuned, and tones that they see, with axes that broadcast."""

    tuned: Resonator
    seen: Float[Array, "..."]
    drive: Float[Array, "..."]
    peak: Float[Array, "..."]

    def linear(self, total):
        """Oscillation power and volts of a low-power tone, for a share of one."""
        effective = 2 * total
        shift, damping = self.tuned.reduced_shift, self.tuned.nonlinear_damping
        power = self.drive / spin_diode.response_denominator(self.seen, effective, shift, damping)
        volts = self.peak * volts_per_watt(self.tuned, self.seen, effective)
        return jnp.stack(jnp.broadcast_arrays(power, volts), axis=-1)

    def whole(self, total, share):
        """The same of a tone at a share of its peak power, for a share of one."""
        shift, damping = self.tuned.reduced_shift, self.tuned.nonlinear_damping
        drive = share * self.drive
        power = cross_coupling.power_beside(self.seen, drive, shift, damping, total)
        volts = self.peak * volts_per_watt(self.tuned, self.seen, 2 * total - power)
        return jnp.stack(jnp.broadcast_arrays(power / share, volts), axis=-1)

    def folded(self, total):
        """Whether the branch that begins at rest ends, or nearly, below a tone's full power."""
        shift, damping = self.tuned.reduced_shift, self.tuned.nonlinear_damping
        width = 1 + 2 * damping * total
        beside = (self.seen - 2 * shift * total) / width
        _, end = spin_diode.fold_drives(beside, -shift, -damping)
        return _FOLD_MARGIN * self.drive / width**3 >= end


def _pairs(line: Line, own, tone, detuning) -> _Pairs:
    """Pairs of indices and detunings, broadcast."""
    frequency = line.resonators.frequency
    resonators = jax.tree.map(lambda field: field[own], line.resonators)
    seen = spin_diode.detuning_from_own_tone(
        frequency[tone], frequency[own], detuning, resonators.damping
    )
    reached = spin_diode.continued_resonance_frequency(
        resonators.frequency, detuning, resonators.damping
    )
    tuned = eqx.tree_at(lambda device: device.frequency, resonators, reached)
    peak = jnp.asarray(line.peaks)[tone]
    return _Pairs(tuned, seen, reduced_drives(tuned, peak), peak)


@jax.jit
def linear_responses(line: Line, own, tone, detuning, total) -> Float[Array, "r w t m 2"]:
    """Oscillation power and volts of low-power tones.

    **Arguments:** indices `own` (r,) and `tone` (r, w); `detuning` (t,); `total` (r, m).
    """
    pairs = _pairs(line, own[:, None, None, None], tone[:, :, None, None], detuning[:, None])
    return pairs.linear(total[:, None, None, :])


@jax.jit
def excess_responses(line: Line, own, tone, detuning, total, share) -> Float[Array, "r w t m l 2"]:
    """What shares (l,) of the peak power add to the small-signal response, for a share of one."""

    def one(lane):
        own, tone, total = lane
        pairs = _pairs(line, own, tone[:, None, None, None], detuning[:, None, None])
        total = total[:, None]
        return pairs.whole(total, share) - pairs.linear(total)

    return jax.lax.map(one, (own, tone, total))


@jax.jit
def full_totals(line: Line, own, tone, there, detuning):
    """The largest total power of each resonator over the detunings, all tones at full power.

    No other powers of the tones give more: where the steady state is unique, more power of any of
    them raises the total.

    **Returns:** the totals, and whether all were found.
    """
    every = jnp.arange(len(line.peaks))

    def one(lane):
        own, near, there = lane
        everyone = _pairs(line, own, every, detuning[:, None])
        close = _pairs(line, own, near, detuning[:, None])

        def sums(total):
            total = total[:, None]
            excess = close.whole(total, jnp.ones(())) - close.linear(total)
            far = jnp.sum(everyone.linear(total)[..., 0], axis=-1)
            return far + jnp.sum(jnp.where(there, excess[..., 0], 0), axis=-1)

        def step(_, total):
            value, slope = jax.jvp(sums, (total,), (jnp.ones_like(total),))
            return jnp.maximum(total + (value - total) / jnp.maximum(1 - slope, 0.1), 0)

        total = jax.lax.fori_loop(0, _NEWTON_STEPS, step, jnp.zeros_like(detuning))
        return jnp.max(total), jnp.all(jnp.abs(sums(total) - total) <= _SETTLED * total)

    totals, found = jax.lax.map(one, (own, tone, there))
    return totals, jnp.all(found)


@jax.jit
def any_fold(line: Line, own, tone, detuning, total):
    """Whether any tone near a resonator folds, the total being known."""
    pairs = _pairs(line, own[:, None, None, None], tone[:, :, None, None], detuning[:, None])
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
