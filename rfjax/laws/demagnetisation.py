r"""Demagnetising factors of a uniformly magnetised elliptic cylinder, exactly.

A mean over the directions in the plane leads an ellipse back to a circle. With the form factor of
an ellipse, $J_1(\kappa)/\kappa$, $\kappa^2=a^2k_x^2+b^2k_y^2$, the integrals of Beleggia, De Graef
and Millev (J. Phys. D 39, 891, 2006) become

$$N_z=\langle N(tg)\rangle,\qquad N_x=\left\langle\frac{\cos^2\varphi}{a^2g^2}\,[1-N(tg)]
\right\rangle,\qquad g^2=\frac{\cos^2\varphi}{a^2}+\frac{\sin^2\varphi}{b^2},$$

means over $\varphi$, where $N(s)$ is the axial factor of a circular cylinder whose height is $s$
times its radius (Joseph, J. Appl. Phys. 37, 4639, 1966). Factors are magnetometric: means over the
volume.

The factors of one cylinder on a coaxial one of the same cross-section follow from those of the
bodies that both make with the gap between them, since the energy of a union is that of its parts
and of their pairs: with $W(t)=tN(t)$ of a height $t$,

$$t_1N_{12}=\tfrac12\left[W(t_1+s+t_2)-W(t_1+s)-W(s+t_2)+W(s)\right].$$

Osborn's ellipsoid with the same three axes is another body: for a disc of 100 nm by 2 nm it
has $N_x=0.0153$ in place of 0.0305, for one of 50 nm by 5 nm 0.0696 in place of 0.1017.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.numerics.vectors import Vector

_NODES, _ANGLES = 20, 32  # of Gauss and Legendre along a radius; over a quarter of a turn


def elliptic_cylinder(length: ArrayLike, width: ArrayLike, thickness: ArrayLike) -> Vector:
    """The demagnetising factors of an elliptic cylinder along its axes.

    To 1e-12 for axes of up to 1 to 4, 1e-8 for 1 to 10, in float64.

    **Arguments:** `length` along x, `width` along y and `thickness` along z, the full extents of
    the body, in the same unit.

    **Returns:** the factors along x, y and z; they sum to one.
    """
    dtype = jnp.result_type(float, length, width, thickness)
    length, width, thickness = (
        jnp.asarray(each, dtype)[..., None] for each in (length, width, thickness)
    )
    angles = (np.arange(_ANGLES) + 0.5) * np.pi / (2 * _ANGLES)
    cosine, sine = (function(angles).astype(dtype) for function in (np.cos, np.sin))
    # Half axes over the thickness, so that float32 holds the squares.
    along, across = (cosine * 2 * thickness / length) ** 2, (sine * 2 * thickness / width) ** 2
    rest = in_plane_sum(jnp.sqrt(along + across))
    share = along / (along + across)
    x, y = (share * rest).mean(-1), ((1 - share) * rest).mean(-1)
    return x, y, 1 - x - y


def in_plane_sum(aspect: ArrayLike) -> Float[Array, "..."]:
    r"""The sum of both in-plane factors of a circular cylinder, $1-N(s)$.

    $$1-N(s)=e^{-U}+\frac1\pi\int_0^Ue^{-u}\left[2\arcsin\frac\rho2
    +\rho\sqrt{1-\tfrac{\rho^2}4}\right]du,\qquad\rho=s\sinh u,\quad s\sinh U=2,$$

    the field of both faces on each other at the distance $\rho$, weighed by how much a circle
    overlaps with itself there. Nothing cancels, so that it is right for thin films in float32.

    **Arguments:** `aspect` $s$: height over radius.

    **Returns:** $1-N(s)$, without unit.
    """
    aspect = jnp.asarray(aspect, jnp.result_type(float, aspect))[..., None]
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    # u = U(1 - v²) takes away the root at the rim.
    v = ((nodes + 1) / 2).astype(aspect.dtype)
    weights = (weights * v).astype(aspect.dtype)
    end = jnp.arcsinh(2 / aspect)
    u = end * (1 - v**2)
    half = jnp.minimum(aspect / 2 * jnp.sinh(u), 1 - jnp.finfo(aspect.dtype).eps)
    overlap = 2 * jnp.arcsin(half) + 2 * half * jnp.sqrt(1 - half**2)
    inner = (weights * jnp.exp(-u) * overlap).sum(-1) * end[..., 0] / jnp.pi
    return jnp.exp(-end[..., 0]) + inner


def of_coaxial_cylinders(
    length: ArrayLike,
    width: ArrayLike,
    thickness: ArrayLike,
    other_thickness: ArrayLike,
    gap: ArrayLike,
) -> Vector:
    r"""The mutual demagnetising factors of two coaxial elliptic cylinders, one above the other.

    The field of the other, uniformly magnetised, is $-N_{12}\mathbf M_2$ in the mean over the
    first; $t_1N_{12}=t_2N_{21}$. As a difference of heights it is right to $10^{-7}s/t_1$ in
    float32.

    **Arguments:** `length` along x and `width` along y of both; `thickness` of the body that the
    field acts on and `other_thickness` of the one that it comes from; the `gap` between them, above
    zero; all in the same unit.

    **Returns:** the factors along x, y and z; they sum to zero, those in the plane are positive.
    """
    dtype = jnp.result_type(float, length, width, thickness, other_thickness, gap)
    first, second, gap = (jnp.asarray(each, dtype) for each in (thickness, other_thickness, gap))

    def weighted(height):
        x, y, _ = elliptic_cylinder(length, width, height)
        return jnp.stack(jnp.broadcast_arrays(height * x, height * y))

    whole = weighted(first + gap + second) - weighted(first + gap)
    x, y = (whole - (weighted(gap + second) - weighted(gap))) / (2 * first)
    return x, y, -x - y
