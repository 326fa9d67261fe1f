"""Perceptrons of several layers: resonators are the synapses, oscillators the neurons between."""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.checks import (
    InvalidInput,
    check_fit,
    function,
    non_negative,
    positive,
    positive_integers,
    random_key,
    sequence,
    share,
)
from rfjax.devices import Resonator
from rfjax.laws.frequency_comb import scaled_powers
from rfjax.nn.amplified import Amplified
from rfjax.nn.checked import checked_frequencies
from rfjax.nn.oscillator import OscillatorActivation, checked_activation
from rfjax.nn.shared_line import SharedLineDense
from rfjax.rectifiers import AbstractRectifier

Line = Callable[..., Any]  # SharedLineDense or FieldLineDense


class MultiLayerPerceptron(eqx.Module):
    r"""Inputs as tone powers; between any two lines, oscillators that the voltages drive (6.4).

    $\zeta=g\,U/U_0+b$ is the current of an oscillator in thresholds, $a(\zeta)$ the share of its
    largest power that it emits as a tone of the next line. The last line's $g\,U/U_0+b$ are the
    logits.

    **Arguments:** `layers`: lines with their amplifiers, first to last; `activation`.
    """

    layers: tuple[Amplified, ...]
    activation: OscillatorActivation

    @classmethod
    def create(
        cls,
        key: Key[Array, ""],
        outputs: Sequence[int],
        *,
        frequencies: Sequence[ArrayLike],
        line: Line = SharedLineDense,
        power: ArrayLike = 1e-5,
        damping: ArrayLike = 0.01,
        symmetric: ArrayLike = 0.0,
        rectifier: AbstractRectifier | None = None,
        tolerance: float | None = 1e-5,
        spread: ArrayLike = 0.1,
        gain: ArrayLike | None = None,
        activation: OscillatorActivation | None = None,
    ) -> "MultiLayerPerceptron":
        r"""A perceptron with detunings drawn at random.

        **Arguments:** `key`: of the random draw; `outputs`: chains of each layer; `frequencies` of
        each layer's tones in Hz, (inputs,), the same number as the layer before has chains; `line`:
        `SharedLineDense`, where every resonator sees every tone, or `FieldLineDense`; `power` of
        the first tone of each line at most, W; `damping` $\alpha$; `symmetric` $\xi_S$;
        `rectifier`: a rectifier model, `Independent` if none is given; `tolerance` of the fast
        evaluation; `spread` of the detunings, in linewidths; `gain` at the start, see
        `Amplified.at_start`; `activation`: the oscillators, with $Q=2$ up to four thresholds if
        none is given.

        **Returns:** the perceptron, in the default precision.

        **Raises:** `InvalidInput` where a value is not allowed or sizes do not fit.
        """
        key, outputs = random_key("key", key), positive_integers("outputs", outputs)
        function("line", line, "SharedLineDense or FieldLineDense")
        what = "combs, (tones,) for each layer"
        frequencies = sequence("frequencies", frequencies, what)
        if len(frequencies) != len(outputs):
            raise InvalidInput(
                f"frequencies has {len(frequencies)} entries for {len(outputs)} layers; give {what}"
            )
        # Copies: layers may be given one array, and a model that holds it twice cannot be donated.
        combs = [jnp.copy(positive("frequencies", comb)) for comb in frequencies]
        for comb in combs:
            if comb.ndim != 1 or not comb.size:
                raise InvalidInput(f"frequencies has an entry of shape {comb.shape}; give {what}")
        for comb, chains in zip(combs[1:], outputs[:-1], strict=True):
            if comb.shape != (chains,):
                raise InvalidInput(
                    f"a layer of {chains} chains is followed by one of {comb.shape[0]} tones; "
                    "give one tone for each chain"
                )
        spread = non_negative("spread", spread)
        activation = checked_activation(activation)
        layers = []
        last = len(outputs) - 1
        for at, (comb, chains) in enumerate(zip(combs, outputs, strict=True)):
            resonators = Resonator(comb, damping=damping, symmetric=symmetric)
            peaks = scaled_powers(positive("power", power), comb)
            draw = jax.random.normal(jax.random.fold_in(key, at), (chains, *comb.shape), comb.dtype)
            check_fit("spread", spread, draw.shape, "(chains, tones)")
            chained = line(spread * draw, resonators, peaks, rectifier, tolerance=tolerance)
            # Neurons start in the middle of where they emit, logits at zero.
            offset = 0.0 if at == last else activation.middle
            layers.append(Amplified.at_start(chained, gain, offset))
        return cls(tuple(layers), activation)

    def __call__(
        self,
        inputs: ArrayLike,
        frequency: ArrayLike | None = None,
    ) -> Float[Array, "*b classes"]:
        """Logits of a batch.

        **Arguments:** `inputs` in [0, 1], (*b, features); `frequency` of their tones relative to
        those of the first line, where they are not there.

        **Returns:** logits, (*b, classes), no unit.

        **Raises:** `InvalidInput` for inputs outside of [0, 1] or another number of them.
        """
        inputs = share("inputs", inputs)
        self.layers[0].line.check_shape("inputs", inputs.shape)
        if frequency is not None:
            frequency = checked_frequencies(frequency, inputs)
        return self.logits(inputs, frequency)

    def logits(
        self,
        inputs: Float[Array, "*b features"],
        frequency: Float[Array, "*b features"] | None = None,
    ) -> Float[Array, "*b classes"]:
        """Logits for inputs and frequencies that have been checked."""
        first, *rest = self.layers
        values = first.read_out(inputs, frequency)
        for layer in rest:
            values = layer.read_out(*self.activation.tones(values))
        return values

    def trainable(self) -> "MultiLayerPerceptron":
        """True at every array that trains: detunings, gains and offsets."""
        frozen = jax.tree.map(lambda _: False, self)
        return eqx.tree_at(
            lambda model: [
                part
                for layer in model.layers
                for part in (layer.line.detuning, layer.gain, layer.offset)
            ],
            frozen,
            replace_fn=lambda _: True,
        )

    def adapted(self) -> "MultiLayerPerceptron":
        """The same perceptron with fast evaluations that suit its present detunings."""
        layers = tuple(layer.adapted() for layer in self.layers)
        if all(new is layer for new, layer in zip(layers, self.layers, strict=True)):
            return self
        return eqx.tree_at(lambda model: model.layers, self, layers)
