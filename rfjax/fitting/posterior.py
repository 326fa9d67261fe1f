r"""The posterior of what was fitted, by Hamiltonian Monte Carlo (NumPyro's NUTS).

The likelihood is that of normal noise. Its deviation has the prior $1/\sigma$, linear parameters a
flat one, and both are integrated out: $p(\theta|y)\propto S(\theta)^{-(n-l)/2}$ of $n$ samples and
$l$ linear parameters, with the weighted sum $S$ of squares that a fit minimises. Of a model that is
linear this is Student's $t$ of `Estimates.intervals`.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from rfjax.checks import InvalidInput, fraction, instance_of, one_of, positive_integer, random_key
from rfjax.fitting.estimates import LEVEL, covariance_of
from rfjax.fitting.fit import Fit
from rfjax.fitting.results import at_lanes
from rfjax.numerics.least_squares import Problem
from rfjax.printing import quantity

_SPREAD = 0.5  # standard errors about the fit, where chains start
_ACCEPTED = 0.9  # of the steps; curved valleys need small ones
_FEWEST = 4  # samples, the halves of which have a spread
_NO_SIZE = 1e-6  # of the largest direction, below which one is none


@dataclasses.dataclass(frozen=True, repr=False)
class Posterior:
    """Samples of the parameters that a fit varied; `print(posterior)` prints their table.

    **Arguments:** `names` and `units`, one a parameter; `values` (chains, samples, parameters), SI;
    `r_hat` (parameters,): the spread of all chains over that within halves of them, one where they
    agree; `effective` (parameters,): how many independent samples they are worth; `divergences`:
    how many transitions diverged, none where all is well.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Float[np.ndarray, "chains samples parameters"]
    r_hat: Float[np.ndarray, " parameters"]
    effective: Float[np.ndarray, " parameters"]
    divergences: int

    def __getitem__(self, name: str) -> Float[np.ndarray, "chains samples"]:
        """The samples of a parameter, SI."""
        return self.values[..., self.names.index(one_of("name", name, self.names))]

    def intervals(self, level: float = LEVEL) -> Float[np.ndarray, "2 parameters"]:
        """The lower and the upper ends of intervals with equal tails, in SI.

        **Raises:** `InvalidInput` for a level that is not between 0 and 1.
        """
        tail = (1 - fraction("level", level)) / 2
        return np.quantile(self.values, [tail, 1 - tail], axis=(0, 1))

    def __repr__(self) -> str:
        chains, samples, _ = self.values.shape
        return f"Posterior({chains} chains of {samples} samples of {', '.join(self.names)})"

    def __str__(self) -> str:
        chains, samples, _ = self.values.shape
        rows = [("parameter", "median", f"{LEVEL:.0%} interval", "R-hat", "effective samples")]
        medians, ends = np.median(self.values, axis=(0, 1)), self.intervals().T
        for n, (name, unit) in enumerate(zip(self.names, self.units, strict=True)):
            written = quantity(float(medians[n]), unit), quantity(ends[n], unit)
            rows.append((name, *written, f"{self.r_hat[n]:.3f}", f"{self.effective[n]:.0f}"))
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join(f"{w:{n}}" for w, n in zip(row, widths)).rstrip() for row in rows]
        lines.append(f"divergences: {self.divergences}")
        if self.divergences:
            lines.append(
                f"warning: {self.divergences} of {chains * samples} samples stand where steps left "
                "the valley of the misfit, which is sampled too rarely there: give more warmup, "
                "measure at more powers, or hold what is not determined"
            )
        return "\n".join(lines)


def posterior(
    fit: Fit,
    *,
    key: Key[Array, ""],
    samples: int = 1000,
    warmup: int = 500,
    chains: int = 4,
    index: tuple[int, ...] = (),
) -> Posterior:
    r"""Samples of the posterior of a fit, by NumPyro's NUTS: `pip install "rfjax[posterior]"`.

    Priors are flat inside of the bounds of the fit: in the parameter, or in the logarithm of one
    that has to be positive. The deviation of the noise has the prior $1/\sigma$ and is integrated
    out, as are backgrounds. Chains start about the fit: what lies beyond another minimum, as the
    other branch of a fold, is not found.

    **Arguments:** `fit`, by squares; `key` of the samples; `samples` of each chain, four or more,
    after `warmup` steps; `chains`; `index` of the fit in the batch, as `(7,)`.

    **Returns:** the samples of the parameters that were varied.

    **Raises:** `InvalidInput` where NumPyro is not installed, for a fit that found no minimum, used
    another loss, or has a parameter that the data do not determine, and for values that are not
    allowed.
    """
    _numpyro()
    instance_of("fit", fit, Fit, "a fit, as of fit_spin_diode")
    key = random_key("key", key)
    counts = {"num_samples": samples, "num_warmup": warmup, "num_chains": chains}
    counts = {name: positive_integer(name[4:], value, 10**7) for name, value in counts.items()}
    if samples < _FEWEST:
        raise InvalidInput(f"samples are {samples}; give {_FEWEST} or more, whose R-hat is known")
    index, lane = _lane(fit, index)
    solved, estimates = fit.solved, fit.estimates
    problem = at_lanes(solved.problem, np.array([lane]))
    if np.any(problem.loss):
        raise InvalidInput("the fit used a robust loss, which is no likelihood; fit by squares")
    free = np.asarray(problem.free)[0]
    varied = free[solved.order[lane]]
    place = solved.order[lane][varied]
    centre = np.asarray(solved.solution.parameters[lane])
    normal = np.asarray(solved.solution.normal[lane])[None]
    covariance = covariance_of(normal, _variance(fit, lane), free[None])[0][np.ix_(place, place)]
    if not np.isfinite(covariance).all():
        raise InvalidInput("the data do not determine a parameter; hold it, or fit fewer")
    root = np.linalg.cholesky(covariance)
    drawn, divergences = _sampled(solved.model, problem, centre, place, root, key, counts)
    away = drawn - centre[place]
    values = estimates.values[index][varied]
    slopes = estimates.errors[index][varied] / np.sqrt(np.diag(covariance))
    positive = np.array(estimates.positive)[varied]
    ratio = np.where(positive, away, 0)
    in_si = np.where(positive, values * np.exp(ratio), values + slopes * away)
    names, units = (
        tuple(np.array(each, object)[varied]) for each in (estimates.names, estimates.units)
    )
    diagnostics = _numpyro().diagnostics
    r_hat = np.asarray(diagnostics.split_gelman_rubin(drawn))
    effective = np.asarray(diagnostics.effective_sample_size(drawn))
    return Posterior(names, units, in_si, r_hat, effective, divergences)


