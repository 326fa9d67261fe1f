"""What passes from one layer to the next: the powers of tones, and where the tones are."""

from typing import NamedTuple

from jaxtyping import Array, Float


class Tones(NamedTuple):
    """Tones that an oscillator emits, for the line that receives them.

    **Arguments:** `share` of the peak power of each, in [0, 1]; `frequency` relative to the tone of
    the line, of the same shape.
    """

    share: Float[Array, "..."]
    frequency: Float[Array, "..."]
