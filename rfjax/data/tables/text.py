"""Tables as text: separators, decimal marks, headers and comments are found out of the file."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rfjax.checks import InvalidInput, shown
from rfjax.data.tables.table import Table, table_of
from rfjax.data.tables.units import known_unit

_COMMENTS = ("#", "!", "%", "//", "*")
_SEPARATORS = ("\t", ";", ",", None)  # None: blanks
_LOOKED_AT = 400  # lines, to find the dialect
_MISSING = {"", "nan", "na", "n/a", "-", "--", "null", "none", "#n/a", "nan+nanj"}


class _Dialect(NamedTuple):
    separator: str | None
    decimal: str

    def fields(self, line: str) -> list[str]:
        """The fields of a line, without blanks and quotes about them."""
        return [part.strip().strip('"').strip() for part in line.split(self.separator)]

    def number(self, field: str) -> float | None:
        """A field as a number, NaN where one is left out, None where it is none."""
        if field.lower() in _MISSING:
            return math.nan
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


class _Layout(NamedTuple):
    """Which fields of a line are numbers: the same ones in every row."""

    count: int
    numeric: tuple[int, ...]


def read_text(source: str, content: bytes, skip: int) -> Table:
    """The table in a text file.

    Tab, semicolon, comma or blanks between columns, decimal point or comma, comment lines that
    start with #, !, %, * or //, any ends of lines, UTF-8, UTF-16 or Latin-1. The line above the
    numbers names the columns, where it has as many words; a line of units may follow it. Columns
    of words, as times of day, are left out.

    **Arguments:** `source` in messages; `content` of the file; `skip`: lines at its start to leave
    out.

    **Returns:** the table.

    **Raises:** `InvalidInput` where there is no table in it, or where a line does not fit.
    """
    lines = decoded(source, content).splitlines()[skip:]
    dialect, layout = _found(source, lines)
    first = next(
        place for place, line in enumerate(lines) if _fits(line, dialect, layout) is not None
    )
    rows = []
    for place, line in enumerate(lines[first:], first):
        if not line.strip() or line.lstrip().startswith(_COMMENTS):
            continue
        row = _fits(line, dialect, layout)
        if row is None:
            raise InvalidInput(
                f"line {place + 1 + skip} of {source} is {shown(line.strip())}, no row of "
                f"{layout.count} fields as line {first + 1 + skip}; mend it, or leave out lines "
                "at the start with skip"
            )
        rows.append(row)
    _check_words(source, lines[first], dialect, layout)
    headers, units = _headers(lines[:first], dialect, layout)
    preamble = [line.strip() for line in lines[:first] if line.strip()]
    values = np.array(rows, np.float64)
    if not headers[-1] and np.isnan(values[:, -1]).all():  # lines end in a separator
        headers, values = headers[:-1], values[:, :-1]
        units = units and units[:-1]
    return table_of(source, headers, values, units, preamble)


def decoded(source: str, content: bytes) -> str:
    """Bytes as text in UTF-8 or UTF-16 if they are that, else in Latin-1.

    **Raises:** `InvalidInput` for what is no text.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            raise InvalidInput(f"{source} is damaged: it is no valid UTF-16") from None
    if b"\0" in content:
        raise InvalidInput(
            f"{source} is no text: it has zero bytes; give a table as text, .lvm, .npy, .npz, .h5 "
            "or Touchstone"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def numbers(fields: Sequence[str], decimal: str) -> list[float | None]:
    """Fields as numbers, NaN where one is left out, None where one is no number."""
    dialect = _Dialect(None, decimal)
    return [dialect.number(field) for field in fields]


def _found(source: str, lines: list[str]) -> tuple[_Dialect, _Layout]:
    """The dialect in which most lines are rows of numbers, most of them numbers."""
    told = [line for line in lines if line.strip() and not line.lstrip().startswith(_COMMENTS)]
    told = told[:_LOOKED_AT]
    best, score = None, 0
    for separator in _SEPARATORS:
        for decimal in ".,":
            if separator == "," == decimal:
                continue
            dialect = _Dialect(separator, decimal)
            layouts = Counter(filter(None, (_layout(line, dialect) for line in told)))
            for layout, rows in layouts.most_common(1):
                words = layout.count - len(layout.numeric)
                if rows * (len(layout.numeric) - words / 2) > score:
                    best, score = (dialect, layout), rows * (len(layout.numeric) - words / 2)
    if best is None:
        raise InvalidInput(f"{source} has no rows of numbers; give a table")
    return best


def _layout(line: str, dialect: _Dialect) -> _Layout | None:
    fields = dialect.fields(line)
    numeric = tuple(
        place for place, field in enumerate(fields) if dialect.number(field) is not None
    )
    # What is left out could be a word or a number: rows with all of them decide.
    whole = any(field and dialect.number(field) is not None for field in fields)
    return _Layout(len(fields), numeric) if numeric and whole else None


def _fits(line: str, dialect: _Dialect, layout: _Layout) -> list[float] | None:
    """The numbers of a row; None where the line is none."""
    if not line.strip() or line.lstrip().startswith(_COMMENTS):
        return None
    fields = dialect.fields(line)
    if len(fields) != layout.count:
        return None
    found = [dialect.number(fields[place]) for place in layout.numeric]
    return None if None in found else found  # pyright: ignore[reportReturnType]


def _check_words(source: str, line: str, dialect: _Dialect, layout: _Layout) -> None:
    """Refuse to leave out a column that has numbers written another way."""
    for place, field in enumerate(dialect.fields(line)):
        if place not in layout.numeric and not set(field) - set("0123456789.,+-eE "):
            raise InvalidInput(
                f"{source} writes {shown(field)} beside numbers with the decimal mark "
                f"{dialect.decimal!r}; write all of them alike"
            )


def _headers(
    above: list[str], dialect: _Dialect, layout: _Layout
) -> tuple[list[str], list[str] | None]:
    """The names of the columns, and the units on a line of their own below them, if there are."""
    above = [_bare(line) for line in above if _bare(line)]
    units = None
    while above:
        words = _words(above.pop(), dialect, layout)
        if words is None:
            break
        if units is None and any(words) and all(not w or known_unit(_inner(w)) for w in words):
            units = [_inner(word) for word in words]
            continue
        return words, units
    return [""] * len(layout.numeric), units


def _words(line: str, dialect: _Dialect, layout: _Layout) -> list[str] | None:
    """The words of a header above the columns of numbers, if it has one for every column."""
    separators = (dialect.separator, "\t", ";", ",", "  ", None)
    for separator in separators:
        parts = line.split(separator)
        parts = [part.strip().strip('"').strip() for part in parts]
        if separator == "  ":
            parts = [part for part in parts if part]
        if len(parts) == layout.count + 1 and not parts[-1]:
            parts.pop()
        if len(parts) == layout.count:
            return [parts[place] for place in layout.numeric]
    return None


def _bare(line: str) -> str:
    """A line without its mark of a comment."""
    line = line.strip()
    for mark in _COMMENTS:
        if line.startswith(mark):
            return line.lstrip(mark).strip()
    return line


def _inner(word: str) -> str:
    return word.strip("()[]{} ")
