r"""Nonlinear least squares of many small problems at once, by Levenberg's and Marquardt's method.

Minimises $\sum_i\rho(\sqrt{w_i}\,r_i)$, $r = f(\theta) + Bb - y$, over parameters $\theta$ and
linear ones $b$, as those of a background, which are eliminated from every step. Derivatives of $f$
are exact.

Every problem is a lane, and a few lanes take their steps together. Where one ends, the next one of
the queue takes its place at once, so that none waits for the slowest. That, the elimination and the
bounds are why this is no `optimistix.least_squares` under `vmap`, which waits for it.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

Numbers = Array | np.ndarray  # lanes are packed on the host

RUNNING, CONVERGED, STALLED, NOT_FINITE, OUT_OF_STEPS = range(5)
WORDS = {
    CONVERGED: "converged",
    STALLED: "stalled: no step lowers the misfit noticeably, as next to a jump of the model",
    NOT_FINITE: "failed: the model is not finite there",
    OUT_OF_STEPS: "failed: out of steps",
}
LOSSES = ("squares", "huber", "soft-l1", "geman-mcclure")
_BEND = 1.345  # spreads, where robust losses leave the square
_TOGETHER = 256  # lanes of a pack
_ABREAST = 16  # of them that take steps at once
_NEAR = 1e-5  # squared distance from the minimum that counts as none, in standard errors
_STIFF = 1e7  # the damping at which no step is worth taking
_WORTH = 0.1  # variances of the noise: a damped step that gains less ends a lane


class Problem(NamedTuple):
    r"""What is minimised, lane by lane; every field has an axis of lanes in front.

    **Arguments:** `data` that the model takes, any tree of arrays; `measured` $y$ (blocks, n);
    `weights` $w$ (blocks, n), zero where a sample is missing; `basis` $B$ (blocks, n, linear);
    `lower` bounds of $\theta$; `free`: which of them are varied; `spread`: the deviation of the
    noise at weight one, beyond a few of which a robust loss grows slower than the square; `loss`:
    the place of one in `LOSSES`.
    """

    data: Any
    measured: Float[Numbers, "*lanes blocks n"]
    weights: Float[Numbers, "*lanes blocks n"]
    basis: Float[Numbers, "*lanes blocks n linear"]
    lower: Float[Numbers, "*lanes parameters"]
    free: Bool[Numbers, "*lanes parameters"]
    spread: Float[Numbers, "*lanes"]
    loss: Int[Numbers, "*lanes"]


class Solution(NamedTuple):
    r"""Where the steps ended.

    **Arguments:** `parameters` $\theta$ and `linear` $b$; `cost` $\sum\rho$; `status`: one of
    the numbers of `WORDS`; `steps` that were tried; `normal`: $J^TWJ$ of $\theta$ with the linear
    parameters eliminated; `variance` of the residuals that belongs to it, over the number of
    samples instead of the degrees of freedom.
    """

    parameters: Float[Numbers, "*lanes parameters"]
    linear: Float[Numbers, "*lanes blocks linear"]
    cost: Float[Numbers, "*lanes"]
    status: Int[Numbers, "*lanes"]
    steps: Int[Numbers, "*lanes"]
    normal: Float[Numbers, "*lanes parameters parameters"]
    variance: Float[Numbers, "*lanes"]


class _State(NamedTuple):
    parameters: Numbers
    linear: Numbers
    cost: Numbers
    status: Numbers
    steps: Numbers
    damping: Numbers
    normal: Numbers
    slope: Numbers  # of half the cost
    linear_step: Numbers  # of b, with θ as it is
    linear_slope: Numbers  # of b, for a step of θ
    linear_decrease: Numbers  # of the cost by the step of b
    variance: Numbers
    next: Numbers  # θ to be tried
    next_linear: Numbers


def loss_of(square: Float[Numbers, "..."], loss: Int[Numbers, ""]) -> tuple[Array, Array, Array]:
    r"""A loss of residuals over their spread: $\rho$ of their squares.

    "squares" is $r^2$; "huber" goes on along a line beyond 1.345 spreads, "soft-l1"
    $2c^2(\sqrt{1+r^2/c^2}-1)$ with $c=1.345$, which keeps 95 % of the efficiency on noise that is
    normal. "geman-mcclure", $r^2/(1+r^2)$, forgets what lies far off: it is for approaches, where
    samples lie on the wrong side of a jump.

    **Arguments:** `square` of the residuals over their spread; `loss`: its place in `LOSSES`.

    **Returns:** $\rho$, its derivative to the square, and that of $\rho'r$ to $r$.
    """
    one = jnp.ones_like(square)
    scaled = square / _BEND**2
    inside = scaled <= 1
    size = jnp.sqrt(jnp.where(inside, 1.0, scaled))
    huber = jnp.where(inside, square, (2 * size - 1) * _BEND**2), 1 / size, 1.0 * inside
    root = jnp.sqrt(1 + scaled)
    soft = 2 * (root - 1) * _BEND**2, 1 / root, root**-3
    forgetting = square / (1 + square), 1 / (1 + square) ** 2, one
    kinds = zip((square, one, one), huber, soft, forgetting, strict=True)
    value, weight, curvature = (jnp.select([loss == n for n in range(4)], each) for each in kinds)
    return value, weight, curvature


def solve(
    model: Callable[[Any, Any], Array],
    start: Float[Numbers, "lanes parameters"],
    problem: Problem,
    *,
    steps: int = 60,
    together: int | None = None,
) -> Solution:
    """The minimum next to a start, for every lane; packs of lanes go to all cores of the host.

    **Arguments:**

    - `model(parameters, data)` of one lane: (blocks, n). The same function makes the same program.
    - `start` of the parameters.
    - `problem` with an axis of lanes.
    - `steps` to try at most.
    - `together`: how many lanes make a pack, see `packs_of`; some lanes of many are solved with the
      program of these.

    **Returns:** where every lane ended.
    """
    count = len(start)
    together = together or packs_of(count)
    queue = partial(_queue, model, min(_ABREAST, together), steps)

    def pack(first: int) -> Solution:
        lanes = np.arange(first, min(first + together, count))
        found = queue(len(lanes), *_taken((start, problem), _filled(lanes, together)))
        return jax.tree.map(lambda array: np.asarray(array)[: len(lanes)], found)

    first = pack(0)  # compiles once, for all
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        packs = [first, *pool.map(pack, range(together, count, together))]
    return jax.tree.map(lambda *parts: np.concatenate(parts), *packs)


def packs_of(lanes: int) -> int:
    """How many of so many lanes are solved at once: programs are made for one, and for a pack."""
    return 1 if lanes == 1 else _TOGETHER


def in_packs(program: Callable[..., Any], together: int, *trees: Any) -> Any:
    """A program over lanes, so many at a time, so that it is compiled once for any number of them.

    **Arguments:** `program` of trees of arrays that have an axis of lanes in front; `together`, see
    `packs_of`; `trees` with all lanes.

    **Returns:** what it returns, for all lanes, as NumPy arrays.
    """
    count = len(jax.tree.leaves(trees)[0])

    def pack(first: int):
        found = program(
            *_taken(trees, _filled(np.arange(first, min(first + together, count)), together))
        )
        return jax.tree.map(np.asarray, found)

    packs = [pack(first) for first in range(0, count, together)]
    return jax.tree.map(lambda *parts: np.concatenate(parts)[:count], *packs)


def _filled(lanes: np.ndarray, together: int) -> np.ndarray:
    """A pack of lanes, filled with its last one."""
    return lanes[np.minimum(np.arange(together), len(lanes) - 1)]


def _taken(tree: Any, lanes: np.ndarray) -> Any:
    return jax.tree.map(lambda array: np.asarray(array)[lanes], tree)


class _Queue(NamedTuple):
    """Lanes of a pack that take steps, and what was found of those that ended.

    **Arguments:** `following`: the next lane to begin; `lane`: which one is at each place, the
    number of lanes where there is none; their `state` and `problem`; the solutions `found`.
    """

    following: Int[Array, ""]
    lane: Int[Array, " abreast"]
    state: _State
    problem: Problem
    found: Solution


@partial(jax.jit, static_argnums=(0, 1))
def _queue(model, abreast: int, most, count, start, problem: Problem) -> Solution:
    """The first `count` lanes of a pack, so many abreast: where one ends, the next one begins."""
    lanes = len(start)
    outside = jnp.asarray(lanes, jnp.int32)

    def begun(lane):
        place = jnp.minimum(lane, lanes - 1)
        part = jax.tree.map(lambda array: array[place], problem)
        state = jax.vmap(_before)(start[place], part)
        return state._replace(status=jnp.where(lane < lanes, RUNNING, CONVERGED)), part

    def renewed(queue):
        ended = queue.state.status != RUNNING
        place = jnp.where(ended, queue.lane, outside)
        found = jax.tree.map(
            lambda a, b: a.at[place].set(b, mode="drop"), queue.found, _solution(queue.state)
        )
        begins = queue.following + jnp.cumsum(ended, dtype=jnp.int32) - 1
        lane = jnp.where(ended, begins, queue.lane)
        lane = jnp.where(lane < count, lane, outside)
        state, part = _where(ended, begun(lane), (queue.state, queue.problem))
        following = queue.following + jnp.sum(ended, dtype=jnp.int32)
        return _Queue(following, lane, state, part, found)

    def more(queue):
        return jnp.any(queue.lane < outside)

    def step(queue):
        stepped = jax.vmap(partial(_step, model))(queue.state, queue.problem)
        last = (stepped.status == RUNNING) & (stepped.steps >= most)
        stepped = stepped._replace(status=jnp.where(last, OUT_OF_STEPS, stepped.status))
        state = _where(queue.state.status == RUNNING, stepped, queue.state)
        ended = jnp.any((state.status != RUNNING) & (queue.lane < outside))
        return jax.lax.cond(ended, renewed, lambda same: same, queue._replace(state=state))

    lane = jnp.arange(abreast, dtype=jnp.int32)
    lane = jnp.where(lane < count, lane, outside)
    state, part = begun(lane)
    found = jax.tree.map(lambda a: jnp.zeros((lanes, *a.shape[1:]), a.dtype), _solution(state))
    queue = _Queue(jnp.asarray(abreast, jnp.int32), lane, state, part, found)
    return jax.lax.while_loop(more, step, queue).found


def _solution(state: _State) -> Solution:
    return Solution(*(getattr(state, name) for name in Solution._fields))


def _before(start, problem: Problem) -> _State:
    """The state before the first evaluation, from which the first step stands still."""
    count, dtype = start.size, start.dtype
    linear = jnp.zeros((problem.basis.shape[0], problem.basis.shape[2]), dtype)
    zero = jnp.zeros((), dtype)
    return _State(
        start,
        linear,
        zero + jnp.inf,
        jnp.asarray(RUNNING),
        jnp.zeros((), int),
        zero + 1e-3,
        jnp.zeros((count, count), dtype),
        jnp.zeros(count, dtype),
        linear,
        jnp.zeros((*linear.shape, count), dtype),
        zero,
        zero,
        start,
        linear,
    )


def _where(condition, yes, no):
    def chosen(yes, no):
        return jnp.where(condition.reshape(condition.shape + (1,) * (yes.ndim - 1)), yes, no)

    return jax.tree.map(chosen, yes, no)


def _evaluated(model, parameters, linear, problem: Problem) -> _State:
    """Cost and derivatives at a place."""
    count = parameters.size
    found, push = jax.linearize(lambda values: model(values, problem.data), parameters)
    slopes = jax.vmap(push)(jnp.eye(count, dtype=parameters.dtype))
    background = jnp.einsum("knl,kl->kn", problem.basis, linear)
    residual = found + background - problem.measured
    present = problem.weights > 0
    residual = jnp.where(present, residual, 0)
    slopes = jnp.where(present & jnp.isfinite(slopes), slopes, 0)
    square = problem.weights * (residual / problem.spread) ** 2
    value, weight, curvature = loss_of(square, problem.loss)
    cost = jnp.sum(value) * problem.spread**2
    # All products of slopes, linear ones and the residual at once, block by block.
    columns = jnp.concatenate([slopes, jnp.moveaxis(problem.basis, 2, 0), residual[None]])
    products = jnp.einsum("pkn,qkn->kpq", problem.weights * weight * columns, columns)
    normal, slope = products[:, :count, :count].sum(0), products[:, :count, -1].sum(0)
    linear_step, linear_slope = jnp.zeros_like(linear), jnp.zeros((*linear.shape, count))
    linear_decrease = jnp.zeros_like(cost)
    if linear.size:
        own, cross = products[:, count:-1, count:-1], products[:, count:-1, :count]
        own += jnp.finfo(own.dtype).tiny * jnp.eye(own.shape[-1])
        right = jnp.concatenate([products[:, count:-1, -1:], cross], -1)
        solved = jnp.linalg.solve(own, right)
        linear_step, linear_slope = -solved[..., 0], -solved[..., 1:]
        linear_decrease = -jnp.sum(linear_step * right[..., 0])
        normal = normal + jnp.einsum("klp,klq->pq", cross, linear_slope)
        slope = slope + jnp.einsum("klp,kl->p", cross, linear_step)
    samples = jnp.sum(present)
    # Of an M-estimator: the mean square of its influence over the square of its mean slope.
    mean_curvature = jnp.sum(present * curvature) / samples
    mean_weight = jnp.sum(present * weight) / samples
    influence = jnp.sum(problem.weights * (weight * residual) ** 2) / samples
    variance = influence * mean_weight / jnp.maximum(mean_curvature, 0.05) ** 2
    return _State(
        parameters,
        linear,
        cost,
        jnp.asarray(RUNNING),
        jnp.zeros((), int),
        jnp.zeros((), parameters.dtype),
        normal,
        slope,
        linear_step,
        linear_slope,
        linear_decrease,
        variance,
        parameters,
        linear,
    )


def _step(model, state: _State, problem: Problem) -> _State:
    """Try the next place; keep what is better; propose the place after it, or end."""
    eps = jnp.finfo(state.cost.dtype).eps
    tried = _evaluated(model, state.next, state.next_linear, problem)
    begun = jnp.isfinite(state.cost)
    better = tried.cost < state.cost  # not where it is not a number
    lighter, heavier = jnp.maximum(state.damping / 10, 1e-6), jnp.maximum(state.damping * 5, 1e-3)
    damping = jnp.where(better, jnp.where(begun, lighter, state.damping), heavier)
    chosen = _where(better, tried, state)._replace(damping=damping)
    parameters, decrease = _proposed(chosen, problem)
    linear = chosen.linear + chosen.linear_step
    linear += chosen.linear_slope @ (parameters - chosen.parameters)
    samples = jnp.sum(problem.weights > 0)
    size = jnp.sum(problem.weights * problem.measured**2)
    noise = (chosen.cost + (30 * eps) ** 2 * size) / samples
    near = jnp.isfinite(chosen.cost) & (decrease <= _NEAR * noise) & (damping < 0.5)
    exact = chosen.cost <= (10 * eps) ** 2 * size  # no step lowers what rounding left
    stiff = ~better & ((state.damping > _STIFF) | ~jnp.isfinite(decrease))
    gain = jnp.where(better, state.cost - tried.cost, decrease)
    stiff |= begun & ~near & (state.damping >= 1) & (gain <= _WORTH * noise)
    ended = jnp.where(exact, CONVERGED, STALLED)
    status = jnp.where(near, CONVERGED, jnp.where(stiff, ended, RUNNING))
    status = jnp.where(jnp.isfinite(chosen.cost), status, NOT_FINITE)
    return chosen._replace(
        status=status,
        steps=state.steps + 1,
        next=parameters,
        next_linear=linear,
    )


def _proposed(state: _State, problem: Problem):
    """The parameters to try next, and by how much they promise to lower the cost."""
    eps = jnp.finfo(state.cost.dtype).eps
    # A parameter at its bound that would leave its domain stays.
    at_bound = (state.parameters <= problem.lower) & (state.slope > 0)
    moves = problem.free & ~at_bound
    scale = jnp.sqrt(jnp.diag(state.normal))
    moves &= scale > 0
    scale = jnp.where(moves, scale, 1)
    unit = jnp.where(moves[:, None] & moves, state.normal / (scale[:, None] * scale), 0)
    unit = unit + jnp.diag(jnp.where(moves, state.damping, 1) + 10 * eps)
    slope = jnp.where(moves, state.slope / scale, 0)
    step = -jax.scipy.linalg.cho_solve((jnp.linalg.cholesky(unit), True), slope)
    decrease = state.linear_decrease - jnp.sum(step * slope)
    return jnp.maximum(state.parameters + step / scale, problem.lower), decrease
