"""Tables as text: separators, decimal marks, headers and comments are found out of the file."""

import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from rfjax.checks import InvalidInput, shown
from rfjax.data.tables.dialect import MINUS, Dialect, split
from rfjax.data.tables.table import Table, table_of
from rfjax.data.tables.units import known_unit, named_with_unit

_COMMENTS = ("#", "!", "%", "//", "*")
_SEPARATORS = ("\t", ";", ",", None)  # None: blanks
_LOOKED_AT = 400  # lines, to find the dialect
_THOUSANDS = re.compile(r"^[-+]?[1-9]\d{0,2},\d{3}$")  # or a decimal comma
_DATE = re.compile(r"^\d{1,4}(?:([-./])\d{1,2}\1\d{1,4}|:\d{2}).*$")  # or a time of day
_QUANTITY = re.compile(r"^[-+]?[\d.,]+(?:[eE][-+]?\d+)?\s*(?P<unit>\S+)$")


class _Layout(NamedTuple):
    """Which fields of a line are numbers: the same ones in every row."""

    count: int
    numeric: tuple[int, ...]


def read_text(source: str, content: bytes, skip: int, decimal: str | None = None) -> Table:
    """The table in a text file.

    Tab, semicolon, comma or blanks between columns, decimal point or comma, comment lines that
    start with #, !, %, * or //, any ends of lines, UTF-8, UTF-16 or Latin-1. The line above the
    numbers names the columns, where it has as many words; a line of units may follow it. Columns
    of words, as times of day, are left out. A comma before three digits, which may part thousands,
    and one that may part columns or decimals, are refused; a point always is that of decimals.

    **Arguments:** `source` in messages; `content` of the file; `skip`: lines at its start to leave
    out; `decimal`: the mark, `.` or `,`, found out if None; the other one may then group thousands.

    **Returns:** the table.

    **Raises:** `InvalidInput` where there is no table in it, or where a line does not fit.
    """
    lines = decoded(source, content).splitlines()[skip:]
    dialect, layout = _found(source, lines, decimal)
    first = next(
        place for place, line in enumerate(lines) if _fits(line, dialect, layout) is not None
    )
    headers, units = _headers(source, lines[:first], dialect, layout)
    rows, marked = [], []
    for place, line in enumerate(lines[first:], first):
        if not line.strip():
            continue
        if line.lstrip().startswith(_COMMENTS):
            words = _words(_bare(line), dialect, layout)
            if words and words != headers and _names_units(words, dialect):
                raise InvalidInput(
                    f"line {place + 1 + skip} of {source} is {shown(line.strip())}, the header of "
                    "a second table; save each in a file of its own"
                )
            continue
        row = _fits(line, dialect, layout)
        if row is None:
            raise InvalidInput(
                f"line {place + 1 + skip} of {source} is {shown(line.strip())}, no row of "
                f"{layout.count} fields as line {first + 1 + skip}; mend it, or leave out lines "
                "at the start with skip"
            )
        rows.append(row)
        if dialect.decimal == "," and not dialect.told:
            fields = dialect.fields(line)
            marked += [fields[place] for place in layout.numeric if "," in fields[place]]
    _check_words(source, lines[first], dialect, layout)
    if marked and all(_THOUSANDS.match(field.translate(MINUS)) for field in marked):
        raise InvalidInput(
            f"{source} writes {shown(marked[0])}, and no number tells whether its comma groups "
            "thousands; give decimal=',' if it is the mark of decimals, else decimal='.'"
        )
    if dialect.separator == "," and not dialect.told:
        _check_commas(source, lines[:first], lines[first:], layout)
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


def _found(source: str, lines: list[str], mark: str | None) -> tuple[Dialect, _Layout]:
    """The dialect in which most lines are rows of numbers, most of them numbers."""
    told = [line for line in lines if line.strip() and not line.lstrip().startswith(_COMMENTS)]
    told = told[:_LOOKED_AT]
    best, score = None, 0
    quoted = any('"' in line for line in told)
    for separator in _SEPARATORS:
        for decimal in mark or ".,":
            if separator == "," == decimal and not quoted:
                continue
            dialect = Dialect(separator, decimal, mark is not None)
            layouts = Counter(filter(None, (_layout(line, dialect) for line in told)))
            for layout, rows in layouts.most_common(1):
                words = layout.count - len(layout.numeric)
                if rows * (len(layout.numeric) - words / 2) > score:
                    best, score = (dialect, layout), rows * (len(layout.numeric) - words / 2)
    if best is None and mark:
        _blame_mark(source, told, mark)
    if best is None:
        raise InvalidInput(f"{source} has no rows of numbers; give a table")
    return best


