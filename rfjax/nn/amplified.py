"""Lines of resonators with the amplifier behind them: one layer of a network."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, check_fit, finite, positive, share, shown
from rfjax.devices import Resonator
from rfjax.laws.spin_diode import voltage_scale
from rfjax.laws.synaptic_weight import weight
from rfjax.nn.checked import checked_frequencies

# The norm of all weights of a chain at the start. Inputs have a mean square of about a tenth, from
# pixels as well as from oscillators: sums of them spread by about one threshold current.
WEIGHTS_NORM = 3.0


class Amplified(eqx.Module):
    r"""A line of chains and the amplifier behind it: $y_j=g\,U_j/U_0+b_j$.

    **Arguments:** `line`: a layer of resonators, from the powers of tones to voltages; `gain` $g$
    and `offset` $b$, one for each chain, of a shape that broadcasts with the voltages; `unit` $U_0$
    in V: see `read_out_unit`.
    """

    line: Any
    gain: Float[Array, "*seeds"]
    offset: Float[Array, "..."]
    unit: Float[Array, ""]

    @classmethod
    def at_start(cls, line: Any, gain: ArrayLike | None, offset: ArrayLike) -> "Amplified":
        r"""A line with an amplifier as it is before training.

        **Arguments:** `line`; `gain` $g$, or None for the one that makes weights of detunings near
        zero as strong as a network needs them, whatever their spread: $3/\sqrt{\sum_kR_{jk}^2}$
        with the reduced responses $R=x/(1+x^2)$ and the mean over chains $j$; `offset` of all
        chains.

        **Returns:** the amplified line.

        **Raises:** `InvalidInput` for a gain not above zero, for more than one gain or offset, or
        if no gain is given and all detunings are zero.
        """
        if not isinstance(getattr(line, "detuning", None), jax.Array):
            raise InvalidInput(f"line is {shown(line)}; give a layer, as FieldLineDense")
        detuning = line.detuning
        if gain is None:
            responses = weight(detuning) / 2
            norm = jnp.sqrt(jnp.sum(jnp.square(responses)) / detuning.shape[0])
            gain = WEIGHTS_NORM / positive("the norm of the weights, without a given gain,", norm)
        gain, offset = positive("gain", gain), finite("offset", offset)
        check_fit("gain", gain, (), "one number")
        check_fit("offset", offset, (), "one number")
        aligned = (detuning.shape[0], *(1,) * (detuning.ndim - 2))
        return cls(
            line,
            gain.astype(detuning.dtype),
            jnp.full(aligned, offset, detuning.dtype),
            read_out_unit(line.resonators, line.peak_powers),
        )

    def __call__(
        self, inputs: Float[Array, "..."], frequency: Float[Array, "..."] | None = None
    ) -> Float[Array, "..."]:
        """The amplified voltages, without unit, of tones at a share of their peak powers.

        **Arguments:** `inputs` in [0, 1], as the line takes its powers; `frequency` relative to the
        tones of the line, of the same shape, for tones that are not there.

        **Returns:** no unit, of the shape of the voltages of the line.

        **Raises:** `InvalidInput` for inputs outside of [0, 1] or of another number, and for
        frequencies not above zero or of another shape.
        """
        inputs = share("inputs", inputs)
        self.line.check_shape("inputs", inputs.shape)
        if frequency is not None:
            frequency = checked_frequencies(frequency, inputs)
        return self.read_out(inputs, frequency)

    def read_out(
        self, inputs: Float[Array, "..."], frequency: Float[Array, "..."] | None = None
    ) -> Float[Array, "..."]:
        """The amplified voltages for inputs and frequencies that have been checked."""
        powers = inputs * self.line.peak_powers
        if frequency is None:
            volts = self.line.volts(powers)
        else:
            volts = self.line.volts(powers, frequency * self.line.frequencies)
        return volts / self.unit * self.gain + self.offset

    def adapted(self) -> "Amplified":
        """The same with a fast evaluation of its line that suits its present detunings."""
        line = self.line.adapted()
        return self if line is self.line else eqx.tree_at(lambda layer: layer.line, self, line)


def read_out_unit(resonators: Resonator, peak_powers: Float[Array, "..."]) -> Float[Array, ""]:
    r"""The voltage in which those of a line are counted: $U_0=\beta P_{max}/\Gamma_0$.

    That of one resonator at the first tone, at full power, for a reduced response of one.

    **Arguments:** `resonators` at their own tones and `peak_powers` in W, of one line.

    **Returns:** V.
    """
    first = resonators.frequency.ravel()[0]
    scale = voltage_scale(first, resonators.damping, resonators.rectification)
    return jnp.max(scale) * peak_powers.ravel()[0]
