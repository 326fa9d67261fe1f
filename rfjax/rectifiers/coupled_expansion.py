r"""The fast evaluation of chains on a shared line whose tones feel each other.

Three ideas take the place of a coupled system for every image, chain and resonator:

1. Where the total $S$ of a resonator's oscillation powers is known, each tone is on its own: what
   it adds to the total and to the voltage is smooth in its power, in $S$ and in the detuning.
2. Seen from one resonator all those functions are alike, sums of a few: products with constant
   matrices turn powers into *signals*, a few for each resonator and none for any chain.
3. A chain weighs the signals according to its detuning. That leaves two short Chebyshev series in
   $S$ for each resonator, of the total itself and of the voltage.

What is constant is prepared once, in float64, by `rfjax.rectifiers.coupled_planning`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from rfjax.rectifiers.base import AbstractRectifier, within_range
from rfjax.rectifiers.chebyshev import polynomials, product, stacked
from rfjax.rectifiers.expansion import Constant
from rfjax.rectifiers.self_consistent import self_consistent


class Stretch(eqx.Module):
    """Resonators of a line that need the same orders, in blocks of neighbours.

    **Arguments:**

    - `own`: (blocks, per_block), which resonators, by their own tones.
    - `signs`: (blocks, per_block), of the wiring; zero where a block is not full.
    - `windows`: for each Chebyshev polynomial of the share of the power the tones, (blocks, near),
      that are near enough for it.
    - `afar`: (blocks, moments, tones), from the shares of all tones to what is felt of those afar.
    - `signals`: (blocks, per_block × signals, features), from the windows and moments to signals.
    - `table`: (blocks, per_block, terms, 2 × orders × signals), Chebyshev coefficients, in the
      detuning, of what each signal adds to the two series in the total; 1 and V.
    """

    own: Int[Constant, "blocks per_block"]
    signs: Float[Constant, "blocks per_block"]
    windows: tuple[Int[Constant, "blocks _"], ...]
    afar: Float[Constant, "blocks moments tones"]
    signals: Float[Constant, "blocks rows features"]
    table: Float[Constant, "blocks per_block terms entries"]
    orders: int = eqx.field(static=True)

    def volts(
        self, basis: Float[Array, "terms tones chains"], shares: Float[Array, "tones b"]
    ) -> Float[Array, "chains b"]:
        """What the resonators of this stretch add to the voltages of the chains.

        **Arguments:** `basis`: Chebyshev polynomials of the detunings relative to the range;
        `shares` of the peak powers.
        """
        terms, chains = self.table.shape[2], basis.shape[2]
        basis = jnp.moveaxis(basis[:terms, self.own], 0, -2)  # (blocks, per_block, terms, chains)
        weights = product(jnp.swapaxes(basis, -1, -2), self.table)
        weights = weights.reshape(*self.own.shape, chains, 2, self.orders, -1)
        weights = jnp.moveaxis(weights, (3, 4), (1, 2))

        def more(volts, each):
            block, weights = each
            return volts + _block_volts(block, weights, shares), None

        start = jnp.zeros((chains, shares.shape[1]), shares.dtype)
        return jax.lax.scan(more, start, (self, weights))[0]


def _block_volts(block: Stretch, weights, shares):
    """What one block adds, a stretch without its axis of blocks."""
    features = [product(block.afar, shares)]
    for order, window in enumerate(block.windows):
        near = shares[window]
        basis = polynomials(2 * near - 1, (near.shape[-1],) * (order + 1))[order]
        features.append(near * basis)
    signals = product(block.signals, jnp.concatenate(features))
    signals = signals.reshape(block.own.size, -1, shares.shape[1])
    series = (tuple(product(each, signals) for each in kind) for kind in weights)
    return jnp.tensordot(block.signs, self_consistent(*series), 1)


class CoupledExpansion(eqx.Module):
    r"""Voltages of chains $U=\sum_k(-1)^kV_k(S_k)$ with $S_k=\sum_ip_i(S_k)$ solved by series.

    Valid for detunings up to `half_width` and powers up to `peak_powers`, for which the totals stay
    below those at full power; derivatives go to detunings and powers, the devices are constants.

    **Arguments:**

    - `rectifier`: the rung that is expanded.
    - `half_width`: largest detuning in linewidths.
    - `peak_powers`: (tones,), W.
    - `stretches`: the resonators, each in one of them.
    """

    rectifier: AbstractRectifier
    half_width: Float[Constant, ""]
    peak_powers: Float[Constant, " tones"]
    stretches: tuple[Stretch, ...]

    def covers(
        self, detuning: Float[Array, "chains tones"], powers: Float[Array, "*b tones"]
    ) -> Bool[Array, ""]:
        """Whether all detunings and powers lie where the expansion is valid."""
        return within_range(detuning, powers, self.half_width, self.peak_powers)

    def __call__(
        self, detuning: Float[Array, "chains tones"], powers: Float[Array, "*b tones"]
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains.

        **Arguments:** `detuning` (chains, tones) in linewidths; `powers` (*b, tones) in W.

        **Returns:** volts, (*b, chains).
        """
        shares = powers / jnp.where(self.peak_powers > 0, self.peak_powers, 1)
        flat = shares.reshape(-1, shares.shape[-1]).T
        most = max(stretch.table.shape[2] for stretch in self.stretches)
        basis = stacked(detuning.T / self.half_width, most)
        parts = [stretch.volts(basis, flat) for stretch in self.stretches]
        return sum(parts[1:], parts[0]).T.reshape(*powers.shape[:-1], detuning.shape[0])
