"""Derivatives carried along in time, where every lane depends on a few numbers of its own."""

import itertools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Inexact, PyTree

_FEW = 4  # directions, beyond which going back in time is cheaper


def with_sensitivities(
    function: Callable[..., PyTree[Inexact[Array, "b *r"]]],
    otherwise: Callable[..., PyTree[Inexact[Array, "b *r"]]],
    *,
    shared: bool = True,
) -> Callable[..., PyTree[Inexact[Array, "b *r"]]]:
    """A function of independent lanes, differentiated by carrying derivatives forward.

    No resonator is coupled to another, so that each voltage has one derivative for each field of
    its own resonator and one for each tone that reaches it. They are computed together with the
    voltage, those that are wanted only: the cost is a fixed factor, and memory does not grow with
    the length of an integration. Both modes of differentiation use them. Where more than a few are
    wanted, or where anything else moves, another form of the function is differentiated.

    **Arguments:**

    - `function(lanes, tones, *others)` of arrays `lanes` (*r), one entry a resonator or broadcast,
      and `tones` (b, tones), both in containers of any kind, to arrays (b, *r), one or several;
      `others` of any kind.
    - `otherwise`: the other form.
    - `shared`: whether all resonators of a row share their tones, as above; otherwise `tones` are
      (tones, *r).

    **Returns:** the function with its derivative.
    """
    carried = eqx.filter_custom_jvp(function)

    @carried.def_jvp
    def _(primals, tangents):
        lanes, tones, *others = primals
        leaves, tree = jax.tree.flatten((lanes, tones))
        own = len(jax.tree.leaves(lanes))
        moves = jax.tree.leaves(tangents[:2], is_leaf=lambda leaf: leaf is None)
        moving = [at for at, move in enumerate(moves) if move is not None]
        axis = -1 if shared else 0
        counts = [leaves[at].shape[axis] if at >= own else 1 for at in moving]
        first = list(itertools.accumulate(counts, initial=0))
        if first[-1] > _FEW or jax.tree.leaves(tangents[2:]):
            return eqx.filter_jvp(otherwise, primals, tangents)

        def moved(*some):
            whole = list(leaves)
            for at, leaf in zip(moving, some, strict=True):
                whole[at] = leaf
            return function(*jax.tree.unflatten(tree, whole), *others)

        ahead = tuple(
            _directions(leaves[at], begin, count, first[-1], axis if at >= own else None)
            for at, begin, count in zip(moving, first, counts)
        )
        # Each direction has its own copy of what moves: were the values shared between directions,
        # XLA would compute them anew wherever a direction needs them.
        here = tuple(jnp.broadcast_to(leaves[at], along.shape) for at, along in zip(moving, ahead))
        copies, slopes = jax.vmap(lambda here, along: jax.jvp(moved, here, along))(here, ahead)
        values = jax.tree.map(lambda copies: copies[0], copies)
        values, slopes = jax.lax.optimization_barrier((values, slopes))

        def change(values, slopes):
            total = jnp.zeros_like(values)
            for at, begin, count in zip(moving, first, counts):
                for tone in range(count):
                    move: Any = moves[at]
                    if at >= own and shared:
                        move = move[:, tone].reshape(-1, *(1,) * (values.ndim - 1))
                    elif at >= own:
                        move = move[tone]
                    total = total + slopes[begin + tone] * move
            return total

        return values, jax.tree.map(change, values, slopes)

    return carried


def differentiated_as(
    function: Callable[..., PyTree[Inexact[Array, "..."]]],
    otherwise: Callable[..., PyTree[Inexact[Array, "..."]]],
) -> Callable[..., PyTree[Inexact[Array, "..."]]]:
    """A function whose derivatives, in both modes, are those of another form of it.

    **Arguments:** `function(*arguments)`, and the other form of it, `otherwise`.

    **Returns:** the function with those derivatives.
    """
    other = eqx.filter_custom_jvp(function)
    other.def_jvp(lambda primals, tangents: eqx.filter_jvp(otherwise, primals, tangents))
    return other


def _directions(leaf: Array, begin: int, count: int, total: int, axis: int | None) -> Array:
    """One where an array moves: along all of `total` directions, in `count` of them from `begin`.

    The array moves as a whole, or one entry of an `axis` after the other.
    """
    if axis is None:
        which = (np.arange(total) == begin).reshape(-1, *(1,) * leaf.ndim)
    else:
        shape = [1] * leaf.ndim
        shape[axis] = count
        which = np.arange(total)[:, None] == begin + np.arange(count)
        which = which.reshape(total, *shape)
    return jnp.broadcast_to(jnp.asarray(which, leaf.dtype), (total, *leaf.shape))
