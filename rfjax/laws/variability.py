r"""How devices that differ from what was meant are detuned.

A resonator stands at $f_{res}=\frac{f_{own}}{1+\alpha x}$, with its detuning $x$ from its own tone
in linewidths. What fabrication, temperature and neighbours do is a relative shift of $f_{res}$, and
another damping. Positive numbers spread lognormally.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def lognormal_factor(spread: ArrayLike, drawn: ArrayLike) -> Float[Array, "..."]:
    r"""The factor of a number that spreads and keeps its sign: $e^{\sigma g}$.

    **Arguments:** `spread` $\sigma$, of small ones the standard deviation as a share; `drawn` $g$
    from a standard normal distribution.

    **Returns:** a factor whose median is one; one at $\sigma=0$ to the last bit.
    """
    return jnp.exp(spread * jnp.asarray(drawn))


@jax.jit
def lognormal_change(spread: ArrayLike, drawn: ArrayLike) -> Float[Array, "..."]:
    r"""`lognormal_factor` less one, to all digits of small spreads: $e^{\sigma g}-1$.

    **Arguments:** as for `lognormal_factor`.

    **Returns:** a share above minus one; zero at $\sigma=0$ to the last bit.
    """
    return jnp.expm1(spread * jnp.asarray(drawn))


@jax.jit
def shifted_detuning(
    detuning: ArrayLike, damping: ArrayLike, shift: ArrayLike
) -> Float[Array, "..."]:
    r"""The detuning of a resonance that was moved: $x'=\frac{x-d/\alpha}{1+d}$.

    By a share of itself; from $1+\alpha x'=\frac{1+\alpha x}{1+d}$, so that no bit changes at
    $d=0$. About its own tone a resonance moves by $-d/\alpha$ linewidths.

    **Arguments:** `detuning` $x$ in linewidths of the resonance reached; `damping` $\alpha$;
    `shift` $d=f'_{res}/f_{res}-1$, above minus one.

    **Returns:** $x'$ in linewidths of the resonance that is reached then.
    """
    return jnp.asarray((detuning - shift / damping) / (1 + shift))


@jax.jit
def broadened_detuning(
    detuning: ArrayLike, damping: ArrayLike, after: ArrayLike
) -> Float[Array, "..."]:
    r"""The detuning of a resonance that stays with another damping: $x'=x\,\alpha/\alpha'$.

    **Arguments:** `detuning` $x$ in linewidths; `damping` $\alpha$ and the one `after`, $\alpha'$.

    **Returns:** $x'$ in linewidths of the other damping.
    """
    return jnp.asarray(detuning * (damping / after))


@jax.jit
def relative_shift(detuning: ArrayLike, damping: ArrayLike) -> Float[Array, "..."]:
    r"""How far a resonance is from its own tone, as a share: $-\frac{\alpha x}{1+\alpha x}$.

    **Arguments:** `detuning` $x$ in linewidths of the resonance reached; `damping` $\alpha$.

    **Returns:** $f_{res}/f_{own}-1$, without unit.
    """
    moved = damping * detuning
    return jnp.asarray(-moved / (1 + moved))


@jax.jit
def temperature_shift(change: ArrayLike, coefficient: ArrayLike) -> Float[Array, "..."]:
    r"""The relative shift of a resonance with the temperature: $d=k\,\Delta T$.

    **Arguments:** `change` $\Delta T$ in K; `coefficient` $k$, 1/K.

    **Returns:** $f'_{res}/f_{res}-1$, without unit.
    """
    return jnp.asarray(coefficient * change)


@jax.jit
def diffused_shift(time: ArrayLike, diffusion: ArrayLike, drawn: ArrayLike) -> Float[Array, "..."]:
    r"""The relative shift of a resonance whose logarithm diffuses: $d=e^{\sqrt{2Dt}\,g}-1$.

    **Arguments:** `time` $t$ in s; `diffusion` $D$, 1/s; `drawn` $g$ from a standard normal
    distribution.

    **Returns:** $f'_{res}/f_{res}-1$, without unit.
    """
    return lognormal_change(jnp.sqrt(2 * diffusion * jnp.asarray(time)), drawn)
