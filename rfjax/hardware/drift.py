"""Resonances that move after tuning: with the temperature, and in time."""

from functools import partial

import equinox as eqx
import jax
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import finite, non_negative
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.hardware.spread import shifted
from rfjax.laws.variability import diffused_shift, temperature_shift


class Temperature(AbstractEffect):
    r"""Resonances at another temperature than that of tuning: $f'=f\,[1+(k+\sigma_kg)\Delta T]$.

    **Arguments:** `change` $\Delta T$ in K; `coefficient` $k$ of the resonance, 1/K; `spread`
    $\sigma_k$ of the coefficient from device to device, 1/K, which no common correction undoes.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    change: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "change"), metadata={"unit": "K"}
    )
    coefficient: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "coefficient"), metadata={"unit": "1/K"}
    )
    spread: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "spread"), default=0.0, metadata={"unit": "1/K"}
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.change):
            return array
        drawn = jax.random.normal(key, array.detuning.shape, array.detuning.dtype)
        return shifted(
            array, temperature_shift(self.change, self.coefficient + self.spread * drawn)
        )


class Drift(AbstractEffect):
    r"""Resonances that diffuse: $f'=f\,e^{\sqrt{2Dt}\,g}$, each on its own.

    **Arguments:** `time` $t$ since tuning, s; `diffusion` $D$ of the logarithm of the resonance,
    1/s.

    **Raises:** `InvalidInput` for values below zero.
    """

    time: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "time"), metadata={"unit": "s"}
    )
    diffusion: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "diffusion"), metadata={"unit": "1/s"}
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.time) or absent(self.diffusion):
            return array
        drawn = jax.random.normal(key, array.detuning.shape, array.detuning.dtype)
        return shifted(array, diffused_shift(self.time, self.diffusion, drawn))
