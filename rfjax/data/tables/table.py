"""A table of numbers out of a file, with the units that the file or the user gives."""

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from rfjax.checks import InvalidInput, one_of, shown
from rfjax.data.tables.units import Unit, named_with_unit, unit

if TYPE_CHECKING:
    import pandas

_LISTED = 12  # columns that a message names


@dataclasses.dataclass(frozen=True)
class Table:
    """Columns of numbers as a file has them; `table.column(name, quantity)` is one in SI.

    **Arguments:** `source`: the file, in messages; `names` of the columns, without units; `values`
    (rows, columns) as the file writes them, NaN where it leaves one out or where it overflows;
    `units`: one a column, None where none is known; `preamble`: what the file says above its
    numbers, line by line.
    """

    source: str
    names: tuple[str, ...]
    values: Float[np.ndarray, "rows columns"]
    units: tuple[Unit | None, ...]
    preamble: tuple[str, ...] = ()

    def __post_init__(self):
        twice = {name for name in self.names if self.names.count(name) > 1}
        if twice:  # the first keeps its name
            seen: dict[str, int] = {}
            names = []
            for name in self.names:
                seen[name] = seen.get(name, 0) + 1
                names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
            object.__setattr__(self, "names", tuple(names))

    def __repr__(self) -> str:
        columns = ", ".join(
            f"{name} ({unit.symbol})" if unit else name
            for name, unit in zip(self.names, self.units, strict=True)
        )
        return f"Table({len(self)} rows of {columns})"

    def __len__(self) -> int:
        return len(self.values)

    def with_units(self, units: Mapping[str, str]) -> "Table":
        """The same numbers in units that the user names, whatever the file says.

        **Arguments:** `units`: symbols by the names of columns.

        **Returns:** the table.

        **Raises:** `InvalidInput` for a column that is not there, or a unit that is not known.
        """
        given = {self.index(name): unit(symbol) for name, symbol in units.items()}
        found = tuple(given.get(place, each) for place, each in enumerate(self.units))
        return dataclasses.replace(self, units=found)

    def index(self, name: str) -> int:
        """Where a column stands: by its name, whatever its capitals, or by its number from 1.

        **Raises:** `InvalidInput` if there is none, or several.
        """
        places = [place for place, each in enumerate(self.names) if each == name] or [
            place for place, each in enumerate(self.names) if each.lower() == str(name).lower()
        ]
        # A header with its unit names the column, too.
        bare = named_with_unit(str(name))[0]
        places = places or [place for place, each in enumerate(self.names) if each == bare]
        if not places and str(name).isdecimal() and 1 <= int(name) <= len(self.names):
            return int(name) - 1
        if len(places) == 1:
            return places[0]
        near = difflib.get_close_matches(str(name), self.names, 1)
        listed = ", ".join(self.names[:_LISTED]) + (" …" if len(self.names) > _LISTED else "")
        wrong = "several columns are" if places else "no column is"
        meant = f"did you mean {near[0]!r}? " if near and not places else ""
        raise InvalidInput(
            f"{wrong} called {shown(name)} in {self.source}; {meant}it has {listed}; a number from "
            "1 counts them"
        )

    def column(self, name: str, quantity: str) -> Float[np.ndarray, " rows"]:
        """A column in SI units.

        **Arguments:** `name` of the column, or its number from 1; `quantity`: what it has to be, as
        "frequency", "power", "voltage", "current" or "magnetic field" (in A/m).

        **Returns:** one number a row, NaN where the file leaves one out.

        **Raises:** `InvalidInput` if there is no such column, if neither file nor user named its
        unit, or if that is one of another quantity.
        """
        one_of("quantity", quantity, tuple(_EXAMPLES))
        place = self.index(name)
        found = self.units[place]
        if found is None:
            raise InvalidInput(
                f"column {self.names[place]!r} of {self.source} has no known unit, and none is "
                f"guessed; name one of {quantity}, as --unit {self.names[place]}="
                f"{_EXAMPLES[quantity]}, or units={{{self.names[place]!r}: "
                f"{_EXAMPLES[quantity]!r}}} of read_table"
            )
        if found.quantity != quantity:
            raise InvalidInput(
                f"column {self.names[place]!r} of {self.source} is in {found.symbol}, a unit of "
                f"{found.quantity}; {quantity} is wanted: choose another column"
            )
        return found.to_si(self.values[:, place])

    def of_quantity(self, quantity: str) -> list[str]:
        """The names of the columns whose unit measures a quantity."""
        pairs = zip(self.names, self.units, strict=True)
        return [name for name, unit in pairs if unit and unit.quantity == quantity]

    def to_dataframe(self) -> "pandas.DataFrame":
        """The table as pandas has it; `attrs["units"]` has the unit of every column with one."""
        import pandas

        frame = pandas.DataFrame(self.values, columns=list(self.names))
        pairs = zip(self.names, self.units, strict=True)
        frame.attrs["units"] = {name: unit.symbol for name, unit in pairs if unit}
        return frame


def table_of(
    source: str,
    headers: Sequence[str],
    values: Float[np.ndarray, "rows columns"],
    units: Sequence[str] | None = None,
    preamble: Sequence[str] = (),
) -> Table:
    """A table from headers, in which units may stand, and units beside them.

    **Arguments:** `source`; `headers`, one a column; `values` (rows, columns); `units`: symbols out
    of the file, empty where it has none, and none holds that differs from the header's; `preamble`.

    **Returns:** the table.
    """
    named = [named_with_unit(header) for header in headers]
    beside = [named_with_unit(f"({symbol})")[1] for symbol in units or [""] * len(named)]
    return Table(
        source,
        tuple(name or f"column {place}" for place, (name, _) in enumerate(named, 1)),
        values,
        tuple(
            None if given and found and given != found else given or found
            for given, (_, found) in zip(beside, named, strict=True)
        ),
        tuple(preamble),
    )


_EXAMPLES = {
    "frequency": "MHz",
    "power": "uW",
    "voltage": "uV",
    "current": "mA",
    "magnetic field": "mT",
    "time": "ns",
    "resistance": "Ohm",
    "temperature": "K",
    "angle": "deg",
}
