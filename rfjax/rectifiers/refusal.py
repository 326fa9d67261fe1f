"""Results that are refused: at once where their values are known, else when a program runs."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float

from rfjax.checks import InvalidInput


def fitting(
    value: Float[Array, "..."], fits: Bool[Array | np.ndarray, ""], otherwise: str
) -> Float[Array, "..."]:
    """A value, if what was prepared fits to what it is used on.

    **Raises:** `InvalidInput` with the message `otherwise`; inside of compiled functions an error
    of Equinox with it, when they run.
    """
    if not isinstance(fits, Tracer):
        if not fits:
            raise InvalidInput(otherwise)
        return value
    # A zero carries the check: the whole array would be copied on its way through it.
    return value + eqx.error_if(jnp.zeros((), value.dtype), ~fits, otherwise)


def answered(volts: Float[Array, "..."], reason: str) -> Float[Array, "..."]:
    """Voltages, if all of them could be found; those that could not are NaN.

    **Raises:** `InvalidInput`, with how many are missing and the `reason`; inside of compiled
    functions an error of Equinox with the reason, when they run.
    """
    missing = jnp.isnan(volts)
    if isinstance(missing, Tracer):
        return eqx.error_if(volts, jnp.any(missing), f"voltages are missing: {reason}")
    if count := int(missing.sum()):
        raise InvalidInput(f"{count} of {missing.size} voltages are missing: {reason}")
    return volts
