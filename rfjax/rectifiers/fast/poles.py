r"""The fast evaluation of tones that are rectified one by one: a near band, and poles beyond it.

Beyond a near band about the own tone of each resonator its response is a pole, and the weights of a
chain are constant matrices times its moments (`rfjax.laws.pole_expansion`). In the near band the
linear response is computed as it is, and what is not linear in the power is interpolated in the
share of the peak power, at the fewer nodes the farther the tone.
"""

from collections import defaultdict
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from rfjax.compilation import on_cpu
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.lines import Line
from rfjax.numerics.batched_map import in_parts
from rfjax.rectifiers.fast.base import AbstractEvaluation, full_volts
from rfjax.rectifiers.fast.far_field import FarField
from rfjax.rectifiers.fast.near_band import Lanes, Piece, Ring, added, ring_series

AT_ONCE = 2**17  # powers of rows that fit into the cache, with the series that belong to them
_exactly = jax.lax.Precision.HIGHEST


class Preset(NamedTuple):
    """The choices of an evaluation: what decides the shapes of its program.

    **Arguments:** `rings` of the near band; `order` of the far field, zero for none; `near`: places
    to the end of the near band; `margin`: the factor by which devices, and tones that are
    followed, may change before an evaluation has to be prepared anew.
    """

    rings: tuple[Ring, ...]
    order: int
    near: int
    margin: float


class Limits(eqx.Module):
    """The nonlinear devices for which an evaluation was prepared, in reduced variables.

    What resonators of all chains have at most and at least, for each tone.

    **Arguments:** arrays that broadcast to (tones,), without unit: largest `drive` $s$ at the peak
    power, on the own tone; least and most `shift` $n$, zero
    included; least and most `nonlinear_damping` $Q$.
    """

    drive: Float[Array, "..."]
    shift: tuple[Float[Array, "..."], Float[Array, "..."]]
    nonlinear_damping: tuple[Float[Array, "..."], Float[Array, "..."]]

    @classmethod
    def of(cls, resonators: Resonator, line: Line) -> "Limits":
        """Those of some resonators on a line."""
        drive = spin_diode.reduced_drive(
            line.peak_powers, line.frequencies, resonators.damping, resonators.drive
        )
        shift, growth = resonators.reduced_shift, resonators.nonlinear_damping
        # What shifts less is nearer to linear: ranges hold a shift of zero.
        shifts = -most_of_chains(jnp.maximum(-shift, 0)), most_of_chains(jnp.maximum(shift, 0))
        return cls(
            most_of_chains(drive), shifts, (-most_of_chains(-growth), most_of_chains(growth))
        )

    def hold(self, resonators: Resonator, line: Line, margin: float) -> Bool[Array, ""]:
        """Whether other resonators are like these, within a margin."""
        now = Limits.of(resonators, line)
        (least, most), (calmest, steepest) = self.shift, self.nonlinear_damping
        return (
            jnp.all(now.drive <= margin * self.drive)
            & jnp.all(now.shift[0] >= margin * least)
            & jnp.all(now.shift[1] <= margin * most)
            & jnp.all(now.nonlinear_damping[1] <= margin * steepest)
            & jnp.all(calmest <= margin * now.nonlinear_damping[0])
        )


def most_of_chains(values: Float[Array, "..."]) -> Float[Array, "..."]:
    """The largest values of all chains, of values of shape (), (tones,) or (chains, tones)."""
    return jnp.max(values, axis=0) if values.ndim == 2 else values


def relative_volts(resonators: Resonator, line: Line) -> Float[Array, "..."]:
    """What resonators give at the peak power of their own tones, by the norm of their chain.

    The choice of nodes and orders weighs them by it.
    """
    volts = jax.lax.stop_gradient(full_volts(resonators, line))
    norm = jnp.linalg.norm(volts, axis=-1, keepdims=True)
    return volts / jnp.where(norm > 0, norm, 1)


