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

from rfjax.devices import Resonator
from rfjax.laws import pole_expansion, spin_diode
from rfjax.laws.steady_oscillation import newton_step
from rfjax.lines import Line
from rfjax.rectifiers.fast.base import AbstractEvaluation

_exactly = jax.lax.Precision.HIGHEST
FIRST = 3  # orders of the far field in which nothing grows with the power
MARGIN = 1.1  # by which devices may change before an evaluation has to be prepared anew


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
    to the end of the near band.
    """

    rings: tuple[Ring, ...]
    order: int
    near: int


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

    def hold(self, resonators: Resonator, line: Line) -> Bool[Array, ""]:
        """Whether other resonators are like these, within `MARGIN`."""
        now = Limits.of(resonators, line)
        return (
            jnp.all(now.drive <= MARGIN * self.drive)
            & jnp.all(jnp.abs(now.shift) <= MARGIN * jnp.abs(self.shift))
            & jnp.all(now.nonlinear_damping <= MARGIN * self.nonlinear_damping)
            & jnp.all(self.nonlinear_damping <= MARGIN * now.nonlinear_damping)
        )


class Poles(AbstractEvaluation):
    """The voltages of chains whose resonators rectify each tone on its own.

    **Arguments:**

    - `preset`: see `rfjax.rectifiers.fast.presets`.
    - `far`: the powers of `pole_expansion.tone_ratios`, (tones, orders * own), the first `FIRST`
      and the others; or None.
    - `signs` of the wiring, (tones,).
    - `frequencies` of the tones and own tones that it was made for, (tones,), Hz.
    - `half_width`: the largest detuning in linewidths.
    - `damping` of the resonators that it was made for.
    - `limits` of nonlinear ones, or None for a linear model.
    """

    preset: Preset = eqx.field(static=True)
    far: tuple[Float[Array, "tones first"], Float[Array, "tones others"]] | None
    signs: Float[Array, " tones"]
    frequencies: Float[Array, " tones"]
    half_width: Float[Array, ""]
    damping: Float[Array, "..."]
    limits: Limits | None

    def covers(
        self, resonators: Resonator, detuning: Float[Array, "*seeds chains tones"], line: Line
    ) -> Bool[Array, ""]:
        """See `AbstractEvaluation.covers`."""
        tuned = jnp.all(jnp.abs(detuning) <= self.half_width)
        there = (line.frequencies == self.frequencies) & (resonators.frequency == self.frequencies)
        damped = jnp.all(resonators.damping <= MARGIN * self.damping)
        covered = tuned & damped & jnp.all(there) & jnp.all(1 + resonators.damping * detuning > 0)
        return covered if self.limits is None else covered & self.limits.hold(resonators, line)

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
        count = len(weights)
        share = powers * jnp.where(peaks > 0, 1 / jnp.where(peaks > 0, peaks, 1), 0)
        terms, x = [powers, powers * (2 * share - 1)], 2 * (2 * share - 1)
        while len(terms) < count:
            terms.append(x * terms[-1] - terms[-2])
        columns = [term[..., : each.shape[1]] for term, each in zip(terms, weights)]
        # One product of matrices for all orders.
        return jnp.matmul(
            jnp.concatenate(columns, -1), jnp.concatenate(weights, 1).T, precision=_exactly
        )

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
        near = self.preset.near
        chains, own = detuning.shape
        lanes = _Lanes.of(resonators, detuning, self.signs)
        around = jnp.pad(tones, near, mode="edge"), jnp.pad(peaks, near)
        there = jnp.pad(jnp.ones(own, tones.dtype), near)
        most = max(ring.nodes for ring in self.preset.rings)
        most = max(most, int(self.limits is not None))
        sums = [jnp.zeros((chains, own + 2 * near), detuning.dtype) for _ in range(most + 1)]
        ends = [0] * (most + 1)
        for ring in self.preset.rings:
            found = _ring(ring, near, lanes, (*around, there))
            for order, each in enumerate(found):
                sums[order] = sums[order] + each
                ends[order] = max(ends[order], min(own, ring.end + ring.farthest))
        sums = [each[:, near : near + own] for each in sums]
        if self.far is not None:
            linear, *growing = self._far_field(resonators, detuning, tones)
            sums[0], ends[0] = sums[0] + linear, own
            for each in growing:  # the share $u=\frac{T_0+T_1}{2}$
                sums[0] = sums[0] + peaks * each / 2
                sums[1], ends[1] = sums[1] + peaks * each / 2, own
        return [each[:, :end] for each, end in zip(sums, ends)]

    def _far_field(self, resonators, detuning, tones) -> list[Float[Array, "chains tones"]]:
        """The weights of what is far: the linear ones and, per watt, those that grow with power."""
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
        found = _far_products(jnp.concatenate(both[1]), tones, self.far[1], FIRST)
        weights = [found[start : start + chains] for start in range(0, len(found), chains)]
        weights[0] = weights[0] + _far_products(both[0][0], tones, self.far[0], 0)
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
        return cls(*fields)

    def between(self, begin: int, end: int) -> "_Lanes":
        """Those of some own tones; what all resonators share stays one number."""
        return _Lanes(*(each[..., begin:end] if each.ndim else each for each in self))


def _ring(
    ring: Ring, near: int, lanes: _Lanes, around: tuple[Array, ...]
) -> Float[Array, "orders chains around"]:
    """The series of all pairs of a ring, summed where their tones are.

    Own tones begin at the place `near` of the tones `around`.
    """
    count, length = ring.nodes, ring.end - ring.begin
    lanes = lanes.between(ring.begin, ring.end)
    shares, to_series = power_nodes(count) if count else (None, None)
    chains = lanes.detuning.shape[0]

    @jax.checkpoint
    def add(sums, start):
        """The tones so far from each own tone: rows of memory that stay near."""
        tone, peak, there = (jax.lax.dynamic_slice(each, (start,), (length,)) for each in around)
        series = there * _series(lanes, tone, peak, shares, to_series, ring.steps)
        old = jax.lax.dynamic_slice_in_dim(sums, start, length, axis=2)
        return jax.lax.dynamic_update_slice_in_dim(sums, old + series, start, axis=2), None

    sums = jnp.zeros((count + 1, chains, around[0].shape[0]), lanes.detuning.dtype)
    places = [
        side * offset
        for offset in range(ring.nearest, ring.farthest + 1)
        for side in ((1, -1) if offset else (1,))
    ]
    if len(places) == 1:
        return add(sums, near + ring.begin + places[0])[0]
    starts = np.asarray(near + ring.begin + np.asarray(places), np.int32)
    return jax.lax.scan(add, sums, starts)[0]


def _series(lanes: _Lanes, tone, peak, shares, to_series, steps):
    """The volts per watt of one tone in each resonator, as a series in the share of its power."""
    x = spin_diode.detuning_from_own_tone(tone, lanes.own, lanes.detuning, lanes.damping)
    torques = lanes.antisymmetric, lanes.symmetric
    linear = lanes.scale * spin_diode.response(x, 0.0, 0.0, 0.0, *torques)
    if shares is None:
        return linear[None]
    nonlinear = lanes.shift, lanes.nonlinear_damping
    drive = lanes.drive * peak

    shares = shares.astype(x.dtype)[:, None, None]
    power = _power(x, shares * drive, *nonlinear, steps)
    excess = lanes.scale * spin_diode.response(x, power, *nonlinear, *torques) - linear
    series = jnp.tensordot(to_series.astype(x.dtype), excess, 1, precision=_exactly)
    return series.at[0].add(linear)


def _power(detuning, drive, shift, damping, steps):
    """The oscillation power; derivatives go through the last step alone, which is implicit."""
    power = jax.lax.stop_gradient(drive / (1 + detuning * detuning))
    for _ in range(steps - 1):
        power = jax.lax.stop_gradient(newton_step(power, detuning, drive, shift, damping))
    return newton_step(power, detuning, drive, shift, damping)


def power_nodes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the peak power, and the matrix from values there to Chebyshev coefficients.

    The excess vanishes at zero power, which is a node that costs nothing.
    """
    share = (1 - np.cos(np.pi * np.arange(count + 1) / count)) / 2
    polynomials = np.polynomial.chebyshev.chebvander(2 * share - 1, count)
    return share[1:], np.linalg.inv(polynomials)[:, 1:]


