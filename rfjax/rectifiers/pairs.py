"""Pairs of a resonator and a tone that it hears, and what they add to the weights of chains."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.numerics import chebyshev
from rfjax.rectifiers.base import AbstractToneByTone
from rfjax.rectifiers.linear import Linear

# Planning fills in numpy's float64, whatever precision JAX is set to, and casts last.
Constant = Array | np.ndarray


class Excess(eqx.Module):
    """What a rectifier model converts beyond the linear one."""

    rectifier: AbstractToneByTone

    def conversion(
        self, resonators: Resonator, detuning: Float[Array, "..."], powers: Float[Array, "..."]
    ) -> Float[Array, "..."]:
        """See `AbstractToneByTone.conversion`."""
        whole = self.rectifier.conversion(resonators, detuning, powers)
        return whole - Linear().conversion(resonators, detuning, powers)


class AbstractPairs(eqx.Module):
    """Pairs of resonator and tone, each of which belongs to one of several sums.

    **Arguments:** `own`, `tone`: (pairs,), which resonator, by its own tone, and which tone it
    hears; `slot`: (pairs,), to which sum the pair belongs, of `slots`.
    """

    own: eqx.AbstractVar[Int[Constant, " pairs"]]
    tone: eqx.AbstractVar[Int[Constant, " pairs"]]
    slot: eqx.AbstractVar[Int[Constant, " pairs"]]
    slots: eqx.AbstractVar[int]

    @abstractmethod
    def volts(self, own_detuning: Float[Array, "chains pairs"]) -> Float[Array, "chains pairs"]:
        """What each pair adds, V, given the detuning of its resonator in linewidths."""

    def sums(self, detuning: Float[Array, "tones chains"]) -> Float[Array, "slots tones chains"]:
        """What the pairs add to every slot and tone, V."""
        # The pairs lie along the last axis, the long one, for the arithmetic to vectorise.
        # Behind the barrier it is not fused into the sums, which would undo that.
        volts = jax.lax.optimization_barrier(_volts(detuning.T[:, self.own], self))
        empty = jnp.zeros((self.slots, *detuning.shape), volts.dtype)
        return empty.at[self.slot, self.tone].add(volts.T)


_volts = eqx.filter_custom_jvp(lambda own_detuning, pairs: pairs.volts(own_detuning))


@_volts.def_jvp
def _volts_jvp(primals, tangents):
    # Element by element the derivative is one number, cheapest in the same pass as the value.
    # Behind the barrier neither is computed again by what follows.
    own_detuning, pairs = primals
    value, slope = jax.jvp(pairs.volts, (own_detuning,), (jnp.ones_like(own_detuning),))
    value, slope = jax.lax.optimization_barrier((value, slope))
    return value, slope * tangents[0]


class Pairs(AbstractPairs):
    """Pairs whose conversion is computed exactly, at given powers.

    **Arguments:**

    - `own`, `tone`, `slot`, `slots`: see `AbstractPairs`.
    - `kind`: what converts.
    - `power`: (pairs,), of the tone, W.
    - `weight`: (pairs,), with what the pair counts in the chain, W.
    - `resonators`: (pairs,), or with scalars for what is alike in all.
    - `own_frequency`, `frequency`: (pairs,), of the own tone and of the tone that is rectified, Hz.
    """

    own: Int[Constant, " pairs"]
    tone: Int[Constant, " pairs"]
    slot: Int[Constant, " pairs"]
    slots: int = eqx.field(static=True)
    kind: Linear | Excess
    power: Float[Constant, " pairs"]
    weight: Float[Constant, " pairs"]
    resonators: Resonator
    own_frequency: Float[Constant, " pairs"]
    frequency: Float[Constant, " pairs"]

    def volts(self, own_detuning: Float[Array, "chains pairs"]) -> Float[Array, "chains pairs"]:
        """See `AbstractPairs.volts`."""
        damping = self.resonators.damping
        tuned = eqx.tree_at(
            lambda device: device.frequency,
            self.resonators,
            spin_diode.resonance_frequency(self.own_frequency, own_detuning, damping),
        )
        detuning = spin_diode.detuning_from_own_tone(
            self.frequency, self.own_frequency, own_detuning, damping
        )
        return jnp.asarray(self.weight) * self.kind.conversion(
            tuned, detuning, jnp.asarray(self.power)
        )


class PairSeries(AbstractPairs):
    r"""Pairs whose voltage is a Chebyshev series in the detuning, $V=\sum_tc_tT_t(x/w)$.

    A few products in place of a cubic.

    **Arguments:** `own`, `tone`, `slot`, `slots`: see `AbstractPairs`; `coefficients` $c_t$:
    (terms, pairs), V; `half_width` $w$: to which detunings the series holds, in linewidths.
    """

    own: Int[Constant, " pairs"]
    tone: Int[Constant, " pairs"]
    slot: Int[Constant, " pairs"]
    slots: int = eqx.field(static=True)
    coefficients: Float[Constant, "terms pairs"]
    half_width: Float[Constant, ""]

    def volts(self, own_detuning: Float[Array, "chains pairs"]) -> Float[Array, "chains pairs"]:
        """See `AbstractPairs.volts`."""
        return chebyshev.summed(own_detuning / self.half_width, self.coefficients)
