"""The tones on a line and their largest powers."""

from functools import partial

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, check_fit, non_negative, positive
from rfjax.laws.frequency_comb import geometric_comb, scaled_powers
from rfjax.printing import described


class Line(eqx.Module):
    """The tones that arrays of resonators receive.

    **Arguments:**

    - `frequencies` of the tones, (tones,), Hz.
    - `peak_powers`: the largest power of each tone into one resonator, W; one number for all, or
      (tones,).

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """

    frequencies: Float[Array, " tones"] = eqx.field(
        converter=partial(positive, "frequencies"), metadata={"unit": "Hz"}
    )
    peak_powers: Float[Array, " tones"] = eqx.field(
        converter=partial(non_negative, "peak_powers"), metadata={"unit": "W"}
    )

    __repr__ = described

    def __init__(self, frequencies: ArrayLike, peak_powers: ArrayLike):
        frequencies = positive("frequencies", frequencies)
        if frequencies.ndim != 1 or not frequencies.size:
            raise InvalidInput(f"frequencies have shape {frequencies.shape}; give (tones,)")
        peaks = non_negative("peak_powers", peak_powers)
        check_fit("peak_powers", peaks, frequencies.shape, "one power, or one for each tone")
        self.frequencies = frequencies
        self.peak_powers = jnp.broadcast_to(peaks, frequencies.shape).astype(frequencies.dtype)

    @classmethod
    def geometric(
        cls, lowest: ArrayLike, highest: ArrayLike, count: int | np.integer, power: ArrayLike
    ) -> "Line":
        r"""A geometric comb of tones whose powers make all of them rectify alike (5.19, 5.4.3.2).

        $f_i=f_0\left(\frac{1+\mu}{1-\mu}\right)^i$ and $P_i=P_0f_i/f_0$.

        **Arguments:** `lowest` and `highest` frequency in Hz; `count` of tones, one alone being the
        lowest; `power` $P_0$ of the first tone at most, into one resonator, W.

        **Returns:** the line.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        power = positive("power", power)
        check_fit("power", power, (), "one number")
        for name, value in {"lowest": lowest, "highest": highest}.items():
            check_fit(name, positive(name, value), (), "one number")
        comb = geometric_comb(lowest, highest, count)
        return cls(comb, scaled_powers(power, comb))

    @property
    def tones(self) -> int:
        """How many tones there are."""
        return self.frequencies.shape[0]
