"""From a table that was measured to sweeps of the field, one a frequency."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from rfjax.checks import InvalidInput, instance_of
from rfjax.data import Table
from rfjax.fitting.columns import check_given, chosen, fixed, listed, only, plausible
from rfjax.fitting.measurement import padded

_FEWEST = 8  # rows of a frequency
_CHANNELS = 2
_GIVE = "give it, as --frequency '15 GHz'"


class FieldSweeps(NamedTuple):
    """Sweeps of the field, as `fit_fmr_line` takes them.

    **Arguments:** `frequencies` (sweeps,) in Hz; `fields` (sweeps, n) in A/m; `signals`
    (sweeps, n) in V, NaN where one is missing; `quadrature`: the second channel, or None.
    """

    frequencies: Float[np.ndarray, " sweeps"]
    fields: Float[np.ndarray, "sweeps n"]
    signals: Float[np.ndarray, "sweeps n"]
    quadrature: Float[np.ndarray, "sweeps n"] | None


def field_sweeps_of(
    table: Table,
    *,
    field: str | None = None,
    signals: Sequence[str] = (),
    frequency: str | None = None,
) -> FieldSweeps:
    """The sweeps of the field in a table: rows of one frequency are one sweep.

    Columns are chosen by their unit where only one has it, and named otherwise.

    **Arguments:**

    - `table`, of `rfjax.data.read_table`.
    - `field`: the column of the fields.
    - `signals`: the column of the voltage, or the two of a lock-in amplifier.
    - `frequency`: the column of the frequencies, or one with its unit, as "15 GHz".

    **Returns:** the sweeps, by rising frequency; rows without a field or a frequency are left out.

    **Raises:** `InvalidInput` where a column has to be named, has another unit, or frequencies are
    not those of sweeps.
    """
    instance_of("table", table, Table, "a table of rfjax.data.read_table")
    name = chosen(table, field, "magnetic field")
    fields = plausible(table, name, table.column(name, "magnetic field"), "magnetic field")
    names = listed("signals", signals) or [only(table, "voltage")]
    if len(names) > _CHANNELS:
        raise InvalidInput(f"signals are {len(names)} columns; give one, or two of a lock-in")
    channels = [plausible(table, each, table.column(each, "voltage"), "voltage") for each in names]
    given = only(table, "frequency", _GIVE) if frequency is None else frequency
    tone = fixed(table, given, "frequency")
    if tone is not None:
        check_given(table, "frequency", [given])
        tones = np.full(len(fields), tone)
    else:
        tones = plausible(table, given, table.column(given, "frequency"), "frequency")
    rows = np.isfinite(fields) & np.isfinite(tones)
    values = np.unique(tones[rows])
    if len(values) * _FEWEST > rows.sum() or not len(values):
        raise InvalidInput(
            f"{table.source} has {len(values)} frequencies in {rows.sum()} rows, too few rows for "
            "each; give the frequency that was set, as '15 GHz'"
        )
    parts = [rows & (tones == value) for value in values]
    return FieldSweeps(
        values,
        padded([fields[part] for part in parts], "edge"),
        padded([channels[0][part] for part in parts], "missing"),
        padded([channels[1][part] for part in parts], "missing") if channels[1:] else None,
    )
