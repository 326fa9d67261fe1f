"""Lines above junctions whose direct currents tune them, and what leaks from line to line."""

import dataclasses
from functools import partial

import equinox as eqx
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, finite, instance_of, known, positive
from rfjax.devices import Resonator
from rfjax.laws.field_line import currents_in_lines, line_currents, line_fields, tuned_frequency
from rfjax.printing import described

OERSTED_A_MILLIAMPERE = 1e6 / (4 * np.pi)  # A/m per A


class FieldLines(eqx.Module):
    r"""A line above each junction: $H_k=h_k\left(I_k+\sum_{l\ne k}\ell_{kl}I_l\right)$.

    The Oersted field in the plane of the junction moves its resonance (section 5.2.3.1). It lasts
    as long as the current. A current that leaks from its line into another one tunes that junction
    too; as long as the matrix has an inverse, all resonances can still be set at will: see
    `currents`.

    **Arguments:**

    - `field` $h$ of a current in its own line, A/m per A, one or (lines,); about 1 Oe/mA, 7.96e4,
      as INL measured for the lines of the thesis, if none is given.
    - `leakage` $\ell$: the share of the current of line $l$ that flows in line $k$ as well, one for
      all pairs, or (lines, lines), whose diagonal does not matter.

    **Raises:** `InvalidInput` where a value is not allowed, and for a matrix that is not square.
    """

    field: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "field"),
        default=OERSTED_A_MILLIAMPERE,
        metadata={"unit": "1/m"},
    )
    leakage: Float[Array, "..."] = eqx.field(converter=partial(finite, "leakage"), default=0.0)

    __repr__ = described

    def __check_init__(self):
        shape = self.leakage.shape
        if shape and (len(shape) != 2 or shape[0] != shape[1]):
            raise InvalidInput(f"leakage has shape {shape}; give one number, or (lines, lines)")

    def fields(self, currents: ArrayLike) -> Float[Array, "*b lines"]:
        """The fields at the junctions, A/m.

        **Arguments:** `currents` of the lines in A, (*b, lines).

        **Raises:** `InvalidInput` for shapes that do not fit.
        """
        currents = finite("currents", currents)
        self._check_lines("currents", currents)
        return line_fields(currents, self.field, self.leakage)

    def currents(self, fields: ArrayLike) -> Float[Array, "*b lines"]:
        """The currents that give wanted fields, in spite of what leaks, A.

        **Arguments:** `fields` at the junctions in A/m, (*b, lines).

        **Raises:** `InvalidInput` for shapes that do not fit, and lines that cannot be told apart.
        """
        fields = finite("fields", fields)
        self._check_lines("fields", fields)
        in_lines = currents_in_lines(self.leakage, fields.shape[-1])
        if known(in_lines) and np.linalg.cond(np.asarray(in_lines)) > 1e6:
            raise InvalidInput(
                "leakage makes lines act alike, so that no currents give these fields; give less"
            )
        return line_currents(fields, self.field, self.leakage)

    def tuned(self, resonators: Resonator, currents: ArrayLike, slope: ArrayLike) -> Resonator:
        r"""Resonators under the fields of the lines: $f_k=f_{k,0}+\frac{df_k}{dH}H_k$.

        **Arguments:** `resonators` without currents, (lines,); `currents` of the lines in A, (*b,
        lines); `slope` of the resonances, Hz per A/m, which broadcasts to (lines,).

        **Returns:** resonators, (*b, lines).

        **Raises:** `InvalidInput` for shapes that do not fit, and where no resonance is left.
        """
        instance_of("resonators", resonators, Resonator, "a Resonator")
        fields = self.fields(currents)
        moved = tuned_frequency(resonators.frequency, finite("slope", slope), fields)
        return dataclasses.replace(resonators, frequency=positive("resonance under field", moved))

    def _check_lines(self, name: str, values: Float[Array, "..."]) -> None:
        """Refuse values whose number of lines is another one."""
        if not values.ndim:
            raise InvalidInput(f"{name} has no axis of lines; give (..., lines)")
        lines = values.shape[-1]
        for each, value, fits in (
            ("field", self.field, (lines,)),
            ("leakage", self.leakage, (lines, lines)),
        ):
            if value.shape not in ((), fits):
                raise InvalidInput(
                    f"{each} has shape {value.shape} where {name} have {lines} lines; give one "
                    f"number, or {fits}"
                )
