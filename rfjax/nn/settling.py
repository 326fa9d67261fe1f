"""How layers of oscillators that are coupled both ways settle, and what that depends on."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from rfjax.checks import InvalidInput
from rfjax.laws.reciprocal_network import nudging
from rfjax.nn.synapses import Synapses
from rfjax.numerics.fixed_point import accelerated
from rfjax.numerics.implicit import implicit_root

_MOST = 200  # steps of a relaxation


class Equilibrium(NamedTuple):
    """Where a network settled.

    **Arguments:** `shares` of the full power that the oscillators of each layer emit, (*b, neurons)
    each; `converged`: which rows settled, (*b,); those that did not are where the last step left
    them.
    """

    shares: tuple[Float[Array, "..."], ...]
    converged: Bool[Array, "..."]


class Coupling(NamedTuple):
    """What leads from a layer of oscillators to the next, and back.

    **Arguments:** `forward` and `back`, from shares to currents in thresholds.
    """

    forward: Callable[..., Float[Array, "b neurons"]]
    back: Callable[..., Float[Array, "b neurons"]]


class Weighted(eqx.Module):
    """Synapses by their weights, which are computed once for all steps of a relaxation.

    **Arguments:** `weight` of a share of the full power, (neurons, tones); `offset`.
    """

    weight: Float[Array, "neurons tones"]
    offset: Float[Array, "..."]

    def __call__(self, shares: Float[Array, "*b tones"]) -> Float[Array, "*b neurons"]:
        """The currents, in thresholds."""
        return shares @ self.weight.T + self.offset


def weighted(layer: Synapses) -> Weighted | Synapses:
    """The layer without its fast evaluation: by its weights, where the rectifier has some.

    **Raises:** `InvalidInput` for an array with readings, as some effects add them.
    """
    array, read_out = layer.array, layer.read_out
    if array.readings:
        raise InvalidInput(
            "a network that settles has no readings; leave them out, and effects that add some"
        )
    volts = array.wiring.weights(array.rectifier, array.resonators, array.detuning, array.line)
    if volts is not None:
        return Weighted(volts * array.peak_powers / read_out.unit * read_out.gain, read_out.offset)
    plain = eqx.tree_at(
        lambda array: array.evaluation, array, None, is_leaf=lambda leaf: leaf is None
    )
    return Synapses(plain, read_out)


def _swept(couplings, activation, given, state):
    """All layers, first to last, each settled among the others as they are then."""
    below, wanted, nudge = given
    layers = [None, *state]
    for place in range(len(layers)):
        last = place == len(layers) - 1
        current = couplings[place - 1].forward(layers[place - 1]) if place else below
        if last:
            current = current + nudging(layers[place], wanted, nudge)
        else:
            current = current + couplings[place].back(layers[place + 1])
        layers[place] = activation(current)
    return layers


@eqx.filter_jit
def settled(couplings, activation, given, sizes):
    """The shares of all layers, (rows, neurons) each, and which rows converged.

    The state is that of all layers but the first, which follows from the second.

    **Arguments:** `couplings` between layers, one `Coupling` each; `activation`; `given`: currents
    of the first layer, (rows, neurons), what is wanted of the last, (rows, outputs), and how
    strongly it is nudged, (rows, 1); `sizes` of all layers but the first.
    """
    arrays, rest = eqx.partition((couplings, activation), eqx.is_inexact_array)
    solve = partial(_solved, rest, sizes)
    residual = partial(_residual, rest, sizes)
    ended = implicit_root(solve, residual, partial(_divided, residual), (arrays, given))
    layers = _swept(couplings, activation, given, _split(ended, sizes))
    tolerance = 10 * _tolerance(ended.dtype)
    last = jax.lax.stop_gradient(jnp.concatenate(layers[1:], -1).T - ended)
    return tuple(layers), jnp.max(jnp.abs(last), axis=0) <= tolerance


def _residual(rest, sizes, state, arrays, given):
    couplings, activation = eqx.combine(arrays, rest)
    # Powers are none below zero, nor above the clamp; accelerated steps may overshoot.
    layers = _swept(couplings, activation, given, _split(jnp.clip(state, 0, 1), sizes))
    return jnp.concatenate(layers[1:], axis=-1).T - state


def _solved(rest, sizes, arrays, given):
    start = jnp.zeros((sum(sizes), len(given[0])), given[0].dtype)

    def correction(parts):
        return (_residual(rest, sizes, parts[0], arrays, given),)

    (ended,) = accelerated(correction, (start,), _tolerance(start.dtype), _MOST).point
    return jnp.clip(ended, 0, 1)


def _divided(residual, state, arguments, right):
    """The Jacobian of each row by one derivative for each unit vector, and its solution."""
    size, lanes = state.shape

    def column(unit):
        direction = jnp.broadcast_to(unit[:, None], (size, lanes))
        return jax.jvp(lambda state: residual(state, *arguments), (state,), (direction,))[1]

    columns = jax.vmap(column)(jnp.eye(size, dtype=state.dtype))  # (of, rows, lanes)
    return jnp.linalg.solve(columns.transpose(2, 1, 0), right.T[..., None])[..., 0].T


def _split(state, sizes) -> list[Float[Array, "lanes _"]]:
    """The layers of a state, (all neurons, lanes), with the lanes in front."""
    return jnp.split(state.T, np.cumsum(sizes)[:-1], axis=-1)


def _tolerance(dtype) -> float:
    return float(jnp.finfo(dtype).eps) ** 0.75
