r"""The fast evaluation of tones that are rectified one by one: a near band, and poles beyond it.

Beyond a near band about the own tone of each resonator its response is a pole, and the weights of a
chain are constant matrices times its moments (`rfjax.laws.pole_expansion`). In the near band the
linear response is computed as it is, and what is not linear in the power is interpolated in the
share of the peak power, at the fewer nodes the farther the tone.
"""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from rfjax.checks import InvalidInput
from rfjax.compilation import on_cpu
from rfjax.devices import Resonator
from rfjax.laws import pole_expansion, spin_diode
from rfjax.laws.steady_oscillation import newton_step, response_denominator
from rfjax.lines import Line
from rfjax.numerics.batched_map import in_parts
from rfjax.rectifiers.fast.base import AbstractEvaluation

_exactly = jax.lax.Precision.HIGHEST
AT_ONCE = 2**15  # values of lanes and nodes that fit into the cache, with what is beside
FIRST = 3  # orders of the far field in which nothing grows with the power


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


class Preset(NamedTuple):
    """The choices of an evaluation: what decides the shapes of its program.

    **Arguments:** `rings` of the near band; `order` of the far field, zero for none; `near`: places
    to the end of the near band; `margin`: the factor by which devices may change before an
    evaluation has to be prepared anew.
    """

    rings: tuple[Ring, ...]
    order: int
    near: int
    margin: float


class Limits(eqx.Module):
    """The nonlinear devices for which an evaluation was prepared, in reduced variables.

    **Arguments:** arrays that broadcast to (chains, tones), without unit: `drive` $s$ at the peak
    power, on the own tone; `shift` $n$; `nonlinear_damping` $Q$.
    """

    drive: Float[Array, "..."]
    shift: Float[Array, "..."]
    nonlinear_damping: Float[Array, "..."]

    @classmethod
    def of(cls, resonators: Resonator, line: Line) -> "Limits":
        """Those of some resonators on a line."""
        drive = spin_diode.reduced_drive(
            line.peak_powers, line.frequencies, resonators.damping, resonators.drive
        )
        return cls(drive, resonators.reduced_shift, resonators.nonlinear_damping)

    def hold(self, resonators: Resonator, line: Line, margin: float) -> Bool[Array, ""]:
        """Whether other resonators are like these, within a margin."""
        now = Limits.of(resonators, line)
        return (
            jnp.all(now.drive <= margin * self.drive)
            & jnp.all(jnp.abs(now.shift) <= margin * jnp.abs(self.shift))
            & jnp.all(now.shift * self.shift >= 0)
            & jnp.all(now.nonlinear_damping <= margin * self.nonlinear_damping)
            & jnp.all(self.nonlinear_damping <= margin * now.nonlinear_damping)
        )


def relative_volts(resonators: Resonator, line: Line) -> Float[Array, "..."]:
    """What resonators give at the peak power of their own tones, by the norm of their chain.

    The choice of nodes and orders weighs them by it.
    """
    per_watt = spin_diode.voltage_scale(
        line.frequencies, resonators.damping, jnp.abs(resonators.rectification)
    )
    torque = jnp.hypot(resonators.antisymmetric, resonators.symmetric)
    volts = jax.lax.stop_gradient(per_watt * torque * line.peak_powers)
    norm = jnp.linalg.norm(volts, axis=-1, keepdims=True)
    return volts / jnp.where(norm > 0, norm, 1)


