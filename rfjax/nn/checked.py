"""Checks of what layers of chains are made of and called with."""

from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, finite, instance_of, non_negative, positive
from rfjax.devices import Resonator
from rfjax.rectifiers import AbstractRectifier, Independent
from rfjax.rectifiers.base import checked_peaks


def checked_rectifier(rectifier: AbstractRectifier | None) -> AbstractRectifier:
    """The rectifier model, `Independent` if none is given.

    **Raises:** `InvalidInput` for anything else.
    """
    if rectifier is None:
        return Independent()
    return instance_of("rectifier", rectifier, AbstractRectifier, "a rectifier, as Independent()")


def checked_chains(
    name: str, values: ArrayLike, resonators: Resonator, peak_powers: ArrayLike
) -> tuple[Float[Array, "chains tones"], Float[Array, " tones"]]:
    """Values of the resonators and peak powers as arrays, for chains with a resonator a tone.

    **Arguments:** `name` of the values in messages; `values` (chains, tones); `resonators` and
    `peak_powers` (tones,).

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """
    instance_of("resonators", resonators, Resonator, "a Resonator")
    values = finite(name, values)
    peak_powers = checked_peaks(peak_powers)
    tones = peak_powers.shape
    if resonators.frequency.shape != tones or resonators.shape != tones:
        raise InvalidInput(
            f"resonators have shape {resonators.shape} with frequencies "
            f"{resonators.frequency.shape}, peak_powers {tones}; give one resonator frequency "
            "and one peak power for each tone"
        )
    if values.ndim != 2 or values.shape[1:] != tones or not values.size:
        raise InvalidInput(
            f"{name} has shape {values.shape}; give (chains, {tones[0]}), at least one of each"
        )
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
    check_tones("powers", powers.shape, tones)
    return powers


def check_one_network(weights: Float[Array, "..."]) -> None:
    """Refuse the stacked weights of an ensemble, where those of one network are needed.

    **Raises:** `InvalidInput` for weights that are not (chains, tones).
    """
    if weights.ndim != 2:
        raise InvalidInput(
            f"the model is an ensemble of {weights.shape[0]} networks; take one of them with "
            "rfjax.training.member(model, index)"
        )


def check_tones(name: str, shape: tuple[int, ...], tones: int) -> None:
    """Refuse what does not have one number for each tone along its last axis.

    **Raises:** `InvalidInput`, with the `name`.
    """
    if not shape or shape[-1] != tones:
        raise InvalidInput(f"{name} have shape {shape}; give (..., {tones}), one for each tone")
