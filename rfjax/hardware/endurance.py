"""Memristors that wear out by being written."""

from functools import partial
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import finite, non_negative, positive
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.hardware.faults import Stuck
from rfjax.laws.weibull import failed_share


class Endurance(AbstractEffect):
    r"""Resonators that are stuck after many write cycles: $1-e^{-(n/n_0)^k}$ of them.

    See `rfjax.laws.weibull`, and `Stuck` for what becomes of them; those that are stuck stay so as
    cycles go on. Numbers are of the memristors that are meant: no kind is taken if none is given.

    **Arguments:**

    - `writes` $n$: how often each was written, one number or (chains, tones).
    - `cycles` $n_0$, after which 63 % have failed; `shape` $k$ of their distribution.
    - `at`: the detunings at which they are, in linewidths, as for `Stuck`.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    steps: ClassVar[tuple[str, ...]] = ("writes", "cycles", "shape")

    writes: Float[Array, "..."] = eqx.field(converter=partial(non_negative, "writes"))
    cycles: Float[Array, "..."] = eqx.field(converter=partial(positive, "cycles"))
    shape: Float[Array, "..."] = eqx.field(converter=partial(positive, "shape"))
    at: Float[Array, "..."] = eqx.field(converter=partial(finite, "at"), default=0.0)

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.writes):
            return array
        worn = failed_share(self.writes, self.cycles, self.shape)
        return Stuck(worn, self.at)(array, key=key)
