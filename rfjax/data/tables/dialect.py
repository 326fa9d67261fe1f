"""How a table writes its numbers: what parts them, and the mark of decimals."""

import contextlib
import csv
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

_MISSING = {"", "nan", "na", "n/a", "-", "--", "null", "none", "#n/a", "nan+nanj"}
MINUS = str.maketrans("\N{MINUS SIGN}\N{EN DASH}", "--")
# Behind the numbers of a row there may be a comment.
_TAIL = re.compile(r"^(?P<row>[\s\"]*[-+\N{MINUS SIGN}.,\d].*?)\s+(?:#|!|//).*$")
_GROUPED = {  # thousands, by the mark of decimals
    ".": re.compile(r"^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$"),
    ",": re.compile(r"^[-+]?\d{1,3}(?:\.\d{3})+(?:,\d*)?$"),
}


class Dialect(NamedTuple):
    """A way to write rows: `separator` between fields, None for blanks; `decimal` mark; `told`."""

    separator: str | None
    decimal: str
    told: bool = False  # the decimal mark is the user's, so that the other one groups thousands

    def fields(self, line: str) -> list[str]:
        """The fields of a row, without blanks and quotes about them, and without a comment."""
        tail = _TAIL.match(line) if any(mark in line for mark in ("#", "!", "//")) else None
        return split(tail["row"] if tail else line, self.separator)

    def number(self, field: str) -> float | None:
        """A field as a number, NaN where one is left out, None where it is none."""
        field = field.translate(MINUS)
        if field.lower() in _MISSING:
            return math.nan
        if self.told and _GROUPED[self.decimal].match(field):
            field = field.replace(",."[self.decimal == ","], "")
        if self.decimal == ",":
            if "." in field:
                return None
            field = field.replace(",", ".")
        # Fortran writes 1.0D+03; infinite is what overflows.
        if not set(field) - set("0123456789+-.dD"):
            field = field.replace("D", "E").replace("d", "e")
        try:
            value = float(field) if "_" not in field else None
        except ValueError:
            return None
        return math.nan if value is not None and math.isinf(value) else value


def split(line: str, separator: str | None) -> list[str]:
    """The parts of a line, without blanks and quotes about them; quotes hold separators."""
    parts = line.split(separator)
    if separator and len(separator) == 1 and '"' in line:
        with contextlib.suppress(csv.Error):  # a field beyond its limit
            parts = next(csv.reader([line], delimiter=separator, skipinitialspace=True), parts)
    return [part.strip().strip('"').strip() for part in parts]


def numbers(fields: Sequence[str], decimal: str) -> list[float | None]:
    """Fields as numbers, NaN where one is left out, None where one is no number."""
    dialect = Dialect(None, decimal)
    return [dialect.number(field) for field in fields]