def _numpyro() -> Any:
    try:
        import numpyro.diagnostics
        import numpyro.infer
    except ImportError:
        raise InvalidInput(
            'numpyro is not installed; posteriors need it: pip install "rfjax[posterior]"'
        ) from None
    return numpyro


def _lane(fit: Fit, index: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """The place of one fit in the batch, checked, and on the axis of lanes."""
    fits = isinstance(index, tuple) and len(index) == len(fit.shape)
    whole = fits and all(isinstance(n, int | np.integer) for n in index)
    whole = whole and not any(isinstance(n, bool) for n in index)
    if not whole or not all(0 <= n < m for n, m in zip(index, fit.shape)):
        raise InvalidInput(f"index is {index!r}; give the place of one fit in {fit.shape}")
    place = tuple(int(n) for n in index)
    if not fit.converged[place]:
        raise InvalidInput("the fit found no minimum to sample about; mend the fit first")
    return place, fit.lane(place)


def _variance(fit: Fit, lane: int) -> Float[np.ndarray, "1"]:
    problem, solution = fit.solved.problem, fit.solved.solution
    samples = np.sum(np.asarray(problem.weights)[lane] > 0)
    degrees = fit.estimates.degrees.reshape(-1)[lane]
    return np.array([float(solution.variance[lane]) * samples / degrees])


def _sampled(model: Any, problem: Problem, centre, place, root, key, counts):
    """Samples (chains, samples, varied) in units of the problem, and how many diverged."""
    infer = _numpyro().infer
    one = jax.tree.map(lambda array: jnp.asarray(np.asarray(array)[0]), problem)
    centre, root = jnp.asarray(centre), jnp.asarray(root, centre.dtype)
    lower = one.lower[place]
    basis, rank = _orthonormal(np.asarray(problem.weights)[0], np.asarray(problem.basis)[0])
    basis = jnp.asarray(basis, centre.dtype)
    half = (jnp.sum(one.weights > 0) - rank) / 2

    def parameters(whitened):
        moved = centre[place] + root @ whitened
        # Reflected at a bound: the flat prior stays flat.
        bounded = jnp.isfinite(lower)
        floor = jnp.where(bounded, lower, 0)
        return jnp.where(bounded, floor + jnp.abs(moved - floor), moved)

    def potential(whitened):
        found = model(centre.at[place].set(parameters(whitened)), one.data)
        return half * jnp.log(_squares(found, one, basis))

    kernel = infer.NUTS(potential_fn=potential, target_accept_prob=_ACCEPTED)
    chain = infer.MCMC(kernel, **counts, chain_method="vectorized", progress_bar=False)
    first, key = jax.random.split(key)
    shape = counts["num_chains"], len(place)
    start = _SPREAD * jax.random.normal(first, shape, centre.dtype)
    chain.run(key, init_params=start if shape[0] > 1 else start[0], extra_fields=("diverging",))
    drawn = jax.vmap(jax.vmap(parameters))(chain.get_samples(group_by_chain=True))
    diverged = chain.get_extra_fields()["diverging"]
    return np.asarray(drawn, np.float64), int(np.sum(np.asarray(diverged)))


def _orthonormal(weights, basis) -> tuple[Float[np.ndarray, "blocks n linear"], int]:
    """What linear parameters can make of the weighted samples of each block, and how many they are.

    Columns that are zero, or a sum of others, are left out.
    """
    weighed = np.sqrt(weights)[..., None] * np.asarray(basis, np.float64)
    directions, sizes, _ = np.linalg.svd(weighed, full_matrices=False)
    kept = sizes > _NO_SIZE * sizes.max(-1, initial=0.0, keepdims=True)
    return directions * kept[:, None], int(kept.sum())


def _squares(found, problem: Problem, basis) -> Float[Array, ""]:
    """The weighted squares that are left where linear parameters are fitted anew."""
    root = jnp.sqrt(problem.weights)
    left = root * jnp.where(problem.weights > 0, found - problem.measured, 0)
    left = left - jnp.einsum("knl,kl->kn", basis, jnp.einsum("knl,kn->kl", basis, left))
    # Exact data leave what rounding does, and no logarithm of nothing.
    rounding = jnp.finfo(left.dtype).eps ** 2 * jnp.sum(problem.weights * problem.measured**2)
    return jnp.sum(left**2) + rounding
