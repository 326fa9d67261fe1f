r"""The fast evaluation of chains on a shared line.

Three ideas take the place of one cubic for every image, chain, resonator and tone:

1. For a fixed pair of tone and resonator the conversion $V/P$ is smooth in $P$: interpolated at
   a few nodes, the layer is a few dense products with matrices that do not depend on the batch.
2. Far from its own tone a resonator responds linearly: only a near band needs cubics at all, and
   the number of nodes falls with the distance.
3. A resonator stays within a few linewidths of its own tone, so that from afar its linear
   response is a short Chebyshev series in its detuning, with constant matrices as coefficients.

What is constant is prepared once, in float64, by `rfjax.rectifiers.planning`.
"""

import functools
import operator
from itertools import zip_longest

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers.base import AbstractToneByTone, within_range
from rfjax.rectifiers.chebyshev import polynomials, product
from rfjax.rectifiers.linear import Linear

# Planning fills in numpy's float64, whatever precision JAX is set to, and casts last.
Constant = Array | np.ndarray


class Excess(eqx.Module):
    """What a rung converts beyond the linear one."""

    rectifier: AbstractToneByTone

    def conversion(
        self, resonators: Resonator, detuning: Float[Array, "..."], powers: Float[Array, "..."]
    ) -> Float[Array, "..."]:
        """See `AbstractToneByTone.conversion`."""
        whole = self.rectifier.conversion(resonators, detuning, powers)
        return whole - Linear().conversion(resonators, detuning, powers)


class Pairs(eqx.Module):
    """Pairs of resonator and tone whose conversion is computed exactly, at given powers.

    **Arguments:**

    - `own`, `tone`: (pairs,), which resonator, by its own tone, and which tone it sees.
    - `slot`: (pairs,), to which sum the pair belongs, of `slots`.
    - `power`: (pairs,), of the tone, W.
    - `weight`: (pairs,), with what the pair counts in the chain, W.
    - `resonators`: (pairs,), or with scalars for what is alike in all.
    - `own_frequency`, `frequency`: (pairs,), of the own tone and of the tone seen, Hz.
    """

    own: Int[Constant, " pairs"]
    tone: Int[Constant, " pairs"]
    slot: Int[Constant, " pairs"]
    slots: int = eqx.field(static=True)
    power: Float[Constant, " pairs"]
    weight: Float[Constant, " pairs"]
    resonators: Resonator
    own_frequency: Float[Constant, " pairs"]
    frequency: Float[Constant, " pairs"]

    def sums(
        self, kind: Linear | Excess, detuning: Float[Array, "tones chains"]
    ) -> Float[Array, "slots tones chains"]:
        """The weighted conversions of the pairs, summed for every slot and tone, V."""
        # The pairs lie along the last axis, the long one, for the arithmetic to vectorise.
        # Behind the barrier it is not fused into the sums, which would undo that.
        converted = _conversion(detuning.T[:, self.own], kind, self)
        volts = self.weight * jax.lax.optimization_barrier(converted)
        empty = jnp.zeros((self.slots, *detuning.shape), volts.dtype)
        return empty.at[self.slot, self.tone].add(volts.T)


def _converted(own_detuning, kind, pairs):
    """Volts per watt of all pairs, (chains, pairs)."""
    damping = pairs.resonators.damping
    tuned = eqx.tree_at(
        lambda device: device.frequency,
        pairs.resonators,
        spin_diode.resonance_frequency(pairs.own_frequency, own_detuning, damping),
    )
    seen = spin_diode.detuning_from_own_tone(
        pairs.frequency, pairs.own_frequency, own_detuning, damping
    )
    return kind.conversion(tuned, seen, pairs.power)


_conversion = eqx.filter_custom_jvp(_converted)


@_conversion.def_jvp
def _conversion_jvp(primals, tangents):
    # Element by element the derivative is one number, cheapest in the same pass as the value.
    # Behind the barrier neither is computed again by what follows.
    own_detuning, kind, pairs = primals
    value, slope = jax.jvp(
        lambda detuning: _converted(detuning, kind, pairs),
        (own_detuning,),
        (jnp.ones_like(own_detuning),),
    )
    value, slope = jax.lax.optimization_barrier((value, slope))
    return value, slope * tangents[0]


class Expansion(eqx.Module):
    r"""Voltages of chains, $U=\sum_i u_i\sum_m T_m(2u_i-1)\,W_{mi}$ with $u_i=P_i/P_{max,i}$.

    Valid for detunings up to `half_width` and powers up to `peak_powers`; derivatives go to
    detunings and powers, the devices are constants.

    **Arguments:**

    - `rectifier`: the rung that is expanded.
    - `half_width`: largest detuning in linewidths.
    - `peak_powers`: (tones,), W.
    - `far`: (tones or 2 tones, terms × tones), V: Chebyshev coefficients, in the detuning, of the
      response far from the own tone; its linear part, then what grows with the share of the power.
    - `band`: the pairs near the own tone, for the linear response.
    - `corrections`: the pairs whose response is not linear, at the nodes in power.
    - `transform`: from the sums of `corrections`, one for each node of each count of nodes, to
      coefficients in the share of the power.
    - `reach`: how many tones, from the first, each polynomial of the share is needed for.
    """

    rectifier: AbstractToneByTone
    half_width: Float[Constant, ""]
    peak_powers: Float[Constant, " tones"]
    far: Float[Constant, "rows coefficients"]
    band: Pairs
    corrections: Pairs
    transform: Float[Constant, "terms slots"]
    reach: tuple[int, ...] = eqx.field(static=True)

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
        weights = self.weights(detuning)
        share = powers / jnp.where(self.peak_powers > 0, self.peak_powers, 1)
        bases = polynomials(2 * share - 1, self.reach)
        parts = [
            product(share[..., :count] * basis, matrix[:count])
            for count, basis, matrix in zip(self.reach, bases, weights, strict=True)
        ]
        return functools.reduce(operator.add, parts)

    def weights(self, detuning: Float[Array, "chains tones"]) -> list[Float[Array, "tones chains"]]:
        """The weight matrices $W_m$ of all polynomials of the share of the peak power, V."""
        detuning = detuning.T
        tones = detuning.shape[0]
        linear = self.band.sums(Linear(), detuning)[0]
        weights = [linear]
        if self.far.shape[1] > 0:
            terms = polynomials(detuning.T / self.half_width, self.far.shape[1] // tones * (tones,))
            far = product(self.far, jnp.concatenate(terms, axis=1).T)
            weights = [linear + far[:tones]]
            if far.shape[0] > tones:
                # u = (T_0 + T_1)/2
                half = far[tones:] / 2
                weights = [weights[0] + half, half]
        if self.corrections.slots:
            sums = self.corrections.sums(Excess(self.rectifier), detuning)
            added = jnp.tensordot(self.transform, sums, 1, precision=jax.lax.Precision.HIGHEST)
            zero = jnp.zeros_like(linear)
            weights = [one + more for one, more in zip_longest(weights, added, fillvalue=zero)]
        return weights
