"""Networks that settle: layers of oscillators coupled both ways by resonators of equal weight."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.arrays.polarity import signs
from rfjax.checks import (
    InvalidInput,
    function,
    instance_of,
    known,
    random_key,
    sequence,
    share,
    shown,
)
from rfjax.devices import Resonator
from rfjax.laws import auto_oscillator, reciprocal_network
from rfjax.lines import Line
from rfjax.nn.activation import OscillatorActivation
from rfjax.nn.settling import Coupling, Equilibrium, Weighted, settled, weighted
from rfjax.nn.synapses import ReadOut, Synapses, unit_voltage
from rfjax.numerics.parameters import Choice, fixed
from rfjax.printing import in_lines


class ReciprocalNetwork(eqx.Module):
    r"""Layers of oscillators that settle together, since synapses lead forward and back.

    A spin diode leads one way: tones in, a voltage out. Between two layers of oscillators every
    synapse therefore has a twin, with the same detuning, that receives the tone of the later
    oscillator and adds to the current of the earlier one. With equal twins and resonators that are
    linear in power the network descends the energy of `rfjax.laws.reciprocal_network`. The first
    layer of synapses receives the inputs and has no twins.

    What trains are the detunings and the offsets; gains stay, since no synapse knows their
    derivative.

    **Arguments:**

    - `layers`: `Synapses` on `OwnTone()` arrays, two or more, each with as many tones as the one
      before has chains. Gains are those of both ways.
    - `outputs`: the line of the tones that the last oscillators emit.
    - `activation`: `OscillatorActivation(output="oscillation power")` without a shift, which has an
      energy; the default.
    - `mismatch`: what makes the twins out of what was meant, called as `mismatch(array, key=key)`,
      as `rfjax.hardware.Spread("rectification", 0.01)`; None where they are equal.
    - `key` of the mismatch; the place of a layer is folded in.

    **Raises:** `InvalidInput` where these do not fit together.
    """

    layers: tuple[Synapses, ...]
    trains: Choice | None = eqx.field(static=True)
    activation: OscillatorActivation = fixed()
    outputs: Line = fixed()
    mismatch: Callable[..., ResonatorArray] | None = fixed()
    key: Key[Array, ""] | None = fixed()

    def __init__(
        self,
        layers: Sequence[Synapses],
        outputs: Line,
        activation: OscillatorActivation | None = None,
        *,
        mismatch: Callable[..., ResonatorArray] | None = None,
        key: Key[Array, ""] | None = None,
    ):
        self.layers = _checked_layers(layers)
        self.outputs = instance_of("outputs", outputs, Line, "a Line, as Line.geometric(...)")
        chains = len(self.layers[-1].array.detuning)
        if outputs.tones != chains:
            raise InvalidInput(
                f"outputs has {outputs.tones} tones and the last layer {chains} chains; give one "
                "tone for each"
            )
        self.activation = settled_neurons(activation)
        self.mismatch = mismatch
        if mismatch is not None:
            function("mismatch", mismatch, "an effect, as rfjax.hardware.Spread('damping', 0.05)")
            key = random_key("key", key)
        self.key = key
        self.trains = None
        self.trains = Choice.of(
            self, lambda it: [(each.array.detuning, each.read_out.offset) for each in it.layers]
        )

    def with_mismatch(
        self, mismatch: Callable[..., ResonatorArray] | None, *, key: Key[Array, ""] | None = None
    ) -> "ReciprocalNetwork":
        """The same network with twins that differ from what was meant.

        **Arguments:** `mismatch`, or None for equal twins; `key` of what is drawn.

        **Raises:** `InvalidInput` for what is no effect, or without a key.
        """
        return ReciprocalNetwork(
            self.layers, self.outputs, self.activation, mismatch=mismatch, key=key
        )

    def __repr__(self) -> str:
        return in_lines(type(self).__name__, [], [repr(layer) for layer in self.layers])

    def __call__(self, inputs: ArrayLike) -> Float[Array, "*b outputs"]:
        """The shares of the full power that the last oscillators emit in equilibrium.

        **Arguments:** `inputs`: shares of the peak powers of the first line, in [0, 1],
        (*b, features).

        **Returns:** (*b, outputs), differentiable by the implicit function theorem.

        **Raises:** `InvalidInput` for other inputs, and for rows that do not settle; inside of
        compiled programs these are where the last step left them, see `equilibrium`.
        """
        found = self.equilibrium(inputs)
        if known(found.converged) and not np.all(found.converged):
            raise InvalidInput(
                f"{np.sum(~np.asarray(found.converged))} of {np.size(found.converged)} rows do not "
                "settle; lower the gains, or the mismatch of the twins"
            )
        return found.shares[-1]

    def equilibrium(
        self,
        inputs: ArrayLike,
        wanted: ArrayLike | None = None,
        nudge: ArrayLike = 0.0,
    ) -> Equilibrium:
        r"""Where the network settles, from rest, free or drawn to what is wanted.

        **Arguments:** `inputs` as for a call; `wanted`: shares of the outputs, of their shape;
        `nudge` $\beta$: a current $\beta(y-a)$ into every output, below zero to push it away; one
        number, or one a row, (*b,).

        **Returns:** the shares of all layers, differentiable, and which rows settled.
        """
        below = self._forward(0)(self._checked(inputs))
        batch, sizes = below.shape[:-1], tuple(len(each.array.detuning) for each in self.layers)
        wanted = jnp.zeros(sizes[-1:]) if wanted is None else jnp.asarray(wanted)
        given = (
            below.reshape(-1, sizes[0]),
            jnp.broadcast_to(wanted, (*batch, sizes[-1])).reshape(-1, sizes[-1]),
            jnp.broadcast_to(jnp.asarray(nudge), batch).reshape(-1, 1),
        )
        given = jax.tree.map(lambda each: each.astype(below.dtype), given)
        shares, converged = settled(self.couplings(), self.activation, given, sizes[1:])
        shaped = tuple(each.reshape(*batch, each.shape[-1]) for each in shares)
        return Equilibrium(shaped, converged.reshape(batch))

    def energy(
        self, inputs: ArrayLike, shares: Sequence[Float[Array, "*b _"]]
    ) -> Float[Array, "*b"]:
        """The energy of a state, without what nudges it.

        The sum of `rfjax.laws.reciprocal_network.layer_energy` over the layers, by the synapses
        that lead forward.

        **Arguments:** `inputs` as for a call; `shares` of the full power, one array a layer.

        **Returns:** (*b,), no unit.
        """
        damping = self.activation.nonlinear_damping
        full = auto_oscillator.steady_power(self.activation.largest, damping)
        before, total = self._checked(inputs), jnp.zeros(())
        for place, after in enumerate(shares):
            current = self._forward(place)(before)
            total = total + reciprocal_network.layer_energy(after, current, full, damping)
            before = after
        return total

    def couplings(self) -> tuple[Coupling, ...]:
        """The synapses between layers of oscillators, forward and back."""
        lines = [*(layer.array.line for layer in self.layers[2:]), self.outputs]
        return tuple(
            Coupling(self._forward(place), weighted(self._twin(self.layers[place], line, place)))
            for place, line in enumerate(lines, 1)
        )

    def _checked(self, inputs: ArrayLike) -> Float[Array, "*b features"]:
        inputs = share("inputs", inputs)
        self.layers[0].array.check_shape("inputs", inputs.shape)
        return inputs

    def _forward(self, place: int) -> Weighted | Synapses:
        return weighted(self.layers[place])

    def _twin(self, layer: Synapses, line: Line, place: int) -> Synapses:
        """The synapses that lead back, whose tones are those of a line."""
        array = _turned(layer.array, line)
        unit = unit_voltage(array.resonators, array.peak_powers)
        if self.mismatch is not None and self.key is not None:
            array = self.mismatch(array, key=jax.random.fold_in(self.key, place))
        return Synapses(array, ReadOut(layer.read_out.gain, jnp.zeros((), unit.dtype), unit))


def _turned(array: ResonatorArray, line: Line) -> ResonatorArray:
    """An array that gives every tone the weight that the chain of its place gave to each tone.

    A resonator stands at another place of another chain, where the wiring may turn it round: it is
    turned round once more.
    """
    shape, dtype = array.detuning.shape, array.detuning.dtype
    sign = signs(shape[1], dtype)[:, None] * signs(shape[0], dtype)
    fields = {
        field.name: getattr(array.resonators, field.name)
        for field in dataclasses.fields(Resonator)
        if field.init and field.name not in ("frequency", "under_current")
    }
    fields = {
        name: jnp.broadcast_to(each, shape).T * (sign if name.endswith("symmetric") else 1)
        for name, each in fields.items()
    }
    devices = dataclasses.replace(array.resonators, frequency=line.frequencies, **fields)
    return ResonatorArray(
        array.detuning.T, devices, line, array.rectifier, array.wiring, tolerance=None
    )


def _checked_layers(layers: Any) -> tuple[Synapses, ...]:
    what = "two or more Synapses, as Synapses.at_start(array)"
    layers = sequence("layers", layers, what)
    if len(layers) < 2:
        raise InvalidInput(f"there is one layer, to which nothing leads back; give {what}")
    for before, layer in zip((None, *layers), layers):
        instance_of("layers", layer, Synapses, what)
        instance_of("the array of a layer", layer.array, ResonatorArray, "a ResonatorArray")
        if layer.array.wiring.shared:
            raise InvalidInput(
                "on a shared line the tones of neighbours reach every resonator, so that weights "
                "both ways differ; give the arrays OwnTone()"
            )
        if layer.array.readings:
            raise InvalidInput("a network that settles reads without noise; leave readings out")
        if before and layer.array.tones != len(before.array.detuning):
            raise InvalidInput(
                f"a layer of {len(before.array.detuning)} chains is followed by a line of "
                f"{layer.array.tones} tones; give one tone for each chain"
            )
    return layers


def settled_neurons(activation: Any) -> OscillatorActivation:
    """Oscillators whose energy is known, those given or the default.

    **Raises:** `InvalidInput` for others.
    """
    if activation is None:
        return OscillatorActivation(output="oscillation power")
    what = "OscillatorActivation(output='oscillation power')"
    instance_of("activation", activation, OscillatorActivation, what)
    if activation.output != "oscillation power" or activation.nonlinear_shift:
        raise InvalidInput(
            f"activation is {shown(activation)}, which has no energy in closed form; give {what}, "
            "without a shift"
        )
    return activation
