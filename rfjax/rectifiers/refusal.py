"""Results that are refused: at once where their values are known, else as NaN."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.checks import known, where_valid


def answered(volts: Float[Array, "..."], reason: str) -> Float[Array, "..."]:
    """Voltages, if all of them could be found; those that could not are NaN.

    **Raises:** `InvalidInput`, with how many are missing and the `reason`; inside of compiled
    functions they stay NaN.
    """
    if not known(volts):
        return where_valid(volts, ~jnp.isnan(volts), f"voltages are missing: {reason}")
    missing = np.isnan(volts)
    count = f"{int(missing.sum())} of {missing.size}"
    return where_valid(volts, ~missing, f"{count} voltages are missing: {reason}")
