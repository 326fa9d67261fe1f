"""Tones that drive devices, steady or changing in steps."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, Int

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    fraction,
    host_numbers,
    instance_of,
    non_negative,
    positive,
    positive_integer,
    positive_number,
)
from rfjax.devices import Resonator
from rfjax.dynamics.carrier_frame import (
    CarrierFrame,
    Rotation,
    UnequalCarrierFrame,
    UnequalRotation,
    difference,
    split,
)
from rfjax.dynamics.force import AbstractAction, AbstractForce, Amplitude
from rfjax.dynamics.steps import Steps
from rfjax.laws import auto_oscillator

_UNROLLED = 8  # so few tones are added one by one, which fuses; more go through a product
_FEWEST = 8  # times of a record
_UNEVEN = 1e-3  # of an interval, by which times may be apart otherwise
_HIGHEST = jax.lax.Precision.HIGHEST  # shorter products miss the tolerance on accelerators


class Tones(AbstractForce):
    r"""Steady tones: $\sum_iF_ie^{-i(\omega_it-\psi_i)}$ (3.3).

    **Arguments:**

    - `force`: $F_i$ in rad/s, (*lanes, tones); see `rfjax.laws.auto_oscillator.force`.
    - `frequency`: Hz, (tones,) for tones that all lanes share (by far the faster), or
      (*lanes, tones).
    - `phase`: $\psi_i$ in rad, (*lanes, tones).

    **Raises:** `InvalidInput` where values or shapes are not allowed.
    """

    force: Float[Array, "..."] = eqx.field(metadata={"unit": "rad/s"})
    frequency: Float[Array, "..."] = eqx.field(metadata={"unit": "Hz"})
    phase: Float[Array, "..."] = eqx.field(metadata={"unit": "rad"})

    @classmethod
    def of_power(
        cls,
        resonators: Resonator,
        powers: ArrayLike,
        frequencies: ArrayLike,
        phase: ArrayLike = 0.0,
    ) -> "Tones":
        r"""Steady tones of known powers, as a rectifier model takes them: $F=\gamma\sqrt P$.

        **Arguments:**

        - `resonators` of shape (*lanes), which know their $\gamma$.
        - `powers` in W into each resonator, (tones,) or (*lanes, tones).
        - `frequencies` in Hz, (tones,) or (*lanes, tones).
        - `phase` $\psi_i$ in rad, (*lanes, tones).

        **Returns:** the tones, with forces of shape (*lanes, tones), or (tones,) where all
        resonators share one $\gamma$.

        **Raises:** `InvalidInput` where values or shapes are not allowed.
        """
        return cls(_force(resonators, powers), frequencies, phase)

    def __init__(self, force: ArrayLike, frequency: ArrayLike, phase: ArrayLike = 0.0):
        self.force = _of_tones(finite("force", force))
        self.frequency = _of_tones(positive("frequency", frequency))
        self.phase = _of_tones(finite("phase", phase))
        whole = broadcast_shape(
            force=self.force.shape, frequency=self.frequency.shape, phase=self.phase.shape
        )
        if not self.frequency.shape[-1]:
            raise InvalidInput("frequency is empty; give at least one tone")
        if self.frequency.shape[-1] != whole[-1]:
            raise InvalidInput(
                f"frequency has shape {self.frequency.shape} for {whole[-1]} tones; "
                "give one frequency for each tone"
            )

    def frequencies(self) -> ArrayLike | None:
        return self.frequency

    def bound(self, amplitude: Float[np.ndarray, "*lanes"]) -> ArrayLike:
        force = np.abs(np.asarray(self.force, np.float64))
        return np.broadcast_to(force, (*self.shape(), self.frequency.shape[-1])).sum(-1)

    def shape(self) -> tuple[int, ...]:
        return broadcast_shape(
            force=self.force.shape, frequency=self.frequency.shape, phase=self.phase.shape
        )[:-1]

    def prepared(self, steps: Steps) -> AbstractAction:
        return self._in_frame(steps.frame)

    @partial(jax.jit, inline=True)
    def _in_frame(self, frame: CarrierFrame | UnequalCarrierFrame) -> "SteadyTones":
        force = jnp.broadcast_to(self.force, (*self.shape(), self.frequency.shape[-1]))
        lanes = (1,) * (force.ndim - self.phase.ndim) + self.phase.shape[:-1]
        phase = jnp.broadcast_to(self.phase, (*lanes, force.shape[-1]))
        # Tones come first, so that the lanes lie side by side in memory.
        force, phase, frequency = (
            jnp.moveaxis(each, -1, 0) for each in (force, phase, self.frequency)
        )
        return SteadyTones(force, phase, frame.rotation(frequency))


class SteadyTones(AbstractAction):
    """Tones made ready: force and phase, tones along the first axis, and how they turn."""

    force: Float[Array, "tones ..."]
    cosine: Float[Array, "tones ..."]
    sine: Float[Array, "tones ..."]
    rotation: Rotation | UnequalRotation

    def __init__(
        self,
        force: Float[Array, "tones ..."],
        phase: Float[Array, "tones ..."],
        rotation: Rotation | UnequalRotation,
    ):
        self.force, self.rotation = force, rotation
        self.cosine, self.sine = jnp.cos(phase), jnp.sin(phase)

    def strengths(self) -> Float[Array, "tones ..."]:
        return self.force

    def of_strengths(self, strengths: Float[Array, "tones ..."] | None) -> "SteadyTones":
        is_leaf = lambda leaf: leaf is None  # noqa: E731
        return eqx.tree_at(lambda tones: tones.force, self, strengths, is_leaf=is_leaf)

    def at_step(self, number: Int[Array, ""], memory: Any) -> Any:
        return self.rotation.phase(number)

    def __call__(self, constants: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        phase = constants + self.rotation.turned(offset)
        return turned(self.force * self.cosine, self.force * self.sine, phase)


def turned(
    real: Float[Array, "tones ..."],
    imaginary: Float[Array, "tones ..."],
    phase: Float[Array, "tones ..."],
) -> Amplitude:
    """The sum of complex amplitudes, each turned back by its phase; tones along the first axis."""
    cosine, sine = jnp.cos(phase), jnp.sin(phase)
    if phase.ndim == 1 and phase.shape[0] > _UNROLLED:
        summed = lambda one, other: jnp.tensordot(one, other, 1, precision=_HIGHEST)  # noqa: E731
        (cosine_real, cosine_imaginary), (sine_real, sine_imaginary) = (
            [summed(turn, part) for part in (real, imaginary)] for turn in (cosine, sine)
        )
        return cosine_real + sine_imaginary, cosine_imaginary - sine_real
    total = jnp.zeros((), real.dtype), jnp.zeros((), real.dtype)
    for re, im, c, s in zip(real, imaginary, cosine, sine, strict=True):
        total = total[0] + (re * c + im * s), total[1] + (im * c - re * s)
    return total


class SampledTone(AbstractForce):
    r"""A tone that changes in steps: force, frequency and phase sampled at a steady rate.

    Between samples everything is constant; the phase runs on without a jump when the frequency
    changes, and jumps by the difference of `phase` otherwise. The last sample stays.

    **Arguments:** `force` $F$ in rad/s, `frequency` in Hz and `phase` in rad, (*lanes, samples);
    `interval`: how long each sample lasts, s; the integration has steps that end at every sample.

    **Raises:** `InvalidInput` where values or shapes are not allowed.
    """

    force: Float[Array, "... samples"] = eqx.field(metadata={"unit": "rad/s"})
    frequency: Float[Array, "... samples"] = eqx.field(metadata={"unit": "Hz"})
    phase: Float[Array, "... samples"] = eqx.field(metadata={"unit": "rad"})
    interval: float = eqx.field(static=True, metadata={"unit": "s"})

    @classmethod
    def of_power(
        cls,
        resonators: Resonator,
        powers: ArrayLike,
        frequencies: ArrayLike,
        phase: ArrayLike = 0.0,
        *,
        interval: float,
    ) -> "SampledTone":
        r"""A tone whose power is sampled: $F=\gamma\sqrt P$.

        **Arguments:**

        - `resonators` of shape (*lanes), which know their $\gamma$.
        - `powers` in W into each resonator, `frequencies` in Hz and `phase` in rad,
          (*lanes, samples).
        - `interval`: how long each sample lasts, s.

        **Returns:** the tone.

        **Raises:** `InvalidInput` where values or shapes are not allowed.
        """
        return cls(_force(resonators, powers), frequencies, phase, interval=interval)

    @classmethod
    def from_waveform(
        cls,
        time: ArrayLike,
        volts: ArrayLike,
        carrier: float,
        impedance: float,
        resonators: Resonator,
        *,
        every: int = 1,
        tolerance: float = 0.01,
    ) -> "SampledTone":
        r"""The tone of a measured waveform: amplitude and phase of a carrier that change slowly.

        On a line of impedance $Z$, $V(t)=\mathrm{Re}\,a(t)\,e^{-i\omega_ct}$ carries the power
        $P=|a|^2/2Z$. The envelope $a$ is found in the spectrum of the record, exactly for signals
        that lie within half the carrier's distance from zero and from the Nyquist frequency, and is
        held at its value in the middle of each interval: changes within one are neglected, which
        `Trajectory.voltage` makes up for at the intervals' ends.

        **Arguments:**

        - `time` in s, (times,), equidistant; the integration starts at the first.
        - `volts` $V$, (*lanes, times). The record is taken to repeat: it holds whole periods, or
          starts and ends at rest.
        - `carrier` in Hz.
        - `impedance` $Z$ in Ω; all power of the line goes into each resonator.
        - `resonators` of shape (*lanes), which know their $\gamma$.
        - `every`: how many samples of the record make one of the tone; the integration takes a step
          for each.
        - `tolerance`: how much of the largest volts may lie outside of that band.

        **Returns:** the tone, at the carrier's frequency.

        **Raises:** `InvalidInput` where values or shapes are not allowed, for a carrier that the
        record undersamples, and for a waveform of which more than the tolerance lies outside.
        """
        carrier = positive_number("carrier", carrier)
        impedance = positive_number("impedance", impedance)
        tolerance = fraction("tolerance", tolerance)
        spacing, volts = _record(time, volts)
        every = positive_integer("every", every, volts.shape[-1])
        envelope = _demodulated(volts, carrier, spacing, every, tolerance)
        powers = np.abs(envelope) ** 2 / (2 * impedance)
        return cls.of_power(
            resonators, powers, carrier, np.angle(envelope), interval=every * spacing
        )

    def __init__(
        self, force: ArrayLike, frequency: ArrayLike, phase: ArrayLike = 0.0, *, interval: float
    ):
        values = finite("force", force), positive("frequency", frequency), finite("phase", phase)
        shape = broadcast_shape(
            force=values[0].shape, frequency=values[1].shape, phase=values[2].shape
        )
        if not shape:
            raise InvalidInput("force, frequency and phase are single numbers; give samples")
        if not shape[-1]:
            raise InvalidInput("force, frequency and phase are empty; give at least one sample")
        self.force, self.frequency, self.phase = map(jnp.asarray, jnp.broadcast_arrays(*values))
        self.interval = positive_number("interval", interval)

    def frequencies(self) -> ArrayLike | None:
        return self.frequency

    def bound(self, amplitude: Float[np.ndarray, "*lanes"]) -> ArrayLike:
        return np.abs(np.asarray(self.force, np.float64)).max(-1)

    def shape(self) -> tuple[int, ...]:
        return self.force.shape[:-1]

    def switches(self) -> Float[np.ndarray, " switches"]:
        return self.interval * np.arange(1, self.force.shape[-1])

    def prepared(self, steps: Steps) -> AbstractAction:
        number, since = steps.samples(self.interval, self.force.shape[-1])
        lasting = split(np.asarray(self.interval), steps.dtype)
        moments = jax.device_put((lasting, number, split(since, steps.dtype)))
        return self._in_frame(steps.frame.reference, *moments)

    @partial(jax.jit, inline=True)
    def _in_frame(self, reference, lasting, number, since) -> "_ChangingTone":
        force, frequency, phase = (
            jnp.moveaxis(field, -1, 0) for field in (self.force, self.frequency, self.phase)
        )
        offset, correction = difference(frequency, reference)
        begun = Rotation.of(offset, correction, *lasting).summed().angle
        return _ChangingTone(force, begun - phase, offset, correction, number, since)


def _of_tones(value: Float[Array, "..."]) -> Float[Array, "... tones"]:
    """A single number is that of one tone."""
    return value if value.ndim else value[None]


def _force(resonators: Resonator, powers: ArrayLike) -> Float[Array, "..."]:
    """The force of each power on each resonator; powers have an axis after the resonators'."""
    instance_of("resonators", resonators, Resonator, "a Resonator")
    powers = _of_tones(non_negative("powers", powers))
    drive = resonators.drive
    drive = drive[..., None] if drive.ndim else drive
    broadcast_shape(resonators=(*resonators.shape, 1), powers=powers.shape)
    return auto_oscillator.force(powers, drive)


