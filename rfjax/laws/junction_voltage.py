"""The voltages that tones leave on a junction."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def tone_amplitude(power: ArrayLike, resistance: ArrayLike) -> Float[Array, "..."]:
    r"""The amplitude of the voltage of a tone: $\sqrt{2RP}$.

    **Arguments:** `power` $P$ into the junction, W; `resistance` $R$ in Ω.

    **Returns:** V.
    """
    product = jnp.asarray(2 * jnp.asarray(power) * resistance)
    none = product == 0
    return jnp.where(none, 0, jnp.sqrt(jnp.where(none, 1, product)))


@jax.jit
def rms_voltage(powers: Float[Array, "*b tones"], resistance: ArrayLike) -> Float[Array, "*c"]:
    r"""The root mean square of the voltages of all tones: $\sqrt{R\sum_iP_i}$.

    At some time every voltage is at least as large.

    **Arguments:** `powers` $P_i$ into the junction, W; `resistance` $R$ in Ω, which broadcasts with
    all axes but that of the tones.

    **Returns:** V.
    """
    return tone_amplitude(jnp.sum(powers, axis=-1), resistance) / jnp.sqrt(2.0)


@jax.jit
def peak_voltage(powers: Float[Array, "*b tones"], resistance: ArrayLike) -> Float[Array, "*c"]:
    r"""The peak of the voltage, where all tones meet in phase: $\sum_i\sqrt{2RP_i}$.

    Tones without a common multiple come as near to it as one likes; the more there are, the longer
    that takes.

    **Arguments:** as for `rms_voltage`.

    **Returns:** V.
    """
    return jnp.sum(tone_amplitude(powers, 1.0), axis=-1) * jnp.sqrt(jnp.asarray(resistance))
