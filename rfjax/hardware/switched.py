r"""Resonators that are switched: training which of two detunings each of them has.

A resonator is in its upper state, $+x_{max}$, or in its lower one, $-x_{max}$, with the
probabilities of `rfjax.laws.two_states`, by which a chain gives a mean voltage. The tendency $s$
trains, while the sharpness $\kappa$ rises: in the end every resonator is in one state (annealing in
mean field; Peterson and Anderson, Complex Systems 1, 995 (1987)).
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays import AbstractWiring, ResonatorArray
from rfjax.arrays.polarity import signs
from rfjax.checks import InvalidInput, check_fit, instance_of, positive, shown
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.laws.two_states import mean_state, mean_voltages
from rfjax.lines import Line
from rfjax.nn import Network
from rfjax.numerics.parameters import fixed
from rfjax.numerics.parametrisation import resolved
from rfjax.printing import described
from rfjax.rectifiers import AbstractRectifier
from rfjax.rectifiers.fast.direct import detunings_of_tones


class TwoStateArray(eqx.Module):
    r"""Chains of resonators each of which is in one of two states with some probability.

    What they give is the mean over the states. It stands in place of an array while states train;
    `hardened` makes the array of it.

    **Arguments:** `tendency` $s$ of each resonator, (chains, tones), without unit; `largest`
    $x_{max}$ in linewidths; `sharpness` $\kappa$; the others as of a `ResonatorArray`.
    """

    tendency: Float[Array, "*seeds chains tones"]
    tolerance: float | None = eqx.field(static=True)
    largest: Float[Array, ""] = fixed(unit="linewidths")
    sharpness: Float[Array, ""] = fixed()
    resonators: Resonator = fixed()
    line: Line = fixed()
    rectifier: AbstractRectifier = fixed()
    wiring: AbstractWiring = fixed()

    __repr__ = described

    @property
    def peak_powers(self) -> Float[Array, " tones"]:
        """The largest power of each tone into one resonator, W."""
        return self.line.peak_powers

    @property
    def frequencies(self) -> Float[Array, " tones"]:
        """The tones on the line, Hz."""
        return self.line.frequencies

    def check_shape(self, name: str, shape: tuple[int, ...]) -> None:
        """Refuse a shape that powers of the tones do not have; raises `InvalidInput`."""
        if not shape or shape[-1] != self.line.tones:
            raise InvalidInput(
                f"{name} have shape {shape}; give (..., {self.line.tones}), one for each tone"
            )

    def volts(self, powers: Float[Array, "*b tones"]) -> Float[Array, "*b chains"]:
        """The mean voltages of all chains.

        **Arguments:** `powers` of the tones of the line, W.

        **Raises:** `InvalidInput` for an ensemble.
        """
        self.check_one_network()
        rows = _mean_volts(self, powers.reshape(-1, self.line.tones))
        return rows.reshape(*powers.shape[:-1], len(self.tendency))

    def hardened(self) -> ResonatorArray:
        """The array in which each resonator is in the state that it tends to.

        **Raises:** `InvalidInput` for an ensemble.
        """
        self.check_one_network()
        return ResonatorArray(
            jnp.where(self.tendency >= 0, self.largest, -self.largest),
            self.resonators,
            self.line,
            self.rectifier,
            self.wiring,
            tolerance=self.tolerance,
        )

    def check_one_network(self) -> None:
        """Refuse an ensemble; raises `InvalidInput`."""
        if self.tendency.ndim != 2:
            raise InvalidInput(
                f"the model is an ensemble of {self.tendency.shape[0]} networks; take one of them "
                "with rfjax.training.member(model, index)"
            )


@eqx.filter_jit
def _mean_volts(chains: TwoStateArray, powers: Float[Array, "b tones"]) -> Float[Array, "b chains"]:
    devices, tones, tendency = chains.resonators, chains.line.frequencies, chains.tendency
    # Devices that all chains share are computed once, not once a chain.
    alike = 1 if max(field.ndim for field in jax.tree.leaves(devices)) < 2 else len(tendency)
    both = jnp.stack([chains.largest, -chains.largest]).astype(tendency.dtype)
    detuning = jnp.broadcast_to(both[:, None, None], (2, alike, len(tones)))
    devices = jax.tree.map(lambda f: jnp.broadcast_to(f, detuning.shape), devices)
    devices, detuning = jax.tree.map(lambda f: f.reshape(-1, len(tones)), (devices, detuning))
    if chains.wiring.shared:
        received = detunings_of_tones(devices, detuning, tones)
        volts = chains.rectifier.rectify(devices.detuned(detuning), received, powers)
    else:
        received = spin_diode.detuning_from_own_tone(
            tones, devices.frequency, detuning, devices.damping
        )
        volts = chains.rectifier.rectify_own_tones(devices.detuned(detuning), received, powers)
    volts = (volts * signs(len(tones), volts.dtype)).reshape(-1, 2, alike, len(tones))
    volts = jnp.broadcast_to(volts, (len(volts), 2, alike, len(tones)))
    return mean_voltages(volts[:, 0], volts[:, 1], mean_state(tendency, chains.sharpness))


def two_state(network: Network, largest: ArrayLike, *, sharpness: ArrayLike = 1.0) -> Network:
    r"""A network whose resonators are to be switched, to train their states.

    Tendencies are the detunings that there are, as shares of $x_{max}$.

    **Arguments:** `network` of perceptrons; `largest` $x_{max}$: detunings are $\pm x_{max}$
    linewidths; `sharpness` $\kappa$ to begin with.

    **Returns:** the network, in which tendencies and read-outs train.

    **Raises:** `InvalidInput` for values not above zero, detunings that the resonators cannot have,
    a network without arrays, and for one with convolutions, with readings, or with another model
    for its gradient.
    """
    instance_of("network", network, Network, "a Network, as from rfjax.nn.mlp")
    largest, sharpness = positive("largest", largest), positive("sharpness", sharpness)
    check_fit("largest", largest, (), "one number")
    check_fit("sharpness", sharpness, (), "one number")
    network.layers_with("array")
    layers = [
        eqx.tree_at(lambda layer: layer.array, layer, _two_state(layer.array, largest, sharpness))
        if hasattr(layer, "array")
        else layer
        for layer in resolved(network).layers
    ]
    return Network(layers)


def _two_state(array: Any, largest: Array, sharpness: Array) -> TwoStateArray:
    instance_of("array", array, ResonatorArray, "perceptrons, as from rfjax.nn.mlp")
    array.check_one_network()
    if array.readings or array.gradient is not None:
        raise InvalidInput(
            "an array has readings, or another model for its gradient; states are trained without"
        )
    array.resonators.checked_detuning(-largest)
    dtype = array.detuning.dtype
    return TwoStateArray(
        array.detuning / largest.astype(dtype),
        array.tolerance,
        largest.astype(dtype),
        sharpness.astype(dtype),
        array.resonators,
        array.line,
        array.rectifier,
        array.wiring,
    )


def with_sharpness(model: Any, sharpness: ArrayLike) -> Any:
    r"""The same model with another sharpness of all resonators of two states.

    **Arguments:** `model`: from `two_state`, or an ensemble of them; `sharpness` $\kappa$.

    **Raises:** `InvalidInput` for a value not above zero, and for a model without such resonators.
    """
    sharpness = positive("sharpness", sharpness)
    check_fit("sharpness", sharpness, (), "one number")

    def other(part: TwoStateArray) -> TwoStateArray:
        now = part.sharpness
        after = jnp.broadcast_to(sharpness.astype(now.dtype), now.shape)
        return eqx.tree_at(lambda part: part.sharpness, part, after)

    return _each(model, other)


def hardened(model: Any) -> Any:
    """The network in which each resonator is in the state that it tends to.

    **Arguments:** `model`: from `two_state`.

    **Raises:** `InvalidInput` for a model without resonators of two states, and for an ensemble.
    """
    return _each(model, TwoStateArray.hardened)


def _each(model: Any, change: Callable[[TwoStateArray], Any]) -> Any:
    parts, structure = jax.tree.flatten(model, is_leaf=_is_two_state)
    if not any(map(_is_two_state, parts)):
        raise InvalidInput(
            f"{shown(model)} has no resonators of two states; give a model that two_state makes"
        )
    after = [change(part) if _is_two_state(part) else part for part in parts]
    return jax.tree.unflatten(structure, after)


def _is_two_state(part: Any) -> bool:
    return isinstance(part, TwoStateArray)
