"""What an integration found, and the observables that people plot."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Complex, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.clock import Clock

_FEWEST = 8  # times that a spectrum can be made of


class Spectrum(NamedTuple):
    """A power spectrum.

    **Arguments:** `frequency` in Hz, rising, (bins,); `density` of the oscillation power per Hz,
    1/Hz, (*lanes, bins).
    """

    frequency: Float[Array, " bins"]
    density: Float[Array, "*lanes bins"]


class Trajectory(eqx.Module):
    """Amplitudes of all lanes at equidistant times.

    **Arguments:** `real`, `imaginary`: the amplitude in the rotating frame, (*lanes, times);
    `between`: steps from one time to the next; `clock` of the integration; `devices`; `failed`:
    lanes that grew beyond all bounds, (*lanes,): their amplitude is held at the bound.
    """

    real: Float[Array, "*lanes times"]
    imaginary: Float[Array, "*lanes times"]
    between: int = eqx.field(static=True)
    clock: Clock
    devices: Resonator | Oscillator
    failed: Bool[Array, "*lanes"]

    @property
    def time(self) -> Float[Array, " times"]:
        """The times, s."""
        return self.interval * jnp.arange(self.real.shape[-1])

    @property
    def interval(self) -> Float[Array, ""]:
        """From one time to the next, s."""
        return self.clock.step * self.between

    @property
    def power(self) -> Float[Array, "*lanes times"]:
        """The oscillation power $p=|c|^2$."""
        return self.real**2 + self.imaginary**2

    @property
    def amplitude(self) -> Float[Array, "*lanes times"]:
        r"""The amplitude $\sqrt p$."""
        return jnp.hypot(self.real, self.imaginary)

    def phase(self, frequency: ArrayLike | None = None) -> Float[Array, "*lanes times"]:
        r"""The phase $\psi$ of $c=\sqrt p\,e^{-i(\omega t-\psi)}$ against a tone, unwrapped.

        **Arguments:** `frequency` of the tone in Hz, (*lanes,); that of the frame if none is given.

        **Returns:** rad.
        """
        wrapped = jnp.arctan2(self.imaginary, self.real)
        if frequency is not None:
            wrapped = wrapped + self._turned(frequency)
        return jnp.unwrap(wrapped, axis=-1)

    def instantaneous_frequency(self) -> Float[Array, "*lanes intervals"]:
        r"""The mean frequency between two times, Hz.

        **Returns:** (*lanes, times - 1); right as long as the phase turns by less than half a turn
        between two times in the rotating frame.
        """
        now, then = slice(1, None), slice(None, -1)
        across = self.imaginary[..., now] * self.real[..., then]
        across -= self.real[..., now] * self.imaginary[..., then]
        along = self.real[..., now] * self.real[..., then]
        along += self.imaginary[..., now] * self.imaginary[..., then]
        return self.clock.reference - jnp.arctan2(across, along) / (2 * jnp.pi * self.interval)

    def m_x(self) -> Float[Array, "*lanes times"]:
        r"""The magnetisation component that oscillates, in the laboratory: $\sqrt p\cos\varphi$."""
        phase = self._carrier()
        return self.real * jnp.cos(phase) + self.imaginary * jnp.sin(phase)

    def spectrum(self, segments: int = 1, discard: float = 0.0) -> Spectrum:
        r"""The power spectrum, by Welch's method: half-overlapping segments under a Hann window.

        **Arguments:** `segments`: how many lengths of a segment the whole takes; more of them give
        less scatter and less resolution. `discard`: the share of the times at the start to leave
        out.

        **Returns:** the spectrum; its integral is the mean oscillation power.

        **Raises:** `InvalidInput` where too few times are left.
        """
        amplitude = self._kept(discard)
        length = amplitude.shape[-1] // segments
        if length < _FEWEST:
            raise InvalidInput(
                f"{amplitude.shape[-1]} times in {segments} segments are too few for a spectrum; "
                "keep more times with saves, or ask for fewer segments"
            )
        begins = np.arange(0, amplitude.shape[-1] - length + 1, max(1, length // 2))
        windowed = amplitude[..., begins[:, None] + np.arange(length)] * jnp.hanning(length)
        # c turns as exp(-iωt): its positive frequencies are the negative ones of the transform.
        lines = jnp.abs(jnp.fft.fft(jnp.conj(windowed))) ** 2
        density = lines.mean(axis=-2) * self.interval / jnp.sum(jnp.hanning(length) ** 2)
        offset = jnp.fft.fftfreq(length) / self.interval
        order = np.argsort(np.fft.fftfreq(length))
        return Spectrum(self.clock.reference + offset[order], density[..., order])

    def linewidth(self, discard: float = 0.0) -> Float[Array, "*lanes"]:
        r"""The full width at half maximum of the line, Hz: a Lorentzian fitted to the spectrum.

        The fit is made in time, where the resolution of a spectrum does not widen the line: the
        autocorrelation of a Lorentzian line decays as $e^{-\pi\,\Delta f\,\tau}$, and the rate is
        fitted until half of it is left.

        **Arguments:** `discard`: the share of the times at the start to leave out.

        **Returns:** (*lanes,); nothing narrower than about one over the duration can be seen, nor
        wider than about one over the interval.

        **Raises:** `InvalidInput` where too few times are left.
        """
        amplitude = self._kept(discard)
        length = amplitude.shape[-1]
        padded = jnp.fft.fft(amplitude, 2 * length)
        correlation = jnp.fft.ifft(jnp.abs(padded) ** 2)[..., : length // 2]
        decay = jnp.abs(correlation) / (1 - jnp.arange(length // 2) / length)
        # One lag is always fitted, and silence decays as fast as numbers can.
        decay = decay / jnp.where(decay[..., :1] > 0, decay[..., :1], 1)
        decay = jnp.maximum(decay, jnp.finfo(decay.dtype).tiny)
        near = jnp.cumprod(decay > 0.5, axis=-1).at[..., 1].set(1)
        lag = self.interval * jnp.arange(length // 2)
        logarithm = jnp.where(near, jnp.log(jnp.where(near, decay, 1)), 0)
        return -jnp.sum(lag * logarithm, -1) / jnp.sum(lag**2 * near, -1) / jnp.pi

    def _kept(self, discard: float) -> Complex[Array, "*lanes kept"]:
        first = round(discard * self.real.shape[-1])
        amplitude = jax.lax.complex(self.real, self.imaginary)[..., first:]
        if amplitude.shape[-1] < _FEWEST:
            raise InvalidInput(
                f"{amplitude.shape[-1]} times are left of {self.real.shape[-1]}; "
                f"{_FEWEST} are needed: keep more times with saves, or discard fewer"
            )
        return amplitude

    def _turned(self, frequency: ArrayLike) -> Float[Array, "..."]:
        rotation = self.clock.rotation(jnp.asarray(frequency))
        return jnp.moveaxis(rotation.phase(self._numbers()), 0, -1)

    def _carrier(self) -> Float[Array, " times"]:
        return self.clock.reference_rotation().phase(self._numbers())

    def _numbers(self):
        return self.between * jnp.arange(self.real.shape[-1])
