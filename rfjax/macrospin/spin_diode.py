"""The voltage that a free layer rectifies, by response theory instead of integration."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import broadcast_shape, instance_of, non_negative, positive, where_valid
from rfjax.macrospin.free_layer import FreeLayer
from rfjax.macrospin.magnetoresistance import Magnetoresistance
from rfjax.macrospin.uniform import Uniform, at_rest
from rfjax.macrospin.vectors import VectorLike


def diode_voltage(
    layer: FreeLayer,
    start: VectorLike,
    junction: Magnetoresistance,
    amplitude: ArrayLike,
    frequencies: VectorLike,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
) -> Float[Array, "*lanes frequencies"]:
    r"""The direct voltage that a microwave current leaves, to second order in it.

    With $\dot w=F(w,I)$ about the equilibrium, $X=(-i\omega-F_w)^{-1}F_I$ and a current
    $I+i\cos\omega t$,

    $$V=\frac{i^2}2\,\mathrm{Re}(R_wX)+I\left(R_w\bar w+\frac{i^2}4\bar XR_{ww}X\right),\qquad
    -F_w\bar w=\frac{i^2}4\left[F_{ww}(X,\bar X)+2\,\mathrm{Re}(F_{wI}X)+F_{II}\right]:$$

    current and resistance mixed, and the direct current through the mean change of the resistance.
    Nothing is assumed of the line's shape: both senses of rotation and all torques are in it.

    **Arguments:** those of `rfjax.macrospin.equilibrium`; `junction`: how the resistance follows
    the magnetisation, (*lanes,); `amplitude` $i$ of the current in A, (*lanes,); `frequencies` in
    Hz.

    **Returns:** volts, (*lanes, frequencies); in compiled programs NaN where the equilibrium is not
    stable.

    **Raises:** `InvalidInput` where a value is not allowed, and where no equilibrium is stable.
    """
    instance_of("junction", junction, Magnetoresistance, "a Magnetoresistance")
    amplitude = non_negative("amplitude", amplitude)
    frequencies = jnp.atleast_1d(positive("frequencies", frequencies))
    system, currents, shape = Uniform.of(layer, field, current, start)
    shape = broadcast_shape(lanes=shape, junction=junction.shape, amplitude=amplitude.shape)
    if junction.shape or amplitude.shape:  # they may have lanes of their own
        ones = jnp.ones(shape)
        system, currents, shape = Uniform.of(layer, field, current * ones, start)

    def flat(leaf, *last):
        return jnp.broadcast_to(leaf, shape + last).reshape(-1, *last).astype(currents.dtype)

    junctions = Magnetoresistance(
        flat(junction.parallel), flat(junction.antiparallel), flat(junction.reference, 3)
    )
    volts, stable = _rectified(system, currents, junctions, flat(amplitude), frequencies)
    volts = where_valid(
        volts,
        stable[:, None],
        "the equilibrium is not stable: the current is beyond the threshold or the start on a "
        "maximum; give a smaller current or another start",
    )
    return volts.reshape(*shape, len(frequencies))


@jax.jit
def _rectified(system, current, junction, amplitude, frequencies):
    def one(system, current, junction, amplitude):
        return _response(system, current, junction, amplitude, frequencies)

    return jax.vmap(one)(system, current, junction, amplitude)


def _response(
    system: Uniform,
    current: Float[Array, ""],
    junction: Magnetoresistance,
    amplitude: Float[Array, ""],
    frequencies: Float[Array, " frequencies"],
):
    """The voltages of one lane, and whether its equilibrium is stable."""
    origin = system.equilibrium(current)
    zero = jnp.zeros(2, current.dtype)
    omega = 2 * jnp.pi * frequencies / system.rate
    (a, b), (c, d) = jax.jacfwd(system.velocity)(zero, current, origin)
    first, second, mixed, own = _slopes(system.velocity, zero, current, origin)

    def resistance(w):
        return junction.resistance(system.observed(w, origin))

    slope, curvature = jax.grad(resistance)(zero), jax.hessian(resistance)(zero)

    # X of every frequency, by the inverse of a 2 by 2 matrix.
    trace, size = a + d, a * d - b * c
    below = jax.lax.complex(size - omega**2, omega * trace)
    below = below.conj() / (below.real**2 + below.imag**2)
    turning = jax.lax.complex(jnp.zeros_like(omega), -omega)
    x = ((turning - d) * first[0] + b * first[1]) * below
    y = (c * first[0] + (turning - a) * first[1]) * below

    # The mean displacement counts by its resistance alone: one form for both components.
    share = -jnp.stack([slope[0] * d - slope[1] * c, slope[1] * a - slope[0] * b]) / (4 * size)
    (xx, xy), (_, yy) = share[0] * second[0] + share[1] * second[1] + curvature / 4
    linear = 2 * (share[0] * mixed[0] + share[1] * mixed[1])
    squares = xx * (x * x.conj()).real + 2 * xy * (x * y.conj()).real + yy * (y * y.conj()).real
    direct = squares + linear[0] * x.real + linear[1] * y.real + (share * own).sum()
    volts = (slope[0] * x.real + slope[1] * y.real) / 2 + current * direct
    stable = (trace < 0) & (size > 0) & at_rest(system, current, origin)
    return amplitude**2 * volts, stable


def _slopes(velocity, zero, current, origin):
    """F_I, F_ww, F_wI and F_II at an equilibrium."""
    by_current = jax.jacfwd(velocity, 1)
    first = by_current(zero, current, origin)
    second = jax.jacfwd(jax.jacfwd(velocity))(zero, current, origin)
    mixed = jax.jacfwd(by_current)(zero, current, origin)
    own = jax.jacfwd(by_current, 1)(zero, current, origin)
    return first, second, mixed, own