class Poles(AbstractEvaluation):
    """The voltages of chains whose resonators rectify each tone on its own.

    **Arguments:**

    - `preset`: see `rfjax.rectifiers.fast.presets`.
    - `far`: the far field; None where the near band holds all tones, or where it is computed with
      each call, from tones that move.
    - `signs` of the wiring, (tones,).
    - `frequencies` of the tones and own tones that it was made for, (tones,), Hz.
    - `half_width`: the largest detuning in linewidths.
    - `damping` of the resonators that it was made for, and their `relative_volts`: the largest of
      all chains, for each tone.
    - `limits` of nonlinear ones, or None for a linear model.
    """

    preset: Preset = eqx.field(static=True)
    far: FarField | None
    signs: Float[Array, " tones"]
    frequencies: Float[Array, " tones"]
    half_width: Float[Array, ""]
    damping: Float[Array, "..."]
    relative_volts: Float[Array, "..."]
    limits: Limits | None

    def following(self) -> "Poles":
        """See `AbstractEvaluation.following`."""
        return eqx.tree_at(lambda each: each.far, self, None, is_leaf=lambda each: each is None)

    def covers(
        self, resonators: Resonator, detuning: Float[Array, "*seeds chains tones"], line: Line
    ) -> Bool[Array, ""]:
        """See `AbstractEvaluation.covers`."""
        tuned = jnp.all(jnp.abs(detuning) <= self.half_width)
        there = jnp.all(resonators.frequency == line.frequencies)
        damped = jnp.all(resonators.damping <= self.preset.margin * self.damping)
        weighed = relative_volts(resonators, line) <= self.preset.margin * self.relative_volts
        covered = tuned & damped & there & self._apart(resonators, line) & jnp.all(weighed)
        covered &= jnp.all(1 + resonators.damping * detuning > 0)
        if self.limits is None:
            return covered
        return covered & self.limits.hold(resonators, line, self.preset.margin)

    def _apart(self, resonators: Resonator, line: Line) -> Bool[Array, ""]:
        """Whether tones are where they were or, where they are followed, no closer in linewidths.

        Within the margin, by ratios of neighbours: none are closer where no neighbours are.
        """
        if self.far is not None:
            return jnp.all(line.frequencies == self.frequencies)
        then, now = (
            jnp.log(tones[1:] / tones[:-1]) for tones in (self.frequencies, line.frequencies)
        )
        wider = jnp.max(resonators.damping / self.damping)
        rounding = 4 * jnp.finfo(now.dtype).eps
        sides = jnp.where(then < 0, -1, 1)  # tones in any order keep it
        return jnp.all(wider * jnp.abs(then) <= self.preset.margin * sides * now + rounding)

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
        per_watt = jnp.where(peaks > 0, 1 / jnp.where(peaks > 0, peaks, 1), 0)
        rows = powers.reshape(-1, powers.shape[-1])
        found = partial(_summed, weights, per_watt)
        if on_cpu():  # so many rows at a time that all of their series stays in the cache
            at_once = max(1, AT_ONCE // rows.shape[1])
            volts = in_parts(jax.checkpoint(found), (rows,), at_once)
        else:
            volts = found(rows)
        return volts.reshape(*powers.shape[:-1], -1)

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
        lanes = Lanes.of(resonators, detuning, self.signs)
        orders: defaultdict[int, list[Piece]] = defaultdict(list)
        for ring in self.preset.rings:
            for order, piece in enumerate(ring_series(ring, lanes, tones, peaks)):
                orders[order].append(piece)
        if self.preset.order:
            linear = self.limits is None
            matrices = self.far
            if matrices is None:
                matrices = FarField.of(tones, self.preset.near, self.preset.order)
            far, *growing = matrices.weights(resonators, detuning, tones, self.signs, linear)
            orders[0].append(Piece(0, far))
            for each in growing:  # the share $u=\frac{T_0+T_1}{2}$
                orders[0].append(Piece(0, peaks * each / 2))
                orders[1].append(Piece(0, peaks * each / 2))
        return [added(orders[order]) for order in range(len(orders))]


def _summed(
    weights: list[Float[Array, "chains _"]],
    per_watt: Float[Array, " tones"],
    powers: Float[Array, "rows tones"],
) -> Float[Array, "rows chains"]:
    r"""Voltages from Chebyshev series in $P/P_{peak}$.

    **Arguments:** `weights` of each order; `per_watt`: $1/P_{peak}$, 1/W; `powers` $P$, W.
    """
    x = 2 * (2 * powers * per_watt - 1)
    # The orders of $P\,T_m(2u-1)$, the highest ones of the first tones alone.
    before, term, volts = powers * x / 2, powers, 0.0
    for each in weights:
        volts += jnp.matmul(term[..., : each.shape[1]], each.T, precision=_exactly)
        before, term = term, x * term - before
    return jnp.asarray(volts)
