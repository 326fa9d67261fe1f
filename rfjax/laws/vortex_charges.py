r"""The magnetic charges of a vortex: what they cost as its core moves, and how wide the core is.

Two functions of one number each, as Chebyshev series in its logarithm; the integrals behind them
are computed at first use.
"""

import math
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.numerics.chebyshev import nodes, summed

ASPECTS = 1e-3, 2.0  # thickness over radius
THICKNESSES = 0.02, 50.0  # thickness over exchange length
_TERMS = 32
_PANEL = 2.0  # of integrals over wave numbers, in units of 1/radius


def stiffness(aspect: ArrayLike) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""The magnetostatic energy of a vortex whose core is off the centre, to fourth order:
    $\frac W{\mu_0M_s^2L^2R}=\frac{k_2}2s^2+\frac{k_4}4s^4$.

    Of the two-vortex ansatz (Guslienko et al., J. Appl. Phys. 91, 8037, 2002), whose image keeps
    the magnetisation along the edge, $m_x+im_y=iC\,g/|g|$ with $g=(z-s)(1-s^*z)$. It has volume
    charges alone: for $s$ along x

    $$R\nabla\cdot\mathbf m=\frac{2Cs\,y}{|z-s||1-sz|}=Cs\,[2\sin\varphi]
    +Cs^2\left[\rho+\tfrac1\rho\right]\sin2\varphi+Cs^3\left[\tfrac12-\tfrac14\left(\rho^2
    +\tfrac1{\rho^2}\right)\right]\sin\varphi+\dots$$

    (at $s^3$ what interacts with the first term). With their Hankel transforms $A_1,A_2,A_3$ and
    $f(x)=1-\frac{1-e^{-x}}x$

    $$k_2=\frac\pi\beta\int_0^\infty\frac{f(\beta k)}kA_1^2\,dk,\qquad
    k_4=\frac{2\pi}\beta\int_0^\infty\frac{f(\beta k)}k\,(A_2^2+2A_1A_3)\,dk.$$

    In a thin dot $k_2=\frac43(2G-1)=1.10924$ with Catalan's $G$, which is published as 10/9
    (Guslienko, Appl. Phys. Lett. 89, 022510, 2006), and $k_4=0.26407$.

    **Arguments:** `aspect` $\beta=L/R$: thickness over radius, from `ASPECTS`.

    **Returns:** $k_2$ and $k_4$, to 1e-9; NaN outside of `ASPECTS`.
    """
    found = _series(jnp.asarray(_stiffness_coefficients()), aspect, ASPECTS)
    return found[..., 0], found[..., 1]


def core_radius(thickness: ArrayLike) -> Float[Array, "..."]:
    r"""The radius of the core in which the magnetisation turns out of the plane.

    That of least energy with $\cos\theta=\frac{b^2-\rho^2}{b^2+\rho^2}$ inside of $\rho=b$ (Usov
    and Peschany, J. Magn. Magn. Mater. 118, L290, 1993): exchange, $-2\pi AL\ln b$, and the charges
    of both faces on themselves and on each other. In a thin dot
    $b=\ell/\sqrt{3-4\ln2}=2.097\,\ell$.

    **Arguments:** `thickness` over the exchange length, $L/\ell$, from `THICKNESSES`.

    **Returns:** $b/\ell$, to 1e-8; NaN outside of `THICKNESSES`.
    """
    return jnp.exp(_series(jnp.asarray(_core_coefficients()), thickness, THICKNESSES)[..., 0])


@partial(jax.jit, static_argnums=2)
def _series(
    coefficients: Float[Array | np.ndarray, "terms n"],
    value: ArrayLike,
    limits: tuple[float, float],
) -> Float[Array, "... n"]:
    """Series in the logarithm of a value between two limits, but for the rounding of a limit."""
    value = jnp.asarray(value, jnp.result_type(float, value))
    inside = (value >= 0.999999 * limits[0]) & (value <= 1.000001 * limits[1])
    low, high = (math.log(each) for each in limits)
    x = (2 * jnp.log(jnp.where(inside, value, jnp.nan)) - (low + high)) / (high - low)
    return summed(x[..., None], jnp.asarray(coefficients, x.dtype))


def _sampled(limits: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    points, to_series = nodes(_TERMS)
    low, high = np.log(limits)
    return np.exp((points * (high - low) + low + high) / 2), to_series


@cache
def _stiffness_coefficients() -> np.ndarray:
    k, weights = _panels(2e4)
    # What oscillates at large k is faded out; the rest is of the order of k⁻⁴ there.
    weights = weights * np.cos(np.pi / 2 * np.clip(2 * k / k[-1] - 1, 0, 1)) ** 2
    first, second, third = _hankel(k)
    pairs = np.stack([np.pi * first**2, 2 * np.pi * (second**2 + 2 * first * third)])
    aspects, to_series = _sampled(ASPECTS)
    found = np.empty((2, _TERMS))
    for place, aspect in enumerate(aspects):
        x = aspect * k
        series = x / 2 - x**2 / 6 + x**3 / 24 - x**4 / 120
        share = np.where(x < 1e-2, series, 1 + np.expm1(-x) / x)
        found[:, place] = (weights * pairs * share / k).sum(-1) / aspect
    return to_series @ found.T


def _hankel(k: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transforms from 0 to 1 of 2, ρ + 1/ρ and ½ - ¼(ρ² + ρ⁻²), with J₁, J₂ and J₁."""
    from scipy.special import j0, j1, struve

    zero, one = j0(k), j1(k)
    # The integral of J₀ from 0 to k.
    whole = k * zero + np.pi / 2 * k * (one * struve(0, k) - zero * struve(1, k))
    first = -k * zero + whole  # of x J₁
    square = k**2 * one + k * zero - whole  # of x² J₀
    cube = -(k**3) * zero + 3 * square  # of x³ J₁
    return (
        2 * first / k**2,
        (2 * first - square) / k**3 + (whole - 2 * one) / k,
        first / (2 * k**2) - (cube / k**4 + whole - one) / 4,
    )


@cache
def _core_coefficients() -> np.ndarray:
    from scipy.special import j0

    q, weights = _panels(400.0)
    u, of_radius = np.polynomial.legendre.leggauss(300)
    u, of_radius = (u + 1) / 2, of_radius / 2
    profile = of_radius * u * (1 - u**2) / (1 + u**2)
    square = weights * (j0(q[:, None] * u) @ profile) ** 2

    def thicknesses(ratio):
        """(L/ℓ)² at a ratio L/b, where the energy is least."""
        x = ratio[:, None] * q
        return ratio**3 / (square * (3 * -np.expm1(-x) - x * np.exp(-x))).sum(-1)

    wanted, to_series = _sampled(THICKNESSES)
    low, high = np.log(wanted) - 3, np.log(wanted) + 3
    for _ in range(60):
        middle = (low + high) / 2
        less = thicknesses(np.exp(middle)) < wanted**2
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return to_series @ (np.log(wanted) - (low + high) / 2)[:, None]


def _panels(end: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss and Legendre in equal panels from zero."""
    inside, weights = np.polynomial.legendre.leggauss(8)
    begins = np.arange(0, end, _PANEL)
    points = begins[:, None] + _PANEL * (inside + 1) / 2
    return points.ravel(), np.tile(weights * _PANEL / 2, len(begins))
