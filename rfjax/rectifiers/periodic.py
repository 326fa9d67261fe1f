"""The periodic state that an oscillation settles to, found faster than it settles by itself."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from equinox.internal import unvmap_any
from jaxtyping import Array, Bool, Float, Int

from rfjax.numerics.implicit import implicit_root

_NEAR = 0.1  # of the amplitude: from so near Newton's step is trusted

State = Float[Array, "2 *lanes"]


def periodic_state(
    turn: Callable[..., tuple[State, Float[Array, "*lanes"]]],
    tolerance: float,
    most: int,
    start: State,
    arguments: tuple[Any, ...],
) -> State:
    r"""The stable state that comes back after every period, near where lanes are or wander to.

    Shooting: with the map of one period $\Phi$ and its Jacobian $M$, two by two for each lane,
    Newton's step is $(1-M)^{-1}(\Phi(x)-x)$. It is taken where it is small and where disturbances
    decay, the eigenvalues of $M$ within the unit circle; other lanes wait for another period. The
    derivative is implicit.

    **Arguments:** `turn(state, *arguments)`: the state after a period and the mean power in it; it
    closes over no traced values; `tolerance` of the last step, relative to the root of the mean
    power; `most` periods to wait; `start`: real and imaginary parts; `arguments`: arrays.

    **Returns:** the state at the begin of a period; NaN for lanes in which none was found.
    """
    return implicit_root(
        partial(_shot, turn, tolerance, most),
        partial(_residual, turn),
        partial(_divide, turn),
        (jax.lax.stop_gradient(start), *arguments),
    )


class _Shooting(NamedTuple):
    state: State
    found: Bool[Array, "*lanes"]
    turns: Int[Array, ""]


def _shot(turn, tolerance, most, start, *arguments):
    def searching(now):
        return unvmap_any(~jnp.all(now.found)) & (now.turns < most)

    def step(now):
        (after, power), (column, other) = _turned(turn, now.state, arguments)
        jacobian = jnp.stack([column, other], axis=1)
        move = _divided(jacobian, after - now.state)
        trace = column[0] + other[1]
        determinant = column[0] * other[1] - column[1] * other[0]
        stable = (jnp.abs(determinant) < 1) & (jnp.abs(trace) < 1 + determinant)
        size = jnp.sum(move**2, axis=0)
        found = now.found | (stable & (size <= tolerance**2 * power))
        near = stable & (size <= _NEAR**2 * power)
        moved = jnp.where(near, now.state + move, after)
        return _Shooting(jnp.where(now.found, now.state, moved), found, now.turns + 1)

    begin = _Shooting(start, jnp.zeros(start.shape[1:], bool), jnp.asarray(0))
    end = jax.lax.while_loop(searching, step, begin)
    return jnp.where(end.found, end.state, jnp.nan)


def _residual(turn, state, _, *arguments):
    return state - turn(state, *arguments)[0]


def _divide(turn, state, arguments, right):
    _, columns = _turned(turn, state, arguments[1:])
    return _divided(jnp.stack(columns, axis=1), right)


def _turned(turn, state, arguments):
    """What one period makes of a state, and the columns of the Jacobian."""

    def along(part):
        ahead = jnp.zeros_like(state).at[part].set(1)
        (after, power), (change, _) = jax.jvp(
            lambda state: turn(state, *arguments), (state,), (ahead,)
        )
        return (after, power), change

    (after, power), columns = jax.vmap(along)(jnp.arange(2))
    return (after[0], power[0]), (columns[0], columns[1])


def _divided(jacobian: Float[Array, "2 2 *lanes"], right: State) -> State:
    r"""$(1-M)^{-1}$ applied to the right side."""
    (a, b), (c, d) = jacobian
    a, d = 1 - a, 1 - d
    determinant = a * d - b * c
    smallest = jnp.finfo(determinant.dtype).eps ** 2
    determinant = jnp.where(jnp.abs(determinant) < smallest, smallest, determinant)
    return jnp.stack([d * right[0] + b * right[1], c * right[0] + a * right[1]]) / determinant