def _joined(moments: list[Array], detuning: Float[Array, "chains own"]) -> Array:
    """Moments of all orders in a row for each chain."""
    return jnp.concatenate([jnp.broadcast_to(each, detuning.shape) for each in moments], axis=1)


@eqx.filter_custom_jvp
def _far_products(moments, tones, far, first):
    """Constant matrices times moments; its derivative reaches the tones that the matrices know."""
    return jnp.matmul(moments, far.T, precision=_exactly)


@_far_products.def_jvp
def _far_products_jvp(primals, tangents):
    moments, tones, far, first = primals
    by_moments, by_tones, *_ = tangents
    product = partial(jnp.matmul, precision=_exactly)
    change = jnp.zeros((moments.shape[0], tones.shape[0]), moments.dtype)
    if by_moments is not None:
        change += product(by_moments, far.T)
    if by_tones is not None:
        # $\partial_ir^{m+1}=-(m+1)r^{m+2}/f_k$ and $\partial_kr^{m+1}=(m+1)(r^{m+1}+r^{m+2})/f_k$
        order = far.shape[1] // tones.shape[0]
        times = jnp.repeat(jnp.arange(1, order + 1, dtype=tones.dtype) + first, tones.shape[0])
        sloped = moments * times / jnp.tile(tones, order)
        further = far * jnp.tile(_ratios(tones, far), order)
        moving = sloped * jnp.tile(by_tones, order)
        change += product(moving, (far + further).T) - by_tones * product(sloped, further.T)
    return product(moments, far.T), change


def _ratios(tones, far):
    """The ratios of tones where the matrices are not zero."""
    apart = tones[:, None] - tones
    there = far[:, : tones.shape[0]] != 0
    return jnp.where(there, tones / jnp.where(there, apart, 1), 0)
