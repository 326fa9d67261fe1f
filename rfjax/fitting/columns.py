"""Which columns of a table are meant, and one value for all rows in the place of a column."""

import math
import shlex
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from rfjax.checks import InvalidInput, shown
from rfjax.data import Table
from rfjax.data.tables import quantity_of

_OPTIONS = {  # of `rfjax fit`, with a unit
    "frequency": ("frequency", "MHz"),
    "magnetic field": ("field", "mT"),
    "voltage": ("voltage", "V"),
    "power": ("power", "uW"),
    "current": ("current", "mA"),
}
_LISTED = 12  # columns that a message names
_PLURALS = {"frequency": "frequencies", "power": "powers"}
_CLOSE = {"frequency": 1e-3, "power": 0.025}  # what counters and meters read about what was set
_EXAMPLES = {"frequency": "GHz", "power": "dBm"}
_PLAUSIBLE = {  # of the largest size in a column, SI: beyond, the unit is another one
    "frequency": (1e5, 1e13, "Hz, where 100 kHz to 10 THz are measured"),
    "magnetic field": (1e-3, 8e7, "A/m, where up to 100 T are measured"),
    "voltage": (1e-12, 1e3, "V, where 1 pV to 1 kV are measured"),
    "power": (1e-18, 1e3, "W, where 1 aW to 1 kW are measured"),
    "current": (1e-9, 10.0, "A, where 1 nA to 10 A are measured"),
}


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


def chosen(table: Table, name: str | None, quantity: str, otherwise: str = "") -> str:
    """The column that a user named, or the one of a quantity; see `only`.

    **Raises:** `InvalidInput` for one value for all rows, too: what is swept is a column.
    """
    if name is None:
        return only(table, quantity, otherwise)
    if is_of(name, quantity) and not _is_column(table, name):
        fmr = "; a fixed frequency is for --model fmr" if quantity == "frequency" else ""
        raise InvalidInput(
            f"{name!r} is one {quantity} for all rows; name the column of the {quantity} in "
            f"{table.source}, which has {_columns(table)}{fmr}"
        )
    return name


def fixed(table: Table, text: str, quantity: str) -> float | None:
    """One value that a user gave for all rows, in SI; None where the text names a column.

    **Raises:** `InvalidInput` for a number without a unit, or a power that is not above zero.
    """
    if not _is_quantity(text):
        if _is_number(text) and not _is_column(table, text):
            raise InvalidInput(
                f"no column of {table.source} is called {text!r}, and a {quantity} needs a unit, "
                f"as '{text} {_EXAMPLES[quantity]}'"
            )
        return None
    value, unit = quantity_of(text)
    if unit.quantity != quantity:
        if _is_column(table, text):
            return None
        raise InvalidInput(
            f"{text!r} is a {unit.quantity}; give a {quantity}, as '10 {_EXAMPLES[quantity]}'"
        )
    if not value > 0:
        asked = "; is it dBm?" if quantity == "power" and not unit.decibels else ""
        raise InvalidInput(f"{text!r} is no {quantity} above zero{asked}")
    return value


def check_given(table: Table, quantity: str, texts: Sequence[str]) -> None:
    """Refuse values for all rows beside a column of the quantity that has others.

    **Raises:** `InvalidInput` naming the column.
    """
    found = table.of_quantity(quantity)
    least, most, _ = _PLAUSIBLE[quantity]
    if len(found) != 1:
        return  # nothing tells which of several is meant
    values = table.column(found[0], quantity)
    values = values[np.isfinite(values)]
    given = np.array([quantity_of(text)[0] for text in texts])
    same = close(values[:, None], given, quantity).any(1)
    # A lock-in amplifier has a frequency, too, which is none of a tone.
    if values.size and least <= np.abs(values).max() <= most and not same.all():
        raise InvalidInput(
            f"{table.source} has {_PLURALS[quantity]} in {found[0]!r}; leave "
            f"--{_OPTIONS[quantity][0]} out"
        )


def close(
    values: Float[np.ndarray, "..."] | float, given: Float[np.ndarray, "..."] | float, quantity: str
) -> Bool[np.ndarray, "..."]:
    """Whether values are those that were given, but for the errors of meters."""
    return np.asarray(np.abs(values - given) <= _CLOSE[quantity] * given)


def check_powers(
    table: Table,
    name: str,
    values: Float[np.ndarray, " rows"],
    wrong: Bool[np.ndarray, " rows"],
) -> None:
    """Refuse a column of powers where some are wrong, as decibels that are called mW.

    **Raises:** `InvalidInput` naming the column and the first of them.
    """
    if not wrong.any():
        return
    place = table.index(name)
    unit, called = table.units[place], table.names[place]
    number = f"{table.values[np.argmax(wrong), place]:g} {unit.symbol if unit else ''}".strip()
    option = shlex.quote(f"{called}=dBm")
    asked = "" if unit and unit.decibels else f"; is it dBm? then give --unit {option}"
    raise InvalidInput(f"column {called!r} of {table.source} has {number}, no power{asked}")


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

    **Raises:** `InvalidInput` where there is none, or several; `otherwise`: what else can be done.
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
    option, symbol = _OPTIONS[quantity]
    ways = [otherwise] if otherwise else []
    if found or bare or not ways:
        # What is measured mostly stands behind what it is measured at.
        place = -1 if quantity in ("voltage", "power") else 0
        named = shlex.quote((found or bare)[place]) if found or bare else "COLUMN"
        example = f"--{option} {named}" + ("" if found else f" --unit {named}={symbol}")
        ways.insert(0, f"name the column of the {quantity} and its unit, as {example}")
    raise InvalidInput(
        f"{table.source} has {len(found)} columns with a unit of {quantity} ({listed}, out of "
        f"{_columns(table)}); {'; or '.join(ways)}"
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


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(str(text)))
    except ValueError:
        return False


def _is_column(table: Table, name: str) -> bool:
    try:
        table.index(name)
    except InvalidInput:
        return False
    return True


def _columns(table: Table) -> str:
    listed = ", ".join(table.names[:_LISTED])
    return f"{listed} …" if len(table.names) > _LISTED else listed
