r"""The steady state of a resonator under several tones, cross-coupled.

The effective power $q_i$ of a tone counts its own oscillation power once and that of every other
tone twice (cross-Kerr shift, phases averaged): $p_i\,[(1+Qq_i)^2+(x_i-nq_i)^2]=s_i$ with
$q_i=2S-p_i$, $S=\sum_jp_j$.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import one_of
from rfjax.laws.steady_oscillation import (
    oscillation_power,
    response_denominator,
    stable_branches,
)
from rfjax.laws.switching_on import effective_powers, powers_after_switching_on
from rfjax.numerics.implicit import implicit_root

Branches = ("lower", "rest")

_MOST_STEPS = 2000
_SHORTEST = 10.0
_LONGEST = 2.0
_SMALL = 0.1  # a move, in the logarithm of the power, that follows the relaxation past a fold
_BELOW = 8.0  # how far below any steady state, in the logarithm, the lower branch is looked for


def coupled_powers(
    detuning: ArrayLike,
    drive: ArrayLike,
    shift: ArrayLike,
    damping: ArrayLike,
    branch: str = "lower",
) -> Float[Array, "... tones"]:
    """The oscillation powers $p_i$ of all tones in one resonator.

    Solved in time-like steps that become Newton's near the solution; the derivative is implicit.
    The tones couple through their sum alone, so that each step costs one pass over the tones. A
    single tone solves the cubic of `oscillation_power`.

    **Arguments:** reduced, broadcast, tones along the last axis: `detuning` $x_i$, `drive`
    $s_i$, `shift` $n$, `damping` $Q$. `branch`, where there are several: "lower", reached with
    slowly rising power, or "rest": the one on which tones end that are switched on at once.

    **Returns:** $p_i$; NaN in resonators in which no steady state was found.

    **Raises:** `InvalidInput` for an unknown branch.
    """
    one_of("branch", branch, Branches)
    return _coupled_powers(detuning, drive, shift, damping, branch)


@partial(jax.jit, static_argnames="branch", inline=True)
def _coupled_powers(detuning, drive, shift, damping, branch: str):
    arguments = [jnp.asarray(value) for value in (detuning, drive, shift, damping)]
    dtype = jnp.result_type(*arguments)
    arguments = tuple(jnp.broadcast_arrays(*(a.astype(dtype) for a in arguments)))
    if arguments[0].shape[-1] == 1:
        return oscillation_power(*arguments, branch=branch)
    return implicit_root(_SOLVERS[branch], _residual, _divide, arguments)


@partial(jax.jit, inline=True)
def bistable(
    powers: Float[Array, "*b tones"],
    detuning: ArrayLike,
    drive: ArrayLike,
    shift: ArrayLike,
    damping: ArrayLike,
) -> Bool[Array, "*b"]:
    r"""Whether one of the tones has two stable powers while the others stay as they are.

    Exact for a single tone. Under other tones of the total power $S_o$ the resonator is wider,
    $w=1+2QS_o$, and shifted to $(x-2nS_o)/w$; the tone drives it with $s/w^3$.

    **Arguments:** the `powers` of `coupled_powers`, and its arguments.
    """
    others = jnp.sum(powers, axis=-1, keepdims=True) - powers
    width = 1 + 2 * damping * others
    shifted = (detuning - 2 * shift * others) / width
    return jnp.any(stable_branches(shifted, drive / width**3, shift, damping) == 2, axis=-1)


@partial(jax.jit, inline=True)
def power_in_total(
    detuning: ArrayLike, drive: ArrayLike, shift: ArrayLike, damping: ArrayLike, total: ArrayLike
) -> Float[Array, "..."]:
    r"""The oscillation power $p$ of one tone where that of all tones together, $S$, is known.

    With the effective power $2S-p$ the resonator is wider and shifted, $w=1+2QS$ and $X=x-2nS$,
    both drawn back by the tone's own power: $p\,[(w-Qp)^2+(X+np)^2]=s$. In units of $w$ that is the
    cubic of a single tone, $p=w\,p'$ with $p'\,[(1-Qp')^2+(X/w+np')^2]=s/w^3$.

    **Arguments:** reduced, broadcast: `detuning` $x$, `drive` $s$, `shift` $n$, `damping` $Q$ and
    `total` $S$.

    **Returns:** $p$, on the lower branch.
    """
    width = 1 + 2 * damping * total
    shifted = (detuning - 2 * shift * total) / width
    alone = oscillation_power(shifted, drive / width**3, -jnp.asarray(shift), -jnp.asarray(damping))
    return jnp.asarray(width * alone)


def _residual(powers, detuning, drive, shift, damping):
    return powers - drive / response_denominator(detuning, effective_powers(powers), shift, damping)


def _growth(effective, detuning, shift, damping):
    """The logarithmic growth of the response denominator with the effective power."""
    slope = 2 * (damping * (1 + damping * effective) - shift * (detuning - shift * effective))
    return slope / response_denominator(detuning, effective, shift, damping)


def _divide(powers, arguments, right):
    """The inverse Jacobian, of a diagonal and a rank-one part, applied to `right`."""
    detuning, drive, shift, damping = arguments
    effective = effective_powers(powers)
    sensitivity = _growth(effective, detuning, shift, damping)
    sensitivity *= drive / response_denominator(detuning, effective, shift, damping)
    return _coupled_division(1 - sensitivity, 2 * sensitivity, jnp.ones_like(powers), right)


def _coupled_division(diagonal, column, row, right):
    """(diag + column·rowᵀ)⁻¹ right, by Sherman and Morrison."""
    diagonal = _away_from_zero(diagonal)
    scaled, column = right / diagonal, column / diagonal
    total = _away_from_zero(1 + jnp.sum(row * column, axis=-1, keepdims=True))
    return scaled - column * (jnp.sum(row * scaled, axis=-1, keepdims=True) / total)


def _away_from_zero(value):
    smallest = jnp.finfo(value.dtype).eps
    return jnp.where(jnp.abs(value) < smallest, smallest, value)


class _State(NamedTuple):
    logarithm: Float[Array, "... tones"]
    excess: Float[Array, "... tones"]
    rate: Float[Array, "... 1"]
    change: Float[Array, "... 1"]
    steps: Array


def _from_below(detuning, drive, shift, damping):
    r"""Powers, as logarithms, below any steady state: those bounds hold where $D$ is largest."""
    drive = jnp.log(jnp.where(drive > 0, drive, 1))
    linear = drive - jnp.log(1 + detuning**2)
    size = jnp.maximum(shift**2 + damping**2, jnp.finfo(drive.dtype).tiny)
    return jnp.minimum(linear, (drive - jnp.log(size)) / 3) - _BELOW


def _from_rest(detuning, drive, shift, damping):
    everywhere = jnp.ones(drive.shape[:-1], bool)
    powers = powers_after_switching_on(detuning, drive, shift, damping, everywhere)
    return jnp.log(jnp.where(drive > 0, powers, 1))


def _solve(begins, *arguments):
    """Implicit Euler steps of d(log p)/dτ = −log(pD/s), longer as the solution comes near.

    The logarithm keeps powers positive and strong tones within reach of weak ones.
    """
    drive = arguments[1]
    precision = 64 * jnp.finfo(drive.dtype).eps
    driven = drive > 0
    target = jnp.log(jnp.where(driven, drive, 1))

    def moving(state):
        return jnp.any(state.change > precision) & (state.steps < _MOST_STEPS)

    def step(state):
        move, ahead = _move(state, driven, arguments)
        move = jnp.clip(move, -_LONGEST, _LONGEST)
        logarithm = state.logarithm - move
        excess = _excess(logarithm, target, driven, arguments)
        # Short steps follow the relaxation, whatever the excess does, and so do small ones that
        # lead ahead, as on the slow way past the end of a branch; longer ones have to lower it. At
        # no rate at all the step is Newton's.
        lower = (_size(excess) <= _size(state.excess)) | (_size(move) <= _SMALL)
        taken = (lower & ahead) | (state.rate >= _SHORTEST)
        rate = jnp.where(taken, state.rate / 3, jnp.clip(4 * state.rate, 1e-3, _SHORTEST))
        rate = jnp.where(rate < 1e-6, 0, rate)
        change = jnp.where(taken, _size(move), state.change)
        logarithm = jnp.where(taken, logarithm, state.logarithm)
        excess = jnp.where(taken, excess, state.excess)
        return _State(logarithm, excess, rate, change, state.steps + 1)

    start = begins(*arguments)
    one = jnp.ones_like(drive[..., :1])
    begin = _State(start, _excess(start, target, driven, arguments), one, one, jnp.asarray(0))
    end = jax.lax.while_loop(moving, step, begin)
    powers = jnp.where(driven, jnp.exp(end.logarithm), 0)
    # Slow passage next to a fold looks like rest; Newton's step tells how far the state really is.
    correction = _divide(powers, arguments, _residual(powers, *arguments))
    info = jnp.finfo(drive.dtype)
    near = jnp.abs(correction) <= 1e-3 * powers + info.tiny / info.eps
    found = jnp.all(near, axis=-1, keepdims=True)
    return jnp.where(found, powers - correction, jnp.nan)


_SOLVERS = {
    "lower": partial(_solve, _from_below),
    "rest": partial(_solve, _from_rest),
}


def _excess(logarithm, target, driven, arguments):
    detuning, _, shift, damping = arguments
    powers = jnp.where(driven, jnp.exp(logarithm), 0)
    response = response_denominator(detuning, effective_powers(powers), shift, damping)
    return jnp.where(driven, logarithm + jnp.log(response) - target, 0)


def _move(state, driven, arguments):
    """The implicit step, and whether it leads the way that powers relax."""
    detuning, _, shift, damping = arguments
    powers = jnp.where(driven, jnp.exp(state.logarithm), 0)
    growth = _growth(effective_powers(powers), detuning, shift, damping)
    diagonal = 1 + state.rate - growth * powers
    move = _coupled_division(diagonal, 2 * growth, powers, state.excess)
    # The determinant is below zero where a step leads back to where powers do not stay.
    total = 1 + jnp.sum(2 * growth * powers / _away_from_zero(diagonal), axis=-1, keepdims=True)
    backwards = jnp.sum(diagonal < 0, axis=-1, keepdims=True) + (total < 0)
    return move, backwards % 2 == 0


def _size(values):
    return jnp.max(jnp.abs(values), axis=-1, keepdims=True)
