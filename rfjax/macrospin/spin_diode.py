"""The voltage that a stack rectifies, by response theory instead of integration."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import broadcast_shape, instance_of, non_negative, positive, where_valid
from rfjax.macrospin.magnetoresistance import AbstractMagnetoresistance
from rfjax.macrospin.stack import AbstractStack
from rfjax.macrospin.uniform import Uniform
from rfjax.macrospin.vectors import VectorLike, flattened, on_one_axis
from rfjax.numerics.linear_systems import decays, response, solved


def diode_voltage(
    layer: AbstractStack,
    start: VectorLike,
    junction: AbstractMagnetoresistance,
    amplitude: ArrayLike,
    frequencies: VectorLike,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
) -> Float[Array, "*lanes frequencies"]:
    r"""The direct voltage that a microwave current leaves, to second order in it.

    With $\dot w=F(w,I)$ about the equilibrium, $X=(-i\omega-F_w)^{-1}F_I$ and a current
    $I+i\cos\omega t$,

    $$V=\frac{i^2}2\,\mathrm{Re}(U_{wI}X)+U_w\bar w+\frac{i^2}4\left(\bar XU_{ww}X+U_{II}\right),
    \qquad -F_w\bar w=\frac{i^2}4\left[F_{ww}(X,\bar X)+2\,\mathrm{Re}(F_{wI}X)+F_{II}\right]$$

    of the voltage $U(w,I)$ of a direct current: current and resistance mixed, the direct current
    through the mean change of the resistance, and what the junction rectifies by itself. Nothing is
    assumed of the line's shape: both senses of rotation and all torques are in it. In float32 a
    frequency is rounded by 6e-8 of itself, which is 3e-5 linewidths at a damping of 0.002 and moves
    voltages by as much.

    **Arguments:** those of `rfjax.macrospin.equilibrium`; `junction`: how the resistance follows
    the magnetisation, (*lanes,); `amplitude` $i$ of the current in A, (*lanes,); `frequencies` in
    Hz.

    **Returns:** volts, (*lanes, frequencies); in compiled programs NaN where the equilibrium is not
    stable.

    **Raises:** `InvalidInput` where a value is not allowed, where no equilibrium is stable, and
    where the junction breaks down.
    """
    instance_of("layer", layer, AbstractStack, "a FreeLayer or CoupledLayers")
    what = "a resistance, as Magnetoresistance(500, 1000, reference)"
    instance_of("junction", junction, AbstractMagnetoresistance, what)
    junction.check_read(layer.bodies)
    amplitude = non_negative("amplitude", amplitude)
    frequencies = on_one_axis("frequencies", positive("frequencies", frequencies))
    system, currents, shape = Uniform.of(layer, field, current, start)
    shape = broadcast_shape(lanes=shape, junction=junction.shape, amplitude=amplitude.shape)
    if junction.shape or amplitude.shape:  # they may have lanes of their own
        ones = jnp.ones(shape)
        system, currents, shape = Uniform.of(layer, field, current * ones, start)

    amplitude = jnp.broadcast_to(amplitude, shape).ravel().astype(currents.dtype)
    junctions = flattened(junction, shape, currents.dtype)
    volts, stable = _rectified(system, currents, junctions, amplitude, frequencies)
    volts = where_valid(
        volts,
        stable[:, None],
        "the equilibrium is not stable: the current is beyond the threshold or the start on a "
        "maximum; give a smaller current or another start",
    )
    volts = where_valid(
        volts,
        jnp.isfinite(volts),
        "a voltage is beyond the range of numbers, or the bias reaches the breakdown voltage of "
        "the junction; give a smaller amplitude or current, or higher frequencies",
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
    junction: AbstractMagnetoresistance,
    amplitude: Float[Array, ""],
    frequencies: Float[Array, " frequencies"],
):
    """The voltages of one lane, and whether its equilibrium is stable."""
    origin = system.equilibrium(current)
    zero, omega = system.zero, 2 * jnp.pi * frequencies / system.rate
    matrix = jax.jacfwd(system.velocity)(zero, current, origin)
    first, second, mixed, own = _slopes(system.velocity, zero, current, origin)

    def voltage(w, current):
        return junction.voltage(system.observed(w, origin), current)

    slope, curvature = jax.grad(voltage)(zero, current), jax.hessian(voltage)(zero, current)
    by_current = jax.jacfwd(voltage, 1)
    of_resistance = jax.grad(by_current)(zero, current)
    alone = jax.jacfwd(by_current, 1)(zero, current) / 4
    x = response(matrix, first, omega)

    # The mean displacement counts by its voltage alone: one form for all components.
    share = -solved(matrix.T, slope) / 4
    form = (share[:, None, None] * second).sum(0) + curvature / 4
    linear = 2 * (share[:, None] * mixed).sum(0) + of_resistance / 2
    volts = (share * own).sum() + alone + sum(u * each.real for u, each in zip(linear, x))
    for i, j in zip(*np.triu_indices(len(form))):  # it is symmetric
        volts += (1 if i == j else 2) * form[i, j] * (x[i] * x[j].conj()).real
    # A junction that breaks down has no voltage, which its derivatives do not tell.
    volts = amplitude**2 * volts + 0 * voltage(zero, current)
    return volts, decays(matrix) & system.rests(current, origin)


def _slopes(velocity, zero, current, origin):
    """F_I, F_ww, F_wI and F_II at an equilibrium."""
    by_current = jax.jacfwd(velocity, 1)
    first = by_current(zero, current, origin)
    second = jax.jacfwd(jax.jacfwd(velocity))(zero, current, origin)
    mixed = jax.jacfwd(by_current)(zero, current, origin)
    own = jax.jacfwd(by_current, 1)(zero, current, origin)
    return first, second, mixed, own
