r"""Lines above junctions, whose currents tune resonances by their fields.

The Oersted field in the plane of a junction moves its resonance, $f=f_0+\frac{df}{dH}H$ (section
5.2.3.1). A current that leaks from its line into another one tunes that junction too:
$H_k=h_k\left(I_k+\sum_{l\ne k}\ell_{kl}I_l\right)$.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


def currents_in_lines(leakage: ArrayLike, lines: int) -> Float[Array, "lines lines"]:
    r"""The matrix from currents that are set to currents in the lines: $1$, beside it $\ell_{kl}$.

    **Arguments:** `leakage` $\ell$: the share of the current of line $l$ that flows in line $k$ as
    well, one or (lines, lines), whose diagonal does not matter; how many `lines`.

    **Returns:** shares.
    """
    leakage = jnp.asarray(leakage)
    own = jnp.eye(lines, dtype=leakage.dtype)
    return own + (1 - own) * leakage


@jax.jit
def line_fields(
    currents: Float[Array, "*b lines"], field: ArrayLike, leakage: ArrayLike
) -> Float[Array, "*b lines"]:
    r"""The fields of currents in lines that leak: $H_k=h_k(I_k+\sum_{l\ne k}\ell_{kl}I_l)$.

    **Arguments:** `currents` $I$ in A; `field` $h$ of a current in its own line, A/m per A;
    `leakage` $\ell$ as for `currents_in_lines`.

    **Returns:** A/m.
    """
    return jnp.asarray(field) * (currents @ currents_in_lines(leakage, currents.shape[-1]).T)


@jax.jit
def line_currents(
    fields: Float[Array, "*b lines"], field: ArrayLike, leakage: ArrayLike
) -> Float[Array, "*b lines"]:
    """The currents that give wanted fields: the inverse of `line_fields`.

    **Arguments:** `fields` in A/m; the others as there.

    **Returns:** A; not finite where the matrix has no inverse.
    """
    wanted = (fields / jnp.asarray(field))[..., None]
    return jnp.linalg.solve(currents_in_lines(leakage, fields.shape[-1]), wanted)[..., 0]


@jax.jit
def tuned_frequency(
    frequency: ArrayLike, slope: ArrayLike, field: ArrayLike
) -> Float[Array, "..."]:
    r"""The resonance in the field of a line: $f=f_0+\frac{df}{dH}H$.

    **Arguments:** `frequency` $f_0$ without it, Hz; `slope` $\frac{df}{dH}$, Hz per A/m; `field`
    $H$ in A/m.

    **Returns:** Hz.
    """
    return jnp.asarray(frequency + slope * jnp.asarray(field))


@jax.jit
def tuning_field(frequency: ArrayLike, shift: ArrayLike, slope: ArrayLike) -> Float[Array, "..."]:
    r"""The field that holds a resonance away from where it is by itself: $H=\frac{f_0d}{df/dH}$.

    **Arguments:** `frequency` $f_0$ without it, Hz; `shift` $d=f/f_0-1$, as of
    `rfjax.laws.variability.relative_shift`; `slope` $\frac{df}{dH}$, Hz per A/m.

    **Returns:** A/m.
    """
    return jnp.asarray(frequency * jnp.asarray(shift) / slope)
