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

from rfjax.devices import Resonator
from rfjax.numerics.chebyshev import polynomials, product, stacked
from rfjax.rectifiers.base import AbstractRectifier
from rfjax.rectifiers.fast.coupled.self_consistent import Series, changed, self_consistent

# Planning fills in numpy's float64, whatever precision JAX is set to, and casts last.
Constant = Array | np.ndarray


class Stretch(eqx.Module):
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
        """What the resonators of this stretch add to the voltages of the chains.

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
        """The voltages of the resonators of one block, a stretch without its axis of blocks."""
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


class CoupledExpansion(eqx.Module):
    r"""Voltages of chains $U=\sum_k(-1)^kV_k(S_k)$ with $S_k=\sum_ip_i(S_k)$ solved by series.

    Valid for detunings up to `half_width` and powers up to `peak_powers`, for which the totals stay
    below those at full power; derivatives go to detunings and powers, the devices are constants.

    **Arguments:**

    - `rectifier`: the rectifier model that is expanded.
    - `resonators`: (tones,), that it was made for, at their own tones.
    - `half_width`: largest detuning in linewidths.
    - `peak_powers`: (tones,), W.
    - `stretches`: the resonators, each in one of them.
    """

    rectifier: AbstractRectifier
    resonators: Resonator
    half_width: Float[Constant, ""]
    peak_powers: Float[Constant, " tones"]
    stretches: tuple[Stretch, ...]

    def covers(
        self, detuning: Float[Array, "chains tones"], powers: Float[Array, "*b tones"]
    ) -> Bool[Array, ""]:
        """Whether all detunings and, to rounding, all powers lie where the evaluation is valid.

        **Arguments:** `detuning` in linewidths; `powers` in W.
        """
        rounding = 1 + 8 * jnp.finfo(powers.dtype).eps
        tuned = jnp.all(jnp.abs(detuning) <= self.half_width)
        return tuned & jnp.all((powers >= 0) & (powers <= self.peak_powers * rounding))

    def made_for(self, resonators: Resonator) -> Bool[Array, ""]:
        """Whether these are the resonators that it was made for, the same in every field."""
        (own, kind), (others, other) = map(jax.tree.flatten, (self.resonators, resonators))
        if kind != other:
            return jnp.asarray(False)
        fields = list(zip(own, others, strict=True))
        try:  # one number stands for that of all resonators
            for a, b in fields:
                jnp.broadcast_shapes(jnp.shape(a), jnp.shape(b))
        except ValueError:
            return jnp.asarray(False)
        return jnp.all(jnp.stack([jnp.all(a == b) for a, b in fields]))

    def __call__(
        self, detuning: Float[Array, "chains tones"], powers: Float[Array, "*b tones"]
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains.

        **Arguments:** `detuning` (chains, tones) in linewidths; `powers` (*b, tones) in W.

        **Returns:** volts, (*b, chains).
        """
        shares = powers / jnp.where(self.peak_powers > 0, self.peak_powers, 1)
        flat = shares.reshape(-1, shares.shape[-1]).T
        relative = detuning.T / self.half_width
        parts = [stretch.volts(relative, flat) for stretch in self.stretches]
        return sum(parts[1:], parts[0]).T.reshape(*powers.shape[:-1], detuning.shape[0])
