"""The spectral front end: from I/Q samples to the powers of tones."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Complex, Float

from rfjax.checks import (
    InvalidInput,
    finite_parts,
    instance_of,
    non_negative_number,
    one_of,
    positive_integer,
    positive_number,
    sequence,
    where_valid,
)
from rfjax.data.recording import Recording
from rfjax.numerics.scaling import power_of_two_over
from rfjax.printing import described

WINDOWS = ("hann", "hamming", "blackman", "boxcar")
_HIGHEST = 16  # order: powers of higher ones leave the range of float32 for most signals


def _orders(values) -> tuple[int, ...]:
    listed = sequence("orders", values, "orders")
    return tuple(positive_integer("orders", each, _HIGHEST) for each in listed)


def _bands(value) -> int:
    _check_no_recording("bands", value)
    return positive_integer("bands", value)


def _check_no_recording(name: str, value) -> None:
    """Refuse a recording where something else is wanted: its samples go into a call."""
    if isinstance(value, Recording):
        raise InvalidInput(
            f"{name} is a recording; give recording.samples, as FrontEnd(32)(recording.samples)"
        )


def _overlap(value) -> float:
    if (share := non_negative_number("overlap", value)) < 1:
        return share
    raise InvalidInput(f"overlap is {share:g}; it must be a share of a segment, below one")


def _gain_control(value) -> bool:
    return instance_of("gain_control", value, bool, "True or False")


class FrontEnd(eqx.Module):
    r"""Powers of tones out of I/Q samples: averaged periodograms of the signal and of its powers.

    Welch's method: segments of $n$ samples that overlap, a window $w$, and the mean of their
    periodograms, whose $n$ bins are added up in bands, from the lowest frequency to the highest,
    $P_b=\sum_{k\in b}\overline{|\sum_tw_tx_te^{-2\pi ikt/n}|^2}\,/\,n\sum_tw_t^2$.
    The powers of all bands add up to the mean power of a signal that goes on as it is. Its first
    and its last samples count less, since windows fade them out, and what lies beyond the last
    whole segment not at all; "boxcar" without overlap counts whole segments alike.

    Of a signal that receivers amplify to a mean power of one, $x^m$ are taken for each order $m$: a
    nonlinear element, as a mixer or a diode, makes them at $m$ times the carrier. Where phases take
    $m$ values evenly on a circle, $x^m$ has a line there, so that they tell modulations apart whose
    spectra are alike.
    Differentiable in the samples.

    **Arguments:**

    - `bands`: how many, for each order: every band drives one tone.
    - `segment`: samples of a periodogram, a multiple of the bands; as many as there are bands if
      none is given.
    - `orders` $m$, as (1,) for the spectrum alone or (1, 2, 4).
    - `window`: "hann", "hamming", "blackman" or "boxcar".
    - `overlap` of segments, a share below one.
    - `gain_control`: whether each row is amplified to a mean power of one.

    **Raises:** `InvalidInput` naming the argument, its value and what is allowed.
    """

    bands: int = eqx.field(static=True, converter=_bands)
    segment: int | None = eqx.field(static=True, default=None)
    orders: tuple[int, ...] = eqx.field(static=True, converter=_orders, default=(1,))
    window: str = eqx.field(static=True, default="hann")
    overlap: float = eqx.field(static=True, converter=_overlap, default=0.5)
    gain_control: bool = eqx.field(static=True, converter=_gain_control, default=True)

    __repr__ = described

    def __check_init__(self):
        one_of("window", self.window, WINDOWS)
        if self.segment is not None:
            positive_integer("segment", self.segment)
            if self.segment % self.bands:
                raise InvalidInput(
                    f"segment is {self.segment}, bands {self.bands}; give a multiple of the bands"
                )

    @property
    def tones(self) -> int:
        """How many tones there are: bands of all orders, one order after the other."""
        return self.bands * len(self.orders)

    def frequencies(self, sample_rate: float) -> Float[np.ndarray, " bands"]:
        """The middle of the bins of each band, Hz beside the carrier, or $m$ times it.

        **Arguments:** `sample_rate`, Hz.
        """
        segment = self.segment or self.bands
        bins = np.fft.fftshift(np.fft.fftfreq(segment, 1 / positive_number("rate", sample_rate)))
        return bins.reshape(self.bands, -1).mean(axis=1)

    def __call__(self, samples: ArrayLike) -> Float[Array, "*b tones"]:
        """The powers of tones, in the square of the unit of the samples, or of a mean power of one.

        **Arguments:** `samples`: complex, (*b, n), a segment or more.

        **Returns:** powers, (*b, tones).

        **Raises:** `InvalidInput` for samples that are too few, not finite, or of which a power
        leaves the range of their precision, as the 16th of a short burst does in float32.
        """
        _check_no_recording("samples", samples)
        real, imaginary = finite_parts("samples", samples)
        segment = self.segment or self.bands
        if not real.size or real.shape[-1] < segment:
            raise InvalidInput(
                f"samples have shape {real.shape}; give (..., n), one row or more, each "
                f"with {segment} samples or more"
            )
        message = (
            f"powers of samples to the order {max(self.orders)} leave the range of {real.dtype}; "
            "give samples of a mean power near one, lower orders, or signals without bursts"
        )
        return where_valid(*self._powers(jax.lax.complex(real, imaginary)), message)

    @eqx.filter_jit
    def _powers(
        self, samples: Complex[Array, "*b n"]
    ) -> tuple[Float[Array, "*b tones"], Bool[Array, "*b 1"]]:
        """The powers, and in which rows they are numbers."""
        if self.gain_control:
            largest = jnp.max(jnp.abs(samples), axis=-1, keepdims=True)
            samples = samples * power_of_two_over(largest)
            power = jnp.mean(jnp.square(jnp.abs(samples)), axis=-1, keepdims=True)
            # Nothing that was received stays nothing.
            samples = samples * jax.lax.rsqrt(jnp.where(power > 0, power, 1.0))
        spectra = [self._spectrum(samples**order) for order in self.orders]
        powers = jnp.concatenate(spectra, axis=-1)
        peak = jnp.max(jnp.abs(samples), axis=-1, keepdims=True)
        least = jnp.square(peak) ** max(self.orders)
        held = (least >= jnp.finfo(powers.dtype).tiny) | (peak == 0)
        return powers, held & jnp.isfinite(powers).all(-1, keepdims=True)

    def _spectrum(self, samples: Complex[Array, "*b n"]) -> Float[Array, "*b bands"]:
        segment = self.segment or self.bands
        options: Any = {
            "window": self.window,
            "nperseg": segment,
            "noverlap": math.floor(self.overlap * segment),
            "detrend": False,
            "return_onesided": False,
        }
        _, density = jax.scipy.signal.welch(samples, **options)
        bins = jnp.fft.fftshift(density.real, axes=-1) / segment
        return bins.reshape(*bins.shape[:-1], self.bands, -1).sum(-1)
