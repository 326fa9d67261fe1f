"""The near band of a line: tones that are few places from the own one of a resonator.

The linear response is computed as it is; what is not linear in the power is summed at a few shares
of the peak power and turned into Chebyshev series, at the fewer nodes the farther the tone.
"""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.compilation import on_cpu
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.laws.steady_oscillation import newton_step, response_denominator
from rfjax.numerics.batched_map import in_parts

AT_ONCE = 2**15  # values of lanes and nodes that fit into the cache, with what goes with them


class Ring(NamedTuple):
    """Tones from `nearest` to `farthest` places from the own one, interpolated at some `nodes`.

    For resonators from `begin` up to `end`; with so many `steps` of Newton. Without nodes they are
    linear.
    """

    nearest: int
    farthest: int
    nodes: int
    steps: int
    begin: int
    end: int


class Lanes(NamedTuple):
    """What each resonator brings, (chains, own): all in reduced variables but `own` in Hz."""

    own: Float[Array, "..."]
    damping: Float[Array, "..."]
    detuning: Float[Array, "..."]
    scale: Float[Array, "..."]  # V/W of a response of one, with the sign of the wiring
    drive: Float[Array, "..."]  # s of one watt
    shift: Float[Array, "..."]
    nonlinear_damping: Float[Array, "..."]
    antisymmetric: Float[Array, "..."]
    symmetric: Float[Array, "..."]

    @classmethod
    def of(cls, resonators: Resonator, detuning: Float[Array, "chains own"], signs) -> "Lanes":
        own, damping = resonators.frequency, resonators.damping
        reached = spin_diode.continued_resonance_frequency(own, detuning, damping)
        scale = spin_diode.voltage_scale(reached, damping, signs * resonators.rectification)
        drive = spin_diode.reduced_drive(1.0, reached, damping, resonators.drive)
        fields = (
            *(own, damping, detuning, scale, drive),
            *(resonators.reduced_shift, resonators.nonlinear_damping),
            *(resonators.antisymmetric, resonators.symmetric),
        )
        # Of one shape: a derivative to one number would be summed for every offset.
        return cls(*(jnp.broadcast_to(each, detuning.shape) for each in fields))

    def between(self, begin: int, end: int) -> "Lanes":
        """Those of some own tones."""
        return Lanes(*(each[:, begin:end] for each in self))


class Piece(NamedTuple):
    """Weights of tones in a row, from the one at place `begin`."""

    begin: int
    weights: Float[Array, "chains _"]


def added(pieces: list[Piece]) -> Float[Array, "chains _"]:
    """The sum of pieces, from the first tone to the last that they reach."""
    end = max(piece.begin + piece.weights.shape[1] for piece in pieces)
    return jnp.asarray(
        sum(jnp.pad(each, ((0, 0), (begin, end - begin - each.shape[1]))) for begin, each in pieces)
    )


def ring_series(ring: Ring, lanes: Lanes, tones: Array, peaks: Array) -> list[Piece]:
    """The series of all pairs of a ring, summed where their tones are, order by order."""
    own, reach = tones.shape[0], ring.farthest
    # The tones about all of the resonators; there are none beyond the ends of the line.
    window = slice(ring.begin, ring.end + 2 * reach)
    around = jnp.pad(tones, reach, mode="edge"), jnp.pad(peaks, reach)
    there = jnp.pad(jnp.ones(own, tones.dtype), reach)
    shown = [each[window] for each in (*around, there)]
    offsets = range(ring.nearest, reach + 1)
    places = [side * offset for offset in offsets for side in ((1, -1) if offset else (1,))]
    starts = [reach + place for place in places]
    lanes = lanes.between(ring.begin, ring.end)
    # Distance by distance suits the caches of a CPU; an accelerator would wait for launches.
    form = _one_by_one if len(starts) > 1 and on_cpu() else _side_by_side
    series = form(ring, starts, lanes, *shown)
    first = ring.begin - reach
    return [Piece(max(first, 0), each[:, max(-first, 0) : own - first]) for each in series]


