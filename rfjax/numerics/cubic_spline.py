"""Cubic splines: slopes at nodes, found on the host, and evaluation between them."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def slopes(
    nodes: Float[np.ndarray, " n"], values: Float[np.ndarray, "*b n"]
) -> Float[np.ndarray, "*b n"]:
    """The slopes at its nodes of the cubic spline through some values, twice differentiable.

    Its ends are "not-a-knot": a cubic comes out as it is. Through two nodes it is a line, through
    three a parabola.

    **Arguments:** `nodes`, rising, two or more; `values` there.

    **Returns:** the slopes, in units of values over nodes.
    """
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(nodes, values, axis=-1)(nodes, 1))


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
