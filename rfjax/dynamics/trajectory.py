"""What an integration found, and the observables that people plot."""

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Bool, Complex, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    host_numbers,
    instance_of,
    known,
    positive,
    positive_integer,
    shown,
)
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.carrier_frame import CarrierFrame
from rfjax.dynamics.force import AbstractForce, Amplitude
from rfjax.dynamics.steps import Steps
from rfjax.labelled import dataframe, dataset, lanes
from rfjax.laws import spin_diode
from rfjax.printing import described, quantity

if TYPE_CHECKING:
    import pandas
    import xarray

_MOST_TURNS = 2.0**31 - 2**8  # that an int32 holds
_FEWEST = 8  # times that a spectrum can be made of
_FEWEST_WIDTHS = 2.0  # line width times duration, from which on a line is resolved
_LEFT = 0.6  # of the autocorrelation, up to where its decay is fitted
_WIDEST = 0.7  # of the line that decays to that in one interval: wider ones are often not resolved


class Spectrum(eqx.Module):
    """A power spectrum.

    **Arguments:** `frequency` in Hz, rising, (bins,); `density` of the oscillation power per Hz,
    1/Hz, (*lanes, bins).
    """

    frequency: Float[Array | np.ndarray, " bins"] = eqx.field(metadata={"unit": "Hz"})
    density: Float[Array | np.ndarray, "*lanes bins"] = eqx.field(metadata={"unit": "1/Hz"})

    __repr__ = described

    def to_xarray(self) -> "xarray.Dataset":
        """The spectrum with named axes: `density` over lanes and `frequency`, with units."""
        axes = *lanes(self.density.shape[:-1]), "frequency"
        variables = {"density": (axes, self.density, "1/Hz")}
        return dataset(variables, {"frequency": (("frequency",), self.frequency, "Hz")})

    def to_dataframe(self) -> "pandas.DataFrame":
        """The spectrum as a table, one row for every lane and frequency; units in `attrs`."""
        return dataframe(self.to_xarray())


