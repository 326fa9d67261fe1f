"""Whether a line was found at all, and whether what a fit leaves is noise."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.numerics.least_squares import LOSSES, Problem, loss_of

_CHANCE = 1e-3  # of a line in a sweep of noise, for every place at which it could stand
_ALONE = 1e-2  # chance of a sample of noise that stands out
_FOLLOWING = 2.0  # deviations of von Neumann's ratio, below which samples follow each other


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


def resembles_noise(left: Float[np.ndarray, "lanes blocks n"]) -> Bool[np.ndarray, " lanes"]:
    r"""Which residuals are like noise: they do not follow each other, and none stands out.

    Von Neumann's ratio, $\frac{\langle(r_{i+1}-r_i)^2\rangle}{2\langle r_i^2\rangle}$, is one for
    noise, with a deviation of $1/\sqrt n$, and less where a curve is left. A jump that is a sample
    off leaves one that stands out.

    **Arguments:** `left`, in the order of the places; NaN where a sample is missing.

    **Returns:** one a lane.
    """
    from scipy.special import ndtri

    present = np.isfinite(left)
    square = np.where(present, left, 0.0) ** 2
    samples = np.maximum(present.sum((1, 2)), 1)
    mean = square.sum((1, 2)) / samples
    step = np.diff(left, axis=2)
    beside = np.isfinite(step)
    apart = (np.where(beside, step, 0.0) ** 2).sum((1, 2)) / np.maximum(beside.sum((1, 2)), 1)
    follow = apart < 2 * mean * (1 - _FOLLOWING / np.sqrt(samples))
    return ~follow & (square.max((1, 2)) <= ndtri(0.5 * _ALONE / samples) ** 2 * mean)


@jax.jit
@jax.vmap
def _misfit(left, problem: Problem):
    square = problem.weights * (left / problem.spread) ** 2
    return jnp.sum(loss_of(square, jnp.asarray(LOSSES.index("soft-l1")))[0])
