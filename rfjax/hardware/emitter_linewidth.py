"""The linewidth of the oscillators that emit the tones."""

from functools import partial
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import non_negative
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.hardware.spread import with_field
from rfjax.laws.spin_diode import resonance_frequency


class EmitterLinewidth(AbstractEffect):
    r"""Tones whose phase diffuses: a Lorentzian line that adds to the linewidth of resonators.

    $\Gamma\to\Gamma+\delta$ with its half width $\delta$, exact for the mean voltage of linear
    resonators; see `rfjax.laws.spin_diode.broadened`. In nonlinear ones the oscillation power falls
    by $\Gamma/(\Gamma+\delta)$ too much. What the diffusion makes single readings scatter by is not
    in it. Nothing is drawn.

    The damping of the resonators stands for both lines afterwards: thermal noise and settling times
    of such an array, as by `ThermalScatter` and `network_costs`, would take the line of the tones
    for loss of the devices. Compute them of the array without it.

    **Arguments:** `half_width` at half maximum, Hz, half of what `Oscillator.linewidth` gives: one
    number, or one for the own tone of each resonator, (tones,).

    **Raises:** `InvalidInput` for a width below zero.
    """

    over: ClassVar[tuple[str, ...]] = ("tones",)

    half_width: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "half_width"), metadata={"unit": "Hz"}
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.half_width):
            return array
        damping = array.resonators.damping
        reached = resonance_frequency(array.resonators.frequency, array.detuning, damping)
        return with_field(array, "damping", damping + self.half_width / reached)
