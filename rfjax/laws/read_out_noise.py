r"""Noise of the read-out: of the resistance of a chain, of an amplifier; what it does to logits."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.thermal_noise import BOLTZMANN


@jax.jit
def johnson_voltage(
    resistance: ArrayLike, time: ArrayLike, temperature: ArrayLike = 300.0
) -> Float[Array, "..."]:
    r"""The scatter of a voltage that is averaged over a time: $s=\sqrt{4k_BTR\,\frac{1}{2t}}$.

    Of the thermal noise of a resistance (Nyquist 1928), white over the bandwidth $1/(2t)$ of the
    mean. Thermal motion of the magnetisation is not in it.

    **Arguments:** `resistance` $R$ of the whole chain in Ω; `time` $t$ in s; `temperature` $T$ in
    K.

    **Returns:** the standard deviation, V.
    """
    return amplifier_voltage(johnson_density(resistance, temperature), time)


@jax.jit
def amplifier_voltage(density: ArrayLike, time: ArrayLike) -> Float[Array, "..."]:
    r"""The scatter of a mean over a time that an amplifier adds: $s=e_n\sqrt{\frac1{2t}}$.

    **Arguments:** `density` $e_n$ of its noise, white and referred to its input, V/√Hz; `time` $t$
    in s.

    **Returns:** the standard deviation, V.
    """
    return jnp.asarray(density / jnp.sqrt(2 * jnp.asarray(time)))


@jax.jit
def reading_time(density: ArrayLike, scatter: ArrayLike) -> Float[Array, "..."]:
    r"""How long white noise has to be averaged: $t=\frac12\left(\frac{e_n}s\right)^2$.

    **Arguments:** `density` $e_n$ in V/√Hz; `scatter` $s$ that is allowed, V.

    **Returns:** s.
    """
    return jnp.square(density / jnp.asarray(scatter)) / 2


@jax.jit
def johnson_density(resistance: ArrayLike, temperature: ArrayLike = 300.0) -> Float[Array, "..."]:
    r"""The white noise of a resistance: $e_n=\sqrt{4k_BTR}$, 3.6 nV/√Hz for 796 Ω at 300 K.

    **Arguments:** `resistance` $R$ in Ω; `temperature` $T$ in K.

    **Returns:** V/√Hz.
    """
    # One root at a time: the product leaves float32's comfortable range.
    thermal = jnp.sqrt(4 * BOLTZMANN * 1e18 * jnp.asarray(temperature))
    return thermal * 1e-9 * jnp.sqrt(jnp.asarray(resistance))


@jax.jit
def logits_under_noise(
    logits: Float[Array, "... classes"], scatter: ArrayLike
) -> Float[Array, "... classes"]:
    r"""Logits whose softmax is about the mean over Gaussian noise: $\frac{y}{\sqrt{1+\pi s^2/4}}$.

    MacKay's approximation (Neural Computation 4, 720, 1992), for noise that is independent from
    class to class, so that differences scatter by $\sqrt2\,s$. Of two classes it is within 0.02 of
    the mean. A gain, which amplifies signal and noise alike, cannot make up for noise.

    **Arguments:** `logits` $y$; `scatter` $s$ of each, of the unit of the logits; it broadcasts.

    **Returns:** logits, of the same shape.
    """
    return logits / jnp.sqrt(1 + jnp.pi / 4 * jnp.square(scatter))