class Poles(AbstractEvaluation):
    """The voltages of chains whose resonators rectify each tone on its own.

    **Arguments:**

    - `preset`: see `rfjax.rectifiers.fast.presets`.
    - `far`: the powers of `pole_expansion.tone_ratios`, (tones, orders * own), the first `FIRST`
      and the others; or None.
    - `signs` of the wiring, (tones,).
    - `frequencies` of the tones and own tones that it was made for, (tones,), Hz.
    - `half_width`: the largest detuning in linewidths.
    - `damping` of the resonators that it was made for, and their `relative_volts`.
    - `limits` of nonlinear ones, or None for a linear model.
    """

    preset: Preset = eqx.field(static=True)
    far: tuple[Float[Array, "tones first"], Float[Array, "tones others"]] | None
    signs: Float[Array, " tones"]
    frequencies: Float[Array, " tones"]
    half_width: Float[Array, ""]
    damping: Float[Array, "..."]
    relative_volts: Float[Array, "..."]
    limits: Limits | None

    def covers(
        self, resonators: Resonator, detuning: Float[Array, "*seeds chains tones"], line: Line
    ) -> Bool[Array, ""]:
        """See `AbstractEvaluation.covers`."""
        tuned = jnp.all(jnp.abs(detuning) <= self.half_width)
        there = (line.frequencies == self.frequencies) & (resonators.frequency == self.frequencies)
        damped = jnp.all(resonators.damping <= self.preset.margin * self.damping)
        weighed = relative_volts(resonators, line) <= self.preset.margin * self.relative_volts
        covered = tuned & damped & jnp.all(there) & jnp.all(1 + resonators.damping * detuning > 0)
        covered &= jnp.all(weighed)
        if self.limits is None:
            return covered
        return covered & self.limits.hold(resonators, line, self.preset.margin)

    def __call__(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        line: Line,
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "*b chains"]:
        """See `AbstractEvaluation.__call__`."""
        peaks = jax.lax.stop_gradient(line.peak_powers)
        weights = self.weights(resonators, detuning, line.frequencies, peaks)
        share = powers * jnp.where(peaks > 0, 1 / jnp.where(peaks > 0, peaks, 1), 0)
        x = 2 * (2 * share - 1)
        # The orders of $P\,T_m(2u-1)$, the highest ones of the first tones alone.
        before, term, volts = powers * x / 2, powers, 0.0
        for each in weights:
            volts += jnp.matmul(term[..., : each.shape[1]], each.T, precision=_exactly)
            before, term = term, x * term - before
        return jnp.asarray(volts)

    def weights(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains own"],
        tones: Float[Array, " tones"],
        peaks: Float[Array, " tones"],
    ) -> list[Float[Array, "chains _"]]:
        """The volts per watt of all chains as Chebyshev series in the share of the peak power.

        **Arguments:** `resonators`; `detuning` in linewidths; `tones` in Hz; `peaks` in W.

        **Returns:** the coefficients, order by order, of so many tones as have them.
        """
        lanes = _Lanes.of(resonators, detuning, self.signs)
        orders: list[list[_Piece]] = [[]]
        for ring in self.preset.rings:
            for order, piece in enumerate(_ring(ring, lanes, tones, peaks)):
                orders += [[]] * (order == len(orders))
                orders[order].append(piece)
        if self.far is not None:
            linear, *growing = self._far_field(resonators, detuning, tones)
            orders[0].append(_Piece(0, linear))
            for each in growing:  # the share $u=\frac{T_0+T_1}{2}$
                orders += [[]] * (len(orders) == 1)
                orders[0].append(_Piece(0, peaks * each / 2))
                orders[1].append(_Piece(0, peaks * each / 2))
        return [_added(pieces) for pieces in orders if pieces]

    def _far_field(self, resonators, detuning, tones) -> list[Float[Array, "chains tones"]]:
        """The weights of what is far: the linear ones and, per watt, those that grow with power."""
        assert self.far is not None  # or there is nothing far
        own, damping = resonators.frequency, resonators.damping
        offset = pole_expansion.offset_from_tone(tones, own, detuning, damping)
        rectification = self.signs * resonators.rectification
        torques = resonators.antisymmetric, resonators.symmetric
        linear = pole_expansion.moments(tones, offset, rectification, torques, self.preset.order)
        both = [_joined(linear[:FIRST], detuning)], [_joined(linear[FIRST:], detuning)]
        if self.limits is not None:
            reached = spin_diode.continued_resonance_frequency(own, detuning, damping)
            drive = spin_diode.reduced_drive(1.0, reached, damping, resonators.drive)
            nonlinear = resonators.reduced_shift, resonators.nonlinear_damping
            width = damping * reached / tones
            growing = pole_expansion.growing_moments(
                tones,
                offset,
                rectification * drive,
                width,
                nonlinear,
                torques,
                self.preset.order - FIRST,
            )
            both[1].append(_joined(growing, detuning))
        chains = len(detuning)
        ratio = self.far[0][:, : tones.shape[0]]
        found = _far_products(jnp.concatenate(both[1]), tones, self.far[1], ratio, FIRST)
        weights = [found[start : start + chains] for start in range(0, len(found), chains)]
        weights[0] = weights[0] + _far_products(both[0][0], tones, self.far[0], ratio, 0)
        return weights


class _Lanes(NamedTuple):
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
    def of(cls, resonators: Resonator, detuning: Float[Array, "chains own"], signs) -> "_Lanes":
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

    def between(self, begin: int, end: int) -> "_Lanes":
        """Those of some own tones."""
        return _Lanes(*(each[:, begin:end] for each in self))