def _one_by_one(
    ring: Ring, starts: list[int], lanes: Lanes, tones, peaks, there
) -> tuple[Array, ...]:
    """The series of a ring, tones at one distance after the other, some chains at a time.

    So many that all of it stays in the cache.
    """
    length = ring.end - ring.begin

    def of_chains(*some):
        lanes = Lanes(*some)
        # Of each chain, as the lanes: a derivative to tones would be summed for every offset.
        of_each = jnp.broadcast_to(tones, (lanes.detuning.shape[0], tones.shape[0]))

        @jax.checkpoint
        def add(sums, start):
            shown = [
                jax.lax.dynamic_slice_in_dim(each, start, length, axis=-1)
                for each in (of_each, peaks, there)
            ]
            return tuple(
                jax.lax.dynamic_update_slice_in_dim(
                    each,
                    jax.lax.dynamic_slice_in_dim(each, start, length, axis=1) + values,
                    start,
                    axis=1,
                )
                for each, values in zip(sums, _values(ring, lanes, *shown), strict=True)
            ), None

        nothing = (jnp.zeros_like(of_each),) * (ring.nodes + 1)
        return _series(ring, jax.lax.scan(add, nothing, np.asarray(starts, np.int32))[0])

    at_once = max(1, AT_ONCE // (length * (ring.nodes + 1)))
    return in_parts(of_chains, tuple(lanes), at_once)


def _side_by_side(
    ring: Ring, starts: list[int], lanes: Lanes, tones, peaks, there
) -> tuple[Array, ...]:
    """The series of a ring, tones at all distances at once."""
    length = ring.end - ring.begin
    shown = [
        jnp.stack([each[start : start + length] for start in starts])[:, None]
        for each in (tones, peaks, there)
    ]
    values = jax.checkpoint(partial(_values, ring))(lanes, *shown)
    sums = jnp.zeros((len(values), lanes.detuning.shape[0], tones.shape[0]), tones.dtype)
    for at, start in enumerate(starts):  # in this order, on every machine
        sums = sums.at[:, :, start : start + length].add(jnp.stack([each[at] for each in values]))
    return _series(ring, tuple(sums))


def _series(ring: Ring, values: tuple[Array, ...]) -> tuple[Array, ...]:
    """The coefficients of the series that has some values at no power and at the nodes."""
    rows = power_nodes(ring.nodes)[1].tolist()
    return tuple(
        jnp.asarray(sum(c * value for c, value in zip(row, values, strict=True))) for row in rows
    )


def _values(ring: Ring, lanes: Lanes, tone, peak, there) -> tuple[Array, ...]:
    """The volts per watt of one tone in each resonator, at no power and at the nodes.

    Each node has an array of its own: a processor does not go through axes of nodes fast.

    **Arguments:** `tone`, `peak` and whether there is one, which broadcast to the lanes with axes
    before them.

    **Returns:** V/W, node by node.
    """
    x = spin_diode.detuning_from_own_tone(tone, lanes.own, lanes.detuning, lanes.damping)
    scale, drive = there * lanes.scale, lanes.drive * peak
    nonlinear = lanes.shift, lanes.nonlinear_damping
    torques = lanes.antisymmetric, lanes.symmetric
    found = [scale * spin_diode.response(x, 0.0, 0.0, 0.0, *torques)]
    for share in power_nodes(ring.nodes)[0][1:].astype(x.dtype):
        found.append(scale * _response(x, share * drive, *nonlinear, *torques, ring.steps))
    return tuple(found)


# Compiled apart so that it is traced once for all nodes.
@partial(jax.jit, static_argnames="steps")
def _response(detuning, drive, shift, damping, antisymmetric, symmetric, steps):
    return _steady(detuning, drive, shift, damping, antisymmetric, symmetric, steps=steps)


@eqx.filter_custom_jvp
def _steady(detuning, drive, shift, damping, antisymmetric, symmetric, *, steps):
    """The response to a tone that drives the resonator."""
    power = _power(detuning, drive, shift, damping, steps=steps)
    return spin_diode.response(detuning, power, shift, damping, antisymmetric, symmetric)


@_steady.def_jvp
def _steady_jvp(primals, tangents, *, steps):
    detuning, drive, shift, damping, *torques = primals
    power = _power(*primals[:4], steps=steps)
    slopes = spin_diode.response_slopes(detuning, power, shift, damping, *torques)
    changes = [
        slope * tangent
        for slope, tangent in zip(slopes, tangents, strict=True)
        if tangent is not None
    ]
    return spin_diode.response(detuning, power, shift, damping, *torques), sum(changes)


@eqx.filter_custom_jvp
def _power(detuning, drive, shift, damping, *, steps):
    """The oscillation power, by steps of Newton from the linear response."""
    power = drive / response_denominator(detuning, 0.0, 0.0, 0.0)
    for _ in range(steps):
        power = newton_step(power, detuning, drive, shift, damping)
    return power


@_power.def_jvp
def _power_jvp(primals, tangents, *, steps):
    # A step from the root has the derivative of the root, as a function of the root: so has its
    # derivative, to any order.
    power = _power(*primals, steps=steps)
    moving = [at for at, tangent in enumerate(tangents) if tangent is not None]

    def step(*moved):
        arguments = list(primals)
        for at, value in zip(moving, moved, strict=True):
            arguments[at] = value
        return newton_step(power, *arguments)

    given = [primals[at] for at in moving], [tangents[at] for at in moving]
    return power, jax.jvp(step, *given)[1]


def power_nodes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the peak power, no power first, and the matrix from values there to a series."""
    share = (1 - np.cos(np.pi * np.arange(count + 1) / max(count, 1))) / 2
    return share, np.linalg.inv(np.polynomial.chebyshev.chebvander(2 * share - 1, count))
