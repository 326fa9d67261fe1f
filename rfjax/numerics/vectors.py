"""Vectors as three components: any sequence of three arrays that broadcast, as a (3, ...) array.

Components side by side compile to one loop over lanes, which stacked ones do not.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

Vector = tuple[Float[Array, "..."], Float[Array, "..."], Float[Array, "..."]]
Components = Sequence[ArrayLike] | Float[Array | np.ndarray, "3 ..."]


def components(vector: Float[Array, "*lanes 3"]) -> Vector:
    """The three components of vectors along the last axis."""
    return vector[..., 0], vector[..., 1], vector[..., 2]


def stacked(vector: Components) -> Float[Array, "*lanes 3"]:
    """Vectors along the last axis, of their three components."""
    return jnp.stack(jnp.broadcast_arrays(*vector), -1)


def plus(a: Components, b: Components) -> Vector:
    r"""The sum $\mathbf a+\mathbf b$."""
    return jnp.asarray(a[0] + b[0]), jnp.asarray(a[1] + b[1]), jnp.asarray(a[2] + b[2])


def times(factor: ArrayLike, a: Components) -> Vector:
    r"""The multiple $f\,\mathbf a$."""
    return jnp.asarray(factor * a[0]), jnp.asarray(factor * a[1]), jnp.asarray(factor * a[2])


def dot(a: Components, b: Components) -> Float[Array, "..."]:
    r"""The inner product $\mathbf a\cdot\mathbf b$."""
    return jnp.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def cross(a: Components, b: Components) -> Vector:
    r"""The vector product $\mathbf a\times\mathbf b$."""
    return (
        jnp.asarray(a[1] * b[2] - a[2] * b[1]),
        jnp.asarray(a[2] * b[0] - a[0] * b[2]),
        jnp.asarray(a[0] * b[1] - a[1] * b[0]),
    )


def normalised(a: Components) -> Vector:
    r"""The direction $\mathbf a/|\mathbf a|$; NaN of the zero vector."""
    return times(jax.lax.rsqrt(dot(a, a)), a)
