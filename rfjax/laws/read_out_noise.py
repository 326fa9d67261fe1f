r"""Noise of the read-out: the thermal voltage of a chain, and what it does to logits."""

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
    # One root at a time: the product leaves float32's comfortable range.
    thermal = jnp.sqrt(2 * BOLTZMANN * 1e18 * jnp.asarray(temperature))
    return thermal * 1e-9 * jnp.sqrt(jnp.asarray(resistance) / time)


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
