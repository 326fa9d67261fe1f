"""Junctions that the tones of their line break."""

from functools import partial
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import non_negative, positive
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.hardware.faults import Dead
from rfjax.laws.junction_voltage import rms_voltage
from rfjax.laws.weibull import failed_share


class Breakdown(AbstractEffect):
    r"""Junctions that break under all tones at their largest powers: $1-e^{-(U/U_0)^k}$ of them.

    $U=\sqrt{R\sum P}$, the root mean square of the voltage, over the tones that a resonator
    receives of the line, of which losses of a chip take nothing here. A barrier that breaks is a
    short: such resonators are `Dead`, and give no voltage. Times to failure are distributed so in
    naturally oxidised MgO, and lognormally in sputtered MgO ("Different dielectric breakdown
    mechanisms for RF-MgO and naturally oxidized MgO", 2014); here voltages are. See
    `junction_stress` for the voltages that single inputs ask for.

    **Arguments:**

    - `resistance` $R$ of a resonator, Ω.
    - `voltage` $U_0$, at which 63 % of the junctions break at microwave frequencies, V; `shape` $k$
      of the distribution, both of the junctions that are meant.

    Numbers, or arrays that broadcast to (chains, tones).

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    steps: ClassVar[tuple[str, ...]] = ("resistance", "voltage", "shape")

    resistance: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "resistance"), metadata={"unit": "Ω"}
    )
    voltage: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "voltage"), metadata={"unit": "V"}
    )
    shape: Float[Array, "..."] = eqx.field(converter=partial(positive, "shape"))

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.resistance):
            return array
        peaks = array.peak_powers
        received = peaks if array.wiring.shared else peaks[:, None]
        volts = rms_voltage(received, self.resistance)
        return Dead(failed_share(volts, self.voltage, self.shape))(array, key=key)
