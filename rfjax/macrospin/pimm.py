"""The spectrum of a magnetisation that rings after a step of the field."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from rfjax.checks import InvalidInput, broadcast_shape, finite, known, positive, where_valid
from rfjax.macrospin.stack import AbstractStack
from rfjax.macrospin.uniform import Uniform
from rfjax.macrospin.vectors import VectorLike, direction, on_one_axis, vector
from rfjax.numerics.linear_systems import decays, response, solved
from rfjax.numerics.vectors import Vector, components, times


def pimm(
    layer: AbstractStack,
    start: VectorLike,
    step: VectorLike,
    pickup: VectorLike,
    frequencies: VectorLike,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
) -> Complex[Array, "*lanes frequencies"]:
    r"""The spectrum of pulsed inductive microwave magnetometry, in first order of the step.

    A field step ends at $t=0$, and the magnetisation rings down to the equilibrium without it.
    With $\dot w=F(w,\mathbf H)$ about the equilibrium it starts from $w_0=-F_w^{-1}F_H
    \Delta\mathbf H$, and along the pick-up direction $\mathbf u$

    $$s(f)=\int_0^\infty\mathbf u\cdot\delta\mathbf m(t)\,e^{2\pi ift}\,dt
    =\mathbf u\cdot\mathbf m_w\,(-2\pi if-F_w)^{-1}\,w_0.$$

    Of coupled layers $\mathbf m$ is the mean, weighed by their moments. A voltage that a line
    picks up is proportional to the rate, $-2\pi if\,s-\mathbf u\cdot\delta\mathbf m(0)$. The trace
    against time is that of `simulate` from the equilibrium under the step.

    **Arguments:** those of `rfjax.macrospin.equilibrium`, with the `field` and `current` after the
    step; `step` $\Delta\mathbf H$: the further field before, A/m, and `pickup` $\mathbf u$, of any
    length, both (*lanes, 3); `frequencies` in Hz.

    **Returns:** the spectrum $s$, s, (*lanes, frequencies); in compiled programs NaN where the
    equilibrium is not stable.

    **Raises:** `InvalidInput` where a value is not allowed, and where no equilibrium is stable.
    """
    step, pickup = vector("step", step), direction("pickup", pickup)
    frequencies = on_one_axis("frequencies", positive("frequencies", frequencies))
    lanes = broadcast_shape(step=step.shape[:-1], pickup=pickup.shape[:-1])
    if lanes:  # they may have lanes of their own
        current = finite("current", current) + jnp.zeros(lanes)
    system, currents, shape = Uniform.of(layer, field, current, start)
    rank, dtype = len(shape), currents.dtype
    steps = layer.each(lambda each: times(1 / each.magnetisation, components(step)), rank)
    moments = layer.each(lambda each: each.magnetisation * each.volume, rank)
    along = jnp.broadcast_to(pickup, (*shape, 3)).reshape(-1, 3).astype(dtype)
    steps = jax.tree.map(lambda leaf: layer.flat(leaf, shape, dtype), steps)
    moments = layer.flat(moments, shape, dtype)
    found, stable = _rung(system, currents, steps, moments, along, frequencies)
    parts = [
        where_valid(
            part,
            stable[:, None],
            "the equilibrium is not stable: the current is beyond the threshold or the start on a "
            "maximum; give a smaller current or another start",
        )
        for part in (found.real, found.imag)
    ]
    spectrum = jax.lax.complex(*parts)
    if known(spectrum) and not np.isfinite(spectrum).all():
        raise InvalidInput("a value is beyond the range of numbers; give lower frequencies")
    return spectrum.reshape(*shape, len(frequencies))


@jax.jit
def _rung(system, current, steps, moments, along, frequencies):
    lanes = 0, 0, 0, 0, 0, None
    return jax.vmap(_spectrum, lanes)(system, current, steps, moments, along, frequencies)


def _spectrum(
    system: Uniform,
    current: Float[Array, ""],
    step: Vector,
    moments: Float[Array, "..."],
    along: Float[Array, "3"],
    frequencies: Float[Array, " frequencies"],
):
    """The spectrum of one lane, and whether its equilibrium is stable."""
    origin, zero = system.equilibrium(current), system.zero
    matrix = jax.jacfwd(system.velocity)(zero, current, origin)

    def pushed(share):
        return system.velocity(zero, current, origin, times(share, step))

    def signal(w):
        weights = (moments / moments.sum())[..., None]
        return (weights * system.observed(w, origin) * along).sum()

    begin = -solved(matrix, jax.jacfwd(pushed)(jnp.zeros((), zero.dtype)))
    x = response(matrix, begin, 2 * jnp.pi * frequencies / system.rate)
    found = (jax.grad(signal)(zero)[:, None] * x).sum(0) / system.rate
    return found, decays(matrix) & system.rests(current, origin)
