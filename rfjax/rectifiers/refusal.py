"""Results that are refused: at once where their values are known, else as NaN."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from rfjax.checks import known, where_valid


def fitting(
    value: Float[Array, "..."], fits: Bool[Array | np.ndarray, "..."] | np.bool_, otherwise: str
) -> Float[Array, "..."]:
    """A value, if what was prepared fits to what it is used on; see `rfjax.checks.where_valid`.

    **Raises:** `InvalidInput` with the message `otherwise`; inside of compiled functions the value
    is NaN instead.
    """
    return where_valid(value, fits, otherwise)


def answered(volts: Float[Array, "..."], reason: str) -> Float[Array, "..."]:
    """Voltages, if all of them could be found; those that could not are NaN.

    **Raises:** `InvalidInput`, with how many are missing and the `reason`; inside of compiled
    functions they stay NaN.
    """
    missing = jnp.isnan(volts)
    count = f"{int(missing.sum())} of {missing.size} " if known(missing) else ""
    return where_valid(volts, ~missing, f"{count}voltages are missing: {reason}")
