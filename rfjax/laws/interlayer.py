r"""What two uniformly magnetised layers of a stack do to each other across their spacer.

With unit vectors $\mathbf m_1$ and $\mathbf m_2$, the exchange through the spacer (Ruderman,
Kittel, Kasuya and Yosida) and the dipolar field have the energy

$$E=-A\,[J_1\,\mathbf m_1\cdot\mathbf m_2+J_2\,(\mathbf m_1\cdot\mathbf m_2)^2]
+\mu_0M_1M_2V_1\,\mathbf m_1\cdot N_{12}\mathbf m_2:$$

a positive $J_1$ aligns both, a negative one makes them antiparallel, a negative $J_2$
perpendicular. $V_1N_{12}=V_2N_{21}$; see
`rfjax.laws.demagnetisation.of_coaxial_cylinders`. As in `rfjax.laws.llgs`, fields are in units of
the saturation magnetisation of the layer that they act on, energies in units of its $\mu_0M_s^2V$.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.llgs import VACUUM_PERMEABILITY
from rfjax.numerics.vectors import Components, Vector, dot, times


def exchange(
    coupling: ArrayLike, magnetisation: ArrayLike, thickness: ArrayLike
) -> Float[Array, "..."]:
    r"""A coupling in reduced units: $j=\frac{J}{\mu_0M_s^2t}$.

    **Arguments:** `coupling` $J$ in J/m²; `magnetisation` $M_s$ in A/m and `thickness` $t$ in m of
    the layer that it acts on.

    **Returns:** $j$, without unit.
    """
    # Divided one by one: the product leaves float32's range.
    return jnp.asarray(coupling / VACUUM_PERMEABILITY / magnetisation / thickness / magnetisation)


def field(
    m: Components,
    other: Components,
    bilinear: ArrayLike,
    biquadratic: ArrayLike,
    mutual: Components,
) -> Vector:
    r"""The field of the other layer:
    $\mathbf h_1=(j_1+2j_2\,\mathbf m_1\cdot\mathbf m_2)\,\mathbf m_2-N\mathbf m_2$.

    **Arguments:** `m`: the direction $\mathbf m_1$ of the layer that it acts on; `other`: that of
    the other one; `bilinear` $j_1$ and `biquadratic` $j_2$; `mutual`: $N=N_{12}M_2/M_1$ along x, y
    and z.

    **Returns:** $\mathbf h_1$.
    """
    x, y, z = times(bilinear + 2 * biquadratic * dot(m, other), other)
    return x - mutual[0] * other[0], y - mutual[1] * other[1], z - mutual[2] * other[2]


def energy(
    m: Components,
    other: Components,
    bilinear: ArrayLike,
    biquadratic: ArrayLike,
    mutual: Components,
) -> Float[Array, "..."]:
    r"""The energy that both share: $e=-j_1c-j_2c^2+\mathbf m_1\cdot N\mathbf m_2$,
    $c=\mathbf m_1\cdot\mathbf m_2$.

    **Arguments:** those of `field`, which is $-\partial e/\partial\mathbf m_1$.

    **Returns:** $e$, without unit.
    """
    cosine = dot(m, other)
    dipolar = sum(n * one * two for n, one, two in zip(mutual, m, other))
    return jnp.asarray(dipolar - (bilinear + biquadratic * cosine) * cosine)
