"""Oscillators as neurons: a direct current in, the power of a tone out."""

import math
from abc import abstractmethod
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.checks import (
    InvalidInput,
    finite_if_known,
    number,
    one_of,
    positive_number,
)
from rfjax.laws import auto_oscillator, magnetoresistance
from rfjax.printing import described


class Tones(NamedTuple):
    """Tones that an oscillator emits, for the line that receives them.

    **Arguments:** `share` of the peak power of each, in [0, 1]; `frequency` relative to the tone of
    the line, of the same shape.
    """

    share: Float[Array, "..."]
    frequency: Float[Array, "..."]


class AbstractActivation(eqx.Module):
    """Maps what drives neurons to the shares of the peak powers that they emit."""

    __repr__ = described

    @abstractmethod
    def __call__(self, values: Float[Array, "..."]) -> Float[Array, "..."] | Tones:
        """The emitted tones.

        **Arguments:** `values`: amplified voltages, without unit.

        **Returns:** the share of the peak power of each, in [0, 1]; or `Tones`, where they are not
        on the tones of the line.
        """

    @property
    def middle(self) -> float:
        """Where neurons start to train, in the unit of what drives them."""
        return 0.0


OUTPUTS = ("emitted power", "oscillation power")


class OscillatorActivation(AbstractActivation):
    r"""The power that oscillators emit, as a share of the most that they can.

    $a(\zeta)=\frac{\zeta^2p(\zeta)}{\zeta_c^2p(\zeta_c)}$ with $\zeta=I/I_{th}$, the free-running
    power $p$ (3.11) and the power that a junction gives to its load (B.11), clamped at the largest
    current $\zeta_c$ that it bears. Zero below the threshold, one at the clamp: the resistances
    drop out, and the tone is amplified to the peak power of the next line. The neurons of the
    thesis put out the oscillation power itself, $a(\zeta)=p(\zeta)/p(\zeta_c)$, as if the voltage
    of the junction did not grow with its current.

    By default the tone stays where it is. With a shift $N$ its frequency moves with the current,
    $f(\zeta)\propto1+Np(\zeta)$ (3.6), about that of its comb, which it has at $\sqrt{\zeta_c}$,
    the `middle` of where it emits.

    **Arguments:** `nonlinear_damping` $Q$; `largest` $\zeta_c$, the largest current in thresholds;
    `nonlinear_shift` $N$, above minus one; `output`: "emitted power" (B.11) or "oscillation power"
    (3.11).

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    nonlinear_damping: float = eqx.field(
        static=True, converter=partial(positive_number, "nonlinear_damping"), default=2.0
    )
    largest: float = eqx.field(
        static=True, converter=partial(positive_number, "largest"), default=4.0
    )
    nonlinear_shift: float = eqx.field(
        static=True, converter=partial(number, "nonlinear_shift"), default=0.0
    )

    output: str = eqx.field(static=True, default="emitted power")

    def __check_init__(self):
        one_of("output", self.output, OUTPUTS)
        if self.largest <= 1:
            raise InvalidInput(
                f"largest is {self.largest:g}, in threshold currents; an oscillator that emits "
                "needs more than 1"
            )
        if not self.nonlinear_shift > -1:
            raise InvalidInput(
                f"nonlinear_shift is {self.nonlinear_shift:g}; it must be above -1, or "
                "frequencies turn negative"
            )

    @property
    def middle(self) -> float:
        r"""The middle of the currents at which they emit, $\sqrt{\zeta_c}$ thresholds."""
        return math.sqrt(self.largest)

    def __call__(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."] | Tones:
        r"""The emitted powers, and where their tones are if they shift.

        **Arguments:** `supercriticality` $\zeta=I/I_{th}$, of any sign and shape.

        **Returns:** the share of the largest, in [0, 1]; NaN for NaN inside of compiled programs.
        With a `nonlinear_shift`, `Tones`.

        **Raises:** `InvalidInput` for values that are not finite.
        """
        clamped = self._clamped(supercriticality)
        share = self._emitted(clamped) / self._emitted(jnp.asarray(self.largest, clamped.dtype))
        return Tones(share, self.frequency(clamped)) if self.nonlinear_shift else share

    def frequency(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."]:
        r"""The frequencies of the tones, $\frac{1+Np(\zeta)}{1+Np(\sqrt{\zeta_c})}$.

        **Arguments:** `supercriticality` $\zeta=I/I_{th}$, of any sign and shape.

        **Returns:** relative to the tone of the comb, no unit.
        """
        clamped = self._clamped(supercriticality)
        middle = jnp.asarray(self.middle, clamped.dtype)
        return self._angular_frequency(clamped) / self._angular_frequency(middle)

    def thresholds(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."]:
        r"""The currents that run through the oscillators: clamped at the largest.

        **Arguments:** `supercriticality` $\zeta=I/I_{th}$, of any sign and shape.

        **Returns:** in threshold currents.

        **Raises:** `InvalidInput` for values that are not finite.
        """
        return self._clamped(supercriticality)

    def _clamped(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."]:
        return jnp.clip(finite_if_known("supercriticality", supercriticality), 0, self.largest)

    def _angular_frequency(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."]:
        power = auto_oscillator.steady_power(supercriticality, self.nonlinear_damping)
        return auto_oscillator.angular_frequency(power, 1.0, self.nonlinear_shift)

    def _emitted(self, supercriticality: Float[Array, "..."]) -> Float[Array, "..."]:
        power = auto_oscillator.steady_power(supercriticality, self.nonlinear_damping)
        if self.output == "oscillation power":
            return power
        return magnetoresistance.emitted_power(power, supercriticality, 1.0, 1.0, 1.0)
