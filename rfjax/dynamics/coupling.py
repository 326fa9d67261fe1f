"""Coupling between oscillators, and of an oscillator to its own past."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, Int

from rfjax.checks import (
    InvalidInput,
    finite_parts,
    positive_integer,
    positive_number,
    shown,
)
from rfjax.dynamics.carrier_frame import Rotation, split
from rfjax.dynamics.dense_output import Hermite, Passed
from rfjax.dynamics.force import (
    AbstractAction,
    AbstractForce,
    Amplitude,
)
from rfjax.dynamics.steps import Steps

LARGEST_MEMORY = 2**33  # bytes that feedback may take


class Coupling(AbstractForce):
    r"""Linear coupling along the last axis of the lanes: $\sum_k\Omega_{jk}c_k$.

    A real $\Omega_{jk}$ acts like damping, an imaginary one shifts frequencies: dipolar fields
    couple by $-i\Omega$, shared microwave currents by any phase.

    **Arguments:** `strength` $\Omega$, complex, rad/s, (oscillators, oscillators).

    **Raises:** `InvalidInput` if the matrix is not square or not finite.
    """

    strength: Complex[Array, "oscillators oscillators"] = eqx.field(metadata={"unit": "rad/s"})
    couples: ClassVar[bool] = True

    def __init__(self, strength: ArrayLike | Complex[Array, "..."]):
        matrix = _complex("strength", strength)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
            raise InvalidInput(
                f"strength has shape {matrix.shape}; give (oscillators, oscillators)"
            )
        self.strength = matrix

    def frequencies(self) -> ArrayLike | None:
        return None

    def bound(self, amplitude: Float[np.ndarray, "*lanes"]) -> ArrayLike:
        strength = _on_host(self.strength)
        own = np.diag(np.real(np.diagonal(strength)))
        return amplitude @ np.abs(strength - own).T

    def gains(self) -> tuple[ArrayLike, ArrayLike]:
        # No eigenvalue of the part that is not skew lies beyond these (Gershgorin).
        strength = _on_host(self.strength)
        own = np.real(np.diagonal(strength))
        others = np.abs((strength + strength.conj().T) / 2 - np.diag(own)).sum(-1)
        return own - others, own + others

    def shape(self) -> tuple[int, ...]:
        return self.strength.shape[:1]

    def prepared(self, steps: Steps) -> AbstractAction:
        return _Matrix(jnp.real(self.strength).T, jnp.imag(self.strength).T)


class _Matrix(AbstractAction):
    real: Float[Array, "n n"]
    imaginary: Float[Array, "n n"]

    def at_step(self, number: Int[Array, ""], memory: Any) -> Any:
        return None

    def __call__(self, constants: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        re, im = amplitude
        return (
            _product(re, self.real) - _product(im, self.imaginary),
            _product(re, self.imaginary) + _product(im, self.real),
        )


class SparseCoupling(AbstractForce):
    r"""Coupling that is given link by link: $\sum_{l:\,to_l=j}\Omega_lc_{from_l}$ drives $c_j$.

    **Arguments:** `strength` $\Omega_l$, complex, rad/s, (links,); `source` and `target`: which
    oscillator of the last axis of the lanes acts on which, (links,); `oscillators`: how many.

    **Raises:** `InvalidInput` where shapes or indices are not allowed.
    """

    strength: Complex[Array, " links"] = eqx.field(metadata={"unit": "rad/s"})
    source: Int[np.ndarray, " links"]
    target: Int[np.ndarray, " links"]
    oscillators: int = eqx.field(static=True)
    couples: ClassVar[bool] = True

    def __init__(self, strength, source, target, oscillators: int):
        self.strength = _complex("strength", strength)
        self.oscillators = positive_integer("oscillators", oscillators)
        if self.strength.ndim != 1 or not self.strength.size:
            raise InvalidInput(
                f"strength has shape {self.strength.shape}; give one for each link, (links,)"
            )
        self.source = self._indices("source", source)
        self.target = self._indices("target", target)

    def _indices(self, name: str, value: Any) -> Int[np.ndarray, " links"]:
        wanted = f"{name} is {shown(value)}; give known whole numbers, one for each link"
        try:
            index = np.asarray(value)
        except (ValueError, jax.errors.TracerArrayConversionError):
            raise InvalidInput(wanted) from None
        if index.dtype.kind not in "iu":
            raise InvalidInput(wanted)
        if index.shape != self.strength.shape:
            raise InvalidInput(
                f"{name} has shape {index.shape} and strength {self.strength.shape}; "
                "give one of each for each link"
            )
        if not 0 <= index.min() <= index.max() < self.oscillators:
            raise InvalidInput(f"{name} must lie from 0 to {self.oscillators - 1}")
        return index.astype(np.int32)

    def frequencies(self) -> ArrayLike | None:
        return None

    def bound(self, amplitude: Float[np.ndarray, "*lanes"]) -> ArrayLike:
        pushed = np.zeros(amplitude.shape)
        strength, own = _on_host(self.strength), self.source == self.target
        strength = np.where(own, 1j * np.imag(strength), strength)
        links = np.abs(strength) * amplitude[..., self.source]
        np.add.at(np.moveaxis(pushed, -1, 0), self.target, np.moveaxis(links, -1, 0))
        return pushed

    def gains(self) -> tuple[ArrayLike, ArrayLike]:
        # As those of the matrix: a link and its counterpart may cancel.
        strength, many = _on_host(self.strength), self.oscillators
        own = self.source == self.target
        alone, others = np.zeros((2, many))
        np.add.at(alone, self.target[own], np.real(strength[own]))
        source, target, strength = self.source[~own], self.target[~own], strength[~own]
        low = np.minimum(source, target)
        pair, at = np.unique(low * many + np.maximum(source, target), return_inverse=True)
        both = np.zeros(len(pair), strength.dtype)
        np.add.at(both, at.ravel(), np.where(target == low, strength, strength.conj()) / 2)
        for end in (pair // many, pair % many):
            np.add.at(others, end, np.abs(both))
        return alone - others, alone + others

    def shape(self) -> tuple[int, ...]:
        return (self.oscillators,)

    def prepared(self, steps: Steps) -> AbstractAction:
        return _Links(jnp.real(self.strength), jnp.imag(self.strength), self.source, self.target)


class _Links(AbstractAction):
    real: Float[Array, " links"]
    imaginary: Float[Array, " links"]
    source: Int[np.ndarray, " links"]
    target: Int[np.ndarray, " links"]

    def at_step(self, number: Int[Array, ""], memory: Any) -> Any:
        return None

    def __call__(self, constants: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        re, im = (part[..., self.source] for part in amplitude)
        parts = self.real * re - self.imaginary * im, self.real * im + self.imaginary * re
        at = (..., self.target)
        real, imaginary = (
            jnp.zeros_like(whole).at[at].add(part)
            for whole, part in zip(amplitude, parts, strict=True)
        )
        return real, imaginary


class Feedback(AbstractForce):
    r"""An oscillator that is driven by its own past: $\Omega\,c(t-\tau)$.

    The past is interpolated in each step by the cubic through its ends and its slopes there. Before
    the start the amplitude was what it is at the start, in the laboratory frame turning with the
    reference.

    **Arguments:** `strength` $\Omega$, complex, rad/s, (*lanes,); `delay` $\tau$, s: no step of the
    integration is longer, and all steps of one delay are kept in memory.

    **Raises:** `InvalidInput` for values that are not finite or a delay that is not above zero.
    """

    strength: Complex[Array, "..."] = eqx.field(metadata={"unit": "rad/s"})
    delay: float = eqx.field(static=True, metadata={"unit": "s"})

    def __init__(self, strength, *, delay: float):
        self.strength = _complex("strength", strength)
        self.delay = positive_number("delay", delay)

    def frequencies(self) -> ArrayLike | None:
        return None

    def bound(self, amplitude: Float[np.ndarray, "*lanes"]) -> ArrayLike:
        return np.abs(_on_host(self.strength)) * amplitude

    def gains(self) -> tuple[ArrayLike, ArrayLike]:
        rate = np.abs(_on_host(self.strength)).max()
        return -rate, rate

    def shape(self) -> tuple[int, ...]:
        return self.strength.shape

    def echoes(self, switches: Float[np.ndarray, " n"]) -> Float[np.ndarray, " switches"]:
        # A jump of a drive is one of the slope, after a delay one of the curvature, and so on.
        times = self.delay * np.arange(1, _SMOOTH)
        return (np.append(0.0, switches)[:, None] + times).ravel()

    def longest_step(self) -> float:
        return self.delay

    def exact_step(self, fastest: float, tolerance: float) -> float:
        return _REACH * (tolerance / 1e-6) ** 0.25 / fastest

    def prepared(self, steps: Steps) -> AbstractAction:
        past = steps.begin - self.delay
        number, since, length = _passed_steps(steps, past, self.delay)
        # The frame turns during the delay.
        delay = map(jnp.asarray, split(np.asarray(self.delay), steps.dtype))
        reference = steps.frame.reference
        angle = Rotation.of(reference, jnp.zeros_like(reference), *delay).angle
        real, imaginary = jnp.real(self.strength), jnp.imag(self.strength)
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        known = number >= 0
        far = np.arange(len(number))[:, None] - number
        kept = int(far[known].max()) if known.any() else 1
        return _Past(
            real * cosine - imaginary * sine,
            real * sine + imaginary * cosine,
            jnp.asarray(np.where(known, number % kept, kept)),
            jnp.asarray(since, steps.dtype),
            jnp.asarray(length, steps.dtype),
            kept,
        )


_SMOOTH = 4  # jumps of derivatives of this order leave the cubic as exact as it is
_REACH = 0.1  # rad a step at a tolerance of 1e-6, for the cubic


def _passed_steps(steps: Steps, past: Float[np.ndarray, " steps"], delay: float):
    """Which steps each step looks back at.

    **Arguments:** `steps`; `past`: what time it is there when each begins, s; the `delay`, s.

    **Returns:** their numbers, -1 before the start, how long before `past` each began, s (a
    negative time if it is yet to begin), and their lengths, s; all (steps, as many as the most).
    """
    most_after = past + (1 - 1e-6) * steps.length
    first = np.searchsorted(steps.begin, past + 1e-6 * steps.length, "right") - 1
    last = np.searchsorted(steps.begin, most_after, "right") - 1
    number = first[:, None] + np.arange((last - first).max() + 1)
    inside = number <= last[:, None]
    number = np.where(inside, number, last[:, None])
    # Before the start there is one step, and nothing moves in it.
    begin, length = np.append(steps.begin, -delay), np.append(steps.length, delay)
    since = np.where(inside, past[:, None] - begin[number], -np.inf)
    return number, since, length[number]


class _Past(AbstractAction):
    """A past amplitude made ready.

    **Arguments:** `real` and `imaginary` part of the strength, turned back; for each step the
    places in memory that it looks back at, `at`, how long before they began, `since`, and their
    `length`, s; `kept`: how many steps the memory holds, besides what came before the start.
    """

    real: Float[Array, "..."]
    imaginary: Float[Array, "..."]
    at: Int[Array, "steps some"]
    since: Float[Array, "steps some"]
    length: Float[Array, "steps some"]
    kept: int = eqx.field(static=True)

    def begins(self, amplitude: Amplitude) -> Any:
        re = amplitude[0]
        size = 2 * 4 * (self.kept + 1) * re.size * re.dtype.itemsize
        if size > LARGEST_MEMORY:
            raise InvalidInput(
                f"feedback keeps {self.kept} steps of {re.size} lanes, {size / 2**30:.3g} GiB, "
                f"above the limit of {LARGEST_MEMORY / 2**30:g} GiB; give a shorter delay, a "
                "longer step or fewer lanes"
            )
        return tuple(
            jnp.broadcast_to(
                jnp.stack([part, jnp.zeros_like(part)] * 2), (self.kept + 1, 4, *part.shape)
            )
            for part in amplitude
        )

    def at_step(self, number: Int[Array, ""], memory: Any) -> Any:
        past = tuple(part[self.at[number]] for part in memory)
        return past, self.since[number], self.length[number]

    def __call__(self, constants: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        past, since, length = constants
        time = since + offset
        # The last one that has begun; the first one also where rounding says that it has not.
        at = jnp.maximum((time >= 0).sum() - 1, 0)
        fraction = time[at] / length[at]
        re, im = (Hermite(*part[at]).at(fraction, length[at]) for part in past)
        return self.real * re - self.imaginary * im, self.real * im + self.imaginary * re

    def next_memory(self, memory: Any, number: Int[Array, ""], passed: Passed) -> Any:
        at = number % self.kept
        return tuple(
            kept.at[at].set(jnp.stack([jnp.broadcast_to(part, kept.shape[2:]) for part in parts]))
            for kept, parts in zip(memory, (passed.real, passed.imaginary), strict=True)
        )


def _product(one: Array, other: Array) -> Array:
    # Shorter products miss the tolerance on accelerators.
    return jnp.matmul(one, other, precision=jax.lax.Precision.HIGHEST)


def _on_host(strength: Array) -> np.ndarray:
    return np.asarray(strength, np.complex128)


def _complex(name: str, value: Any) -> Complex[Array, "..."]:
    return jax.lax.complex(*finite_parts(name, value))
