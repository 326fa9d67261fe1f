"""Detunings that currents in field lines hold, and what they take for as long as they do."""

from functools import partial

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from rfjax.arrays import ResonatorArray
from rfjax.checks import InvalidInput, check_fit, finite, instance_of, known, non_negative
from rfjax.hardware.field_lines import FieldLines
from rfjax.laws.energy import joule_power
from rfjax.laws.field_line import tuning_field
from rfjax.laws.variability import relative_shift
from rfjax.printing import described


def _slope(value):
    value = finite("slope", value)
    if known(value) and not np.all(np.asarray(value)):
        raise InvalidInput("slope is 0; give the Hz per A/m by which resonances follow a field")
    return value


class FieldTuning(eqx.Module):
    r"""Field lines that hold the detunings of an array, see `rfjax.laws.field_line.tuning_field`.

    Resonators without a current stand at their own tones. Currents flow as long as weights are
    needed (thesis, 5.2.3.1) and take $RI^2$; what leaks between the lines of a chain is made up
    for, see `FieldLines.currents`. `Electronics(tuning=)` takes it into `network_costs`.

    **Arguments:**

    - `lines`: `FieldLines`, one line for each resonator of a chain.
    - `slope` $df/dH$ of the resonances, Hz per A/m, of either sign; one number, or what broadcasts
      to (chains, tones).
    - `resistance` $R$ of a line, Ω, as the slope.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    lines: FieldLines
    slope: Float[Array, "..."] = eqx.field(converter=_slope, metadata={"unit": "Hz·m/A"})
    resistance: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "resistance"), metadata={"unit": "Ω"}
    )

    __repr__ = described

    def __check_init__(self):
        instance_of("lines", self.lines, FieldLines, "FieldLines()")

    def currents(self, array: ResonatorArray) -> Float[Array, "chains tones"]:
        """The currents that hold the detunings of an array, A.

        **Arguments:** `array`.

        **Raises:** `InvalidInput` for lines of another number, or that cannot be told apart, and
        for a slope of another shape.
        """
        _check_shape("slope", self.slope, array)
        share = relative_shift(array.detuning, array.resonators.damping)
        return self.lines.currents(tuning_field(array.frequencies, share, self.slope))

    def power(self, array: ResonatorArray) -> Float[Array, "chains tones"]:
        """What the line of each resonator takes, W; as for `currents`."""
        _check_shape("resistance", self.resistance, array)
        return joule_power(self.currents(array), self.resistance)


def _check_shape(name: str, value: Float[Array, "..."], array: ResonatorArray) -> None:
    what = "one number, or what broadcasts to (chains, tones)"
    check_fit(name, value, array.detuning.shape, what)
