r"""The Landau–Lifshitz–Gilbert–Slonczewski equation of a uniform magnetisation.

$$(1+\alpha^2)\,\frac{d\mathbf m}{dt}=-\gamma_0\,[\mathbf m\times\mathbf H
+\alpha\,\mathbf m\times(\mathbf m\times\mathbf H)]
-\gamma_0a\,[\mathbf m\times(\mathbf m\times\mathbf p)-\alpha\,\mathbf m\times\mathbf p]
-\gamma_0b\,[\mathbf m\times\mathbf p+\alpha\,\mathbf m\times(\mathbf m\times\mathbf p)]$$

with the effective field $\mathbf H$ and the polariser's direction $\mathbf p$. Both torques are
those of a field $b\,\mathbf p+a\,\mathbf m\times\mathbf p$ in place of $\mathbf H$. A positive
damping-like field $a$ pulls the magnetisation towards the polariser.

Fields are in units of the saturation magnetisation, $\mathbf h=\mathbf H/M_s$, and time is
$\tau=\gamma_0M_st$, so that every number is of order one. Vectors are sequences of three components
that broadcast.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.thermal_noise import BOLTZMANN
from rfjax.numerics.vectors import Components, Vector, cross, dot, plus, times

GYROMAGNETIC_RATIO = 2.2128e5  # m/(A·s): μ₀ times that of a free electron, g = 2.0023
VACUUM_PERMEABILITY = 4e-7 * math.pi  # T·m/A
ELECTRON_CHARGE = 1.602176634e-19  # C
REDUCED_PLANCK = 1.054571817e-34  # J·s


def velocity(m: Components, field: Components, damping: ArrayLike) -> Vector:
    r"""How fast the magnetisation moves:
    $\frac{d\mathbf m}{d\tau}=-\frac{\mathbf m\times(\mathbf h+\alpha\,\mathbf m\times\mathbf h)}
    {1+\alpha^2}$.

    **Arguments:** `m`: the direction of the magnetisation; `field` $\mathbf h$, torques included
    (`effective_field` and `spin_torque_field`); `damping` $\alpha$.

    **Returns:** $d\mathbf m/d\tau$, at right angles to $\mathbf m$ also where $|\mathbf m|\ne1$.
    """
    turned = cross(m, field)
    scale = -1 / (1 + jnp.asarray(damping) ** 2)
    return cross(m, times(scale, plus(field, times(damping, turned))))


def effective_field(
    m: Components,
    field: Components,
    demagnetising: Components,
    uniaxial: ArrayLike,
    easy_axis: Components,
) -> Vector:
    r"""The field of the energy: $\mathbf h=\mathbf h_{ext}+h_k(\mathbf m\cdot\mathbf u)\,\mathbf u
    -N\mathbf m$.

    **Arguments:** `m`; `field` $\mathbf h_{ext}$; `demagnetising` factors $N$ along x, y and z, the
    last one less $2K_i/(\mu_0M_s^2t)$ of an interface anisotropy; `uniaxial`
    $h_k=2K_u/(\mu_0M_s^2)$; `easy_axis` $\mathbf u$.

    **Returns:** $\mathbf h$.
    """
    x, y, z = plus(field, times(uniaxial * dot(m, easy_axis), easy_axis))
    return x - demagnetising[0] * m[0], y - demagnetising[1] * m[1], z - demagnetising[2] * m[2]


def energy(
    m: Components,
    field: Components,
    demagnetising: Components,
    uniaxial: ArrayLike,
    easy_axis: Components,
) -> Float[Array, "..."]:
    r"""The energy in units of $\mu_0M_s^2V$: $e=-\mathbf h_{ext}\cdot\mathbf m
    -\frac{h_k}2(\mathbf m\cdot\mathbf u)^2+\frac12\mathbf m\cdot N\mathbf m$.

    **Arguments:** those of `effective_field`, which is $-\partial e/\partial\mathbf m$.

    **Returns:** $e$, without unit.
    """
    shape = sum(n * each * each for n, each in zip(demagnetising, m))
    return -dot(field, m) - uniaxial * dot(m, easy_axis) ** 2 / 2 + shape / 2


def spin_torque_field(
    m: Components, polariser: Components, damping_like: ArrayLike, field_like: ArrayLike
) -> Vector:
    r"""The field whose torque is that of a spin current:
    $b\,\mathbf p+a\,\mathbf m\times\mathbf p$.

    **Arguments:** `m`; `polariser` $\mathbf p$; `damping_like` $a$ and `field_like` $b$, in units
    of the saturation magnetisation.

    **Returns:** the field.
    """
    return plus(times(field_like, polariser), times(damping_like, cross(m, polariser)))


def damping_like_field(
    current_density: ArrayLike, magnetisation: ArrayLike, thickness: ArrayLike
) -> Float[Array, "..."]:
    r"""The damping-like field of a fully polarised current:
    $a=\frac{\hbar J}{2e\mu_0M_st}$ (Slonczewski, J. Magn. Magn. Mater. 159, L1, 1996).

    **Arguments:** `current_density` $J$ in A/m², positive where electrons polarised along
    $\mathbf p$ enter the layer; `magnetisation` $M_s$ in A/m; `thickness` $t$ in m.

    **Returns:** A/m.
    """
    # Divided one by one: the product of small constants leaves float32's range.
    constant = REDUCED_PLANCK / (2 * ELECTRON_CHARGE * VACUUM_PERMEABILITY)
    return jnp.asarray(constant * current_density / magnetisation / thickness)


def spin_efficiency(
    cosine: ArrayLike, polarisation: ArrayLike, asymmetry: ArrayLike
) -> Float[Array, "..."]:
    r"""How much of a current acts, by its angle: $\eta(\theta)=\frac P{1+\lambda\cos\theta}$.

    $\lambda=P^2$ of a symmetric tunnel junction with the polarisation $P$; of a spin valve with
    Slonczewski's $\Lambda$ and the polarisation $p$ it is $(\Lambda^2-1)/(\Lambda^2+1)$, and $P$ is
    $2p\Lambda^2/(\Lambda^2+1)$; 0 of a torque that does not depend on the angle.

    **Arguments:** `cosine` $\mathbf m\cdot\mathbf p$; `polarisation` $P$; `asymmetry` $\lambda$.

    **Returns:** $\eta$, without unit.
    """
    return jnp.asarray(polarisation / (1 + asymmetry * cosine))


def anisotropy_field(anisotropy: ArrayLike, magnetisation: ArrayLike) -> Float[Array, "..."]:
    r"""The field of a uniaxial anisotropy: $H_k=\frac{2K}{\mu_0M_s}$.

    **Arguments:** `anisotropy` $K$ in J/m³ (of an interface $K_i/t$); `magnetisation` $M_s$ in A/m.

    **Returns:** A/m.
    """
    return jnp.asarray(2 / VACUUM_PERMEABILITY * anisotropy / magnetisation)


def thermal_field(
    temperature: ArrayLike,
    damping: ArrayLike,
    magnetisation: ArrayLike,
    volume: ArrayLike,
    duration: ArrayLike,
    gyromagnetic_ratio: ArrayLike = GYROMAGNETIC_RATIO,
) -> Float[Array, "..."]:
    r"""The thermal field averaged over a time, as the deviation of each component:
    $\sqrt{\frac{2\alpha k_BT}{\gamma_0\mu_0M_sV\Delta t}}$ (Brown, Phys. Rev. 130, 1677, 1963).

    With it in place of $\mathbf H$ in the whole equation, read as Stratonovich's, the magnetisation
    has Boltzmann's distribution.

    **Arguments:** `temperature` $T$ in K; `damping` $\alpha$; `magnetisation` $M_s$ in A/m;
    `volume` $V$ in m³; `duration` $\Delta t$ in s; `gyromagnetic_ratio` $\gamma_0$ in m/(A·s).

    **Returns:** A/m.
    """
    # In float32's range one by one: V of 1e-23 m³ and a time of 1e-12 s are not together.
    per_moment = 2 * BOLTZMANN / VACUUM_PERMEABILITY / volume * temperature / magnetisation
    return jnp.sqrt(damping * per_moment) / jnp.sqrt(gyromagnetic_ratio * duration)
