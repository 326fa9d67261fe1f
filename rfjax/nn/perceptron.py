"""A perceptron of spin-diode resonators."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.checks import (
    InvalidInput,
    check_fit,
    non_negative,
    one_of,
    positive,
    positive_integer,
    random_key,
    share,
)
from rfjax.devices import Resonator
from rfjax.laws.frequency_comb import scaled_powers
from rfjax.nn.amplified import read_out_unit
from rfjax.nn.shared_line import SharedLineDense
from rfjax.rectifiers import AbstractRectifier, Linearised

Gradients = ("direct", "linearised")


class Perceptron(eqx.Module):
    r"""Inputs as tone powers, one chain of resonators for each class, voltages as logits.

    $P_i = u_i\,P_0f_i/f_0$ (5.4.3.2) for an input $u_i\in[0,1]$, $y_j = g\,U_j/U_0 + b_j$, with
    the voltages $U_j$ of a `SharedLineDense` layer, a gain and an offset of the read-out that
    train, and $U_0$ the voltage of one resonator at the first tone for a reduced response of one.

    **Arguments:** `layer`; `gain` (), `offset` (classes,): without unit, both train; `unit`:
    $U_0$ in V.
    """

    layer: SharedLineDense
    gain: Float[Array, "*seeds"]
    offset: Float[Array, "*seeds classes"]
    unit: Float[Array, ""]

    @classmethod
    def create(
        cls,
        key: Key[Array, ""],
        classes: int = 10,
        *,
        frequencies: ArrayLike,
        power: ArrayLike = 1e-5,
        damping: ArrayLike = 0.01,
        symmetric: ArrayLike = 0.0,
        rectifier: AbstractRectifier | None = None,
        gradient: str = "direct",
        tolerance: float | None = 1e-5,
        spread: ArrayLike = 0.5,
        gain: ArrayLike = 1.0,
    ) -> "Perceptron":
        r"""A perceptron with detunings drawn at random (5.15).

        **Arguments:** `key`: of the random draw; `classes`: chains; `frequencies` (tones,) in Hz,
        one tone for each input; `power` $P_0$ of the first tone at full input, W; `damping`
        $\alpha$; `symmetric` $\xi_S$; `rectifier`: a rectifier model, `Independent` if none is
        given; `gradient`: "direct", or "linearised" for the published algorithm; `tolerance` of
        the fast evaluation, relative to the largest voltage, or None to compute every pair;
        `spread`: standard deviation of the initial detunings, in linewidths; `gain` of the read-out
        at the start.

        **Returns:** the perceptron, in the default precision.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        classes = positive_integer("classes", classes)
        one_of("gradient", gradient, Gradients)
        frequencies = positive("frequencies", frequencies)
        if frequencies.ndim != 1 or not frequencies.size:
            raise InvalidInput(f"frequencies have shape {frequencies.shape}; give (tones,)")
        key, spread = random_key("key", key), non_negative("spread", spread)
        check_fit("spread", spread, (classes, frequencies.size), "(classes, tones)")
        gain = positive("gain", gain)
        check_fit("gain", gain, (), "one number")
        resonators = Resonator(frequencies, damping=damping, symmetric=symmetric)
        peaks = scaled_powers(positive("power", power), frequencies)
        draw = jax.random.normal(key, (classes, frequencies.shape[0]), frequencies.dtype)
        layer = SharedLineDense(
            spread * draw,
            resonators,
            peaks,
            rectifier,
            # A copy: a model that holds an array twice cannot be donated to a compiled program.
            gradient=Linearised(jnp.copy(peaks)) if gradient == "linearised" else None,
            tolerance=tolerance,
        )
        unit = read_out_unit(resonators, peaks)
        return cls(layer, gain.astype(unit.dtype), jnp.zeros(classes, unit.dtype), unit)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "*b classes"]:
        """Logits of a batch.

        **Arguments:** `inputs` in [0, 1], (*b, features).

        **Returns:** logits, (*b, classes), no unit.

        **Raises:** `InvalidInput` for inputs outside of [0, 1] or another number of them.
        """
        inputs = share("inputs", inputs)
        self.layer.check_shape("inputs", inputs.shape)
        volts = self.layer.volts(inputs * self.layer.peak_powers)
        return volts / self.unit * self.gain + self.offset

    def trainable(self) -> "Perceptron":
        """True at every array that trains: detunings, gain and offsets."""
        frozen = jax.tree.map(lambda _: False, self)
        return eqx.tree_at(
            lambda model: (model.layer.detuning, model.gain, model.offset),
            frozen,
            (True, True, True),
        )

    def adapted(self) -> "Perceptron":
        """The same perceptron with a fast evaluation that suits its present detunings."""
        layer = self.layer.adapted()
        if layer is self.layer:
            return self
        return eqx.tree_at(lambda model: model.layer, self, layer)
