"""How the powers of a spectrum become shares of the largest powers of a line."""

from functools import partial

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, broadcast_shape, known, non_negative, one_of, positive
from rfjax.numerics.scaling import power_of_two_over
from rfjax.printing import described

SCALES = ("power", "amplitude", "decibel")
_DECADE = 10.0  # dB


class ReceiverLevels(eqx.Module):
    r"""The levels that a receiver is adjusted to: which power is a share of zero, and which of one.

    $s=\frac{g(P)-g_0}{g_1-g_0}$, limited to [0, 1] as an amplifier limits, with $g(P)=P$ on the
    scale "power", $\sqrt P$ on "amplitude" and $10\log_{10}P$ on "decibel". Powers are in any one
    unit. Levels are fitted to the rows that train, and to no others: rows that test may then lie
    beyond them.

    **Arguments:**

    - `zero` and `one`: the powers of which the share is zero and one, for all tones or one for
      each; above zero on the scale "decibel".
    - `scale`: "power", "amplitude" or "decibel".

    **Raises:** `InvalidInput` naming the argument, its value and what is allowed.
    """

    zero: Float[Array, "*tones"] = eqx.field(converter=partial(non_negative, "zero"))
    one: Float[Array, "*tones"] = eqx.field(converter=partial(positive, "one"))
    scale: str = eqx.field(static=True, default="power")

    __repr__ = described

    def __check_init__(self):
        one_of("scale", self.scale, SCALES)
        broadcast_shape(zero=self.zero.shape, one=self.one.shape)
        if self.scale == "decibel":
            positive("zero, on the scale decibel,", self.zero)
        positive("one - zero", self.one - self.zero)

    @classmethod
    def of(
        cls, powers: ArrayLike, *, scale: str = "power", each_tone: bool = False
    ) -> "ReceiverLevels":
        """The levels of some spectra: their largest power is a share of one.

        Zero is no power; on the scale "decibel" it is their smallest one above zero.

        **Arguments:** `powers`: of the rows that train, (rows, tones); `scale`; `each_tone`:
        whether every tone has levels of its own, as of an amplifier behind each filter.

        **Returns:** the levels.

        **Raises:** `InvalidInput` for powers below zero, or without a power above it.
        """
        powers = non_negative("powers", powers)
        if powers.ndim != 2 or not powers.size:
            raise InvalidInput(f"powers have shape {powers.shape}; give (rows, tones), one or more")
        if known(powers):
            _check_any(np.asarray(powers), each_tone)
        axis = 0 if each_tone else None
        largest = powers.max(axis)
        if one_of("scale", scale, SCALES) != "decibel":
            return cls(jnp.zeros_like(largest), largest, scale)
        return cls(jnp.where(powers > 0, powers, jnp.inf).min(axis), largest, scale)

    def __call__(self, powers: ArrayLike) -> Float[Array, "*b tones"]:
        """The shares of powers, in [0, 1].

        **Arguments:** `powers`: (*b, tones), in the unit of the levels.

        **Returns:** shares, (*b, tones).

        **Raises:** `InvalidInput` for powers below zero, or of another number of tones.
        """
        powers = non_negative("powers", powers)
        broadcast_shape(powers=powers.shape, levels=self.one.shape)
        low, high = self._measured(self.zero), self._measured(self.one)
        # Limited before the scale: its slope is finite there.
        within = jnp.clip(powers, self.zero, self.one)
        # A quotient may go through the inverse of its denominator, which may be no number.
        scale = power_of_two_over(high - low)
        share = scale * (self._measured(within) - low) / (scale * (high - low))
        return jnp.clip(share, 0.0, 1.0)

    def _measured(self, powers: Float[Array, "..."]) -> Float[Array, "..."]:
        if self.scale == "power":
            return powers
        if self.scale == "amplitude":
            # No infinite slope at no power.
            return jnp.sqrt(jnp.where(powers > 0, powers, 1.0)) * (powers > 0)
        return _DECADE * jnp.log10(powers)


def _check_any(powers: Float[np.ndarray, "rows tones"], each_tone: bool) -> None:
    """Refuse spectra without power; where each tone has levels, also a tone without any."""
    if not powers.any():
        raise InvalidInput("powers are all 0 W; give rows that received some power")
    silent = np.flatnonzero(~powers.any(axis=0))
    if each_tone and silent.size:
        raise InvalidInput(
            f"powers[:, {silent[0]}] are all 0 W; give rows with power at every tone, or leave "
            "each_tone out"
        )
