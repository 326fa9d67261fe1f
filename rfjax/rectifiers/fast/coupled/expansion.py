r"""The fast evaluation of chains on a shared line whose tones are cross-coupled.

Three ideas take the place of a coupled system for every image, chain and resonator:

1. Where the total $S$ of a resonator's oscillation powers is known, each tone is on its own: what
   it adds to the total and to the voltage is smooth in its power, in $S$ and in the detuning.
2. For one resonator all those functions are alike, sums of a few: products with constant
   matrices turn powers into *signals*, a few for each resonator and none for any chain.
3. A chain weighs the signals according to its detuning. That leaves two short Chebyshev series in
   $S$ for each resonator, of the total itself and of the voltage; of their coefficients the higher
   ones need fewer signals.

What is constant is prepared once, in float64, by `rfjax.rectifiers.fast.coupled.planning`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from rfjax.checks import InvalidInput
from rfjax.devices import Resonator
from rfjax.lines import Line
from rfjax.numerics.chebyshev import polynomials, product, stacked
from rfjax.rectifiers.fast.base import AbstractEvaluation
from rfjax.rectifiers.fast.coupled.self_consistent import Series, changed, self_consistent

# Planning fills in numpy's float64, whatever precision JAX is set to, and casts last.
Constant = Array | np.ndarray


class Group(eqx.Module):
    """Resonators of a line that need the same orders, in blocks of neighbours.

    **Arguments:**

    - `own`: (blocks, per_block), which resonators, by their own tones.
    - `signs`: (blocks, per_block), of the wiring; zero where a block is not full.
    - `windows`: for each Chebyshev polynomial of the share of the power the tones, (blocks, near),
      that are near enough for it.
    - `far`: (blocks, moments, tones), from the shares of all tones to their moments in the far
      field.
    - `signals`: (blocks, per_block × signals, features), from the windows and moments to signals.
    - `table`: (blocks, per_block, 2, terms, entries), Chebyshev coefficients, in the detuning, of
      what signals add to the two series in the total; 1 and V.
    - `kept`: how many signals, from the first, each order of the series needs.
    """

    own: Int[Constant, "blocks per_block"]
    signs: Float[Constant, "blocks per_block"]
    windows: tuple[Int[Constant, "blocks _"], ...]
    far: Float[Constant, "blocks moments tones"]
    signals: Float[Constant, "blocks rows features"]
    table: Float[Constant, "blocks per_block 2 terms entries"]
    kept: tuple[int, ...] = eqx.field(static=True)

    def volts(
        self, detuning: Float[Array, "tones chains"], shares: Float[Array, "tones b"]
    ) -> Float[Array, "chains b"]:
        """The voltages of the chains from the resonators of this group.

        **Arguments:** `detuning` relative to the range; `shares` of the peak powers.
        """

        def more(volts, each):
            block, detuning = each
            return volts + jnp.tensordot(
                block.signs, block.each(detuning, shares), 1, precision=jax.lax.Precision.HIGHEST
            ), None

        start = jnp.zeros((detuning.shape[1], shares.shape[1]), shares.dtype)
        return jax.lax.scan(more, start, (self, detuning[self.own]))[0]

    def each(
        self, detuning: Float[Array, "per_block chains"], shares: Float[Array, "tones b"]
    ) -> Float[Array, "per_block chains b"]:
        """The voltages of the resonators of one block, a group without its axis of blocks."""
        features = [product(self.far, shares)]
        for order, window in enumerate(self.windows):
            near = shares[window]
            basis = polynomials(2 * near - 1, (near.shape[-1],) * (order + 1))[order]
            features.append(near * basis)
        signals = product(self.signals, jnp.concatenate(features))
        return _volts(detuning, signals.reshape(self.own.size, -1, shares.shape[1]), self)

    def weights(
        self, detuning: Float[Array, "per_block chains"]
    ) -> Float[Array, "per_block 2 chains entries"]:
        """What signals count in the two series, for the resonators of one block."""
        basis = jnp.moveaxis(stacked(detuning, self.table.shape[-2]), 0, -1)
        return product(basis[:, None], self.table)

    def series(
        self,
        weights: Float[Array, "per_block kinds chains entries"],
        signals: Float[Array, "per_block signals b"],
    ) -> list[Series]:
        """The series in the total, one of each kind, that weights make of signals."""
        kinds, chains = weights.shape[1:3]
        rows = weights.reshape(len(weights), kinds * chains, -1)
        terms = [
            product(rows[..., end - count : end], signals[:, :count])
            for count, end in zip(self.kept, np.cumsum(self.kept), strict=True)
        ]
        return list(zip(*(jnp.split(term, kinds, axis=1) for term in terms), strict=True))


@eqx.filter_custom_jvp
def _volts(detuning, signals, block):
    """The voltages of the resonators of one block, (per_block, chains, b)."""
    return self_consistent(*block.series(block.weights(detuning), signals)).volts


@_volts.def_jvp
def _volts_jvp(primals, tangents):
    # Each voltage follows one detuning: its slope is one number, cheapest from series that are
    # summed in the same pass, and needs no pass back through them.
    detuning, signals, block = primals
    by_detuning, by_signals, _ = tangents
    weights, slopes = jax.jvp(block.weights, (detuning,), (jnp.ones_like(detuning),))
    *series, slope_of_total, slope_of_volts = block.series(
        jnp.concatenate([weights, slopes], axis=1), signals
    )
    state = self_consistent(*series)
    slope = changed(state, slope_of_total, slope_of_volts)
    tangent = jnp.zeros_like(state.volts)
    if by_detuning is not None:
        tangent += slope * by_detuning[..., None]
    if by_signals is not None:
        # Powers of the total are cheaper to compute again than to keep.
        tangent += jax.checkpoint(changed)(state, *block.series(weights, by_signals))
    return state.volts, tangent


class CoupledExpansion(AbstractEvaluation):
    r"""Voltages of chains $U=\sum_k(-1)^kV_k(S_k)$ with $S_k=\sum_ip_i(S_k)$ solved by series.

    Up to the peak powers totals stay below those at full power; derivatives go to detunings and
    powers, devices and tones are constants.

    **Arguments:**

    - `resonators` that it was made for, at their own tones.
    - `half_width`: largest detuning in linewidths.
    - `peak_powers`: (tones,), W.
    - `groups`: the resonators, each in one of them.
    """

    resonators: Resonator
    half_width: Float[Array, ""]
    peak_powers: Float[Array, " tones"]
    groups: tuple[Group, ...]

    def covers(
        self, resonators: Resonator, detuning: Float[Array, "*seeds chains tones"], line: Line
    ) -> Bool[Array, ""]:
        """See `AbstractEvaluation.covers`."""
        same = jax.tree.map(lambda one, other: jnp.all(one == other), self.resonators, resonators)
        there = jnp.all(line.frequencies == self.resonators.frequency)
        weak = jnp.all(line.peak_powers <= self.peak_powers)
        tuned = jnp.all(jnp.abs(detuning) <= self.half_width)
        reached = jnp.all(1 + resonators.damping * detuning > 0)
        return jnp.all(jnp.stack([there, weak, tuned, reached, *jax.tree.leaves(same)]))

    def __call__(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        line: Line,
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "*b chains"]:
        """See `AbstractEvaluation.__call__`."""
        constants = [_without_derivative(leaf) for leaf in jax.tree.leaves((resonators, line))]
        zero = sum((0 * jnp.ravel(each)[0] for each in constants), jnp.zeros((), detuning.dtype))
        shares = powers / jnp.where(self.peak_powers > 0, self.peak_powers, 1)
        flat = shares.reshape(-1, shares.shape[-1]).T
        relative = detuning.T / self.half_width
        parts = [group.volts(relative, flat) for group in self.groups]
        return zero + sum(parts[1:], parts[0]).T.reshape(*powers.shape[:-1], detuning.shape[0])


@jax.custom_jvp
def _without_derivative(value: Float[Array, "..."]) -> Float[Array, "..."]:
    """A device or a tone of an expansion, which is made for its value."""
    return value


@_without_derivative.defjvp
def _without_derivative_jvp(primals, tangents):
    raise InvalidInput(
        "the fast evaluation of CrossCoupled has no derivative to devices and tones; give the "
        "array tolerance=None"
    )
