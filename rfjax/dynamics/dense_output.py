"""The amplitude within a step that was taken: the cubic Hermite interpolant."""

from typing import NamedTuple

from jaxtyping import Array, Float


class Hermite(NamedTuple):
    """Value and derivative, 1/s, of a part of the amplitude at the begin and the end of a step."""

    begin: Float[Array, "..."]
    begin_slope: Float[Array, "..."]
    end: Float[Array, "..."]
    end_slope: Float[Array, "..."]

    def at(self, fraction: Float[Array, ""] | float, length: Float[Array, ""]) -> Array:
        """The interpolant at a fraction of the step; `length` of the step in s."""
        left = 1 - fraction
        begins = left**2 * ((1 + 2 * fraction) * self.begin + fraction * length * self.begin_slope)
        ends = fraction**2 * ((1 + 2 * left) * self.end - left * length * self.end_slope)
        return begins + ends


class Passed(NamedTuple):
    r"""A step that was taken, or a part of one.

    Of an amplitude that turns by $\theta$ in it, the interpolant is off by about $\theta^4/384$.

    **Arguments:** `real` and `imaginary` part of the amplitude; `length` of the step, s.
    """

    real: Hermite
    imaginary: Hermite
    length: Float[Array, ""]

    def at(self, fraction: Float[Array, ""] | float) -> tuple[Array, Array]:
        """Both parts of the amplitude at a fraction of the step."""
        return self.real.at(fraction, self.length), self.imaginary.at(fraction, self.length)
