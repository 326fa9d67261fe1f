"""What stands between an array and its reading: noise, jitter, cycle to cycle, instruments."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from jaxtyping import Array, Float, Key

from rfjax.arrays.nonideality import AbstractNonideality
from rfjax.numerics.keys import folded

# Volts (b, chains) of an array, powers (b, tones), and frequencies (b, tones) or None.
Read = Callable[..., Float[Array, "b chains"]]


class AbstractReading(AbstractNonideality):
    """An effect of one reading of an array; what is random is drawn anew for each row of a batch.

    A reading calls `read` once for what would be read without it, with the array, the powers and
    the frequencies as they are or as it changes them, and returns what is read in their place. So
    noise is added to the volts, jitter moves the frequencies, and what differs from cycle to cycle
    changes the array.

    A subclass that draws nothing says so by `draws = False`; an array all of whose readings do is
    called without a key. Its strengths fit (chains, tones), or what it says by `over`.
    """

    draws: ClassVar[bool] = True

    @abstractmethod
    def __call__(
        self,
        read: Read,
        array: Any,
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, "b tones"] | None,
        *,
        keys: Key[Array, " b"] | None,
    ) -> Float[Array, "b chains"]:
        """The volts that are read.

        **Arguments:**

        - `read`: called as `read(array, powers, frequencies)`, what is read without this; with
          `keys=`, one a row, where it is called with other rows.
        - `array`: a `ResonatorArray`, its devices, detunings and line.
        - `powers` of the tones into one resonator, W.
        - `frequencies` of the tones in Hz; None where they are those of the line.
        - `keys`: one for each row, on which what is drawn for it depends alone; None where no
          reading of the array draws, and no key was given.

        **Returns:** volts.
        """


def reading(
    readings: tuple[AbstractReading, ...],
    read: Read,
    array: Any,
    powers: Float[Array, "b tones"],
    frequencies: Float[Array, "b tones"] | None,
    *,
    keys: Key[Array, " b"] | None,
) -> Float[Array, "b chains"]:
    """What is read with some readings, the first next to the array.

    **Arguments:** `readings`; all others as for a reading. The place of each is folded into the
    keys that it draws with.
    """
    if not readings:
        return read(array, powers, frequencies)
    *inner, last = readings

    def within(array, powers, frequencies, keys=keys):
        return reading(tuple(inner), read, array, powers, frequencies, keys=keys)

    own = None if keys is None else folded(keys, len(inner))
    return last(within, array, powers, frequencies, keys=own)
