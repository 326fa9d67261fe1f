"""How what was written to a memristor relaxes with time."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def relative_drift(
    time: ArrayLike, exponent: ArrayLike, reference_time: ArrayLike
) -> Float[Array, "..."]:
    r"""By which share a conductance has changed: $(1+t/t_0)^{-\nu}-1$.

    The power law by which amorphous phase-change cells relax, $G=G_0(t'/t_0)^{-\nu}$ at a time $t'$
    after writing (Le Gallo et al., Adv. Electron. Mater. 4, 1700627, 2018), counted from the first
    reading, $t=t'-t_0$; for small exponents the logarithmic one, $-\nu\ln(1+t/t_0)$.

    **Arguments:** `time` $t$ since the first reading and `reference_time` $t_0$, from writing to
    that reading, in the same unit; `exponent` $\nu$, without unit.

    **Returns:** a share, zero at $t=0$ or $\nu=0$ to the last bit.
    """
    return jnp.expm1(-exponent * jnp.log1p(jnp.asarray(time) / reference_time))


@jax.jit
def drifted_detuning(
    detuning: ArrayLike, detuning_at_zero: ArrayLike, drift: ArrayLike
) -> Float[Array, "..."]:
    r"""A detuning proportional to a conductance that has drifted: $x'=x+(x-z)\,d$.

    **Arguments:** `detuning` $x$ as written and `detuning_at_zero` $z$, that without conductance,
    in linewidths; `drift` $d$, the `relative_drift`.

    **Returns:** $x'$ in linewidths; $x$ to the last bit at $d=0$.
    """
    return jnp.asarray(detuning + (jnp.asarray(detuning) - detuning_at_zero) * drift)
