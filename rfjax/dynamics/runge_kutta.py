"""One step of an explicit Runge–Kutta scheme, its stages written out one after the other.

Written out, a step compiles to one kernel that holds its stages in registers; a loop over stages
passes them through memory.
"""

from collections.abc import Callable, Sequence

import diffrax
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.dynamics.force import Amplitude


def runge_kutta_step(
    tableau: diffrax.ButcherTableau,
    velocity: Callable[[ArrayLike, Amplitude], Amplitude],
    step: Float[Array, ""],
    amplitude: Amplitude,
) -> Amplitude:
    r"""The amplitude after a step $h$ of an explicit scheme.

    $k_i=f(c_ih,\;y+h\sum_{j<i}a_{ij}k_j)$ and $y+h\sum_ib_ik_i$.

    **Arguments:** `tableau` of the scheme, from diffrax; `velocity(offset, amplitude)`: $f$, 1/s,
    at an offset in s from the start of the step; `step` $h$ in s; `amplitude` $y$ at the start.

    **Returns:** the amplitude at the end.
    """
    nodes, rows = [0.0, *map(float, tableau.c)], [np.zeros(0), *tableau.a_lower]
    slopes = []
    for node, weights in zip(nodes, rows, strict=True):
        slopes.append(velocity(node * step, _moved(amplitude, step, weights, slopes)))
    return _moved(amplitude, step, tableau.b_sol, slopes)


def _moved(
    amplitude: Amplitude, step: Array, weights: np.ndarray, slopes: Sequence[Amplitude]
) -> Amplitude:
    """The amplitude moved along the slopes whose weights are not zero."""
    used = [(float(weight), slope) for weight, slope in zip(weights, slopes) if weight]
    re, im = amplitude
    if used:
        re = re + step * sum(weight * slope[0] for weight, slope in used)
        im = im + step * sum(weight * slope[1] for weight, slope in used)
    return re, im
