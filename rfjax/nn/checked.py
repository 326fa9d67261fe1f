"""Checks of what layers of chains are made of and called with."""

from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, finite, non_negative, positive
from rfjax.devices import Resonator
from rfjax.rectifiers.base import checked_peaks


def checked_chains(
    name: str, values: ArrayLike, resonators: Resonator, peak_powers: ArrayLike
) -> tuple[Float[Array, "chains tones"], Float[Array, " tones"]]:
    """Values of the resonators and peak powers as arrays, for chains with a resonator a tone.

    **Arguments:** `name` of the values in messages; `values` (chains, tones); `resonators` and
    `peak_powers` (tones,).

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """
    values = finite(name, values)
    peak_powers = checked_peaks(peak_powers)
    tones = peak_powers.shape
    if resonators.frequency.shape != tones or resonators.shape != tones:
        raise InvalidInput(
            f"resonators have shape {resonators.shape} with frequencies "
            f"{resonators.frequency.shape}, peak_powers {tones}; give one resonator frequency "
            "and one peak power for each tone"
        )
    if values.ndim != 2 or values.shape[1:] != tones:
        raise InvalidInput(f"{name} has shape {values.shape}; give (chains, {tones[0]})")
    return values, peak_powers


def checked_frequencies(frequencies: ArrayLike, powers: Float[Array, "..."]) -> Float[Array, "..."]:
    """The frequencies of tones as an array, one for each power.

    **Raises:** `InvalidInput` for frequencies not above zero or of another shape.
    """
    frequencies = positive("frequencies", frequencies)
    if frequencies.shape != powers.shape:
        raise InvalidInput(
            f"frequencies have shape {frequencies.shape}, powers {powers.shape}; give one "
            "frequency for each power"
        )
    return frequencies


def checked_powers(powers: ArrayLike, tones: int) -> Float[Array, "*b tones"]:
    """Powers as an array, (*b, tones).

    **Raises:** `InvalidInput` for negative powers or another number of tones.
    """
    powers = non_negative("powers", powers)
    if powers.ndim < 1 or powers.shape[-1] != tones:
        raise InvalidInput(
            f"powers have shape {powers.shape}; give (..., {tones}), one power for each tone"
        )
    return powers
