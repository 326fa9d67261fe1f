"""Chebyshev polynomials: where to sample, and how to sum."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def nodes(count: int) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, "nodes nodes"]]:
    """Points in (-1, 1) to sample, and the matrix from values there to coefficients."""
    angles = np.pi * (np.arange(count) + 0.5) / count
    to_series = 2 / count * np.cos(np.arange(count)[:, None] * angles)
    to_series[0] /= 2
    return np.cos(angles), to_series


def polynomials(x: Float[Array, "*b n"], counts: tuple[int, ...]) -> list[Float[Array, "..."]]:
    """Chebyshev polynomials of x, each of the first `count` entries only; counts never rise."""
    terms = [jnp.ones_like(x), x]
    for count in counts[2:]:
        terms.append(2 * x[..., :count] * terms[-1][..., :count] - terms[-2][..., :count])
    return [term[..., :count] for term, count in zip(terms, counts, strict=False)]


def summed(x: Float[Array, "..."], coefficients: Float[Array | np.ndarray, "terms n"]) -> Array:
    """A series with other coefficients for each x along the last axis, by Clenshaw's recurrence."""
    after = later = jnp.zeros_like(x)
    for coefficient in coefficients[:0:-1]:
        after, later = coefficient + 2 * x * after - later, after
    return coefficients[0] + x * after - later


def stacked(x: Float[Array, "*n"], count: int) -> Float[Array, "count *n"]:
    """Many Chebyshev polynomials of x, one after the other."""
    found = jnp.stack([jnp.ones_like(x), x])
    while len(found) < count:
        # $T_{k+j}=2T_kT_j-T_{k-j}$ doubles their number.
        found = jnp.concatenate([found, 2 * found[-1] * found[1:] - found[-2::-1]])
    return found[:count]


def product(
    left: Float[Array | np.ndarray, "... n"], right: Float[Array | np.ndarray, "... n m"]
) -> Float[Array, "... m"]:
    """The product of matrices in full precision, also where that is not the default."""
    return jnp.matmul(left, right, precision=jax.lax.Precision.HIGHEST)
