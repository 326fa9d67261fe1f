"""The dense layer of field lines: chains in which each resonator sees one tone."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays import head_to_tail
from rfjax.arrays.wiring import signs
from rfjax.checks import InvalidInput, positive_number
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.nn.checked import (
    check_one_network,
    check_tones,
    checked_chains,
    checked_frequencies,
    checked_powers,
    checked_rectifier,
)
from rfjax.nn.guarded import guarded
from rfjax.nn.measured import allowed, measured_error
from rfjax.rectifiers import (
    AbstractLinearInPower,
    AbstractRectifier,
    AbstractToneByTone,
    Linear,
)
from rfjax.numerics.chebyshev import product
from rfjax.numerics.batched_map import in_parts
from rfjax.rectifiers.interpolation import NODE_COUNTS, Interpolation, losses
from rfjax.rectifiers.line import data_of
from rfjax.rectifiers.planning import half_width_for

_RESONATORS_AT_ONCE = 2**22


class FieldLineDense(eqx.Module):
    r"""Chains of resonators, each of which sees its own tone alone: volts out of tone powers in.

    $U_j=\sum_k(-1)^kV_{jk}(P_k)$ (6.4, 6.5). Chain $j$ has one resonator $k$ for every tone; what
    trains is the detuning of each from its tone, in linewidths, which field lines set.

    Models that are linear in the power are one product of matrices. In models in which each
    tone is on its own the volts per watt are an `Interpolation` in the power that keeps a requested
    tolerance, measured against the direct evaluation here and by `adapted`; what lies outside its
    range, or cannot be interpolated, is computed directly, as are all other models. Those that need
    a schedule are scheduled for one tone, `frequencies[:1]`.

    **Arguments:**

    - `detuning`: (chains, tones), in linewidths of the resonator.
    - `resonators`: the devices, (tones,); their frequencies are those of their own tones, Hz.
    - `peak_powers`: (tones,), the largest power of each tone into one resonator, W.
    - `rectifier`: the rectifier model; `Independent` if none is given.
    - `tolerance` of the interpolation, relative to the largest voltage; None to do without.

    **Raises:** `InvalidInput` where shapes or values do not fit, and for a model with phases of
    several tones.
    """

    detuning: Float[Array, "*seeds chains tones"]
    resonators: Resonator
    peak_powers: Float[Array, " tones"]
    rectifier: AbstractRectifier
    tolerance: float | None = eqx.field(static=True)
    interpolation: Interpolation | None

    def __init__(
        self,
        detuning: ArrayLike,
        resonators: Resonator,
        peak_powers: ArrayLike,
        rectifier: AbstractRectifier | None = None,
        *,
        tolerance: float | None = 1e-5,
    ):
        detuning, self.peak_powers = checked_chains("detuning", detuning, resonators, peak_powers)
        self.detuning = resonators.checked_detuning(detuning)
        self.resonators = resonators
        self.rectifier = checked_rectifier(rectifier)
        self.tolerance = None if tolerance is None else positive_number("tolerance", tolerance)
        if not isinstance(self.rectifier, AbstractLinearInPower) and jax.tree.leaves(rectifier):
            raise InvalidInput(
                "the rectifier holds phases of tones that share a line; on field lines each "
                "resonator has one tone, whose phase does not matter: give none"
            )
        self.interpolation, _ = self._interpolated()

    @property
    def frequencies(self) -> Float[Array, " tones"]:
        """The tones, Hz: each goes to its own resonator of every chain."""
        return self.resonators.frequency

    def __call__(
        self,
        powers: Float[Array, "*b tones"],
        frequencies: Float[Array, "*b tones"] | None = None,
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains.

        **Arguments:** `powers` of the tones, (*b, tones), in W into one resonator; `frequencies` of
        the tones, (*b, tones), in Hz, where they are not those of the line: every resonator is
        computed directly, at the detuning that it has from the tone that there is.

        **Returns:** volts, (*b, chains).

        **Raises:** `InvalidInput` for negative powers, frequencies not above zero, or another
        number of either.
        """
        powers = checked_powers(powers, self.frequencies.shape[0])
        if frequencies is not None:
            frequencies = checked_frequencies(frequencies, powers)
        return self.volts(powers, frequencies)

    def check_shape(self, name: str, shape: tuple[int, ...]) -> None:
        """Refuse a shape that powers of the tones do not have; raises `InvalidInput`."""
        check_tones(name, shape, self.frequencies.shape[0])

    def volts(
        self,
        powers: Float[Array, "*b tones"],
        frequencies: Float[Array, "*b tones"] | None = None,
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains for powers and frequencies that have been checked.

        **Raises:** `InvalidInput` for an ensemble.
        """
        check_one_network(self.detuning)
        if frequencies is not None:
            return _part_after_part(
                self.rectifier, self.resonators, self.detuning, powers, frequencies
            )
        if self.interpolation is None:
            return directly(self.rectifier, self.resonators, self.detuning, powers)
        return guarded(
            self.interpolation.covers(self.detuning, powers)
            & self.interpolation.made_for(self.resonators),
            partial(interpolated, self.interpolation, self.resonators),
            partial(directly, self.rectifier, self.resonators),
            self.detuning,
            powers,
        )

    def adapted(self) -> "FieldLineDense":
        """The same layer with the interpolation that suits its present detunings.

        A pure function of the parameters. Works on the host, between compiled steps.
        """
        interpolation, _ = self._interpolated()
        if eqx.tree_equal(interpolation, self.interpolation):
            return self
        return eqx.tree_at(
            lambda layer: layer.interpolation,
            self,
            interpolation,
            is_leaf=lambda leaf: leaf is None,
        )

    def error(self) -> float:
        """The largest error of the interpolation that was found at the present detunings.

        **Returns:** relative to the largest voltage; zero where nothing is interpolated.
        """
        return self._interpolated()[1]

    def _interpolated(self) -> tuple[Interpolation | None, float]:
        """The interpolation with the fewest nodes found to keep the tolerance, and its error."""
        known = (self.detuning, self.peak_powers, *jax.tree.leaves(self.resonators))
        linear = isinstance(self.rectifier, AbstractLinearInPower)
        if self.tolerance is None or linear or not isinstance(self.rectifier, AbstractToneByTone):
            return None, 0.0
        if any(isinstance(array, Tracer) for array in known):
            return None, 0.0
        detuning = np.asarray(self.detuning).reshape(-1, self.detuning.shape[-1])
        half_width = half_width_for(detuning) or np.inf
        wiring = signs(detuning.shape[1], self.detuning.dtype)
        data = data_of(self.resonators, self.peak_powers, wiring)
        # Resonators err independently.
        lost = np.linalg.norm(losses(self.rectifier, data, half_width), axis=1)
        enough = self.tolerance * self._largest_voltage()
        for count in np.asarray(NODE_COUNTS)[lost <= enough].tolist():
            interpolation = Interpolation(
                self.rectifier,
                self.resonators,
                jnp.asarray(half_width, self.detuning.dtype),
                self.peak_powers,
                count,
            )
            against = (
                eqx.Partial(directly, self.rectifier),
                self.resonators,
                detuning,
                self.peak_powers,
            )
            error = measured_error(eqx.Partial(interpolated, interpolation), *against)
            if error <= allowed(self.tolerance, error, *against):
                return interpolation, error
        return None, 0.0

    def _largest_voltage(self) -> float:
        """The largest voltage of a chain, of tones at full power or at none, V."""
        each = _volts_at_peak(self.rectifier, self.resonators, self.detuning, self.peak_powers)
        positive, negative = (np.maximum(each * sign, 0).sum(axis=-1) for sign in (1, -1))
        return float(np.max(np.maximum(positive, negative)))


@eqx.filter_jit
def _volts_at_peak(rectifier, resonators, detuning, peak_powers):
    each = rectifier.conversion(resonators.detuned(detuning), detuning, peak_powers)
    return each * peak_powers * signs(peak_powers.size, peak_powers.dtype)


def interpolated(
    interpolation: Interpolation,
    resonators: Resonator,
    detuning: Float[Array, "chains tones"],
    powers: Float[Array, "*b tones"],
) -> Float[Array, "*b chains"]:
    """The voltages of all chains by an interpolation."""
    wiring = signs(powers.shape[-1], powers.dtype)
    return interpolation(resonators.detuned(detuning), detuning, wiring, powers)


def directly(
    rectifier: AbstractRectifier,
    resonators: Resonator,
    detuning: Float[Array, "chains tones"],
    powers: Float[Array, "*b tones"],
) -> Float[Array, "*b chains"]:
    """The voltages of all chains with every resonator computed under its own tone.

    Batches too large for memory are computed part after part, forward and backward.
    """
    if isinstance(rectifier, AbstractLinearInPower):
        weights = linear_weights(rectifier, resonators, detuning)
        return product(powers, (weights * signs(powers.shape[-1], powers.dtype)).T)
    return _part_after_part(rectifier, resonators, detuning, powers)


def linear_weights(
    rectifier: AbstractLinearInPower,
    resonators: Resonator,
    detuning: Float[Array, "chains tones"],
) -> Float[Array, "chains tones"]:
    """The volts per watt of all resonators by a model that is linear in the power."""
    if not isinstance(rectifier, Linear):
        return rectifier.weights(resonators.detuned(detuning), detuning)
    # A network spends its time on the divisions, for every weight in every step.
    response = spin_diode.response(
        detuning, 0.0, 0.0, 0.0, resonators.antisymmetric, resonators.symmetric
    )
    return response * spin_diode.detuned_voltage_scale(
        resonators.frequency, detuning, resonators.damping, resonators.rectification
    )


@jax.checkpoint
def _part_after_part(rectifier, resonators, detuning, powers, frequencies=None):
    """Every resonator under every power, at its own tone or at the frequency that the tone has."""
    tuned = resonators.detuned(detuning)

    def volts(some: Float[Array, "b tones"], *actual: Float[Array, "b tones"]):
        there = detuning
        for frequency in actual:
            there = spin_diode.detuning_from_own_tone(
                frequency[:, None, :], resonators.frequency, detuning, resonators.damping
            )
        if isinstance(rectifier, AbstractToneByTone):
            some = some[:, None, :]
            return head_to_tail(some * rectifier.conversion(tuned, there, some))
        if isinstance(rectifier, AbstractLinearInPower):
            return head_to_tail(some[:, None, :] * rectifier.weights(tuned, there))
        return head_to_tail(_one_tone_each(rectifier, tuned, there, some))

    tones = (powers,) if frequencies is None else (powers, frequencies)
    flat = tuple(each.reshape(-1, each.shape[-1]) for each in tones)
    at_once = max(1, _RESONATORS_AT_ONCE // detuning.size)
    found = in_parts(jax.checkpoint(volts), flat, at_once)
    return found.reshape(*powers.shape[:-1], detuning.shape[0])


def _one_tone_each(
    rectifier: AbstractRectifier,
    tuned: Resonator,
    detuning: Float[Array, "... chains tones"],
    powers: Float[Array, "b tones"],
) -> Float[Array, "b chains tones"]:
    """The voltages of resonators of which each has one tone, by any rectifier model."""
    whole = jax.tree.map(lambda field: jnp.broadcast_to(field, detuning.shape[-2:]), tuned)

    def of_tone(resonators, detuning, powers):
        return rectifier.rectify(resonators, detuning[:, None], powers[..., None])

    of_tones = jax.vmap(of_tone, in_axes=-1, out_axes=-1)
    if detuning.ndim == 2:
        return of_tones(whole, detuning, powers)
    return jax.vmap(of_tones, in_axes=(None, 0, 0))(whole, detuning, powers)
