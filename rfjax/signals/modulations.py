"""Modulations with random messages: one class a kind, all called alike."""

import abc
import math
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int, Key

from rfjax.checks import InvalidInput, positive_integer, positive_number, random_key
from rfjax.laws import modulation as law


class AbstractModulation(eqx.Module):
    """How a random message modulates a carrier."""

    def __call__(self, rows: int, count: int, *, key: Key[Array, ""]) -> Complex[Array, "rows n"]:
        """Samples beside the carrier, of a mean power of one, from a random moment on.

        **Arguments:** `rows`: how many signals; `count` of samples of each; `key`.

        **Returns:** complex envelopes, (rows, count).

        **Raises:** `InvalidInput` for no such numbers; messages of noise have two samples or more.
        """
        rows, count = positive_integer("rows", rows), positive_integer("count", count)
        return _drawn(self, rows, count, random_key("key", key))

    @abc.abstractmethod
    def drawn(self, rows: int, count: int, key: Key[Array, ""]) -> Complex[Array, "rows n"]:
        """The samples, without checks; part of a compiled program."""


class PhaseShiftKeying(AbstractModulation):
    r"""Phases of $M$ values, in root-raised-cosine pulses.

    **Arguments:** `order` $M$: 2, 4, 8, …; `samples_per_symbol`; `roll_off` of the pulses, above
    zero, up to one.
    """

    order: int = eqx.field(static=True, converter=partial(positive_integer, "order"))
    samples_per_symbol: int = eqx.field(
        static=True, converter=partial(positive_integer, "samples_per_symbol"), default=8
    )
    roll_off: float = eqx.field(
        static=True, converter=partial(positive_number, "roll_off"), default=0.35
    )

    def __check_init__(self):
        if self.order < 2:
            raise InvalidInput(f"order is {self.order}; give two phases or more")
        _check_pulse(self.samples_per_symbol, self.roll_off)

    def drawn(self, rows: int, count: int, key: Key[Array, ""]) -> Complex[Array, "rows n"]:
        def points(symbols: Int[Array, "*b n"]) -> Complex[Array, "*b n"]:
            return law.phase_shift_keying(symbols, self.order)

        return _keyed(points, self.order, self.samples_per_symbol, self.roll_off, rows, count, key)


class QuadratureAmplitude(AbstractModulation):
    r"""Amplitudes of both quadratures of $\sqrt M$ values each, in root-raised-cosine pulses.

    **Arguments:** `order` $M$, a square: 4, 16, 64, …; others as of `PhaseShiftKeying`.
    """

    order: int = eqx.field(static=True, converter=partial(positive_integer, "order"), default=16)
    samples_per_symbol: int = eqx.field(
        static=True, converter=partial(positive_integer, "samples_per_symbol"), default=8
    )
    roll_off: float = eqx.field(
        static=True, converter=partial(positive_number, "roll_off"), default=0.35
    )

    def __check_init__(self):
        if self.order < 4 or math.isqrt(self.order) ** 2 != self.order:
            raise InvalidInput(f"order is {self.order}; give a square, as 16")
        _check_pulse(self.samples_per_symbol, self.roll_off)

    def drawn(self, rows: int, count: int, key: Key[Array, ""]) -> Complex[Array, "rows n"]:
        def points(symbols: Int[Array, "*b n"]) -> Complex[Array, "*b n"]:
            return law.quadrature_amplitude(symbols, self.order)

        return _keyed(points, self.order, self.samples_per_symbol, self.roll_off, rows, count, key)


class FrequencyShiftKeying(AbstractModulation):
    r"""Two frequencies, $\pm\Delta f$, without a jump of the phase.

    **Arguments:** `deviation` $\Delta f$, in cycles a sample, below a half; `samples_per_symbol`.
    """

    deviation: float = eqx.field(
        static=True, converter=partial(positive_number, "deviation"), default=0.0625
    )
    samples_per_symbol: int = eqx.field(
        static=True, converter=partial(positive_integer, "samples_per_symbol"), default=8
    )

    def __check_init__(self):
        _check_band("deviation", self.deviation)

    def drawn(self, rows: int, count: int, key: Key[Array, ""]) -> Complex[Array, "rows n"]:
        symbols, begin = _symbols(2, self.samples_per_symbol, rows, count, key)
        message = jnp.repeat(2.0 * symbols - 1.0, self.samples_per_symbol, axis=-1)
        return law.frequency_modulation(_from(message, begin, count), self.deviation)


