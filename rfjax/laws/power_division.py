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
def transmitted(reflection: ArrayLike) -> Float[Array, "..."]:
    r"""The share of a power that is not reflected: $1-|r|^2$.

    **Arguments:** `reflection` $|r|$ of amplitudes.

    **Returns:** from 0 to 1.
    """
    return jnp.asarray(1 - jnp.square(jnp.asarray(reflection)))
