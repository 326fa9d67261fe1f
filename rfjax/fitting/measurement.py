"""From a table that was measured to the arrays that a fit takes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from rfjax.checks import InvalidInput, instance_of
from rfjax.data import Table
from rfjax.data.tables import quantity_of
from rfjax.fitting.columns import (
    check_given,
    check_powers,
    chosen,
    close,
    fixed,
    is_of,
    listed,
    only,
    plausible,
)

_FEWEST = 5  # rows of a power


class Spectra(NamedTuple):
    """Spectra at several powers, as `fit_spin_diode` takes them: `fit_spin_diode(*spectra)`.

    **Arguments:** `frequencies` (powers, n) in Hz; `voltages` (powers, n) in V, NaN where one is
    missing; `powers` in W.
    """

    frequencies: Float[np.ndarray, "powers n"]
    voltages: Float[np.ndarray, "powers n"]
    powers: Float[np.ndarray, " powers"]


def spectra_of(
    table: Table,
    *,
    frequency: str | None = None,
    voltages: Sequence[str] = (),
    powers: Sequence[str] = (),
) -> Spectra:
    """The spectra in a table: rows of one power are one spectrum, or one column is.

    Columns are chosen by their unit where only one has it, and named otherwise; several columns of
    voltages that are called by their powers, as `2 uW (mV)`, are one spectrum each. Units are those
    of the file, or those that `table.with_units` or `read_table` was given.

    **Arguments:**

    - `table`, of `rfjax.data.read_table`.
    - `frequency`: the column of the tones.
    - `voltages`: the column of the rectified voltage, or several, one a power.
    - `powers`: the column of the powers; or powers with units, as "10 uW" or "-20 dBm", one for
      each column of voltages, in their order. Without them columns are called by their powers.

    **Returns:** the spectra, by rising power; rows without a frequency or a power are left out.

    **Raises:** `InvalidInput` where a column has to be named, has another unit, or powers are not
    those of spectra, or others than a column of the table has.
    """
    instance_of("table", table, Table, "a table of rfjax.data.read_table")
    name = chosen(table, frequency, "frequency", _of_fields(table))
    tones = plausible(table, name, table.column(name, "frequency"), "frequency")
    columns = listed("voltages", voltages) or _of_voltages(table)
    volts = [plausible(table, each, table.column(each, "voltage"), "voltage") for each in columns]
    called = [table.names[table.index(name)] for name in columns]
    called = called if all(map(_is_power, called)) else []
    told = listed("powers", powers)
    given = told or called or [only(table, "power", "give it, as --power '10 uW'")]
    set_to = [each for text in given if (each := fixed(table, text, "power")) is not None]
    if told and len(set_to) == len(told):
        check_given(table, "power", told)
        _check_called(table, called, told)
    if len(columns) == len(given) == len(set_to):
        pairs = [(power, tones, each_volts) for power, each_volts in zip(set_to, volts)]
    elif len(columns) == len(given) == 1:
        of_rows = plausible(table, given[0], table.column(given[0], "power"), "power")
        check_powers(table, given[0], of_rows, of_rows <= 0)
        values = np.unique(of_rows[np.isfinite(of_rows)])
        if len(values) * _FEWEST > len(of_rows):
            raise InvalidInput(
                f"column {given[0]!r} of {table.source} has {len(values)} powers in {len(of_rows)} "
                "rows, too few rows for each; give the powers that were set"
            )
        pairs = [(each, tones[of_rows == each], volts[0][of_rows == each]) for each in values]
    else:
        raise InvalidInput(
            f"{len(columns)} columns of voltages and {len(given)} powers do not go together; give "
            "one power with its unit for each column, or one column of powers"
        )
    pairs.sort(key=lambda pair: pair[0])
    clean = [(power, f[np.isfinite(f)], v[np.isfinite(f)]) for power, f, v in pairs]
    if not any(len(f) for _, f, _ in clean):
        raise InvalidInput(f"{table.source} has no row with a frequency")
    return Spectra(
        padded([f for _, f, _ in clean], "edge"),
        padded([v for _, _, v in clean], "missing"),
        np.array([power for power, _, _ in clean]),
    )


def padded(parts: Sequence[Float[np.ndarray, "..."]], how: str) -> Float[np.ndarray, "parts n"]:
    """Rows of unequal lengths as one array.

    **Arguments:** `parts`; `how` the shorter ones are filled up: "edge" repeats the last value,
    "missing" is NaN.
    """
    longest = max(len(part) for part in parts)
    ends = [part[-1] if how == "edge" and len(part) else np.nan for part in parts]
    return np.stack(
        [np.append(part, np.full(longest - len(part), end)) for part, end in zip(parts, ends)]
    )


def _of_voltages(table: Table) -> list[str]:
    """The one column of voltages, or all of them if they are called by their powers."""
    found = table.of_quantity("voltage")
    return found if found and all(map(_is_power, found)) else [only(table, "voltage")]


def _is_power(text: str) -> bool:
    return is_of(text, "power")


def _of_fields(table: Table) -> str:
    """What to do with a table of a swept field, empty for others."""
    found = table.of_quantity("magnetic field")
    return f"for lines over the field {found[0]!r} give --model fmr" if found else ""


def _check_called(table: Table, called: list[str], told: list[str]) -> None:
    """Refuse powers that differ from those that columns are called by."""
    for name, text in zip(called, told):
        if not close(quantity_of(text)[0], quantity_of(name)[0], "power"):
            raise InvalidInput(
                f"{table.source} has a column for {name!r}, not {text!r}; leave --power out"
            )
