r"""The normal form of a plane vector field about a focus: a spiral whose rate and frequency follow
the area that it encloses.

About a point where $f$ vanishes and $\partial f/\partial x$ has the eigenvalues
$\lambda,\bar\lambda$, a change of coordinates leads to $\dot z=\lambda z+c_1z|z|^2$ (Kuznetsov,
Elements of Applied Bifurcation Theory, section 3.5; at any $\lambda$, not at a bifurcation alone).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float


class Focus(NamedTuple):
    r"""What a vector field is in first order about a point: $\dot z=\lambda z$.

    With $x=zq+\bar z\bar q$.

    **Arguments:** `eigenvalue` $\lambda$, that with a negative imaginary part, so that
    $z\propto e^{-i\omega t}$; NaN where there is no focus; `mode` $q$, so scaled that $|z|^2$ is
    the area enclosed over $\pi$; `adjoint` $p$: $z=p\cdot x$, without conjugation.
    """

    eigenvalue: Complex[Array, ""]
    mode: Complex[Array, "2"]
    adjoint: Complex[Array, "2"]


class NormalForm(NamedTuple):
    r"""What it is up to third order: $\dot c=(\lambda+\kappa|c|^2)\,c$.

    **Arguments:** `focus`; `cubic` $\kappa$, of the amplitude $c$ whose $|c|^2$ is the area
    enclosed over $\pi$, right to second order.
    """

    focus: Focus
    cubic: Complex[Array, ""]


def focus(jacobian: Float[Array, "2 2"]) -> Focus:
    """The focus of a plane vector field, of its first derivatives; see `Focus`.

    **Arguments:** `jacobian`: component, then derivative.
    """
    (a, b), (c, d) = jacobian
    # As the square of half the difference, so that a small damping keeps its digits.
    turning = -(b * c) - ((a - d) / 2) ** 2
    frequency = jnp.sqrt(jnp.where(turning > 0, turning, jnp.nan))
    eigenvalue = jax.lax.complex((a + d) / 2, -frequency)
    # The area of x = zq + c.c. over π|z|² is 4 Im(conj(q₁)q₂), here ∓4bω.
    scale = jnp.sqrt(4 * jnp.abs(b) * frequency)
    mode = jnp.stack([jax.lax.complex(b, jnp.zeros_like(b)), eigenvalue - a]) / scale
    first, second = jnp.conj(mode)
    determinant = mode[0] * second - mode[1] * first
    return Focus(eigenvalue, mode, jnp.stack([second, -first]) / determinant)


def normal_form(
    field: Callable[[Float[Array, "2"]], Float[Array, "2"]], point: Float[Array, "2"]
) -> NormalForm:
    r"""The normal form of a vector field about a point where it vanishes.

    With $f=Ax+\frac12B(x,x)+\frac16C(x,x,x)$, $g_{20}=p\cdot B(q,q)$, $g_{11}=p\cdot B(q,\bar q)$,
    $g_{02}=p\cdot B(\bar q,\bar q)$ and $g_{21}=p\cdot C(q,q,\bar q)$,

    $$c_1=\frac{g_{20}g_{11}(2\lambda+\bar\lambda)}{2|\lambda|^2}+\frac{|g_{11}|^2}{\lambda}
    +\frac{|g_{02}|^2}{2(2\lambda-\bar\lambda)}+\frac{g_{21}}2$$

    (Kuznetsov, 3.18 and what stands before it). The orbit $|z|$ = constant encloses the area
    $\pi(|z|^2+k|z|^4)$, $k=\frac12\left|\frac{g_{20}}\lambda\right|^2
    -\frac12\left|\frac{g_{02}}{2\bar\lambda-\lambda}\right|^2$, so that in the amplitude of the
    area the cubic coefficient is $c_1+k\,\mathrm{Re}\lambda$. Without that the damping would
    depend on the choice of coordinates in second order. The frequency still does, by
    $\mathrm{Re}\lambda$ times a number of order one: phases may be counted from anywhere at each
    size of the orbit.

    **Arguments:** `field` $f$, smooth; `point` $x_0$.

    **Returns:** the normal form; NaN where there is no focus.
    """
    slopes, second, third = _expanded(field, point)
    about = focus(slopes)
    value, q, p = about
    conjugate = jnp.conj(q)
    g20 = _paired(p, second, q, q)
    g11 = _paired(p, second, q, conjugate)
    g02 = _paired(p, second, conjugate, conjugate)
    g21 = _paired(p, third, q, q, conjugate)
    other = jnp.conj(value)
    size = jnp.abs(value) ** 2
    cubic = (
        g20 * g11 * (2 * value + other) / (2 * size)
        + jnp.abs(g11) ** 2 / value
        + jnp.abs(g02) ** 2 / (2 * (2 * value - other))
        + g21 / 2
    )
    growth = (jnp.abs(g20 / value) ** 2 - jnp.abs(g02 / (2 * other - value)) ** 2) / 2
    return NormalForm(about, cubic + growth * value.real)


def _expanded(field: Callable[[Array], Array], point: Array) -> tuple[Array, Array, Array]:
    """The first three derivatives at a point: component, then derivatives.

    Forms in the plane are known by their values along four directions, so that derivatives along
    one line at a time suffice: a fraction of the operations of tensors of tensors.
    """

    def along(direction):
        def line(t):
            return field(point + t * direction)

        def slope(t):
            return jax.jvp(line, (t,), (one,))

        def curvature(t):
            return jax.jvp(slope, (t,), (one,))

        (_, (_, _)), ((first, second), (_, third)) = jax.jvp(curvature, (0 * one,), (one,))
        return first, second, third

    one = jnp.ones((), point.dtype)
    directions = jnp.array([[1, 0], [0, 1], [1, 1], [1, -1]], point.dtype)
    first, second, third = jax.vmap(along)(directions)
    x, y, plus, minus = second
    mixed = (plus - minus) / 4
    bilinear = jnp.stack([jnp.stack([x, mixed], -1), jnp.stack([mixed, y], -1)], -1)
    x, y, plus, minus = third
    once = ((plus - minus) / 2 - y) / 3  # d³/dx²dy
    twice = ((plus + minus) / 2 - x) / 3  # d³/dxdy²
    rows = [[x, once], [once, twice]], [[once, twice], [twice, y]]
    trilinear = jnp.stack([jnp.stack([jnp.stack(r, -1) for r in row], -1) for row in rows], -1)
    return jnp.stack(first[:2], -1), bilinear, trilinear


def _paired(adjoint: Array, form: Array, *vectors: Array) -> Complex[Array, ""]:
    """A multilinear form, applied to vectors and projected."""
    found = form.astype(adjoint.dtype)
    for each in vectors:
        found = (found * each).sum(-1)
    return (adjoint * found).sum()
