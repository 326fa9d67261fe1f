r"""A resonator whose tones are switched at once: where its oscillations go.

In reduced variables, time in lifetimes $1/\Gamma_0$ and each tone in its own frame,
$$\dot a_i=-[1+Qq_i-i(x_i-nq_i)]\,a_i+\sqrt{s_i},\qquad q_i=2\sum_j|a_j|^2-|a_i|^2$$
(3.3, with the phases between tones averaged). A single tone that is switched on at rest overshoots,
and where its response folds it may end on the upper branch.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Complex, Float

_LIFETIMES = 60.0
_ACCURACY = 1e-4  # of the amplitude, a step
_MOST_STEPS = 50_000
_FIRST, _SHORTEST, _LONGEST = 1e-3, 1e-6, 1.0  # lifetimes


def effective_powers(powers: Float[Array, "... tones"]) -> Float[Array, "... tones"]:
    """The effective power of each tone: its own once, every other tone's twice."""
    return 2 * jnp.sum(powers, axis=-1, keepdims=True) - powers


def powers_after_switching_on(
    detuning: Float[Array, "*b tones"],
    drive: Float[Array, "*b tones"],
    shift: Float[Array, "*b tones"],
    damping: Float[Array, "*b tones"],
    wanted: Bool[Array, "*b"],
) -> Float[Array, "*b tones"]:
    r"""The powers $|a_i|^2$ after 60 lifetimes: enough to tell which steady state is near.

    **Arguments:** reduced, all of one shape: `detuning` $x_i$, `drive` $s_i$, `shift` $n$,
    `damping` $Q$; `wanted`: which lanes to integrate, others stay at rest.

    **Returns:** the powers; they have no derivative.
    """
    rest = jnp.zeros(drive.shape, jnp.result_type(drive.dtype, jnp.complex64))
    lifetimes = jnp.where(wanted, _LIFETIMES, 0).astype(drive.dtype)
    ended = amplitudes_after(rest, detuning, drive, shift, damping, lifetimes)
    return jnp.abs(ended.amplitude) ** 2


class Ended(NamedTuple):
    """Amplitudes in the end, (*b, tones), and in which lanes that end was reached, (*b)."""

    amplitude: Complex[Array, "*b tones"]
    reached: Bool[Array, "*b"]


def amplitudes_after(
    amplitude: Complex[Array, "*b tones"],
    detuning: Float[Array, "*b tones"],
    drive: Float[Array, "*b tones"],
    shift: Float[Array, "*b tones"],
    damping: Float[Array, "*b tones"],
    lifetimes: Float[Array, "*b"],
) -> Ended:
    r"""The amplitudes $a_i$ after some lifetimes of tones that stay as they are.

    Each step takes the linear part as it is and the change of the powers to second order; its
    length follows the error, 1e-4 of the amplitude a step, lane by lane.

    **Arguments:** `amplitude` at the beginning; reduced, all of one shape: `detuning` $x_i$,
    `drive` $s_i$, `shift` $n$, `damping` $Q$; `lifetimes` $\Gamma_0t$.

    **Returns:** `Ended`, without derivative.
    """
    amplitude, detuning, drive, shift, damping, lifetimes = jax.lax.stop_gradient(
        (amplitude, detuning, drive, shift, damping, lifetimes)
    )
    force = jnp.sqrt(drive).astype(amplitude.dtype)
    size = jnp.max(jnp.sqrt(drive) / (1 + jnp.abs(detuning)), axis=-1, keepdims=True)

    def rate(amplitude):
        power = jnp.abs(amplitude) ** 2
        effective = effective_powers(power)
        return jax.lax.complex(1 + damping * effective, shift * effective - detuning)

    def moving(state):
        _, time, _, steps = state
        return jnp.any(time < lifetimes) & (steps < _MOST_STEPS)

    def step(state):
        amplitude, time, wanted, steps = state
        left = (lifetimes - time)[..., None]
        # No further than what is left; lanes that have ended step for nothing.
        length = jnp.minimum(jnp.where(left > 0, left, _SHORTEST), wanted)
        frozen = rate(amplitude)
        decayed = -jnp.expm1(-frozen * length) / frozen
        first = amplitude - frozen * decayed * amplitude + decayed * force
        change = (frozen - rate(first)) * first
        second = first + change * (1 - decayed / length) / frozen
        largest = jnp.max(jnp.abs(second), axis=-1, keepdims=True) + size
        error = jnp.max(jnp.abs(second - first), axis=-1, keepdims=True) / largest
        failed = jnp.isnan(error)
        good = (error <= _ACCURACY) | (length <= _SHORTEST) | failed
        factor = jnp.clip(0.9 * jnp.sqrt(_ACCURACY / jnp.maximum(error, 1e-12)), 0.3, 3.0)
        ahead = good & (left > 0)
        last = ahead & (failed | (left <= length))
        later = jnp.where(last[..., 0], lifetimes, time + jnp.where(ahead, length, 0)[..., 0])
        return (
            jnp.where(ahead, second, amplitude),
            later,
            jnp.clip(length * factor, _SHORTEST, _LONGEST),
            steps + 1,
        )

    first = jnp.full((*lifetimes.shape, 1), _FIRST, drive.dtype)
    begin = amplitude, jnp.zeros_like(lifetimes), first, jnp.asarray(0)
    ended, time, *_ = jax.lax.while_loop(moving, step, begin)
    return Ended(ended, time >= lifetimes)
