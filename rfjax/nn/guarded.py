"""The fast evaluation of a layer where it is valid, the direct one elsewhere."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from equinox.internal import unvmap_all
from jaxtyping import Array, Bool, Float

Evaluation = Callable[[Float[Array, "..."], Float[Array, "..."]], Float[Array, "..."]]


def guarded(
    valid: Bool[Array, ""],
    fast: Evaluation,
    directly: Evaluation,
    detuning: Float[Array, "chains tones"],
    powers: Float[Array, "*b tones"],
) -> Float[Array, "*b chains"]:
    """The voltages of all chains, by the fast evaluation if it is valid.

    **Arguments:** `valid`: whether all detunings and powers lie in the range of `fast`; if not for
    one of several seeds, for none; `fast` and `directly`, called with `detuning` in linewidths and
    `powers` in W.
    """
    valid = unvmap_all(valid)
    # It stays outside the branch, which would copy what its derivative needs.
    found = fast(jnp.where(valid, detuning, 0), jnp.where(valid, powers, 0))
    return jax.lax.cond(
        valid, lambda found, *_: found, lambda _, *at: directly(*at), found, detuning, powers
    )
