"""What every rectifier model has in common."""

from abc import abstractmethod
from functools import partial
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    instance_of,
    non_negative,
    positive,
    where_valid,
)
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.printing import described
from rfjax.rectifiers.fast.base import AbstractEvaluation, Circumstances

# The domain, far beyond any device: within it neither values nor derivatives leave float32.
FARTHEST, STRONGEST, STEEPEST = 1e12, 1e15, 1e8
COARSEST = 0.01  # of the tolerances: steps that are coarser no longer follow the tones


class AbstractRectifier(eqx.Module):
    """Gives the DC voltage of resonators that receive tones."""

    # Whether voltages are a weighted sum of the powers.
    linear_in_power: ClassVar[bool] = False

    __repr__ = described

    def __call__(
        self, resonators: Resonator, powers: ArrayLike, frequencies: ArrayLike
    ) -> Float[Array, "..."]:
        """The rectified voltage of every resonator under all tones at once.

        Several frequencies are several tones at the same time, and their voltages are one. For a
        spectrum, one tone after the other, there is `rfjax.spectrum`.

        **Arguments:** `resonators` of shape (*r); `powers` (*b, tones) in W into one resonator;
        `frequencies` (tones,) in Hz, one or more.

        **Returns:** volts, (*b, *r).

        **Raises:** `InvalidInput` for negative powers, frequencies not above zero, values that are
        not finite, shapes that do not fit, and tones beyond the domain: 1e12 linewidths away, or
        so strong that the reduced drive (`spin_diode.reduced_drive`) is above 1e15.
        """
        return self.rectify(*detuned_tones(resonators, powers, frequencies))

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

    def rectify_own_tones(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*b chains tones"],
        powers: Float[Array, "b tones"],
    ) -> Float[Array, "b chains tones"]:
        """The rectified voltage of resonators each of which receives its own tone alone.

        **Arguments:** `resonators` (chains, tones); `detuning` of its tone from each in linewidths,
        for all rows or for each; `powers` in W.

        **Returns:** volts.
        """
        whole = jax.tree.map(lambda field: jnp.broadcast_to(field, detuning.shape[-2:]), resonators)

        def of_tone(resonators, detuning, powers):
            return self.rectify(resonators, detuning[:, None], powers[..., None])

        of_tones = jax.vmap(of_tone, in_axes=-1, out_axes=-1)
        if detuning.ndim == 2:
            return of_tones(whole, detuning, powers)
        return jax.vmap(of_tones, in_axes=(None, 0, 0))(whole, detuning, powers)

    def check_moving(self) -> None:
        """Refuse tones that are not those of the line, if the model cannot take them.

        Models take them unless they say otherwise here.

        **Raises:** `InvalidInput` where it cannot.
        """

    def prepare(self, wanted: Circumstances) -> AbstractEvaluation | None:
        """What this model prepares for chains of resonators on a line.

        A schedule, or the constants of a fast evaluation. Works on the host.

        **Arguments:** `wanted`: for what.

        **Returns:** the evaluation; None to compute every resonator directly, as most models do.

        **Raises:** `NotPrepared` where there is a fast evaluation, but not for this.
        """
        return None


class AbstractToneByTone(AbstractRectifier):
    """A model in which a resonator converts each tone on its own."""

    @abstractmethod
    def conversion(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "..."],
    ) -> Float[Array, "..."]:
        """The volts per watt at which each resonator rectifies one tone.

        **Arguments:** `resonators`, `detuning` in linewidths and `powers` in W, which broadcast:
        one tone for each resonator.

        **Returns:** V/W, of the broadcast shape.
        """

    @eqx.filter_jit  # one program for a call, and not one an operation
    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        alone = with_tone_axis(resonators)
        if self.linear_in_power:
            weights = self.conversion(alone, detuning, jnp.ones(()))
            highest = jax.lax.Precision.HIGHEST
            return jnp.tensordot(powers, weights, axes=(-1, -1), precision=highest)
        powers = over_resonators(powers, resonators)
        return jnp.sum(powers * self.conversion(alone, detuning, powers), axis=-1)

    def rectify_own_tones(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*b chains tones"],
        powers: Float[Array, "b tones"],
    ) -> Float[Array, "b chains tones"]:
        """See `AbstractRectifier.rectify_own_tones`."""
        powers = powers[:, None, :]
        return powers * self.conversion(resonators, detuning, powers)


