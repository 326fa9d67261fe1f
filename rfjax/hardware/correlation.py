"""How alike neighbours on a chip are."""

import math
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.checks import InvalidInput, non_negative_number
from rfjax.printing import described

_exactly = jax.lax.Precision.HIGHEST


class Correlation(eqx.Module):
    r"""Gaussian draws that are correlated between neighbours, autoregressive of first order.

    Draws $\Delta k$ places apart in a chain and $\Delta j$ chains apart are correlated by
    $\rho_k^{\Delta k}\rho_j^{\Delta j}$, a correlation length of $-1/\ln\rho$ places. With a
    correlation of one all draws along an axis are the same, with both at one all of the array.

    **Arguments:** `along` $\rho_k$ of next neighbours in a chain; `across` $\rho_j$ of those in
    next chains; from 0 to 1.

    **Raises:** `InvalidInput` for other correlations.
    """

    along: float = eqx.field(
        static=True, converter=partial(non_negative_number, "along"), default=0.0
    )
    across: float = eqx.field(
        static=True, converter=partial(non_negative_number, "across"), default=0.0
    )

    __repr__ = described

    def __check_init__(self):
        for name, value in {"along": self.along, "across": self.across}.items():
            if value > 1:
                raise InvalidInput(f"{name} is {value:g}; a correlation is from 0 to 1")

    def draws(self, shape: tuple[int, ...], dtype, *, key: Key[Array, ""]) -> Float[Array, "..."]:
        """Draws of zero mean and unit variance, correlated.

        **Arguments:** `shape`: (chains, tones); `dtype`; `key`.

        **Returns:** an array of that shape.
        """
        drawn = jax.random.normal(key, shape, dtype)
        if self.across:
            drawn = jnp.matmul(_root(self.across, shape[0], dtype), drawn, precision=_exactly)
        if self.along:
            drawn = jnp.matmul(drawn, _root(self.along, shape[1], dtype).T, precision=_exactly)
        return drawn


def _root(correlation: float, places: int, dtype) -> Float[Array, "places places"]:
    r"""The Cholesky root of $\rho^{|k-l|}$."""
    place = jnp.arange(places)
    apart = place[:, None] - place
    decayed = jnp.asarray(correlation, dtype) ** jnp.maximum(apart, 0)
    fresh = jnp.where(place == 0, 1.0, math.sqrt(1 - correlation**2)).astype(dtype)
    return jnp.where(apart >= 0, decayed * fresh, 0)
