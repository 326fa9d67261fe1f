"""The dense layer of a shared line: chains in which every resonator sees every tone."""

import warnings
from collections.abc import Callable
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
    CrossCoupled,
    Dynamic,
    HarmonicBalance,
)
from rfjax.rectifiers.expansion import Expansion
from rfjax.rectifiers.fast.coupled import CoupledExpansion, planned_coupled
from rfjax.rectifiers.planning import half_width_for, planned

_ATTEMPTS = 6
# Errors follow the target, more or less: by how much less to ask for than what would do.
_TIGHTER = 0.7
_PAIRS_AT_ONCE = 2**22


class SharedLineDense(eqx.Module):
    r"""Chains of resonators on one line of tones: volts out of tone powers in.

    $U_j=\sum_k(-1)^k\sum_iV_{kji}$ (5.4). Chain $j$ has one resonator $k$ for every tone, its
    *own*; what trains is the detuning of each from its own tone, in linewidths.

    Models in which each tone is on its own are evaluated by an `Expansion`, `CrossCoupled` by a
    `CoupledExpansion`, that keeps a requested tolerance. It is measured against the direct
    evaluation, here and by `adapted`; what lies outside its range, or cannot be expanded, is
    computed directly, pair by pair.

    **Arguments:**

    - `detuning`: (chains, tones), in linewidths of the resonator.
    - `resonators`: the devices, (tones,); their frequencies are those of their own tones, Hz. They
      can be differentiated through only where `tolerance` is None.
    - `peak_powers`: (tones,), the largest power of each tone into one resonator, W.
    - `rectifier`: the rectifier model; `Independent` if none is given.
    - `gradient`: None, or the model whose derivative stands in for that of `rectifier`: with
      `Frozen(peak_powers)` the gradient of the published algorithm (5.11, 5.17, 5.18).
    - `tolerance` of the expansion, relative to the largest voltage; None to compute every pair.
      Where rounding costs the direct evaluation more, that much is allowed.

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """

    detuning: Float[Array, "*seeds chains tones"]
    resonators: Resonator
    peak_powers: Float[Array, " tones"]
    rectifier: AbstractRectifier
    gradient: AbstractRectifier | None
    tolerance: float | None = eqx.field(static=True)
    expansion: Expansion | CoupledExpansion | None

    def __init__(
        self,
        detuning: ArrayLike,
        resonators: Resonator,
        peak_powers: ArrayLike,
        rectifier: AbstractRectifier | None = None,
        *,
        gradient: AbstractRectifier | None = None,
        tolerance: float | None = 1e-5,
    ):
        detuning, self.peak_powers = checked_chains("detuning", detuning, resonators, peak_powers)
        self.detuning = resonators.checked_detuning(detuning)
        self.resonators = resonators
        self.rectifier = checked_rectifier(rectifier)
        self.gradient = None if gradient is None else checked_rectifier(gradient)
        self.tolerance = None if tolerance is None else positive_number("tolerance", tolerance)
        self.expansion, _ = self._expanded()

    @property
    def frequencies(self) -> Float[Array, " tones"]:
        """The tones on the line, Hz: each is some resonators' own."""
        return self.resonators.frequency

    def __call__(
        self,
        powers: Float[Array, "*b tones"],
        frequencies: Float[Array, "*b tones"] | None = None,
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains.

        **Arguments:** `powers` of the tones, (*b, tones), in W into one resonator; `frequencies` of
        the tones, (*b, tones), in Hz, where they are not those of the line: every pair is computed
        directly, at the detuning that the resonator has from the tone that there is.

        **Returns:** volts, (*b, chains).

        **Raises:** `InvalidInput` for negative powers, frequencies not above zero, another number
        of either, or frequencies for a model whose schedule belongs to tones that stay.
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

        **Raises:** `InvalidInput` for frequencies on a rectifier with a schedule, and for an
        ensemble.
        """
        check_one_network(self.detuning)
        if frequencies is not None and isinstance(self.rectifier, Dynamic | HarmonicBalance):
            raise InvalidInput(
                f"{type(self.rectifier).__name__} is scheduled for tones that stay where they "
                "are; on a shared line of tones that move take another rectifier"
            )
        volts = self._on_its_rung(powers, frequencies)
        if self.gradient is None:
            return volts
        stand_in = directly(self.gradient, self.resonators, self.detuning, powers, frequencies)
        return jax.lax.stop_gradient(volts) + (stand_in - jax.lax.stop_gradient(stand_in))

    def _on_its_rung(self, powers, frequencies):
        if self.expansion is None or frequencies is not None:
            return directly(self.rectifier, self.resonators, self.detuning, powers, frequencies)
        resonators = jax.tree.map(_without_derivative, self.resonators)
        return guarded(
            self.expansion.covers(self.detuning, powers)
            & self.expansion.made_for(resonators)
            & jnp.all(1 + resonators.damping * self.detuning > 0),
            self.expansion,
            partial(directly, self.rectifier, resonators),
            self.detuning,
            powers,
        )

    def adapted(self) -> "SharedLineDense":
        """The same layer with the expansion that suits its present detunings.

        Ranges are widened or narrowed in steps, and the error is measured anew; a pure function
        of the parameters. Works on the host, between compiled steps.
        """
        expansion, _ = self._expanded()
        if _holds_the_same(expansion, self.expansion):
            return self
        return eqx.tree_at(
            lambda layer: layer.expansion, self, expansion, is_leaf=lambda leaf: leaf is None
        )

    def error(self) -> float:
        """The largest error of the fast evaluation that was found at the present detunings.

        **Returns:** relative to the largest voltage; zero where every pair is computed.
        """
        return self._expanded()[1]

    def _expanded(self) -> tuple[Expansion | CoupledExpansion | None, float]:
        """The cheapest expansion found to keep the tolerance, if there is one, and its error."""
        known = (self.detuning, self.peak_powers, *jax.tree.leaves(self.resonators))
        plan = _planner(self.rectifier, chains=self.detuning.shape[-2])
        if self.tolerance is None or plan is None:
            return None, 0.0
        if any(isinstance(array, Tracer) for array in known):
            return None, 0.0
        detuning = np.asarray(self.detuning).reshape(-1, self.detuning.shape[-1])
        half_width = half_width_for(detuning)
        if half_width is None:
            return None, 0.0
        target = self.tolerance
        for _ in range(_ATTEMPTS):
            expansion = plan(
                self.resonators,
                self.peak_powers,
                signs(detuning.shape[1], self.detuning.dtype),
                half_width=half_width,
                tolerance=target,
            )
            if expansion is None:
                break
            against = (
                eqx.Partial(directly, expansion.rectifier),
                self.resonators,
                detuning,
                self.peak_powers,
            )
            error = measured_error(eqx.Partial(_without_devices, expansion), *against)
            enough = allowed(self.tolerance, error, *against)
            if error <= enough:
                return expansion, error
            target *= min(_TIGHTER, _TIGHTER * enough / error)
        warnings.warn(
            f"no fast evaluation of a shared line of {detuning.shape[1]} tones keeps a tolerance "
            f"of {self.tolerance:g}: every pair of resonator and tone is computed, which is slow; "
            "lower the powers, allow a larger tolerance, or give None as tolerance to silence this",
            stacklevel=3,
        )
        return None, 0.0


def _planner(
    rectifier: AbstractRectifier, *, chains: int
) -> Callable[..., Expansion | CoupledExpansion | None] | None:
    """What plans the fast evaluation of a model, if there is one."""
    if isinstance(rectifier, AbstractToneByTone):
        return partial(planned, rectifier, chains=chains)
    return planned_coupled if isinstance(rectifier, CrossCoupled) else None


def _holds_the_same(
    one: Expansion | CoupledExpansion | None, other: Expansion | CoupledExpansion | None
) -> bool:
    """Whether both hold the very same arrays; the modules around them may be copies."""
    (leaves, structure), (others, other_structure) = map(jax.tree.flatten, (one, other))
    return structure == other_structure and all(a is b for a, b in zip(leaves, others))


def _without_devices(expansion: Expansion | CoupledExpansion, _: Resonator, detuning, powers):
    """The voltages of an expansion, which holds its devices and needs none given."""
    return expansion(detuning, powers)


@jax.custom_jvp
def _without_derivative(field: Float[Array, "..."]) -> Float[Array, "..."]:
    """A field of the devices of an expansion, which is made for their values."""
    return field


@_without_derivative.defjvp
def _without_derivative_jvp(primals, tangents):
    raise InvalidInput(
        "the devices of a SharedLineDense with a tolerance have no derivative; give tolerance=None "
        "or differentiate to what trains, eqx.partition(model, model.trainable())"
    )


def detunings_of_tones(
    resonators: Resonator, detuning: Float[Array, "*chains own"], tones: Float[Array, " tones"]
) -> Float[Array, "*chains own tones"]:
    """The detunings, in linewidths, of all tones, in Hz, from resonators detuned from their own.

    **Arguments:** `resonators` (own,), at their own tones; `detuning` in linewidths; `tones` in Hz.
    """
    own = resonators.frequency[:, None]
    damping = jnp.broadcast_to(resonators.damping, resonators.frequency.shape)[:, None]
    return spin_diode.detuning_from_own_tone(tones, own, detuning[..., None], damping)


@jax.checkpoint
def directly(
    rectifier: AbstractRectifier,
    resonators: Resonator,
    detuning: Float[Array, "chains tones"],
    powers: Float[Array, "*b tones"],
    frequencies: Float[Array, "*b tones"] | None = None,
) -> Float[Array, "*b chains"]:
    """The voltages of all chains with every tone in every resonator computed on its own.

    Batches too large for memory are computed part after part, forward and backward. `frequencies`
    of the tones are those of the line if none are given.
    """
    tuned = resonators.detuned(detuning)

    def volts_of(tones: Float[Array, " tones"], some: Float[Array, "b tones"]):
        return head_to_tail(
            rectifier.rectify(tuned, detunings_of_tones(resonators, detuning, tones), some)
        )

    flat = powers.reshape(-1, powers.shape[-1])
    at_once = max(1, _PAIRS_AT_ONCE // (detuning.size * flat.shape[1]))
    shape = (*powers.shape[:-1], detuning.shape[0])
    if frequencies is None:
        volts = partial(volts_of, resonators.frequency)
        if isinstance(rectifier, AbstractLinearInPower) or at_once >= flat.shape[0]:
            return volts(flat).reshape(shape)
        images = flat
        part = jax.checkpoint(lambda one: volts(one[None])[0])
    else:
        images = frequencies.reshape(flat.shape), flat
        part = jax.checkpoint(lambda image: volts_of(image[0], image[1][None])[0])
    return jax.lax.map(part, images, batch_size=at_once).reshape(shape)
