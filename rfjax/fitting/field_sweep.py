r"""The model of a field-swept resonance line, and where its fits start.

One line in one or two lock-in channels: its place and width are shared, each channel has an
absorption and a dispersion of its own. Widths are varied by their logarithm.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from rfjax.fitting.starts import placements
from rfjax.laws.line_shape import resonance_line, resonance_line_slope
from rfjax.numerics.least_squares import Numbers

SPAN = 20.0  # units of the field in a sweep


class FieldSweep(NamedTuple):
    """What a line was measured at.

    **Arguments:** `offsets` of the fields from the centre of the sweep, in units of a twentieth of
    it; `slope`: 1 where the derivative to the field was measured, else 0.
    """

    offsets: Float[Numbers, " n"]
    slope: Int[Numbers, ""]


def line(parameters: Float[Numbers, " parameters"], sweep: FieldSweep) -> Float[Array, "blocks n"]:
    """The line in every channel.

    **Arguments:** `parameters`: place, logarithm of the width, then absorption and dispersion of
    each channel; `sweep`.
    """
    place, width = parameters[0], jnp.exp(parameters[1])
    absorption, dispersion = parameters[2:].reshape(-1, 2).T[:, :, None]
    arguments = sweep.offsets, place, width, dispersion, absorption
    return jnp.where(sweep.slope == 1, resonance_line_slope(*arguments), resonance_line(*arguments))


def starts(
    measured: Float[np.ndarray, "lanes blocks n"],
    basis: Float[np.ndarray, "lanes n linear"],
    sweep: FieldSweep,
    count: int,
) -> Float[np.ndarray, "lanes starts parameters"]:
    """The line of the best place for every width of a few, those that leave least first.

    **Arguments:** `measured` in all places; `basis` of the background, orthonormal; `sweep`, lane
    by lane; `count` of starts.

    **Returns:** their parameters.
    """
    spread = np.linspace(-SPAN / 2, SPAN / 2, measured.shape[-1])[None]
    places, widths = placements(spread)
    found = _starts(
        *(np.asarray(each, measured.dtype) for each in (measured, basis, sweep.offsets)),
        sweep.slope,
        *(np.asarray(each, measured.dtype) for each in (places, 2 * widths)),
        tuple(np.flatnonzero(np.diff(widths, prepend=-1))),
    )
    return np.asarray(found)[:, :count]


@partial(jax.jit, static_argnums=6)
def _starts(measured, basis, offsets, slope, places, widths, firsts):
    def of_lane(lane):
        values, basis, offsets, slope = lane
        sweep = FieldSweep(offsets, slope)

        def shape(absorption, dispersion):
            def placed(place, width):
                return line(jnp.stack([place, jnp.log(width), absorption, dispersion]), sweep)[0]

            return cleared(jax.vmap(placed)(places, widths))

        def cleared(values):
            return values - values @ basis @ basis.T

        left = cleared(values)
        zero, one = jnp.zeros(()), jnp.ones(())
        first, second = shape(one, zero), shape(zero, one)
        tiny = jnp.finfo(first.dtype).tiny ** 0.5
        first_size = jnp.sum(first**2, -1) + tiny
        along = jnp.sum(first * second, -1) / first_size
        across = second - along[:, None] * first
        across_size = jnp.sum(across**2, -1) + tiny
        by_first, by_across = left @ first.T / first_size, left @ across.T / across_size
        gain = jnp.sum(by_first**2 * first_size + by_across**2 * across_size, 0)
        ends = (*firsts[1:], len(gain))
        best = jnp.stack([a + jnp.argmax(gain[a:b]) for a, b in zip(firsts, ends)])
        best = best[jnp.argsort(-gain[best])]
        parts = jnp.stack([by_first - by_across * along, by_across], -1)[:, best]
        parts = jnp.moveaxis(parts, 0, 1).reshape(len(best), -1)
        return jnp.concatenate([places[best, None], jnp.log(widths[best, None]), parts], axis=1)

    return jax.lax.map(of_lane, (measured, basis, offsets, slope))