class _Piece(NamedTuple):
    """Weights of tones in a row, from the one at place `begin`."""

    begin: int
    weights: Float[Array, "chains _"]


def _added(pieces: list[_Piece]) -> Float[Array, "chains _"]:
    """The sum of pieces, from the first tone to the last that they reach."""
    end = max(piece.begin + piece.weights.shape[1] for piece in pieces)
    return jnp.asarray(
        sum(jnp.pad(each, ((0, 0), (begin, end - begin - each.shape[1]))) for begin, each in pieces)
    )


def _ring(ring: Ring, lanes: _Lanes, tones: Array, peaks: Array) -> list[_Piece]:
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
    return [_Piece(max(first, 0), each[:, max(-first, 0) : own - first]) for each in series]


def _one_by_one(
    ring: Ring, starts: list[int], lanes: _Lanes, tones, peaks, there
) -> tuple[Array, ...]:
    """The series of a ring, tones at one distance after the other, some chains at a time.

    So many that all of it stays in the cache.
    """
    length = ring.end - ring.begin

    def of_chains(*some):
        lanes = _Lanes(*some)

        @jax.checkpoint
        def add(sums, start):
            shown = [
                jax.lax.dynamic_slice(each, (start,), (length,)) for each in (tones, peaks, there)
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

        zeros = jnp.zeros((lanes.detuning.shape[0], tones.shape[0]), tones.dtype)
        nothing = (zeros,) * (ring.nodes + 1)
        return _series(ring, jax.lax.scan(add, nothing, np.asarray(starts, np.int32))[0])

    at_once = max(1, AT_ONCE // (length * (ring.nodes + 1)))
    return in_parts(of_chains, tuple(lanes), at_once)


def _side_by_side(
    ring: Ring, starts: list[int], lanes: _Lanes, tones, peaks, there
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


def _values(ring: Ring, lanes: _Lanes, tone, peak, there) -> tuple[Array, ...]:
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
    power = _power(detuning, drive, shift, damping, steps=steps)
    return spin_diode.response(detuning, power, shift, damping, antisymmetric, symmetric)


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


def _joined(moments: list[Array], detuning: Float[Array, "chains own"]) -> Array:
    """Moments of all orders in a row for each chain."""
    return jnp.concatenate([jnp.broadcast_to(each, detuning.shape) for each in moments], axis=1)


@eqx.filter_custom_jvp
def _far_products(moments, tones, far, ratio, first):
    """Constant matrices times moments; its derivative reaches the tones that the matrices know."""
    return jnp.matmul(moments, far.T, precision=_exactly)


@_far_products.def_jvp
def _far_products_jvp(primals, tangents):
    moments, tones, far, ratio, first = primals
    by_moments, by_tones, *_ = tangents
    tones = _differentiated_once(tones)
    product = partial(jnp.matmul, precision=_exactly)
    change = jnp.zeros((moments.shape[0], tones.shape[0]), moments.dtype)
    if by_moments is not None:
        change += product(by_moments, far.T)
    if by_tones is not None:
        # $\partial_ir^{m+1}=-(m+1)r^{m+2}/f_k$ and $\partial_kr^{m+1}=(m+1)(r^{m+1}+r^{m+2})/f_k$:
        # the next power is that of the next order, and of the last one a product more.
        own = tones.shape[0]
        order = far.shape[1] // own
        times = jnp.repeat(jnp.arange(1, order + 1, dtype=tones.dtype) + first, own)
        sloped = moments * times / jnp.tile(tones, order)
        moving = sloped * jnp.tile(by_tones, order)
        last = (far[:, -own:] * ratio).T
        change += product(moving + _next_order(moving, own), far.T)
        change += product(moving[:, -own:], last)
        still = product(_next_order(sloped, own), far.T) + product(sloped[:, -own:], last)
        change -= by_tones * still
    return product(moments, far.T), change


@eqx.filter_custom_jvp
def _differentiated_once(tones):
    """Tones of a derivative that knows them as constants: another one would be wrong."""
    return tones


@_differentiated_once.def_jvp
def _differentiated_once_jvp(primals, tangents):
    if tangents[0] is None:
        return primals[0], None
    raise InvalidInput(
        "the fast evaluation has no second derivative to tones; give the array tolerance=None"
    )


def _next_order(moments, own: int):
    """What belongs to the next higher power; that of the last order falls out."""
    return jnp.pad(moments[:, :-own], ((0, 0), (own, 0)))
