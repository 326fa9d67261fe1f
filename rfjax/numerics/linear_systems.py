r"""What a linear system $\dot x=Ax+b$ does: whether it decays, its modes, how a drive moves it.

In closed form for one degree of freedom, two rows, so that lanes stay side by side; by LAPACK's
routines for more.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Complex, Float

from rfjax.numerics.normal_form import focus


def decays(matrix: Float[Array, "n n"]) -> Bool[Array, ""]:
    """Whether every displacement dies out."""
    if len(matrix) == 2:
        (a, b), (c, d) = matrix
        return (a + d < 0) & (a * d - b * c > 0)
    return (jnp.linalg.eigvals(matrix).real < 0).all()


def oscillations(matrix: Float[Array, "n n"]) -> Complex[Array, " modes"]:
    r"""The eigenvalues with a negative imaginary part, $e^{-i\omega t}$, the slowest first.

    **Returns:** half as many as there are rows; NaN in place of those that do not oscillate.
    """
    if len(matrix) == 2:
        return focus(matrix).eigenvalue[None]
    values = jnp.linalg.eigvals(matrix)
    order = jnp.argsort(values.imag)[: len(matrix) // 2][::-1]
    values = values[order]
    none = jax.lax.complex(*(jnp.full_like(values.real, jnp.nan),) * 2)
    return jnp.where(values.imag < 0, values, none)


def response(
    matrix: Float[Array, "n n"],
    drive: Float[Array, " n"],
    frequencies: Float[Array, " frequencies"],
) -> Complex[Array, "n frequencies"]:
    r"""The steady oscillation under a drive $\mathrm{Re}(be^{-i\omega t})$:
    $X=(-i\omega-A)^{-1}b$.

    It is also the Fourier integral $\int_0^\infty x\,e^{i\omega t}dt$ of what decays from $x=b$.

    **Arguments:** `matrix` $A$; `drive` $b$; `frequencies` $\omega$, in radians per unit of time.
    """
    zero = jnp.zeros_like(frequencies)
    turning = jax.lax.complex(zero, -frequencies)
    if len(matrix) == 2:
        (a, b), (c, d) = matrix
        below = jax.lax.complex(a * d - b * c - frequencies**2, frequencies * (a + d))
        below = below.conj() / (below.real**2 + below.imag**2)
        x = ((turning - d) * drive[0] + b * drive[1]) * below
        return jnp.stack([x, (c * drive[0] + (turning - a) * drive[1]) * below])
    whole = turning[:, None, None] * jnp.eye(len(matrix), dtype=matrix.dtype) - matrix
    right = jnp.broadcast_to(drive, (len(frequencies), len(drive))).astype(whole.dtype)
    return jnp.linalg.solve(whole, right[..., None])[..., 0].T


def solved(matrix: Float[Array, "n n"], right: Float[Array, " n"]) -> Float[Array, " n"]:
    """The solution of a few equations; of two and three by Cramer's rule."""
    if len(matrix) == 2:
        (a, b), (c, d) = matrix
        x, y = right
        return jnp.stack([d * x - b * y, a * y - c * x]) / (a * d - b * c)
    if len(matrix) == 3:
        a, b, c = matrix.T
        inverse = jnp.stack([jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)])
        return (inverse * right).sum(-1) / (a * inverse[0]).sum()
    return jnp.linalg.solve(matrix, right)


def solved_by_size(matrix: Float[Array, "n n"], right: Float[Array, " n"]) -> Float[Array, " n"]:
    """A vector divided by a symmetric matrix whose eigenvalues are taken without their signs."""
    least = jnp.finfo(matrix.dtype).eps
    if len(matrix) > 2:
        values, vectors = jnp.linalg.eigh(matrix)
        sizes = jnp.abs(values)
        sizes = jnp.maximum(sizes, jnp.maximum(least * sizes.max(), jnp.finfo(sizes.dtype).tiny))
        return vectors @ ((right @ vectors) / sizes)
    # |M| = (M² + |det M|) / (tr M² + 2|det M|)^(1/2).
    (a, b), (_, d) = matrix
    determinant = jnp.abs(a * d - b * b)
    trace = jnp.sqrt(a * a + 2 * b * b + d * d + 2 * determinant)
    trace = jnp.maximum(trace, jnp.finfo(trace.dtype).tiny)
    first, second = a * a + b * b + determinant, b * b + d * d + determinant
    mixed = b * (a + d)
    least = least * trace * trace
    whole = jnp.maximum(first * second - mixed * mixed, least * least) / trace
    x, y = right
    return jnp.stack([second * x - mixed * y, first * y - mixed * x]) / whole
