r"""The resonance of a uniform magnetisation along a principal axis, in closed form.

With the field, an easy axis and one axis of the body along the equilibrium, the magnetisation is
held by one *stiffness field* in either direction across, $H_1$ and $H_2$ (Kittel, Phys. Rev. 73,
155, 1948). Powers $p$ are actions: the area that the magnetisation encloses on the sphere over
$4\pi$, $(1-\cos\theta)/2$ on a circle.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.llgs import GYROMAGNETIC_RATIO, REDUCED_PLANCK, VACUUM_PERMEABILITY

BOHR_MAGNETON = 9.2740100657e-24  # J/T


def stiffness_field(
    field: ArrayLike,
    magnetisation: ArrayLike,
    across: ArrayLike,
    along: ArrayLike,
    anisotropy: ArrayLike = 0.0,
) -> Float[Array, "..."]:
    r"""The field that holds the magnetisation in one direction across:
    $H_i=H+(N_i-N_0)M_s+H_k$.

    **Arguments:** `field` $H$ along the equilibrium, `magnetisation` $M_s$ and `anisotropy` field
    $H_k$ of an easy axis along it, A/m; demagnetising factors `across` $N_i$ and `along` $N_0$.

    **Returns:** A/m.
    """
    return jnp.asarray(field + (across - along) * jnp.asarray(magnetisation) + anisotropy)


def frequency(
    first: ArrayLike,
    second: ArrayLike,
    damping: ArrayLike = 0.0,
    gyromagnetic_ratio: ArrayLike = GYROMAGNETIC_RATIO,
) -> Float[Array, "..."]:
    r"""The frequency of the resonance: $2\pi f=\gamma_0\sqrt{H_1H_2}$ without damping (Kittel).

    With it, $\omega^2=\frac{\gamma_0^2H_1H_2}{1+\alpha^2}-\Gamma^2$.

    **Arguments:** `first` $H_1$ and `second` $H_2$ in A/m; `damping` $\alpha$;
    `gyromagnetic_ratio` $\gamma_0$ in m/(A·s).

    **Returns:** Hz; NaN where there is no oscillation.
    """
    decay = decay_rate(first, second, damping, gyromagnetic_ratio) / gyromagnetic_ratio
    square = jnp.asarray(first) * second / (1 + jnp.asarray(damping) ** 2) - decay**2
    root = jnp.sqrt(jnp.where(square > 0, square, jnp.nan))
    return jnp.asarray(gyromagnetic_ratio * root / (2 * jnp.pi))


def resonance_field(
    frequency: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    gyromagnetic_ratio: ArrayLike = GYROMAGNETIC_RATIO,
) -> Float[Array, "..."]:
    r"""The field at which the resonance has a frequency, as in a sweep of the field (Kittel's
    relation solved for it): $H=\sqrt{\left(\frac{\omega}{\gamma_0}\right)^2
    +\left(\frac{A_2-A_1}2\right)^2}-\frac{A_1+A_2}2$ of $H_i=H+A_i$.

    A film in its plane has $A_1=H_k$ and $A_2=H_k+M_{eff}$, through its normal
    $A_1=A_2=-M_{eff}$.

    **Arguments:** `frequency` in Hz; `first` $A_1$ and `second` $A_2$: the stiffness fields without
    a field, A/m; `gyromagnetic_ratio` $\gamma_0$ in m/(A·s).

    **Returns:** A/m, along the equilibrium.
    """
    rate = 2 * jnp.pi * jnp.asarray(frequency) / gyromagnetic_ratio
    return jnp.hypot(rate, (jnp.asarray(second) - first) / 2) - (first + jnp.asarray(second)) / 2


def field_linewidth(
    frequency: ArrayLike,
    damping: ArrayLike,
    inhomogeneous: ArrayLike = 0.0,
    gyromagnetic_ratio: ArrayLike = GYROMAGNETIC_RATIO,
) -> Float[Array, "..."]:
    r"""The full width at half maximum of the absorption in a sweep of the field:
    $\Delta H=\Delta H_0+\frac{2\alpha\omega}{\gamma_0}$.

    It is $2\Gamma/(d\omega/dH)$ of a line that is narrow against its field, whatever $H_1$ and
    $H_2$. From peak to peak of the derivative it is $\Delta H/\sqrt3$.

    **Arguments:** `frequency` in Hz; `damping` $\alpha$; `inhomogeneous` $\Delta H_0$ in A/m: of
    places that differ; `gyromagnetic_ratio` $\gamma_0$ in m/(A·s).

    **Returns:** A/m.
    """
    rate = 2 * jnp.pi * jnp.asarray(frequency) / gyromagnetic_ratio
    return jnp.asarray(inhomogeneous + 2 * damping * rate)


def gyromagnetic_ratio(g: ArrayLike) -> Float[Array, "..."]:
    r"""The gyromagnetic ratio of a spectroscopic splitting factor:
    $\gamma_0=\mu_0g\mu_B/\hbar$.

    **Arguments:** `g`, 2.0023 of a free electron.

    **Returns:** m/(A·s).
    """
    return jnp.asarray(g * (VACUUM_PERMEABILITY * BOHR_MAGNETON / REDUCED_PLANCK))


def decay_rate(
    first: ArrayLike,
    second: ArrayLike,
    damping: ArrayLike,
    gyromagnetic_ratio: ArrayLike = GYROMAGNETIC_RATIO,
) -> Float[Array, "..."]:
    r"""How fast the amplitude decays:
    $\Gamma=\frac{\alpha\gamma_0(H_1+H_2)}{2(1+\alpha^2)}$.

    **Arguments:** those of `frequency`.

    **Returns:** rad/s.
    """
    share = damping / (1 + jnp.asarray(damping) ** 2)
    return jnp.asarray(gyromagnetic_ratio * share * (first + jnp.asarray(second)) / 2)


def nonlinear_shift(first: ArrayLike, second: ArrayLike, field: ArrayLike) -> Float[Array, "..."]:
    r"""The relative frequency shift per action, without damping:
    $N=-\frac{3(A_1H_2/H_1+A_2H_1/H_2)+A_1+A_2}{4\sqrt{H_1H_2}}$, $A_i=H_i-H$.

    Through the normal to a film, $H_1=H_2=H-M$, it is $2\gamma_0M/\omega_0$; in its plane,
    $H_1=H$ and $H_2=H+M$, $-\frac{\gamma_0M(H+M/4)}{\omega_0(H+M)}$: those of Slavin and
    Tiberkevich (IEEE Trans. Magn. 45, 1875, 2009), whose power in the plane is the mean of
    $(1-\cos\theta)/2$ over an orbit, the action times $\frac{H_1+H_2}{2\sqrt{H_1H_2}}$.

    **Arguments:** `first` $H_1$, `second` $H_2$ and `field` $H$ in A/m.

    **Returns:** $N$, without unit; NaN where there is no oscillation.
    """
    first, second = jnp.asarray(first), jnp.asarray(second)
    square = first * second
    own, other = first - field, second - field
    sum_ = 3 * (own * second / first + other * first / second) + own + other
    return -sum_ / (4 * jnp.sqrt(jnp.where(square > 0, square, jnp.nan)))


@jax.jit
def energy_of_moment(
    magnetisation: ArrayLike, volume: ArrayLike, frequency: ArrayLike
) -> Float[Array, "..."]:
    r"""The energy that a uniform precession would hold at $p=1$:
    $E_0=2\,\mu_0M_sV\,\omega_0/\gamma_0$.

    Of $p=\sin^2(\theta/2)$ (Slavin and Tiberkevich), $\theta$ the angle of precession. A disc of a
    diameter of 20 nm and 1.5 nm thick with 1 MA/m at 1 GHz has 3.4e-20 J, so that $p_T=0.12$ at
    300 K.

    **Arguments:** `magnetisation` $M_s$ in A/m; `volume` $V$ in m³; `frequency` in Hz.

    **Returns:** J.
    """
    # In an order that single precision can hold.
    moment = magnetisation * (jnp.asarray(volume) / GYROMAGNETIC_RATIO)
    return jnp.asarray(2 * moment * (VACUUM_PERMEABILITY * 2 * jnp.pi * jnp.asarray(frequency)))
