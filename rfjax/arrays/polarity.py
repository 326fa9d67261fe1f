"""The signs with which the resonators of a chain are wired."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def head_to_tail(volts: Float[Array, "... per_chain"]) -> Float[Array, "..."]:
    r"""The voltage of chains wired head to tail: $U_j=\sum_k(-1)^kV_{kj}$ (5.4).

    Every other resonator is turned round, so that the voltages that all resonators share cancel;
    the first counts as positive.

    **Arguments:** `volts` of the resonators, along the last axis.

    **Returns:** volts of the chains.
    """
    return jnp.sum(volts * signs(volts.shape[-1], volts.dtype), axis=-1)


def signs(per_chain: int, dtype: jnp.dtype) -> Float[Array, " per_chain"]:
    """+1 for the first resonator of a chain, then alternating."""
    return jnp.asarray(np.where(np.arange(per_chain) % 2, -1, 1), dtype)