def _compiled(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method as one program, whatever the forces hold."""
    program = eqx.filter_jit(method)

    @functools.wraps(method)
    def called(self, *arguments):
        return program(dataclasses.replace(self, forces=(), steps=0), *arguments)

    return called


class Trajectory(eqx.Module):
    """Amplitudes of all lanes at equidistant times.

    **Arguments:** `real`, `imaginary`: the amplitude in the rotating frame, (*lanes, times);
    `windings`: whole revolutions of the phase until then, (*lanes, times), see `phase`;
    `frame`: the interval of the times and the rotating frame; `steps`: how many there were;
    `devices`; `failed`: lanes that grew beyond all bounds, (*lanes,), whose amplitude stays at
    the bound; `forces` that acted on them.
    """

    real: Float[Array, "*lanes times"]
    imaginary: Float[Array, "*lanes times"]
    windings: Float[Array, "*lanes times"]
    frame: CarrierFrame
    steps: int = eqx.field(static=True)
    devices: Resonator | Oscillator
    failed: Bool[Array, "*lanes"]
    forces: tuple[AbstractForce, ...] = ()

    def __repr__(self) -> str:
        lanes, times = self.real.shape[:-1], self.real.shape[-1]
        return (
            f"Trajectory({times} times {quantity(self.interval, 's')} apart, lanes {lanes}, "
            f"power at the end {quantity(self.power[..., -1])}, frame "
            f"{quantity(self.frame.reference, 'Hz')}, {self.steps} steps, {self.devices!r})"
        )

    @property
    def time(self) -> Float[Array, " times"]:
        """The times, s."""
        return self.interval * jnp.arange(self.real.shape[-1])

    @property
    def interval(self) -> Float[Array, ""]:
        """From one time to the next, s."""
        return self.frame.step

    @property
    def power(self) -> Float[Array, "*lanes times"]:
        """The oscillation power $p=|c|^2$."""
        return self.real**2 + self.imaginary**2

    @property
    def amplitude(self) -> Float[Array, "*lanes times"]:
        r"""The amplitude $\sqrt p$."""
        return jnp.hypot(self.real, self.imaginary)

    def to_xarray(self) -> "xarray.Dataset":
        """The trajectory with named axes, over `time` and lanes, units as attributes.

        **Returns:** `power`; `real` and `imaginary` part of the amplitude in the rotating frame,
        whose `reference_frequency` in Hz is an attribute; `failed`; and the `voltage` of resonators
        under tones.
        """
        axes, when = lanes(self.real.shape[:-1]), ("time",)
        variables = {
            "power": (axes + when, self.power, "1"),
            "real": (axes + when, self.real, "1"),
            "imaginary": (axes + when, self.imaginary, "1"),
            "failed": (axes, self.failed, "1"),
        }
        if isinstance(self.devices, Resonator) and self._tones():
            variables["voltage"] = axes + when, self.voltage(), "V"
        times = {"time": (when, self.time, "s")}
        return dataset(variables, times, reference_frequency=float(self.frame.reference))

    def to_dataframe(self) -> "pandas.DataFrame":
        """The trajectory as a table, one row for every lane and time; units in `attrs`."""
        return dataframe(self.to_xarray())

    def phase(self, frequency: ArrayLike | None = None) -> Float[Array, "*lanes times"]:
        r"""The phase $\psi$ of $c=\sqrt p\,e^{-i(\omega t-\psi)}$ against a tone, unwrapped.

        The integration counted whole turns along each of its steps, so that they do not depend on
        how far apart the times are that were kept. Where an amplitude passes zero at less than
        1.5 % of the largest one (up to 4 % in the longest steps that are allowed), the count may be
        off by one; under noise near threshold and below, where it passes zero at all distances,
        whole turns depend on the step.

        **Arguments:** `frequency` of the tone in Hz, broadcast with the lanes; that of the frame if
        none is given.

        **Returns:** rad, (*lanes, times); where the amplitude is zero, and has no phase, that of
        the frame, with a derivative of zero.

        **Raises:** `InvalidInput` for a frequency that is not above zero, that does not broadcast
        with the lanes, or that is more than 2³¹ turns away from the frame.
        """
        if frequency is not None:
            frequency = positive("frequency", frequency)
            lanes = self.real.shape[:-1]
            if 0 in broadcast_shape(devices=lanes, frequency=frequency.shape):
                raise InvalidInput("frequency is empty; give one, or one for each lane")
            away = jnp.abs(frequency - self.frame.reference) * self.time[-1]
            if not isinstance(away, Tracer) and away.max() >= _MOST_TURNS:
                raise InvalidInput(
                    f"frequency is up to {float(frequency.max()):g} Hz, {float(away.max()):.2g} "
                    f"turns away from the frame; at most {_MOST_TURNS:.2g} are counted: check the "
                    "units"
                )
        return self._phase(frequency)

    @_compiled
    def _phase(self, frequency: Float[Array, "..."] | None) -> Float[Array, "*lanes times"]:
        (re, im), _ = self._direction()
        wrapped = jnp.arctan2(im, re)
        # Whole turns are counted as such: those of a tone and of the frame cancel exactly.
        turns = jax.lax.stop_gradient(self.windings).astype(jnp.int32)
        if frequency is not None:
            away = jnp.abs(frequency - self.frame.reference) * self.time[-1]
            wrapped = jnp.where(away[..., None] < _MOST_TURNS, wrapped, jnp.nan)
            rotation = self.frame.rotation(frequency)
            wrapped = wrapped + jnp.moveaxis(rotation.phase(self._numbers()), 0, -1)
            turns = turns + jnp.moveaxis(rotation.turns(self._numbers(), self.interval), 0, -1)
        return wrapped + 2 * jnp.pi * turns

    @_compiled
    def instantaneous_frequency(self) -> Float[Array, "*lanes intervals"]:
        r"""The mean frequency between two times, Hz.

        **Returns:** (*lanes, times - 1). Where an amplitude is zero, the frequency of the frame,
        with a derivative of zero.
        """
        now, then = (..., slice(1, None)), (..., slice(None, -1))
        (re, im), some = self._direction()
        both = some[now] & some[then]
        across = im[now] * re[then] - re[now] * im[then]
        along = re[now] * re[then] + im[now] * im[then]
        # The shorter way round, which rounds least, and the whole turns that it leaves out.
        turned = jnp.arctan2(jnp.where(both, across, 0), jnp.where(both, along, 1)) / (2 * jnp.pi)
        share = jnp.arctan2(im, re) / (2 * jnp.pi)
        whole = jnp.diff(self.windings) + jnp.round(share[now] - share[then] - turned)
        turned = turned + jnp.where(both, jax.lax.stop_gradient(whole), 0)
        return self.frame.reference - turned / self.interval

    @_compiled
    def m_x(self) -> Float[Array, "*lanes times"]:
        r"""The magnetisation component that oscillates, in the laboratory: $\sqrt p\cos\varphi$."""
        phase = self._carrier()
        return self.real * jnp.cos(phase) + self.imaginary * jnp.sin(phase)

    def voltage(self) -> Float[Array, "*lanes times"]:
        r"""The rectified voltage of resonators under their tones, against time.

        The currents of the tones meet the resistance that oscillates (A.5–A.7), and what mixes down
        is $V(t)=\frac{\beta}{\gamma^2}[\xi_A\,\mathrm{Im}(cf^*)+\xi_S\,\mathrm{Re}(cf^*)]$ at every
        time: transients and the beats of several tones are in it, twice the carrier is not. Its
        mean over whole beats is what a voltmeter shows and what a rectifier model gives. Coupling
        and feedback act on it through the oscillation only.

        At the switches of a sampled tone the force is the mean of both samples, so that under
        `SampledTone.from_waveform` a voltage kept at a multiple of its interval is right to second
        order in the interval; kept elsewhere, but for the middles, to first order.

        **Returns:** V, (*lanes, times).

        **Raises:** `InvalidInput` for oscillators, without tones, and where the times are not
        known, as in a compiled program that was handed the trajectory.
        """
        devices = instance_of(
            "devices", self.devices, Resonator, "resonators; an Oscillator rectifies nothing"
        )
        tones = self._tones()
        if not tones:
            raise InvalidInput("no tone drove these resonators; hand Tones to simulate")
        if not known(self.frame):
            raise InvalidInput(
                "the times of this trajectory are not known before compilation; call voltage() "
                "where simulate is called"
            )
        re, im = (sum(parts) for parts in zip(*map(self._at_times, tones), strict=True))
        lasting = jax.tree.map(lambda field: field[..., None], devices)
        return spin_diode.mixing(
            self.real * re + self.imaginary * im,
            self.imaginary * re - self.real * im,
            lasting.rectification,
            lasting.drive,
            lasting.antisymmetric,
            lasting.symmetric,
        )

    def _tones(self) -> list[AbstractForce]:
        return [force for force in self.forces if force.frequencies() is not None]

    def _at_times(self, force: AbstractForce) -> Amplitude:
        """A force at all times, in the frame, rad/s: the mean of both sides where it jumps."""
        beginning = self._on_side(force, ending=False)
        if not force.switches().size:
            return beginning
        ended = self._on_side(force, ending=True)
        return (beginning[0] + ended[0]) / 2, (beginning[1] + ended[1]) / 2

    def _on_side(self, force: AbstractForce, ending: bool) -> Amplitude:
        """A force at all times, of the sample that ends or of that which begins at a switch."""
        step = float(self.frame.step) + float(self.frame.correction)
        count, dtype = self.real.shape[-1], np.dtype(self.real.dtype)
        reference = float(self.frame.reference)
        moments = Steps(step * np.arange(count), np.zeros(count), reference, dtype, ending)
        action, zero = force.prepared(moments), jnp.zeros((), dtype)

        def at(number):
            return action(action.at_step(number, None), zero, (zero, zero))

        return jax.vmap(at, out_axes=-1)(self._numbers())

    def spectrum(self, segments: int = 1, discard: float = 0.0) -> Spectrum:
        r"""The power spectrum, by Welch's method: half-overlapping segments under a Hann window.

        **Arguments:** `segments`: how many lengths of a segment the whole takes; more of them give
        less scatter and less resolution. `discard`: the share of the times at the start to leave
        out.

        **Returns:** the spectrum; its integral is the mean oscillation power.

        **Raises:** `InvalidInput` where too few times are left, and for a share that is not from 0
        to below 1.
        """
        amplitude = self._kept(discard)
        length = amplitude.shape[-1] // positive_integer("segments", segments)
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
        return Spectrum(self.frame.reference + offset[order], density[..., order])

    def linewidth(
        self, discard: float = 0.0, repetitions: int | None = None
    ) -> Float[Array, "..."]:
        r"""The full width at half maximum of the line, Hz: that of a Lorentzian.

        It is measured in time, where the resolution of a spectrum does not widen the line: the
        autocorrelation of a Lorentzian line decays as $e^{-\pi\,\Delta f\,\tau}$, and the rate is
        fitted until 0.6 of it is left. A record of the duration $T$ leaves a bias of the order of
        $1/T$, which is found from its two halves and taken off; the mean of many records is then
        right to 1 % where $\Delta f\,T>6$, and up to 5 % too wide at $\Delta f\,T=3$. The scatter
        of one record is about $\sqrt{0.3/(\Delta f\,T)}$ above threshold, and
        $\sqrt{0.7/(\Delta f\,T)}$ below.

        **Arguments:** `discard`: the share of the times at the start to leave out; `repetitions`:
        an axis of lanes, all of which repeat one device with other noise: their correlations are
        averaged, so that short records do.

        **Returns:** (*lanes,), without the axis of repetitions. Inside of a compiled function,
        where nothing can be raised, NaN where the line is not resolved.

        **Raises:** `InvalidInput` where too few times are left, and for lines that the record does
        not resolve: narrower than about $2/T$, or so wide that they decay within one interval.
        """
        amplitude = self._kept(discard)
        half = amplitude.shape[-1] // 2
        parts = amplitude, amplitude[..., :half], amplitude[..., -half:]
        found = [self._decay(part, half // 2, repetitions) for part in parts]
        width = (2 * found[0] - (found[1] + found[2]) / 2) / jnp.pi
        lowest = _FEWEST_WIDTHS / (amplitude.shape[-1] * self.interval)
        resolved = (found[0] > jnp.pi * lowest) & (width > 0) & (width < jnp.inf)
        width = jnp.where(resolved, width, jnp.nan)
        if not isinstance(width, Tracer) and jnp.isnan(width).any():
            highest = -_WIDEST * np.log(_LEFT) / np.pi / self.interval
            still, wide = jnp.isnan(found[0]), jnp.isinf(jnp.stack(found)).any(0)
            unresolved, still, wide = (int(each.sum()) for each in (~resolved, still, wide))
            raise InvalidInput(
                f"{unresolved} of {width.size} lines are not resolved, {wide} too wide (save more "
                f"times), {unresolved - wide - still} too narrow (watch longer), {still} without "
                f"amplitude: {float(amplitude.shape[-1] * self.interval):.3g} s with a time every "
                f"{float(self.interval):.3g} s show lines of {float(lowest):.2g} to about "
                f"{float(highest):.2g} Hz"
            )
        return width

    @_compiled
    def _decay(
        self, amplitude: Complex[Array, "*lanes times"], lags: int, repetitions: int | None
    ) -> Float[Array, "..."]:
        """The rate at which the autocorrelation decays, 1/s.

        Infinite where it does so within one interval, NaN where there is no amplitude.
        """
        length = amplitude.shape[-1]
        transform = jnp.fft.fft(amplitude, 2 * length)
        correlation = jnp.fft.ifft(jnp.abs(transform) ** 2)[..., :lags]
        if repetitions is not None:
            lanes = amplitude.ndim - 1
            if repetitions not in range(-lanes, lanes):
                raise InvalidInput(
                    f"repetitions is {shown(repetitions)}; it must be one of {lanes} axes of lanes"
                )
            correlation = correlation.mean(repetitions % lanes)
        size = jnp.abs(correlation) / (1 - jnp.arange(lags) / length)
        some = size[..., :1] > 0
        size = jnp.where(some, size, 1) / jnp.where(some, size[..., :1], 1)
        near = jnp.cumprod(size > _LEFT, axis=-1)
        count = near.sum(-1, keepdims=True)
        lag = jnp.arange(lags) - jnp.sum(near * jnp.arange(lags), -1, keepdims=True) / count
        logarithm = jnp.log(jnp.where(near, size, 1))
        spread = jnp.where(count > 1, jnp.sum(near * lag**2, -1, keepdims=True), 1)
        rate = -jnp.sum(lag * logarithm / spread, -1) / self.interval
        rate = jnp.where(count[..., 0] > 1, rate, jnp.inf)
        return jnp.where(some[..., 0], rate, jnp.nan)

    def _direction(self) -> tuple[Amplitude, Bool[Array, "*lanes times"]]:
        """The amplitude over its larger part, or 1 where there is none; and where there is one.

        The derivatives of the angle stay finite at rest, and of amplitudes too small to square.
        """
        larger = jnp.maximum(jnp.abs(self.real), jnp.abs(self.imaginary))
        some = larger >= jnp.finfo(larger.dtype).tiny
        scale = jax.lax.stop_gradient(jnp.where(some, larger, 1))
        return (
            jnp.where(some, self.real / scale, 1),
            jnp.where(some, self.imaginary / scale, 0),
        ), some

    def _kept(self, discard: float) -> Complex[Array, "*lanes kept"]:
        share = host_numbers("discard", discard)
        if share.ndim or not 0 <= share < 1:
            raise InvalidInput(
                f"discard is {shown(discard)}; it must be a number from 0 to below 1"
            )
        first = round(float(share) * self.real.shape[-1])
        amplitude = jax.lax.complex(self.real, self.imaginary)[..., first:]
        if amplitude.shape[-1] < _FEWEST:
            raise InvalidInput(
                f"{amplitude.shape[-1]} times are left of {self.real.shape[-1]}; "
                f"{_FEWEST} are needed: keep more times with saves, or discard fewer"
            )
        return amplitude

    def _carrier(self) -> Float[Array, " times"]:
        return self.frame.reference_rotation().phase(self._numbers())

    def _numbers(self):
        return jnp.arange(self.real.shape[-1])
