"""How an amplifier or an oscillator compresses near the most that it can emit."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def compressed(
    power: ArrayLike, saturation: ArrayLike, sharpness: ArrayLike
) -> Float[Array, "..."]:
    r"""The power that a source emits which saturates: $\frac{P}{[1+(P/P_{sat})^n]^{1/n}}$.

    Rapp's model of solid-state amplifiers, $\frac{V}{[1+(V/V_{sat})^{2n}]^{1/2n}}$ (2nd European
    Conference on Satellite Communications, 1991), in powers. It has no change of the phase.

    **Arguments:** `power` $P$ that an ideal source emits and `saturation` $P_{sat}$, the most that
    there is, infinite for an ideal one, both in W; `sharpness` $n\ge1$ of the bend, without unit.

    **Returns:** W.
    """
    less, more = jnp.minimum(power, saturation), jnp.maximum(power, saturation)
    # Symmetric in both, so that the ratio is at most one and no power of it overflows.
    return jnp.asarray(less * (1 + (less / more) ** sharpness) ** (-1 / jnp.asarray(sharpness)))


@jax.jit
def compression_point(
    saturation: ArrayLike, sharpness: ArrayLike, decibels: ArrayLike = 1.0
) -> Float[Array, "..."]:
    r"""The power at which `compressed` is lower by some decibels: $P_{sat}(10^{na/10}-1)^{1/n}$.

    **Arguments:** `saturation` $P_{sat}$ in W; `sharpness` $n$; `decibels` $a$, 1 for the 1 dB
    compression point.

    **Returns:** the power that an ideal source would emit there, W.
    """
    grown = jnp.expm1(jnp.log(10.0) / 10 * sharpness * jnp.asarray(decibels))
    return jnp.asarray(saturation) * grown ** (1 / jnp.asarray(sharpness))
