"""Cubic splines: slopes at nodes, and evaluation between them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def slopes(nodes: Float[Array, "*#b n"], values: Float[Array, "*b n"]) -> Float[Array, "*b n"]:
    """The slopes at its nodes of the cubic spline through some values, twice differentiable.

    Its ends are "not-a-knot": a cubic comes out as it is. Through two nodes it is a line, through
    three a parabola. They are linear in the values: a tridiagonal system.

    **Arguments:** `nodes`, rising, two or more; `values` there. Leading axes broadcast.

    **Returns:** the slopes, in units of values over nodes.
    """
    widths = jnp.diff(nodes)
    secants = jnp.diff(values) / widths
    if nodes.shape[-1] == 2:
        return jnp.repeat(secants, 2, axis=-1)
    low, high = widths[..., :-1], widths[..., 1:]
    if nodes.shape[-1] == 3:
        bend = jnp.diff(secants) / (low + high)
        left, right = secants[..., :1] - low * bend, secants[..., 1:] + high * bend
        return jnp.concatenate([left, secants[..., :1] + low * bend, right], -1)
    both = low + high
    start = _at_the_end(low[..., 0], high[..., 0], secants[..., 0], secants[..., 1])
    end = _at_the_end(high[..., -1], low[..., -1], secants[..., -1], secants[..., -2])
    inner = 3 * (high * secants[..., :-1] + low * secants[..., 1:])
    right = jnp.concatenate([start[..., None], inner, end[..., None]], -1)
    none = jnp.zeros_like(low[..., :1])
    below = jnp.concatenate([none, high, both[..., -1:]], -1)
    diagonal = jnp.concatenate([high[..., :1], 2 * both, low[..., -1:]], -1)
    above = jnp.concatenate([both[..., :1], low, none], -1)
    below, diagonal, above = (
        jnp.broadcast_to(band, right.shape) for band in (below, diagonal, above)
    )
    return jax.lax.linalg.tridiagonal_solve(below, diagonal, above, right[..., None])[..., 0]


def _at_the_end(first, second, secant, next_secant):
    """What slopes of the outermost nodes add up to where the second node is no knot."""
    both = first + second
    return ((first + 2 * both) * second * secant + first**2 * next_secant) / both


def interpolated(
    nodes: Float[Array, "*#b n"],
    values: Float[Array, "*#b n"],
    slopes: Float[Array, "*#b n"],
    at: Float[Array, "*#b"],
) -> Float[Array, "..."]:
    """The piecewise cubic with known values and slopes at its nodes, between them.

    **Arguments:** `nodes`, rising, `values` and `slopes`, one after the other along the last axis;
    `at`: where. Leading axes broadcast. Beyond the nodes the outermost cubic goes on.

    **Returns:** the values there, of the broadcast shape.
    """
    return _interpolated(nodes, values, slopes, at)


def half_grid_difference(
    nodes: Float[Array, "*#b n"], values: Float[Array, "*b n"]
) -> Float[Array, "*b"]:
    """How far the spline through every second node is from the values between them, at most.

    Where the nodes lie dense against what the values bend over, a spline through all of them is off
    by about a sixteenth of it.

    **Arguments:** `nodes`, rising, three or more; `values` there. Leading axes broadcast.

    **Returns:** the largest difference, in the unit of the values.
    """
    kept, known = nodes[..., ::2], values[..., ::2]
    between = (nodes.shape[-1] - 1) // 2  # an odd one at the end lies outside
    at, true = nodes[..., 1::2][..., :between], values[..., 1::2][..., :between]
    rising = slopes(kept, known)
    kept, known, rising = (each[..., None, :] for each in (kept, known, rising))
    return jnp.abs(interpolated(kept, known, rising, at) - true).max(-1)


def _one(nodes, values, slopes, at):
    place = jnp.sum(nodes[1:-1] <= at)  # of the node below, the last of which is the last but one
    low, width = nodes[place], nodes[place + 1] - nodes[place]
    t = (at - low) / width
    rise = values[place + 1] - values[place]
    start, end = width * slopes[place], width * slopes[place + 1]
    # Hermite's cubic by its differences, so that little rounds where values are large.
    bend = 3 * rise - 2 * start - end
    return values[place] + t * (start + t * (bend + t * (start + end - 2 * rise)))


_interpolated = jnp.vectorize(_one, signature="(n),(n),(n),()->()")
