"""Coupling between oscillators, and of an oscillator to its own past."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, Int

from rfjax.checks import InvalidInput, finite, positive_number
from rfjax.dynamics.clock import Clock
from rfjax.dynamics.force import AbstractAction, AbstractForce, Amplitude, Bound


class Coupling(AbstractForce):
    r"""Linear coupling along the last axis of the lanes: $\sum_k\Omega_{jk}c_k$.

    A real $\Omega_{jk}$ acts like damping, an imaginary one shifts frequencies: dipolar fields
    couple by $-i\Omega$, shared microwave currents by any phase.

    **Arguments:** `strength` $\Omega$, complex, rad/s, (oscillators, oscillators).

    **Raises:** `InvalidInput` if the matrix is not square or not finite.
    """

    strength: Complex[Array, "oscillators oscillators"]
    apart: ClassVar[bool] = False

    def __init__(self, strength: ArrayLike | Complex[Array, "..."]):
        matrix = _complex("strength", strength)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise InvalidInput(
                f"strength has shape {matrix.shape}; give (oscillators, oscillators)"
            )
        self.strength = matrix

    def frequencies(self) -> ArrayLike | None:
        return None

    def bound(self) -> Bound:
        return Bound(rate=jnp.abs(self.strength).sum(-1))

    def shape(self) -> tuple[int, ...]:
        return self.strength.shape[:1]

    def prepared(self, clock: Clock) -> AbstractAction:
        return _Matrix(jnp.real(self.strength).T, jnp.imag(self.strength).T)


class _Matrix(AbstractAction):
    real: Float[Array, "n n"]
    imaginary: Float[Array, "n n"]

    def held(self, number: Int[Array, ""], memory: Any) -> Any:
        return None

    def __call__(self, held: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        re, im = amplitude
        product = lambda a, b: jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)  # noqa: E731
        return (
            product(re, self.real) - product(im, self.imaginary),
            product(re, self.imaginary) + product(im, self.real),
        )


class SparseCoupling(AbstractForce):
    r"""Coupling that is given link by link: $c_j$ feels $\sum_{l:\,to_l=j}\Omega_lc_{from_l}$.

    **Arguments:** `strength` $\Omega_l$, complex, rad/s, (links,); `source` and `target`: which
    oscillator of the last axis of the lanes acts on which, (links,); `oscillators`: how many.

    **Raises:** `InvalidInput` where shapes or indices are not allowed.
    """

    strength: Complex[Array, " links"]
    source: Int[np.ndarray, " links"]
    target: Int[np.ndarray, " links"]
    oscillators: int = eqx.field(static=True)
    apart: ClassVar[bool] = False

    def __init__(self, strength, source, target, oscillators: int):
        self.strength = _complex("strength", strength)
        self.source, self.target = np.asarray(source), np.asarray(target)
        self.oscillators = oscillators
        for name, index in (("source", self.source), ("target", self.target)):
            if index.shape != self.strength.shape or index.ndim != 1:
                raise InvalidInput(
                    f"{name} has shape {index.shape} and strength {self.strength.shape}; "
                    "give one of each for each link"
                )
            if index.size and not 0 <= index.min() <= index.max() < oscillators:
                raise InvalidInput(f"{name} must lie from 0 to {oscillators - 1}")

    def frequencies(self) -> ArrayLike | None:
        return None

    def bound(self) -> Bound:
        return Bound(rate=jnp.zeros(self.oscillators).at[self.target].add(jnp.abs(self.strength)))

    def shape(self) -> tuple[int, ...]:
        return (self.oscillators,)

    def prepared(self, clock: Clock) -> AbstractAction:
        return _Links(jnp.real(self.strength), jnp.imag(self.strength), self.source, self.target)


class _Links(AbstractAction):
    real: Float[Array, " links"]
    imaginary: Float[Array, " links"]
    source: Int[np.ndarray, " links"]
    target: Int[np.ndarray, " links"]

    def held(self, number: Int[Array, ""], memory: Any) -> Any:
        return None

    def __call__(self, held: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
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

    The past is interpolated by the quartic through five steps. Before the start the amplitude was
    what it is at the start, in the laboratory frame turning with the reference.

    **Arguments:** `strength` $\Omega$, complex, rad/s, (*lanes,); `delay` $\tau$, s, which takes
    at least three steps of the integration.

    **Raises:** `InvalidInput` for values that are not finite or a delay that is not above zero.
    """

    strength: Complex[Array, "..."]
    delay: float = eqx.field(static=True)

    def __init__(self, strength, *, delay: float):
        self.strength = _complex("strength", strength)
        self.delay = positive_number("delay", delay)

    def frequencies(self) -> ArrayLike | None:
        return None

    def bound(self) -> Bound:
        return Bound(rate=jnp.abs(self.strength))

    def shape(self) -> tuple[int, ...]:
        return self.strength.shape

    def prepared(self, clock: Clock) -> AbstractAction:
        try:
            steps = self.delay / float(clock.step)
        except jax.errors.ConcretizationTypeError:
            raise InvalidInput(
                "Feedback needs a step that is known before compilation; "
                "call simulate outside of jit"
            ) from None
        whole = int(steps)
        if whole < 3:
            raise InvalidInput(
                f"a delay of {self.delay:g} s takes {steps:.3g} steps; "
                f"it needs three: give simulate a step of at most {self.delay / 3:g} s"
            )
        # The frame turns during the delay.
        turn = clock.reference_rotation()
        angle = turn.phase(jnp.asarray(whole)) + turn.turned((steps - whole) * clock.step)
        real, imaginary = jnp.real(self.strength), jnp.imag(self.strength)
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        return _Past(
            real * cosine - imaginary * sine,
            real * sine + imaginary * cosine,
            clock.step,
            whole,
            steps - whole,
        )


_AROUND = np.arange(-2, 3)  # the steps that the past is interpolated between


class _Past(AbstractAction):
    real: Float[Array, "..."]
    imaginary: Float[Array, "..."]
    step: Float[Array, ""]
    whole: int = eqx.field(static=True)
    fraction: float = eqx.field(static=True)

    def begins(self, amplitude: Amplitude) -> Any:
        length = self.whole + 3
        return tuple(jnp.broadcast_to(part, (length, *part.shape)) for part in amplitude)

    def held(self, number: Int[Array, ""], memory: Any) -> Any:
        at = (number - self.whole + _AROUND) % (self.whole + 3)
        return tuple(part[at] for part in memory)

    def __call__(self, held: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        weights = _quartic(jnp.asarray(offset / self.step - self.fraction))
        re, im = (jnp.tensordot(weights, part, 1) for part in held)
        return self.real * re - self.imaginary * im, self.real * im + self.imaginary * re

    def remembered(self, memory: Any, number: Int[Array, ""], amplitude: Amplitude) -> Any:
        at = (number + 1) % (self.whole + 3)
        return tuple(kept.at[at].set(part) for kept, part in zip(memory, amplitude, strict=True))


def _quartic(position: Array) -> Float[Array, "5"]:
    """The weights of five equidistant values in the polynomial through them."""
    weights = []
    for here in _AROUND:
        others = np.delete(_AROUND, here + 2)
        weights.append(jnp.prod((position - others) / (here - others)))
    return jnp.stack(weights)


def _complex(name: str, value: Any) -> Complex[Array, "..."]:
    array = np.asarray(value) if not isinstance(value, jax.Array) else value
    real, imaginary = finite(name, jnp.real(array)), finite(name, jnp.imag(array))
    return jax.lax.complex(real, imaginary)
