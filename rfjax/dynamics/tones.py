"""Tones that drive devices, steady or changing in steps."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from rfjax.checks import InvalidInput, broadcast_shape, finite, positive, positive_number
from rfjax.dynamics.clock import Rotation, UnequalRotation, difference, split
from rfjax.dynamics.force import AbstractAction, AbstractForce, Amplitude
from rfjax.dynamics.steps import Steps

_UNROLLED = 8  # so few tones are added one by one, which fuses; more go through a product
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

    force: Float[Array, "..."]
    frequency: Float[Array, "..."]
    phase: Float[Array, "..."]

    def __init__(self, force: ArrayLike, frequency: ArrayLike, phase: ArrayLike = 0.0):
        self.force = jnp.atleast_1d(finite("force", force))
        self.frequency = jnp.atleast_1d(positive("frequency", frequency))
        self.phase = jnp.atleast_1d(finite("phase", phase))
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
        force = jnp.broadcast_to(self.force, (*self.shape(), self.frequency.shape[-1]))
        # Tones come first, so that the lanes lie side by side in memory.
        real, imaginary = (
            jnp.moveaxis(force * part(self.phase), -1, 0) for part in (jnp.cos, jnp.sin)
        )
        rotation = steps.clock.rotation(jnp.moveaxis(self.frequency, -1, 0))
        return SteadyTones(real, imaginary, rotation)


class SteadyTones(AbstractAction):
    """Tones made ready: complex amplitudes, tones along the first axis, and how they turn."""

    real: Float[Array, "tones ..."]
    imaginary: Float[Array, "tones ..."]
    rotation: Rotation | UnequalRotation

    def held(self, number: Int[Array, ""], memory: Any) -> Any:
        return self.rotation.phase(number)

    def __call__(self, held: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        phase = held + self.rotation.turned(offset)
        return turned(self.real, self.imaginary, phase)


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

    force: Float[Array, "... samples"]
    frequency: Float[Array, "... samples"]
    phase: Float[Array, "... samples"]
    interval: float = eqx.field(static=True)

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
        force, frequency, phase = (
            jnp.moveaxis(field, -1, 0) for field in (self.force, self.frequency, self.phase)
        )
        number, since = steps.samples(self.interval, force.shape[0])
        offset, correction = difference(frequency, steps.clock.reference)
        lasting = split(np.asarray(self.interval), steps.dtype)
        begun = Rotation.of(offset, correction, *map(jnp.asarray, lasting)).summed().angle
        return _ChangingTone(
            force,
            begun - phase,
            offset,
            correction,
            jnp.asarray(number),
            jnp.asarray(split(since, steps.dtype)),
        )


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

    def held(self, number: Int[Array, ""], memory: Any) -> Any:
        at = self.sample[number]
        offset, correction = self.offset[at], self.correction[at]
        turned = Rotation.of(offset, correction, *self.since[:, number]).angle
        return self.force[at], self.phase[at] + turned, offset

    def __call__(self, held: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        force, phase, frequency = held
        phase = phase + 2 * jnp.pi * frequency * offset
        return force * jnp.cos(phase), -force * jnp.sin(phase)
