r"""The fast evaluation of resonators that see one tone each.

The volts per watt of a tone in a resonator are smooth in its power: computed at a few powers, they
are known at all, and a layer is a few products with matrices that do not depend on the batch.
"""

import functools
import operator
from functools import lru_cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.numerics import chebyshev
from rfjax.rectifiers.base import AbstractToneByTone
from rfjax.rectifiers.fast_evaluation import AbstractFastEvaluation
from rfjax.rectifiers.line import convert, line_of

NODE_COUNTS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16)
_SAMPLES = 24
# Farther than so many linewidths resonators respond linearly; nearer, detunings lie so close that
# no resonance hides between them. They may not leave the axis of frequencies.
_FAR = 64.0
_APART = 0.12
_END = 0.9


class Interpolation(AbstractFastEvaluation):
    r"""Voltages of one tone in each resonator, $V=uP_{max}\sum_mT_m(2u-1)\,w_m$, $u=P/P_{max}$.

    **Arguments:**

    - `rectifier`: the rectifier model that is interpolated.
    - `resonators`: (tones,), at their own tones, for which the nodes are enough.
    - `half_width`: to which detunings, in linewidths.
    - `peak_powers`: (tones,), to which powers it is valid, W.
    - `count` of the powers at which the model is computed.
    """

    rectifier: AbstractToneByTone
    count: int = eqx.field(static=True)

    def __call__(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        signs: Float[Array, " tones"],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains.

        **Arguments:** `resonators` (chains, tones) and their `detuning` in linewidths; `signs` of
        the wiring; `powers` in W.

        **Returns:** volts, (*b, chains).
        """
        peaks = jax.lax.stop_gradient(self.peak_powers)
        points, to_series = chebyshev.nodes(self.count)
        node_powers = jnp.asarray((1 + points[:, None, None]) / 2, peaks.dtype) * peaks
        volts = signs * peaks * self.rectifier.conversion(resonators, detuning, node_powers)
        to_series = jnp.asarray(to_series, volts.dtype)
        weights = jnp.tensordot(to_series, volts, 1, precision=jax.lax.Precision.HIGHEST)
        share = powers / jnp.where(peaks > 0, peaks, 1)
        bases = chebyshev.polynomials(2 * share - 1, self.count * share.shape[-1:])
        parts = [
            chebyshev.product(share * basis, matrix.T)
            for basis, matrix in zip(bases, weights, strict=True)
        ]
        return functools.reduce(operator.add, parts)


@lru_cache(maxsize=32)
def losses(
    rectifier: AbstractToneByTone, data: tuple[bytes, ...], half_width: float
) -> Float[np.ndarray, "counts tones"]:
    """What the voltage of one resonator loses at most with each of `NODE_COUNTS`, V.

    An estimate, on the host and in float64, for detunings all over a range and any power.

    **Arguments:** `rectifier`; `data` of the line of own tones (`rfjax.rectifiers.line.data_of`);
    `half_width` of the range in linewidths.
    """
    line = line_of(data)
    end = np.arcsinh(min(half_width, _FAR))
    detuning = np.sinh(np.linspace(-end, end, 2 * int(np.ceil(end / _APART)) + 1))
    detuning = np.maximum(detuning[:, None, None], -_END / line.resonators.damping[:, None])
    points, to_series = chebyshev.nodes(_SAMPLES)
    own = np.arange(len(line.peaks))[:, None]
    powers = line.peaks[:, None] * (1 + points) / 2
    series = convert(rectifier, line, own, own, detuning, powers) @ to_series.T
    # Interpolation at n nodes loses no more than twice what lies beyond the polynomials it has.
    largest = np.abs(series).max(axis=0)
    beyond = 2 * np.cumsum(largest[:, ::-1], axis=1)[:, ::-1]
    return np.stack([beyond[:, count] * line.peaks for count in NODE_COUNTS])