class AmplitudeModulation(AbstractModulation):
    """A carrier whose amplitude follows noise of a limited band.

    **Arguments:** `index`: root mean square of the modulation over the carrier; `bandwidth` of the
    message, in cycles a sample, below a half.
    """

    index: float = eqx.field(static=True, converter=partial(positive_number, "index"), default=0.4)
    bandwidth: float = eqx.field(
        static=True, converter=partial(positive_number, "bandwidth"), default=0.08
    )

    def __check_init__(self):
        _check_band("bandwidth", self.bandwidth)

    def drawn(self, rows: int, count: int, key: Key[Array, ""]) -> Complex[Array, "rows n"]:
        return law.amplitude_modulation(_message(rows, count, self.bandwidth, key), self.index)


class FrequencyModulation(AbstractModulation):
    """A carrier whose frequency follows noise of a limited band.

    **Arguments:** `deviation`: root mean square of the frequency; `bandwidth` of the message; both
    in cycles a sample, below a half.
    """

    deviation: float = eqx.field(
        static=True, converter=partial(positive_number, "deviation"), default=0.05
    )
    bandwidth: float = eqx.field(
        static=True, converter=partial(positive_number, "bandwidth"), default=0.02
    )

    def __check_init__(self):
        _check_band("deviation", self.deviation)
        _check_band("bandwidth", self.bandwidth)

    def drawn(self, rows: int, count: int, key: Key[Array, ""]) -> Complex[Array, "rows n"]:
        message = _message(rows, count, self.bandwidth, key)
        return law.frequency_modulation(message, self.deviation)


_REACH = 8  # symbols that a pulse reaches to either side


@eqx.filter_jit
def _drawn(modulation: AbstractModulation, rows: int, count: int, key):
    return modulation.drawn(rows, count, key)


def _check_pulse(samples_per_symbol: int, roll_off: float) -> None:
    if roll_off > 1:
        raise InvalidInput(f"roll_off is {roll_off:g}; give one at most")
    if samples_per_symbol < 2:
        raise InvalidInput("samples_per_symbol is 1; pulses need two samples or more")


def _check_band(name: str, value: float) -> None:
    if value >= 0.5:
        raise InvalidInput(f"{name} is {value:g}; give cycles a sample, below a half")


def _symbols(
    order: int, each: int, rows: int, count: int, key
) -> tuple[Int[Array, "rows symbols"], Int[Array, " rows"]]:
    """Random symbols, enough for all samples and pulses, and the first sample of each row."""
    chosen, begun = jax.random.split(key)
    symbols = jax.random.randint(chosen, (rows, -(-count // each) + 2 * _REACH + 1), 0, order)
    return symbols, jax.random.randint(begun, (rows,), 0, each)


def _from(values: Array, begin: Int[Array, " rows"], count: int) -> Array:
    """So many values of each row, from its first one on."""
    return jax.vmap(lambda row, at: jax.lax.dynamic_slice_in_dim(row, at, count))(values, begin)


def _keyed(points, order: int, each: int, roll_off: float, rows: int, count: int, key):
    symbols, begin = _symbols(order, each, rows, count, key)
    time = np.arange(-_REACH * each, _REACH * each + 1) / each
    pulse = law.root_raised_cosine(time, roll_off)
    return _from(law.shaped(points(symbols), pulse, each), begin, count)


def _message(rows: int, count: int, bandwidth: float, key) -> Float[Array, "rows n"]:
    """Noise below a frequency, of a mean of zero and a mean square of one."""
    if count < 2:
        raise InvalidInput(f"count is {count}; a message of noise has two samples or more")
    noise = jnp.fft.rfft(jax.random.normal(key, (rows, count)))
    frequency = np.fft.rfftfreq(count)
    # One line at least, of the lowest frequency.
    within = (frequency > 0) & (frequency <= max(bandwidth, 1 / count))
    message = jnp.fft.irfft(noise * within, count)
    return message / jnp.sqrt(jnp.mean(jnp.square(message), axis=-1, keepdims=True))
