"""Memristors that forget what was written to them."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import finite, non_negative, positive
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.laws.conductance_drift import drifted_detuning, relative_drift


class Retention(AbstractEffect):
    r"""Detunings that follow memristors whose conductance drifts: $x'=z+(x-z)(1+t/t_0)^{-\nu}$.

    A detuning is taken as proportional to the conductance of its memristor, from the detuning $z$
    at zero conductance on. Of a pair of memristors that work against each other $z$ is zero, so
    that detunings shrink; with a single one all detunings move towards one end. Phase-change cells
    have means of $\nu$ from 0.05 to 0.1, spread by 0.008 to 0.045, as they are written (a model of
    a million of them, Joshi et al., Nat. Commun. 11, 2473, 2020). Of the memristors that tune
    resonators in the thesis (5.2.3.3) no such numbers are known, and none are taken if none are
    given.

    **Arguments:**

    - `time` $t$ since the array was read first, s.
    - `exponent` $\nu$; `spread`: its standard deviation from device to device; without unit.
      Of exponents that would be below zero the size is taken.
    - `reference_time` $t_0$: from writing to the first reading, s.
    - `detuning_at_zero` $z$: the detuning without conductance, linewidths.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    time: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "time"), metadata={"unit": "s"}
    )
    exponent: Float[Array, "..."] = eqx.field(converter=partial(non_negative, "exponent"))
    reference_time: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "reference_time"), metadata={"unit": "s"}
    )
    spread: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "spread"), default=0.0, kw_only=True
    )
    detuning_at_zero: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "detuning_at_zero"),
        default=0.0,
        kw_only=True,
        metadata={"unit": "linewidths"},
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.time) or absent(self.exponent, self.spread):
            return array
        detuning = array.detuning
        drawn = jax.random.normal(key, detuning.shape, detuning.dtype)
        # No memristor gains what it has lost: exponents below zero are taken as their size.
        exponent = jnp.abs(self.exponent + self.spread * drawn)
        drift = relative_drift(self.time, exponent, self.reference_time)
        moved = drifted_detuning(detuning, self.detuning_at_zero, drift)
        return eqx.tree_at(lambda array: array.detuning, array, moved)
