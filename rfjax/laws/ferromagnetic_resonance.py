r"""The resonance of a uniform magnetisation along a principal axis, in closed form.

With the field, an easy axis and one axis of the body along the equilibrium, the magnetisation is
held by one *stiffness field* in either direction across, $H_1$ and $H_2$ (Kittel, Phys. Rev. 73,
155, 1948). Powers $p$ are actions: the area that the magnetisation encloses on the sphere over
$4\pi$, $(1-\cos\theta)/2$ on a circle.
"""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws.llgs import GYROMAGNETIC_RATIO


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
