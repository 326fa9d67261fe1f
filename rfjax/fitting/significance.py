"""Whether a line was found at all: a fit of one against a fit of the background alone."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.numerics.least_squares import LOSSES, Problem, loss_of

_CHANCE = 1e-3  # of a line in a sweep of noise, for every place at which it could stand


def told_from_noise(
    problem: Problem,
    left: Float[np.ndarray, "lanes blocks n"],
    degrees: Int[np.ndarray, " lanes"],
) -> Bool[np.ndarray, " lanes"]:
    r"""Which fits leave less than the background alone, by more than noise would have it.

    An F-test, $F=\frac{(S_0-S)/p}{S/\nu}$ of the misfits without and with the line. A line of noise
    may stand at any sample, so that the chance of one is shared among them. Misfits are those of
    the loss "soft-l1", by which few outliers hide no line.

    **Arguments:** `problem` that was solved; `left`: what its solution leaves, in its units;
    `degrees` $\nu$ of freedom.

    **Returns:** one a lane.
    """
    from scipy.special import fdtrc

    measured, weights, basis = (
        np.asarray(each, np.float64) for each in (problem.measured, problem.weights, problem.basis)
    )
    weighed = weights[..., None] * basis
    inverse = np.linalg.pinv(np.einsum("kbnl,kbnm->kblm", weighed, basis), hermitian=True)
    linear = np.einsum("kblm,kbnm,kbn->kbl", inverse, weighed, measured)
    plain = measured - np.einsum("kbnl,kbl->kbn", basis, linear)
    dtype = np.asarray(problem.measured).dtype
    with_line, without = (
        np.asarray(_misfit(each.astype(dtype), problem), np.float64) for each in (left, plain)
    )
    parameters = np.asarray(problem.free).sum(1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = (without - with_line) / parameters / (with_line / degrees)
    chance = fdtrc(parameters, degrees, np.maximum(np.nan_to_num(ratio, nan=0.0), 0))
    return chance * measured.shape[-1] < _CHANCE


@jax.jit
@jax.vmap
def _misfit(left, problem: Problem):
    square = problem.weights * (left / problem.spread) ** 2
    return jnp.sum(loss_of(square, jnp.asarray(LOSSES.index("soft-l1")))[0])
