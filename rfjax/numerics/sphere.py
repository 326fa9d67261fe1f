"""Charts of the unit sphere that keep areas, and its tangent planes."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.numerics.vectors import Components, Vector, dot, plus, times


def tangents(m: Components) -> tuple[Vector, Vector]:
    """Two unit vectors that are right-handed with a third one.

    Smooth but for a jump at the equator, so that derivatives exist at the poles too (Duff et al.,
    J. Comput. Graph. Tech. 6, 1, 2017).

    **Arguments:** `m`: the third one.

    **Returns:** the first and the second.
    """
    x, y, z = (jnp.asarray(each) for each in m)
    sign = jnp.where(z < 0, -1.0, 1.0).astype(z.dtype)
    slope = -1 / (sign + z)
    product = x * y * slope
    first = 1 + sign * x**2 * slope, sign * product, -sign * x
    return first, (product, sign + y**2 * slope, -y)


def onto_sphere(w: Float[Array | np.ndarray, "2 ..."], centre: Components) -> Vector:
    r"""Lambert's azimuthal equal-area chart:
    $\mathbf m=(1-2w^2)\,\mathbf m_0+2\sqrt{1-w^2}\,(w_1\mathbf e_1+w_2\mathbf e_2)$.

    $w^2=(1-\cos\theta)/2$ with the angle $\theta$ from the centre, and areas of the plane are a
    fourth of those on the sphere: coordinates are canonical ones of a spin.

    **Arguments:** `w` in the unit disc; `centre` $\mathbf m_0$.

    **Returns:** unit vectors.
    """
    first, second = tangents(centre)
    power = w[0] ** 2 + w[1] ** 2
    across = times(2 * jnp.sqrt(1 - power), plus(times(w[0], first), times(w[1], second)))
    return plus(times(1 - 2 * power, centre), across)


def chart_velocity(
    w: Float[Array | np.ndarray, "2 ..."], velocity: Components, centre: Components
) -> Float[Array, "2 ..."]:
    r"""How fast the coordinates of `onto_sphere` move when their vector does.

    $\dot w_i=\frac{\dot{\mathbf m}\cdot\mathbf e_i}{2\sqrt{1-w^2}}
    -w_i\frac{\dot{\mathbf m}\cdot\mathbf m_0}{4(1-w^2)}$.

    **Arguments:** `w` in the unit disc; `velocity` of the vector there, at right angles to it;
    `centre` of the chart.

    **Returns:** the velocity of the coordinates.
    """
    above = 1 - w[0] ** 2 - w[1] ** 2
    across, along = 2 * jnp.sqrt(above), dot(velocity, centre) / (4 * above)
    first, second = tangents(centre)
    return jnp.stack(
        [
            dot(velocity, first) / across - w[0] * along,
            dot(velocity, second) / across - w[1] * along,
        ]
    )
