"""How many devices have failed under a load, or after a time."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def failed_share(load: ArrayLike, scale: ArrayLike, shape: ArrayLike) -> Float[Array, "..."]:
    r"""The share of devices that have failed, after Weibull: $1-e^{-(u/u_0)^k}$.

    Of those that end with their weakest place, as barriers and filaments do.

    **Arguments:** `load` $u$, as a voltage, a time or a number of cycles; `scale` $u_0$ in the same
    unit, at which 63 % have failed; `shape` $k$, the larger the more alike devices are.

    **Returns:** from 0 to 1.
    """
    none = jnp.less_equal(load, 0)
    relative = jnp.where(none, 1, load / jnp.asarray(scale))
    return jnp.where(none, 0, -jnp.expm1(-(relative**shape)))