def detuned_tones(
    resonators: Resonator, powers: ArrayLike, frequencies: ArrayLike
) -> tuple[Resonator, Float[Array, "*r tones"], Float[Array, "*b tones"]]:
    """Resonators, the detuning of every tone from each in linewidths, and powers, all checked.

    **Raises:** `InvalidInput` where they are not allowed, or beyond the domain.
    """
    instance_of("resonators", resonators, Resonator, "a Resonator")
    powers, frequencies = checked_tones(powers, frequencies)
    detuning, within = _detuned(resonators, powers, frequencies)
    powers = where_valid(
        powers,
        within,
        f"a tone is more than {FARTHEST:g} linewidths from a resonator, a reduced drive above "
        f"{STRONGEST:g}, or a shift above {STEEPEST:g} linewidths: nothing is computed there; "
        "check the units of frequencies, powers and drive",
    )
    return resonators, detuning, powers


@partial(jax.jit, inline=True)
def _detuned(resonators, powers, frequencies):
    """The detuning of every tone from each resonator, and whether all is within the domain."""
    detuning = spin_diode.reduced_detuning(
        frequencies, resonators.frequency[..., None], resonators.damping[..., None]
    )
    detuning = jnp.broadcast_to(detuning, (*resonators.shape, frequencies.size))
    farthest, strongest, steepest = jax.lax.stop_gradient(
        (
            jnp.max(jnp.abs(detuning), initial=0),
            jnp.max(reduced_drives(resonators, jnp.max(powers, initial=0)), initial=0),
            jnp.max(jnp.abs(resonators.reduced_shift), initial=0),
        )
    )
    within = (farthest <= FARTHEST) & (strongest <= STRONGEST) & (steepest <= STEEPEST)
    return detuning, within


def checked_tones(
    powers: ArrayLike, frequencies: ArrayLike
) -> tuple[Float[Array, "*b tones"], Float[Array, " tones"]]:
    """Tones as arrays, their powers not negative, their frequencies above zero.

    **Raises:** `InvalidInput` otherwise, or if there is not one frequency for each power.
    """
    powers = non_negative("powers", powers)
    frequencies = positive("frequencies", frequencies)
    if frequencies.ndim == 1 and not frequencies.size:
        raise InvalidInput("there are no frequencies; give one tone or more")
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


def with_tone_axis(resonators: Resonator) -> Resonator:
    """The same resonators with an axis of length one for the tones at the end."""
    return jax.tree.map(lambda field: field[..., None], resonators)


def reduced_drives(resonators: Resonator, powers: Float[Array, "..."]) -> Float[Array, "..."]:
    """The reduced drive $s$ of one tone in each resonator."""
    return spin_diode.reduced_drive(
        powers, resonators.frequency, resonators.damping, resonators.drive
    )


def given_phases(phases: ArrayLike | None) -> Float[Array, "..."] | None:
    """The phases of tones, finite, if any are given."""
    return None if phases is None else finite("phases", phases)


def phased(
    powers: Float[Array, "*b tones"], phases: Float[Array, "..."] | None
) -> tuple[Float[Array, "*c tones"], Float[Array, "*c tones"]]:
    """Powers and phases of the tones in one shape; phases are zero if none are given.

    **Raises:** `InvalidInput` unless phases are (..., tones) and broadcast to the powers.
    """
    if phases is None:
        return powers, jnp.zeros_like(powers)
    shape = broadcast_shape(powers=powers.shape, phases=phases.shape)
    if shape[-1] != powers.shape[-1]:
        raise InvalidInput(
            f"phases have shape {phases.shape} for {powers.shape[-1]} tones; give (..., tones)"
        )
    return jnp.broadcast_to(powers, shape), jnp.broadcast_to(phases.astype(powers.dtype), shape)


def root_powers(powers: Float[Array, "*b tones"]) -> Float[Array, "*b tones"]:
    """The roots of the powers of tones, to which their forces are proportional.

    At zero power a voltage has a slope, which a root of zero does not have: zero counts as a power
    below rounding.
    """
    info = jnp.finfo(powers.dtype)
    least = info.eps * jnp.max(powers, axis=-1, keepdims=True, initial=0) + info.tiny / info.eps
    return jnp.sqrt(powers + jax.lax.stop_gradient(least))


def volts_per_watt(
    resonators: Resonator, detuning: Float[Array, "..."], effective: ArrayLike
) -> Float[Array, "..."]:
    """The volts per watt of one tone in each resonator at a known effective power."""
    response = spin_diode.response(
        detuning,
        effective,
        resonators.reduced_shift,
        resonators.nonlinear_damping,
        resonators.antisymmetric,
        resonators.symmetric,
    )
    scale = spin_diode.voltage_scale(
        resonators.frequency, resonators.damping, resonators.rectification
    )
    return scale * response


def checked_peaks(peak_powers: ArrayLike) -> Float[Array, " tones"]:
    """The largest powers of the tones as an array.

    **Raises:** `InvalidInput` if one is negative, or if there is not one for each tone.
    """
    peak_powers = non_negative("peak_powers", peak_powers)
    if peak_powers.ndim != 1:
        raise InvalidInput(f"peak_powers have shape {peak_powers.shape}; give (tones,)")
    return peak_powers
