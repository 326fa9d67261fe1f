"""A layer of synapses: an array of resonators with its read-out."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays.resonator_array import checked_frequencies
from rfjax.checks import InvalidInput, check_fit, finite, positive, share, shown
from rfjax.devices import Resonator
from rfjax.laws.spin_diode import voltage_scale
from rfjax.laws.synaptic_weight import weight
from rfjax.nn.activation import Tones
from rfjax.numerics.keys import with_key
from rfjax.numerics.parameters import fixed
from rfjax.printing import described

# The norm of all weights of a chain at the start. Inputs have a mean square of about a tenth, from
# pixels as well as from oscillators: sums of them spread by about one threshold current.
WEIGHTS_NORM = 3.0


class ReadOut(eqx.Module):
    r"""The amplifier behind chains: $y_j=g\,U_j/U_0+b_j$.

    **Arguments:** `gain` $g$; `offset` $b$, one for each chain, of a shape that broadcasts with the
    voltages; both train, without unit; `unit` $U_0$ in V.
    """

    gain: Float[Array, "*seeds"]
    offset: Float[Array, "..."]
    unit: Float[Array, ""] = fixed(unit="V")

    __repr__ = described

    def __call__(self, volts: Float[Array, "..."]) -> Float[Array, "..."]:
        """The amplified voltages, without unit."""
        return volts / self.unit * self.gain + self.offset


class Synapses(eqx.Module):
    r"""Resonators and their read-out: shares of the peak powers in, $y=g\,U/U_0+b$ out.

    **Arguments:** `array`: a `ResonatorArray`, a `Convolution`, or what has their `peak_powers`,
    `frequencies`, `check_shape` and `volts`, which may take a `key`; `read_out`.
    """

    array: Any
    read_out: ReadOut

    __repr__ = described

    @classmethod
    def at_start(
        cls, array: Any, *, gain: ArrayLike | None = None, offset: ArrayLike = 0.0
    ) -> "Synapses":
        r"""An array with a read-out as it is before training.

        The unit is $U_0=\beta P_{max}/\Gamma_0$, the voltage of one resonator at the first tone, at
        full power, for a reduced response of one.

        **Arguments:** `array`; `gain` $g$, or None for the one that makes weights of detunings near
        zero as strong as a network needs them, whatever their spread: $3/\sqrt{\sum_kR_{jk}^2}$
        with the reduced responses $R=x/(1+x^2)$ and the mean over chains $j$; `offset` of all
        chains.

        **Returns:** the layer.

        **Raises:** `InvalidInput` for a gain not above zero, for more than one gain or offset, or
        if no gain is given and all detunings are zero.
        """
        if not isinstance(getattr(array, "detuning", None), jax.Array):
            raise InvalidInput(f"array is {shown(array)}; give a ResonatorArray or a Convolution")
        detuning = array.detuning
        if gain is None:
            norm = _weights_norm(detuning)
            gain = WEIGHTS_NORM / positive("the norm of the weights, without a given gain,", norm)
        gain, offset = positive("gain", gain), finite("offset", offset)
        check_fit("gain", gain, (), "one number")
        check_fit("offset", offset, (), "one number")
        aligned = (detuning.shape[0], *(1,) * (detuning.ndim - 2))
        offsets = jnp.full(aligned, offset, detuning.dtype)
        unit = unit_voltage(array.resonators, array.peak_powers)
        return cls(array, ReadOut(gain.astype(detuning.dtype), offsets, unit))

    def __call__(
        self, inputs: ArrayLike | Tones, *, key: Key[Array, "..."] | None = None
    ) -> Float[Array, "..."]:
        """The amplified voltages of tones at a share of their peak powers.

        **Arguments:** `inputs` in [0, 1], as the array takes its powers; or `Tones`, where the
        tones are not those of the line; `key` of what readings of the array draw, one or one a row.

        **Returns:** no unit, of the shape of the voltages of the array.

        **Raises:** `InvalidInput` for inputs outside of [0, 1] or of another number, and for
        frequencies not above zero or of another shape.
        """
        shares = self.shares(inputs)
        powers = shares * self.array.peak_powers
        if not isinstance(inputs, Tones):
            return self.read_out(with_key(self.array.volts, powers, key=key))
        frequencies = checked_frequencies(inputs.frequency, shares) * self.array.frequencies
        return self.read_out(with_key(self.array.volts, powers, frequencies, key=key))

    def shares(self, inputs: ArrayLike | Tones) -> Float[Array, "..."]:
        """Inputs as shares of the peak powers, in [0, 1].

        **Arguments:** `inputs`: as they are called with.

        **Raises:** `InvalidInput` for inputs outside of [0, 1] or of another number.
        """
        shares = share("inputs", inputs.share if isinstance(inputs, Tones) else inputs)
        self.array.check_shape("inputs", shares.shape)
        return shares


@jax.jit
def _weights_norm(detuning: Float[Array, "chains *rest"]) -> Float[Array, ""]:
    """The norm of the reduced responses of a chain, the mean over chains."""
    return jnp.sqrt(jnp.sum(jnp.square(weight(detuning) / 2)) / detuning.shape[0])


@eqx.filter_jit
def unit_voltage(resonators: Resonator, peak_powers: Float[Array, "..."]) -> Float[Array, ""]:
    """The voltage in which those of an array are counted, V."""
    first = resonators.frequency.ravel()[0]
    scale = voltage_scale(first, resonators.damping, resonators.rectification)
    return jnp.max(scale) * peak_powers.ravel()[0]
