"""Tuning with what it can reach: detunings of a number of levels."""

from functools import partial

import equinox as eqx
import jax
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import InvalidInput, non_negative, one_of, positive, positive_integer, shown
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.numerics.rounding import rounded

_MOST = 2**20


class Levels(AbstractEffect):
    r"""Detunings of $L$ evenly spaced levels, from $-x_{max}$ to $x_{max}$, with what writing adds.

    $x'=Q(x)+\sigma x_{max}g$, $g$ Gaussian. Two levels are a magnetisation that is switched; more
    of them a memristor beside the resonator (thesis, 5.2.3). In training the derivative passes
    straight through the rounding.

    **Arguments:**

    - `levels` $L$, two or more; None for detunings as they are, which a field line sets.
    - `largest` $x_{max}$ in linewidths, a number or one for each resonator.
    - `noise` $\sigma$ of writing, as a share of $x_{max}$.
    - `rounding`: "nearest", or "stochastic", to either neighbour and right on average.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    levels: int | None = eqx.field(static=True)
    largest: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "largest"), metadata={"unit": "linewidths"}
    )
    noise: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "noise"), default=0.0, kw_only=True
    )
    rounding: str = eqx.field(static=True, default="nearest", kw_only=True)

    def __check_init__(self):
        if self.levels is not None and positive_integer("levels", self.levels, _MOST) == 1:
            raise InvalidInput(f"levels is {shown(self.levels)}; give 2 or more, or None")
        one_of("rounding", self.rounding, ("nearest", "stochastic"))

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if self.levels is None and absent(self.noise):
            return array
        chosen, written = jax.random.split(key)
        detuning = array.detuning
        if self.levels is not None:
            drawn = chosen if self.rounding == "stochastic" else None
            detuning = rounded(detuning, self.levels, self.largest, key=drawn)
        if not absent(self.noise):
            noise = jax.random.normal(written, detuning.shape, detuning.dtype)
            detuning = detuning + self.noise * self.largest * noise
        return eqx.tree_at(lambda array: array.detuning, array, detuning)
