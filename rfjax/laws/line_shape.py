r"""The line of a resonance: its shape, and what is read off sampled spectra.

$y(f)=\frac{a\,x+s}{1+x^2}$, $x=\frac{f-f_0}{w/2}$: an antisymmetric and a symmetric part, as of a
spin diode (3.15), or a Lorentzian alone, as of an oscillation power or of its density. The full
width $w$ is that of the Lorentzian at half maximum, and the distance of the two peaks of an
antisymmetric line; of a resonator it is $2\alpha f_0$. The quality factor is $f_0/w$.

`fitted_line` is exact where a spectrum is such a line; its `misfit` says how far it is not.
`peaks` asks for no shape.

```python
import jax.numpy as jnp
import rfjax
from rfjax.laws.line_shape import fitted_line, peaks

frequencies = jnp.linspace(190e6, 210e6, 60)
volts = rfjax.spectrum(rfjax.Resonator(200e6), 1e-6, frequencies)
line = fitted_line(frequencies, volts)
print(line.quality_factor, line.peak_to_peak, peaks(frequencies, volts).highest_frequency)
```
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput
from rfjax.printing import described

_HIGHEST = jax.lax.Precision.HIGHEST
_FEWEST = 5  # samples that a line or a peak is found from
_REWEIGHTED = 6  # times; an exact line needs none, one with noise or of another shape some
_NEAR = 0.03  # of the height, by which the samples that a peak is found from may lie below it


class FittedLine(eqx.Module):
    """The line of a resonance.

    **Arguments:** `centre` $f_0$ and full `width` $w$ in Hz; `antisymmetric` $a$ and `symmetric`
    $s$ in the unit of the spectrum; `misfit`: the largest distance of the samples from the line,
    over `peak_to_peak`.
    """

    centre: Float[Array, "..."] = eqx.field(metadata={"unit": "Hz"})
    width: Float[Array, "..."] = eqx.field(metadata={"unit": "Hz"})
    antisymmetric: Float[Array, "..."]
    symmetric: Float[Array, "..."]
    misfit: Float[Array, "..."]

    __repr__ = described

    @property
    def quality_factor(self) -> Float[Array, "..."]:
        """The centre over the full width."""
        return self.centre / self.width

    @property
    def peak_to_peak(self) -> Float[Array, "..."]:
        r"""The highest less the lowest value, $\sqrt{a^2+s^2}$; that of a Lorentzian is $|s|$."""
        return jnp.hypot(self.antisymmetric, self.symmetric)


class Peaks(eqx.Module):
    """The highest and the lowest point of a spectrum, between its samples.

    **Arguments:** `highest` and `lowest` in the unit of the spectrum, at `highest_frequency` and
    `lowest_frequency` in Hz.
    """

    highest_frequency: Float[Array, "..."] = eqx.field(metadata={"unit": "Hz"})
    highest: Float[Array, "..."]
    lowest_frequency: Float[Array, "..."] = eqx.field(metadata={"unit": "Hz"})
    lowest: Float[Array, "..."]

    __repr__ = described

    @property
    def peak_to_peak(self) -> Float[Array, "..."]:
        """The highest less the lowest value."""
        return self.highest - self.lowest


def resonance_line(
    frequency: ArrayLike,
    centre: ArrayLike,
    width: ArrayLike,
    antisymmetric: ArrayLike,
    symmetric: ArrayLike,
) -> Float[Array, "..."]:
    r"""The line of a resonance: $\frac{a\,x+s}{1+x^2}$, $x=\frac{f-f_0}{w/2}$.

    **Arguments:** `frequency` $f$, `centre` $f_0$ and full `width` $w$ in Hz; `antisymmetric` $a$
    and `symmetric` $s$ in the unit of the result.

    **Returns:** $y$.
    """
    away = 2 * (frequency - centre) / jnp.asarray(width)
    return jnp.asarray((antisymmetric * away + symmetric) / (1 + away**2))


def resonance_line_slope(
    frequency: ArrayLike,
    centre: ArrayLike,
    width: ArrayLike,
    antisymmetric: ArrayLike,
    symmetric: ArrayLike,
) -> Float[Array, "..."]:
    r"""The slope of `resonance_line`, as lock-in detection of a small modulation gives it:
    $\frac w2\frac{dy}{df}=\frac{a(1-x^2)-2s\,x}{(1+x^2)^2}$.

    **Arguments:** those of `resonance_line`.

    **Returns:** the slope times half the width, in the unit of the parts.
    """
    away = 2 * (frequency - centre) / jnp.asarray(width)
    return jnp.asarray((antisymmetric * (1 - away**2) - 2 * symmetric * away) / (1 + away**2) ** 2)


def fitted_line(frequency: ArrayLike, values: ArrayLike, *, axis: int = -1) -> FittedLine:
    r"""The resonance line nearest to a spectrum: its centre, width, quality factor and peaks.

    The shape is a ratio of polynomials in $f$, so that its coefficients solve a linear problem of
    least squares, which is weighted anew with the denominator found. Of samples of such a line it
    returns that line, wherever they lie. A line that nonlinearity skews, or two of them, is none:
    look at `misfit`, or use `peaks`. Nor is a constant offset part of it, take it off first: of
    201 points over ±5 linewidths $w/2$ at a quality factor of 50, one of 10 % of the peak-to-peak
    height moves the centre of an antisymmetric line by 0.13 $w$ and widens it by 3 %; at $s=a/2$ it
    makes the width 14 % too large, or 9 % too small with the other sign. Noise of 2 % of that
    height makes the width 0.7 % too small on average, and scatters it by 0.8 %.

    **Arguments:** `frequency` in Hz, (n,), five or more, rising; `values` of the spectrum, n along
    `axis`. They should reach about a linewidth to either side of the resonance, or farther.

    **Returns:** the line, each field without that axis; NaN where no line fits.

    **Raises:** `InvalidInput` for fewer samples, or not one for each frequency.
    """
    return FittedLine(*_fitted(*_samples(frequency, values, axis)))


def peaks(frequency: ArrayLike, values: ArrayLike, *, axis: int = -1) -> Peaks:
    r"""The highest and the lowest point of a spectrum, found between its samples.

    A ratio of two polynomials of second degree goes through the highest sample and four about it,
    which lie at most 3 % of the height lower where the spectrum is sampled as finely. It is exact
    for resonance lines, on any offset, from two samples a linewidth on. Where a line jumps, at a
    fold, the peak is the sample next to the jump, or within one of it.

    **Arguments:** `frequency` in Hz, (n,), five or more, rising; `values` of the spectrum, n along
    `axis`.

    **Returns:** the peaks, each field without that axis; NaN for one that lies at the end of the
    spectrum, which is no peak.

    **Raises:** `InvalidInput` for fewer samples, or not one for each frequency.
    """
    frequency, values = _samples(frequency, values, axis)
    peak, value = _highest(frequency, jnp.stack([values, -values]))
    return Peaks(peak[0], value[0], peak[1], -value[1])


def _samples(
    frequency: ArrayLike, values: ArrayLike, axis: int
) -> tuple[Float[Array, " n"], Float[Array, "... n"]]:
    """Frequencies, and a spectrum at them along its last axis."""
    frequency, values = jnp.asarray(frequency), jnp.asarray(values)
    fits = frequency.ndim == 1 and -values.ndim <= axis < values.ndim
    if not fits or not values.shape[axis] == len(frequency) >= _FEWEST:
        raise InvalidInput(
            f"frequency has shape {frequency.shape} and values {values.shape}; give (n,), "
            f"{_FEWEST} or more, and n values along axis {axis}"
        )
    return frequency, jnp.moveaxis(values, axis, -1)


@jax.jit
@partial(jnp.vectorize, signature="(n),(n)->(),(),(),(),()")
def _fitted(
    frequency: Float[Array, " n"], values: Float[Array, " n"]
) -> tuple[Float[Array, ""], ...]:
    height = jnp.max(values) - jnp.min(values)
    height = jnp.where(height > 0, height, jnp.nan)
    y = values / height
    # The integral of the square of any such line is π/4 times width and squared peak to peak.
    half = jnp.sum((y[1:] ** 2 + y[:-1] ** 2) / 2 * jnp.diff(frequency)) * 2 / jnp.pi
    middle = frequency[jnp.argmax(jnp.abs(y))]
    u = (frequency - middle) / half
    # y·(u² + q₁u + q₀) = n₁u + n₀
    columns = jnp.stack([-y * u, -y, u, jnp.ones_like(u)], -1)
    solved = jnp.array([0.0, 1.0, 0.0, 0.0], u.dtype)
    for _ in range(_REWEIGHTED):
        denominator = jnp.abs(u**2 + solved[0] * u + solved[1])
        weight = 1 / jnp.maximum(denominator, jnp.finfo(u.dtype).eps)
        solved = _least_squares(columns * weight[:, None], y * u**2 * weight)
    linear, constant, *top = solved
    centre, squared = -linear / 2, constant - linear**2 / 4
    squared = jnp.where(squared > 0, squared, jnp.nan)
    width = jnp.sqrt(squared)
    antisymmetric = top[0] / width
    symmetric = (top[1] + top[0] * centre) / squared
    line = middle + half * centre, 2 * half * width, antisymmetric * height, symmetric * height
    away = jnp.max(jnp.abs(resonance_line(u, centre, 2 * width, antisymmetric, symmetric) - y))
    return *line, away / jnp.hypot(antisymmetric, symmetric)


@jax.jit
@partial(jnp.vectorize, signature="(n),(n)->(),()")
def _highest(
    frequency: Float[Array, " n"], values: Float[Array, " n"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    count, index = values.shape[-1], jnp.arange(values.shape[-1])
    top = jnp.argmax(values)
    height = values[top] - jnp.min(values)
    height = jnp.where(height > 0, height, jnp.nan)
    below = (values[top] - values) / height
    far = ~(below < _NEAR)
    first = jnp.max(jnp.where(far & (index < top), index, -1))
    last = jnp.min(jnp.where(far & (index > top), index, count))
    # Finely sampled lines are flat to rounding from one sample to the next.
    room = jnp.minimum(top - first - 1, last - top - 1) // 2
    stride = jnp.clip(jnp.minimum((last - first) // 4, room), 1)
    centre = jnp.clip(top, 2 * stride, count - 1 - 2 * stride)
    places = centre - top + stride * jnp.arange(-2, 3)
    at = top + places[jnp.argsort(jnp.abs(places))[1:]]  # all but the highest
    unit = frequency[at[0]] - frequency[top]
    u, y = (frequency[at] - frequency[top]) / unit, -below[at]
    # y = (n₁u + n₂u²)/(1 + d₁u + d₂u²), zero at the highest sample.
    columns = jnp.stack([u, u**2, -y * u, -y * u**2], -1)
    n1, n2, d1, d2 = _least_squares(columns, y)
    # Where its slope is zero: n₁ + 2n₂u + (n₂d₁ - n₁d₂)u² = 0, the root next to the sample.
    inside = n2**2 - n1 * (n2 * d1 - n1 * d2)
    root = jnp.sqrt(jnp.where(inside > 0, inside, 1))
    move = -n1 / (n2 + jnp.where(n2 < 0, -root, root))
    value = (n1 + n2 * move) * move / (1 + d1 * move + d2 * move**2)
    # Across a jump the ratio overshoots; a peak rises less above a sample than the line falls
    # within two of them, and half of that is safe down to two samples a linewidth.
    sides = below[jnp.clip(top + stride * jnp.array([-2, 2]), 0, count - 1)]
    good = (inside > 0) & (jnp.abs(move) <= 1) & (value >= 0) & (value <= jnp.min(sides) / 2)
    at_end = (top == 0) | (top == count - 1)
    peak = frequency[top] + jnp.where(good, move, 0) * unit
    found = values[top] + jnp.where(good, value, 0) * height
    return jnp.where(at_end, jnp.nan, peak), jnp.where(at_end, jnp.nan, found)


def _least_squares(
    columns: Float[Array, "n unknowns"], wanted: Float[Array, " n"]
) -> Float[Array, " unknowns"]:
    orthogonal, triangle = jnp.linalg.qr(columns)
    projected = jnp.matmul(orthogonal.T, wanted, precision=_HIGHEST)
    return jax.scipy.linalg.solve_triangular(triangle, projected)