def _blame_mark(source: str, told: list[str], mark: str) -> None:
    """Refuse a mark of decimals with which no line has numbers, where others would have them."""
    try:
        dialect, layout = _found(source, told, None)
    except InvalidInput:
        return  # it is no table, whatever the mark
    row = next(line.strip() for line in told if _fits(line, dialect, layout) is not None)
    if dialect.separator == mark == "," and "." not in row:
        raise _either(source, row)
    raise InvalidInput(
        f"{source} writes {shown(row)}, no row of numbers with the decimal mark {mark!r}; leave "
        "decimal out"
    )


def _layout(line: str, dialect: Dialect) -> _Layout | None:
    fields = dialect.fields(line)
    numeric = tuple(
        place for place, field in enumerate(fields) if dialect.number(field) is not None
    )
    # What is left out could be a word or a number: rows with all of them decide.
    whole = any(field and dialect.number(field) is not None for field in fields)
    return _Layout(len(fields), numeric) if numeric and whole else None


def _fits(line: str, dialect: Dialect, layout: _Layout) -> list[float] | None:
    """The numbers of a row; None where the line is none."""
    if not line.strip() or line.lstrip().startswith(_COMMENTS):
        return None
    fields = dialect.fields(line)
    if len(fields) != layout.count:
        return None
    found = [dialect.number(fields[place]) for place in layout.numeric]
    return None if None in found else found  # pyright: ignore[reportReturnType]


def _check_words(source: str, line: str, dialect: Dialect, layout: _Layout) -> None:
    """Refuse to leave out a column that has numbers written another way."""
    for place, field in enumerate(dialect.fields(line)):
        if place in layout.numeric or _DATE.match(field):
            continue
        plain = field.translate(MINUS)
        if not set(plain) - set("0123456789.,+-eE \t;"):
            raise InvalidInput(
                f"{source} writes {shown(field)} beside numbers with the decimal mark "
                f"{dialect.decimal!r}; write all of them alike, or give decimal"
            )
        with_unit = _QUANTITY.match(plain)
        if with_unit and (with_unit["unit"] in "%‰" or known_unit(with_unit["unit"])):
            raise InvalidInput(
                f"{source} writes {shown(field)}, a number with its unit; write the unit in the "
                "header alone"
            )


def _check_commas(source: str, above: list[str], lines: list[str], layout: _Layout) -> None:
    """Refuse rows whose commas may be both separators and marks of decimals."""
    rows = [line for line in lines if line.strip() and not line.lstrip().startswith(_COMMENTS)]
    if any("." in line or '"' in line for line in rows):
        return
    header = next((bare for line in reversed(above) if (bare := _bare(line))), "")
    words = split(header.rstrip(", "), ",")
    named = any(named_with_unit(word)[1] for word in words)
    fewer = named and len(words) < layout.count - rows[0].rstrip().endswith(",")
    spaced = all(
        len(gaps := re.findall(r",\s?", line.strip())) % 2
        and all((" " in gap) == (place % 2 == 1) for place, gap in enumerate(gaps))
        for line in rows
    )
    if fewer or (spaced and layout.count > 2):
        raise _either(source, rows[0].strip())


def _either(source: str, row: str) -> InvalidInput:
    return InvalidInput(
        f"{source} writes {shown(row)}, whose commas may part columns or decimals; save it with "
        "another separator, or with decimal points"
    )


def _names_units(words: list[str], dialect: Dialect) -> bool:
    """Whether words are the names of columns, some of them with units, or units."""
    numbered = any(word and dialect.number(word) is not None for word in words)
    return not numbered and any(
        named_with_unit(word)[1] or known_unit(_inner(word)) for word in words
    )


def _headers(
    source: str, above: list[str], dialect: Dialect, layout: _Layout
) -> tuple[list[str], list[str] | None]:
    """The names of the columns, and the units on a line of their own below them, if there are.

    **Raises:** `InvalidInput` where a row that is none stands in the place of the names.
    """
    above = [line for line in above if _bare(line)]
    units = None
    while above:
        line = above.pop()
        words = _words(_bare(line), dialect, layout)
        if words is None:
            break
        if units is None and any(words) and all(not w or known_unit(_inner(w)) for w in words):
            units = [_inner(word) for word in words]
            continue
        if dialect.number(words[0] or "name") is not None:
            if line.lstrip().startswith(_COMMENTS):
                continue
            raise InvalidInput(
                f"{source} has {shown(line.strip())} above its numbers, which is neither a row of "
                "them nor the names of columns; mend it, or leave out lines at the start with skip"
            )
        return words, units
    return [""] * len(layout.numeric), units


def _words(line: str, dialect: Dialect, layout: _Layout) -> list[str] | None:
    """The words of a header above the columns of numbers, if it has one for every column."""
    separators = (dialect.separator, "\t", ";", ",", "  ", None)
    for separator in separators:
        parts = split(line, separator)
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
