"""One step of an explicit Runge–Kutta scheme, its stages written out or in a loop.

Written out, a step compiles to one kernel that holds its stages in registers; a loop over stages
passes them through memory, but compiles much faster, above all its derivatives in reverse.
"""

from collections.abc import Callable, Sequence
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.dynamics.force import Amplitude

Parts = tuple[Float[Array, "..."], ...]


def runge_kutta_step(
    tableau: diffrax.ButcherTableau,
    velocity: Callable[[ArrayLike, Any], Parts],
    step: Float[Array, "..."],
    amplitude: Parts,
) -> Any:
    r"""The amplitude after a step $h$ of an explicit scheme.

    $k_i=f(c_ih,\;y+h\sum_{j<i}a_{ij}k_j)$ and $y+h\sum_ib_ik_i$.

    **Arguments:** `tableau` of the scheme, from diffrax; `velocity(offset, amplitude)`: $f$, 1/s,
    at an offset in s from the start of the step; `step` $h$ in s; `amplitude` $y$ at the start, in
    as many parts as the velocity has.

    **Returns:** the amplitude at the end.
    """
    nodes, rows = [0.0, *map(float, tableau.c)], [np.zeros(0), *tableau.a_lower]
    slopes = []
    for node, weights in zip(nodes, rows, strict=True):
        slopes.append(velocity(node * step, _moved(amplitude, step, weights, slopes)))
    return _moved(amplitude, step, tableau.b_sol, slopes)


def looped_step(
    tableau: diffrax.ButcherTableau,
    velocity: Callable[[ArrayLike, Amplitude], Amplitude],
    step: Float[Array, ""],
    amplitude: Amplitude,
) -> Amplitude:
    """The same step with its stages in a loop; see `runge_kutta_step`."""
    count = len(tableau.b_sol)
    lower = np.zeros((count, count))
    for number, row in enumerate(tableau.a_lower, start=1):
        lower[number, : len(row)] = row
    start = jnp.stack(jnp.broadcast_arrays(*amplitude))
    rows = jnp.asarray(lower, start.dtype)
    nodes = jnp.asarray([0.0, *map(float, tableau.c)], start.dtype)
    sums = jnp.asarray(np.asarray(tableau.b_sol, float), start.dtype)

    def after(weights, slopes):
        highest = jax.lax.Precision.HIGHEST
        re, im = start + step * jnp.tensordot(weights, slopes, 1, precision=highest)
        return re, im

    def stage(slopes, each):
        number, node, weights = each
        slope = velocity(node * step, after(weights, slopes))
        return slopes.at[number].set(jnp.stack(slope)), None

    slopes = jnp.zeros((count, *start.shape), start.dtype)
    slopes, _ = jax.lax.scan(stage, slopes, (jnp.arange(count), nodes, rows))
    return after(sums, slopes)


def _moved(amplitude: Parts, step: Array, weights: np.ndarray, slopes: Sequence[Parts]) -> Parts:
    """The amplitude moved along the slopes whose weights are not zero."""
    used = [(float(weight), slope) for weight, slope in zip(weights, slopes) if weight]
    if not used:
        return amplitude
    return tuple(
        part + step * sum(weight * slope[place] for weight, slope in used)
        for place, part in enumerate(amplitude)
    )
