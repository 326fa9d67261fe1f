r"""Resonators each of which is in one of two states: what chains of them give on average.

A resonator is in its upper state with probability $p=\frac12(1+\tanh\kappa s)$, in its lower one
otherwise, each on its own (mean field). Voltages of a chain add, so that their mean is linear in
the probabilities, whatever a single resonator does.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def mean_state(tendency: ArrayLike, sharpness: ArrayLike) -> Float[Array, "..."]:
    r"""The mean of a state of one or minus one: $m=2p-1=\tanh\kappa s$.

    **Arguments:** `tendency` $s$ to the upper state; `sharpness` $\kappa$, both without unit.

    **Returns:** from -1 to 1.
    """
    return jnp.tanh(jnp.asarray(sharpness) * tendency)


@jax.jit
def mean_voltages(
    upper: Float[Array, "b alike tones"],
    lower: Float[Array, "b alike tones"],
    mean_states: Float[Array, "chains tones"],
) -> Float[Array, "b chains"]:
    r"""The mean voltages of chains over the states of their resonators:
    $\langle U\rangle=\sum_kp_kV_k^++(1-p_k)V_k^-=\sum_k\frac{V_k^++V_k^-}2+m_k\frac{V_k^+-V_k^-}2$.

    **Arguments:** `upper` $V_k^+$ and `lower` $V_k^-$: the voltages of resonators in either state,
    V; of one chain where all have the same devices, of each chain otherwise; `mean_states` $m_k$.

    **Returns:** V.
    """
    middle, apart = (upper + lower) / 2, (upper - lower) / 2
    if upper.shape[1] == 1:
        exactly = jax.lax.Precision.HIGHEST
        differing = jnp.matmul(apart[:, 0], mean_states.T, precision=exactly)
    else:
        differing = jnp.sum(apart * mean_states, axis=-1)
    return middle.sum(-1) + differing
