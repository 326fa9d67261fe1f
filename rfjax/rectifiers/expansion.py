r"""The fast evaluation of chains on a shared line.

Three ideas take the place of one cubic for every image, chain, resonator and tone:

1. For a fixed pair of tone and resonator the conversion $V/P$ is smooth in $P$: interpolated at
   a few nodes, the layer is a few dense products with matrices that do not depend on the batch.
2. Far from its own tone a resonator responds linearly: only a near band needs cubics at all, and
   the number of nodes falls with the distance.
3. A resonator stays within a few linewidths of its own tone, so that its response is a Chebyshev
   series in its detuning with constant coefficients: a short series of the linear response in the
   far field, and a longer one of what is not linear in the near band, unless the range is wide, in
   place of cubics.

What is constant is prepared once, in float64, by `rfjax.rectifiers.planning`.
"""

import functools
import operator
from itertools import zip_longest

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.rectifiers.base import AbstractToneByTone
from rfjax.numerics.chebyshev import polynomials, product
from rfjax.rectifiers.fast_evaluation import AbstractFastEvaluation
from rfjax.rectifiers.pairs import AbstractPairs, Constant, Pairs


class Expansion(AbstractFastEvaluation):
    r"""Voltages of chains, $U=\sum_i u_i\sum_m T_m(2u_i-1)\,W_{mi}$ with $u_i=P_i/P_{max,i}$.

    Valid for detunings up to `half_width` and powers up to `peak_powers`; derivatives go to
    detunings and powers, the devices are constants.

    **Arguments:**

    - `rectifier`: the rectifier model that is expanded.
    - `resonators`: (tones,), that it was made for, at their own tones.
    - `half_width`: largest detuning in linewidths.
    - `peak_powers`: (tones,), W.
    - `far`: (tones or 2 tones, terms × tones), V: Chebyshev coefficients, in the detuning, of the
      response far from the own tone; its linear part, then what grows with the share of the power.
    - `undetuned`: (tones or 2 tones,), V: the sums of the first coefficients, which no detuning
      enters. They are large and nearly cancel: summed beforehand, they leave no rounding.
    - `band`: the pairs near the own tone, for the linear response.
    - `corrections`: the pairs whose response is not linear, at the nodes in power.
    - `transform`: from the sums of `corrections`, one for each node of each count of nodes, to
      coefficients in the share of the power.
    - `reach`: how many tones, from the first, each polynomial of the share is needed for.
    """

    rectifier: AbstractToneByTone
    far: Float[Constant, "rows coefficients"]
    undetuned: Float[Constant, " rows"]
    band: Pairs
    corrections: AbstractPairs
    transform: Float[Constant, "terms slots"]
    reach: tuple[int, ...] = eqx.field(static=True)

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
        linear = self.band.sums(detuning)[0]
        weights = [linear]
        if self.far.shape[1] > 0:
            terms = self.far.shape[1] // tones
            bases = polynomials(detuning.T / self.half_width, (1 + terms) * (tones,))
            detuned = product(self.far, jnp.concatenate(bases[1:], axis=1).T)
            far = self.undetuned[:, None] + detuned
            weights = [linear + far[:tones]]
            if far.shape[0] > tones:
                # u = (T_0 + T_1)/2
                half = far[tones:] / 2
                weights = [weights[0] + half, half]
        if self.corrections.slots:
            sums = self.corrections.sums(detuning)
            added = jnp.tensordot(self.transform, sums, 1, precision=jax.lax.Precision.HIGHEST)
            zero = jnp.zeros_like(linear)
            weights = [one + more for one, more in zip_longest(weights, added, fillvalue=zero)]
        return weights
