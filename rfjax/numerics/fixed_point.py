"""Fixed points of many lanes at once, by Anderson's acceleration."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

Parts = tuple[Float[Array, "... lanes"], ...]


class Solution(NamedTuple):
    """Where an iteration ended.

    **Arguments:** `point`; `converged`: which lanes are within the tolerance; `steps` taken.
    """

    point: Parts
    converged: Bool[Array, " lanes"]
    steps: Int[Array, ""]


class _State(NamedTuple):
    point: Parts
    correction: Parts
    last: tuple[Parts, Parts]
    before: tuple[Parts, Parts]
    converged: Bool[Array, " lanes"]
    failed: Bool[Array, " lanes"]
    steps: Int[Array, ""]


def accelerated(
    correction: Callable[[Parts], Parts], start: Parts, tolerance: float, most: int
) -> Solution:
    r"""The point $x$ at which a correction $r(x)$ vanishes, from the iteration $x\to x+r(x)$.

    Each step combines the last three so that the correction becomes smallest in the linear
    approximation that they give (Anderson, depth two). Where $r$ is linear this is a truncated
    GMRES. All lanes advance together until the last is done; those that are done stay,
    and those that become NaN are given up.

    **Arguments:** `correction` $r$; `start`: arrays with the lanes along the last axis;
    `tolerance`: the size of the correction relative to that of the point at which a lane is done,
    once this last one is made too; `most` steps to take.

    **Returns:** the solution.
    """

    def moving(state):
        return ~jnp.all(state.converged | state.failed) & (state.steps < most)

    def step(state):
        def unless_done(new, old):
            return jax.tree.map(partial(jnp.where, state.converged), old, new)

        point = unless_done(_combined(state), state.point)
        moved = unless_done(correction(point), state.correction)
        change = tuple(new - old for new, old in zip(moved, state.correction))
        total = tuple(x - old + c for x, old, c in zip(point, state.point, change))
        last = unless_done((total, change), state.last)
        before = unless_done(state.last, state.before)
        size = _inner(moved, moved)
        done = state.converged | (size <= tolerance**2 * _inner(point, point))
        return _State(point, moved, last, before, done, jnp.isnan(size), state.steps + 1)

    first = correction(start)
    nothing = tuple(jnp.zeros_like(part) for part in start)
    size = _inner(first, first)
    done, failed = size <= tolerance**2 * _inner(start, start), jnp.isnan(size)
    none = nothing, nothing
    begin = _State(start, first, none, none, done, failed, jnp.asarray(0))
    end = jax.lax.while_loop(moving, step, begin)
    return Solution(_combined(end), end.converged, end.steps)


def _combined(state: _State) -> Parts:
    """Where the next step leads."""
    last, before = _weights(state)
    return tuple(
        x + r - last * newer - before * older
        for x, r, newer, older in zip(state.point, state.correction, state.last[0], state.before[0])
    )


def _weights(state: _State) -> tuple[Float[Array, " lanes"], Float[Array, " lanes"]]:
    """How much of the last two changes to take back: least squares with two unknowns."""
    last, before, now = state.last[1], state.before[1], state.correction
    a, b, c = _inner(last, last), _inner(last, before), _inner(before, before)
    d, e = _inner(last, now), _inner(before, now)
    info = jnp.finfo(a.dtype)
    a, c = a * (1 + info.eps) + info.tiny, c * (1 + info.eps) + info.tiny
    # Scaled by one of them, so that squares of small numbers do not vanish.
    ratio, share = b / a, d / a
    rest = c - ratio * b
    older = jnp.where(rest > info.eps * c, (e - ratio * d) / jnp.where(rest > 0, rest, 1), 0)
    return share - ratio * older, older


def _inner(first: Parts, second: Parts) -> Float[Array, " lanes"]:
    products = (one * two for one, two in zip(first, second))
    return sum((p.sum(tuple(range(p.ndim - 1))) for p in products), jnp.zeros((), first[0].dtype))
