r"""How much of the power of an amplifier reaches a resonator."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def attenuated(decibels: ArrayLike, places: ArrayLike) -> Float[Array, "..."]:
    r"""What is left of a power after some places of a line: $10^{-ak/10}$.

    **Arguments:** `decibels` $a$ of a place, dB; `places` $k$.

    **Returns:** from 0 to 1.
    """
    return jnp.asarray(10 ** (-jnp.asarray(decibels) * places / 10))


@jax.jit
def reflection(load: ArrayLike, source: ArrayLike) -> Float[Array, "..."]:
    r"""The share of an amplitude that a load reflects: $r=\frac{R_L-R_S}{R_L+R_S}$.

    **Arguments:** `load` $R_L$ and `source` $R_S$, Ω.

    **Returns:** from -1, a short, to 1, an open end.
    """
    return jnp.asarray((load - source) / (load + source))


@jax.jit
def transmitted(reflection: ArrayLike) -> Float[Array, "..."]:
    r"""The share of a power that is not reflected: $1-|r|^2$.

    **Arguments:** `reflection` $|r|$ of amplitudes.

    **Returns:** from 0 to 1.
    """
    return jnp.asarray(1 - jnp.square(jnp.asarray(reflection)))


@jax.jit
def divided(weights: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""What receivers get of a power that is not divided evenly: $\frac{w_k}{\bar w}$.

    What one lacks others have too much.

    **Arguments:** `weights` $w_k$ of all receivers, about one.

    **Returns:** shares of an even part, one on average; one to the last bit where all weigh one.
    """
    # A mean of the differences from one, so that nothing rounds where there are none.
    return weights / (1 + jnp.mean(weights - 1))
