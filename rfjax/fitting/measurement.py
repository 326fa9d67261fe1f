"""From a table that was measured to the arrays that a fit takes."""

import shlex
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from rfjax.checks import InvalidInput, instance_of, shown
from rfjax.data import Table
from rfjax.data.tables import quantity_of

_OPTIONS = {  # of `rfjax fit`, with a unit
    "frequency": ("frequency", "MHz"),
    "magnetic field": ("field", "mT"),
    "voltage": ("voltage", "V"),
    "power": ("power", "uW"),
    "current": ("current", "mA"),
}
_COLUMN = "Xchannel"
_FEWEST = 5  # rows of a power
_PLAUSIBLE = {  # of the largest size in a column, SI: beyond, the unit is another one
    "frequency": (1e5, 1e13, "Hz, where 100 kHz to 10 THz are measured"),
    "magnetic field": (1e-3, 8e7, "A/m, where up to 100 T are measured"),
    "voltage": (1e-12, 1e3, "V, where 1 pV to 1 kV are measured"),
    "power": (1e-18, 1e3, "W, where 1 aW to 1 kW are measured"),
    "current": (1e-9, 10.0, "A, where 1 nA to 10 A are measured"),
}


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
    those of spectra.
    """
    instance_of("table", table, Table, "a table of rfjax.data.read_table")
    name = chosen(table, frequency, "frequency")
    tones = plausible(table, name, table.column(name, "frequency"), "frequency")
    columns = listed("voltages", voltages) or _of_voltages(table)
    volts = [plausible(table, each, table.column(each, "voltage"), "voltage") for each in columns]
    called = [table.names[table.index(name)] for name in columns]
    given = listed("powers", powers) or (called if all(map(_is_power, called)) else [])
    given = given or [only(table, "power", "or give it, as '10 uW'")]
    if len(columns) == len(given) and all(map(_is_quantity, given)):
        pairs = [(_power(each), tones, each_volts) for each, each_volts in zip(given, volts)]
    elif len(columns) == len(given) == 1:
        of_rows = plausible(table, given[0], table.column(given[0], "power"), "power")
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


def plausible(
    table: Table, name: str, values: Float[np.ndarray, "..."], quantity: str
) -> Float[np.ndarray, "..."]:
    """Values of a column, which lie where such measurements do: others are in another unit.

    **Raises:** `InvalidInput` where they do not, as fields of more than 100 T.
    """
    least, most, words = _PLAUSIBLE[quantity]
    sizes = np.abs(values[np.isfinite(values)])
    largest = sizes.max(initial=0.0)
    if largest > 0 and not least <= largest <= most:
        raise InvalidInput(
            f"column {name!r} of {table.source} reaches {largest:.3g} {words}; is its unit right? "
            "name it as COLUMN=UNIT"
        )
    return values


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


def chosen(table: Table, name: str | None, quantity: str, otherwise: str = "") -> str:
    """The column that a user named, or the one of a quantity; see `only`."""
    return only(table, quantity, otherwise) if name is None else name


def listed(name: str, columns: Sequence[str]) -> list[str]:
    """Columns that a user named, one or several, or none.

    **Raises:** `InvalidInput` for what is no list of words; `name` of the argument in the message.
    """
    several = [columns] if isinstance(columns, str) else columns
    if not isinstance(several, list | tuple) or not all(isinstance(e, str) for e in several):
        raise InvalidInput(f"{name} are {shown(columns)}; give names of columns")
    return list(several)


def only(table: Table, quantity: str, otherwise: str = "") -> str:
    """The one column of a quantity.

    **Raises:** `InvalidInput` where there is none, or several; `otherwise`: what else can be given.
    """
    # A detector gives powers in volts: what is called a power is no signal.
    powers = quantity == "voltage"
    found = [
        name
        for name in table.of_quantity(quantity)
        if not (powers and name.lower().startswith("pow"))
    ]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(found) if found else "none"
    bare = [name for name, unit in zip(table.names, table.units, strict=True) if unit is None]
    # What is measured mostly stands behind what it is measured at.
    place = -1 if quantity in ("voltage", "power") else 0
    named = shlex.quote((found or bare or [_COLUMN])[place])
    option, symbol = _OPTIONS[quantity]
    example = f"--{option} {named}" + ("" if found else f" --unit {named}={symbol}")
    raise InvalidInput(
        f"{table.source} has {len(found)} columns with a unit of {quantity} ({listed}, out of "
        f"{', '.join(table.names[:12])}); name the column of the {quantity} and its "
        f"unit, as {example}" + (f"; {otherwise}" if otherwise else "")
    )


def is_of(text: str, quantity: str) -> bool:
    """Whether a text is a number with a unit of a quantity."""
    return _is_quantity(text) and quantity_of(text)[1].quantity == quantity


def _is_quantity(text: str) -> bool:
    try:
        quantity_of(text)
    except InvalidInput:
        return False
    return True


def _is_power(text: str) -> bool:
    return is_of(text, "power")


def _power(text: str) -> float:
    value, unit = quantity_of(text)
    if unit.quantity != "power":
        raise InvalidInput(f"{text!r} is a {unit.quantity}; give a power, as '10 uW' or '-20 dBm'")
    return value
