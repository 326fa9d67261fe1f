"""What every rung of the ladder has in common."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, non_negative, positive
from rfjax.devices import Resonator
from rfjax.laws import spin_diode


class AbstractRectifier(eqx.Module):
    """Gives the DC voltage of resonators that receive tones."""

    def __call__(
        self, resonators: Resonator, powers: ArrayLike, frequencies: ArrayLike
    ) -> Float[Array, "..."]:
        """The rectified voltage of every resonator under all tones.

        **Arguments:** `resonators` of shape (*r); `powers` (*b, tones) in W into one resonator;
        `frequencies` (tones,) in Hz.

        **Returns:** volts, (*b, *r).

        **Raises:** `InvalidInput` for negative powers, frequencies not above zero, values that are
        not finite, and shapes that do not fit.
        """
        powers, frequencies = checked_tones(powers, frequencies)
        detuning = spin_diode.reduced_detuning(
            frequencies, resonators.frequency[..., None], resonators.damping[..., None]
        )
        return self.rectify(resonators, detuning, powers)

    @abstractmethod
    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*r tones"],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """The rectified voltage where the detunings are known already.

        **Arguments:** `resonators` of shape (*r); `detuning` of every tone from every resonator
        in linewidths; `powers` in W.

        **Returns:** volts, (*b, *r).
        """


def checked_tones(
    powers: ArrayLike, frequencies: ArrayLike
) -> tuple[Float[Array, "*b tones"], Float[Array, " tones"]]:
    """Tones as arrays, their powers not negative, their frequencies above zero.

    **Raises:** `InvalidInput` otherwise, or if there is not one frequency for each power.
    """
    powers = non_negative("powers", powers)
    frequencies = positive("frequencies", frequencies)
    if frequencies.ndim != 1 or powers.ndim < 1 or powers.shape[-1] != frequencies.shape[0]:
        raise InvalidInput(
            f"powers have shape {powers.shape} and frequencies {frequencies.shape}; "
            "give frequencies (tones,) and powers (..., tones)"
        )
    return powers, frequencies


def over_resonators(values: Float[Array, "*b tones"], resonators: Resonator) -> Float[Array, "..."]:
    """`values` of the tones with an axis of length one for every axis of the resonators."""
    ones = (1,) * len(resonators.shape)
    return values.reshape(values.shape[:-1] + ones + values.shape[-1:])


def over_tones(values: Float[Array, "*r"]) -> Float[Array, "*r 1"]:
    """`values` of the resonators with an axis of length one for the tones."""
    return values[..., None]


def reduced_drives(resonators: Resonator, powers: Float[Array, "*b tones"]) -> Float[Array, "..."]:
    """The reduced drive $s$ of every tone in every resonator."""
    return spin_diode.reduced_drive(
        over_resonators(powers, resonators),
        over_tones(resonators.frequency),
        over_tones(resonators.damping),
        over_tones(resonators.drive),
    )


def summed_voltage(
    resonators: Resonator,
    detuning: Float[Array, "*r tones"],
    powers: Float[Array, "*b tones"],
    felt: Float[Array, "..."],
) -> Float[Array, "..."]:
    """Volts of all tones together where tone by tone the oscillation power `felt` is known."""
    response = reduced_response(resonators, detuning, felt)
    volts = jnp.sum(over_resonators(powers, resonators) * response, axis=-1)
    return volts * volts_per_watt(resonators)


def reduced_response(
    resonators: Resonator, detuning: Float[Array, "*r tones"], felt: ArrayLike
) -> Float[Array, "..."]:
    """The reduced response $R$ of every resonator to every tone."""
    return spin_diode.response(
        detuning,
        felt,
        over_tones(resonators.reduced_shift),
        over_tones(resonators.nonlinear_damping),
        over_tones(resonators.antisymmetric),
        over_tones(resonators.symmetric),
    )


def volts_per_watt(resonators: Resonator) -> Float[Array, "..."]:
    """The volts per watt of every resonator at a reduced response of one."""
    return spin_diode.voltage_scale(
        resonators.frequency, resonators.damping, resonators.rectification
    )
