r"""Means over a time of what decays: $\psi(z)=\frac{e^z-1-z}{z^2}$ of a matrix with two rows.

Of a signal whose autocorrelation is $Ce^{A|\tau|}$ the mean over a time $t$ has the variance
$2\psi(At)C$. With half the trace taken out a matrix squares to a number, $(At+g)^2=\rho$, so that
functions of it are an even and an odd part, $\psi=E+O\,(At+g)$, both smooth in $g$ and $\rho$ where
eigenvalues meet.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

Pair = tuple[Float[Array, "..."], Float[Array, "..."]]  # a + b√ρ

_NEAR = 1.0  # g² + |ρ|, which keeps eigenvalues below the root of two
_TERMS = 20
_TERMS_OF_SINE = 9


def exponential_mean(half_trace: Float[Array, "..."], split: Float[Array, "..."]) -> Pair:
    r"""Even and odd part of $\psi$ of a matrix whose eigenvalues are $-g\pm\sqrt\rho$.

    **Arguments:** `half_trace` $-g$, zero or below; `split` $\rho<g^2$: above zero where both
    eigenvalues are real, below where they are a pair. They broadcast.

    **Returns:** $E$ and $O$; $\frac12$ and $\frac16$ for a matrix of zeros.
    """
    half_trace, split = jnp.broadcast_arrays(half_trace, split)
    near = half_trace**2 + jnp.abs(split) < _NEAR
    inside = _series(jnp.where(near, half_trace, 0), jnp.where(near, split, 0))
    outside = _quotient(jnp.where(near, -2.0, half_trace), jnp.where(near, 0.0, split))
    return tuple(jnp.where(near, one, other) for one, other in zip(inside, outside))  # pyright: ignore


def _series(half_trace: Array, split: Array) -> Pair:
    """The sum of zⁿ/(n + 2)!, from the last term."""
    even, odd = jnp.ones_like(split), jnp.zeros_like(split)
    for place in range(_TERMS, 2, -1):
        even, odd = _product((even, odd), (half_trace, jnp.ones_like(split)), split)
        even, odd = 1 + even / place, odd / place
    return even / 2, odd / 2


def _quotient(half_trace: Array, split: Array) -> Pair:
    # One over z, whose conjugate times it is the determinant.
    determinant = half_trace**2 - split
    inverse = half_trace / determinant, -1 / determinant
    even, odd = _exponential(half_trace, split)
    above = even - 1 - half_trace, odd - 1
    return _product(_product(above, inverse, split), inverse, split)


def _exponential(half_trace: Array, split: Array) -> Pair:
    small, real = jnp.abs(split) < 1, split > 0
    root = jnp.sqrt(jnp.where(small, 1, jnp.abs(split)))
    falling = jnp.exp(half_trace)
    # No hyperbolic function alone, which would overflow.
    slow, fast = (
        jnp.exp(half_trace + sign * jnp.where(real & ~small, root, 0)) / 2 for sign in (1, -1)
    )
    sine, cosine = jnp.ones_like(split), jnp.ones_like(split)
    inner = jnp.where(small, split, 0)
    for place in range(_TERMS_OF_SINE, 0, -1):
        sine = 1 + sine * inner / (2 * place * (2 * place + 1))
        cosine = 1 + cosine * inner / (2 * place * (2 * place - 1))
    even = jnp.where(real, slow + fast, falling * jnp.cos(root))
    odd = jnp.where(real, slow - fast, falling * jnp.sin(root)) / root
    return jnp.where(small, falling * cosine, even), jnp.where(small, falling * sine, odd)


def _product(one: Pair, other: Pair, split: Array) -> Pair:
    (a, b), (c, d) = one, other
    return a * c + split * b * d, a * d + b * c