def _record(time: ArrayLike, volts: ArrayLike) -> tuple[float, Float[np.ndarray, "..."]]:
    """How far the times of a record are apart, s, and its volts."""
    times, voltages = host_numbers("time", time), host_numbers("volts", volts)
    if times.ndim != 1 or len(times) < _FEWEST or voltages.shape[-1:] != times.shape:
        raise InvalidInput(
            f"time has shape {times.shape} and volts {voltages.shape}; give (times,), {_FEWEST} or "
            "more, and (*lanes, times)"
        )
    if not np.isfinite(times).all() or not np.isfinite(voltages).all():
        raise InvalidInput("time and volts must be finite; leave out what was not recorded")
    times = times.astype(np.float64)
    spacing = (times[-1] - times[0]) / (len(times) - 1)
    if not spacing > 0 or np.abs(np.diff(times) / spacing - 1).max() > _UNEVEN:
        raise InvalidInput("time must rise in equal intervals; interpolate the record to such")
    return float(spacing), voltages.astype(np.float64)


def _demodulated(
    volts: Float[np.ndarray, "*lanes times"],
    carrier: float,
    spacing: float,
    every: int,
    tolerance: float,
) -> Complex[np.ndarray, "*lanes samples"]:
    """The envelope of a carrier in the middle of each of the longer intervals, V."""
    count, nyquist = volts.shape[-1], 1 / (2 * spacing)
    if not carrier < nyquist:
        raise InvalidInput(
            f"carrier is {carrier:g} Hz and the record has {2 * nyquist:g} samples a second, less "
            "than two a period; sample it faster"
        )
    band = np.abs(np.fft.fftfreq(count, spacing) - carrier) < min(carrier, nyquist - carrier) / 2
    # One of the two conjugate halves of a real signal, at twice its amplitude.
    kept = np.where(band, 2 * np.fft.fft(volts), 0)
    largest = np.abs(volts).max()
    outside = np.abs(np.fft.ifft(kept).real - volts).max()
    if outside > tolerance * largest:
        raise InvalidInput(
            f"{100 * outside / largest:.2g} % of the volts lie farther than "
            f"{min(carrier, nyquist - carrier) / 2:.3g} Hz from the carrier, {carrier:g} Hz: it is "
            "another one, undersampled, with noise (filter it, or raise tolerance), or the record "
            "does not end as it begins (cut it to whole periods, as by endpoint=False)"
        )
    # Moved by half an interval, and relative to the carrier; exp(-iωt) is the conjugate half.
    frequency, middle = np.fft.fftfreq(count, spacing), every * spacing / 2
    moved = np.fft.ifft(kept * np.exp(2j * np.pi * frequency * middle))
    moved = moved[..., : count - count % every : every]
    at = middle + every * spacing * np.arange(moved.shape[-1])
    return np.conj(moved * np.exp(-2j * np.pi * carrier * at))


class _ChangingTone(AbstractAction):
    """A sampled tone made ready, samples along the first axis.

    **Arguments:** `force`; `phase` when each sample begins, rad; `offset` of its
    frequency from the frame and the `correction` to that, Hz; for each step the `sample` it lies
    in, and how long it began after it, `since`, s, see `split`.
    """

    force: Float[Array, "samples ..."]
    phase: Float[Array, "samples ..."]
    offset: Float[Array, "samples ..."]
    correction: Float[Array, "samples ..."]
    sample: Int[Array, " steps"]
    since: Float[Array, "parts steps"]

    def at_step(self, number: Int[Array, ""], memory: Any) -> Any:
        at = self.sample[number]
        offset, correction = self.offset[at], self.correction[at]
        turned = Rotation.of(offset, correction, *self.since[:, number]).angle
        return self.force[at], self.phase[at] + turned, offset

    def __call__(self, constants: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        force, phase, frequency = constants
        phase = phase + 2 * jnp.pi * frequency * offset
        return force * jnp.cos(phase), -force * jnp.sin(phase)
