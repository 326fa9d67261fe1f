"""LabVIEW measurement files (.lvm): a header of keywords, one of channels, then columns."""

import numpy as np

from rfjax.checks import InvalidInput, shown
from rfjax.data.tables.dialect import numbers
from rfjax.data.tables.table import Table, table_of
from rfjax.data.tables.text import decoded

MAGIC = b"LabVIEW Measurement"
_END = "***End_of_Header***"
_MARKS = {"Tab": "\t", "Comma": ",", "Semicolon": ";"}
_DIMENSIONS = {"Time": "s", "Frequency": "Hz", "Electric_Potential": "V", "Electric_Current": "A"}


def read_labview(source: str, content: bytes) -> Table:
    """The table in a LabVIEW measurement file, one segment of it.

    Every channel has its unit in `Y_Unit_Label`, and its abscissa in a column of its own, in one
    for all, or as start and step (`X_Columns`: Multi, One, No). Its unit is that of
    `X_Dimension`, which LabVIEW writes in SI.

    **Arguments:** `source` in messages; `content` of the file.

    **Returns:** the table: abscissa and channels.

    **Raises:** `InvalidInput` for a file that does not keep to the format, or of several segments.
    """
    lines = [line.rstrip("\r\n") for line in decoded(source, content).splitlines()]
    ends = [place for place, line in enumerate(lines) if line.strip().startswith(_END)]
    if len(ends) != 2:
        how = f"has {len(ends) - 1} segments" if len(ends) > 2 else "ends within its header"
        raise InvalidInput(f"{source} {how}; give a file of one segment, or one saved as text")
    mark = _separator(source, lines[: ends[0]])
    general = _keywords(lines[: ends[0]], mark)
    channels = _keywords(lines[ends[0] + 1 : ends[1]], mark)
    decimal = (general.get("Decimal_Separator") or ["."])[0]
    if decimal not in (".", ","):
        raise InvalidInput(f"Decimal_Separator of {source} is {shown(decimal)}; it is . or ,")
    body = [line for line in lines[ends[1] + 1 :] if line.strip()]
    if len(body) < 2:
        raise InvalidInput(f"{source} has no rows of numbers; give a table")
    titles = [title.strip() for title in body[0].split(mark)]
    if titles[-1:] == ["Comment"]:
        titles.pop()
    values = np.array([_row(source, line, mark, decimal, len(titles)) for line in body[1:]])
    return _arranged(source, titles, values, general, channels, decimal)


def _separator(source: str, header: list[str]) -> str:
    for line in header:
        if line.startswith("Separator"):
            name = line[len("Separator") :].strip(" \t,;")
            if name in _MARKS:
                return _MARKS[name]
            raise InvalidInput(
                f"Separator of {source} is {shown(name)}; it is one of {', '.join(_MARKS)}"
            )
    raise InvalidInput(f"the header of {source} names no Separator; the file is damaged")


def _keywords(lines: list[str], mark: str) -> dict[str, list[str]]:
    parts = ([part.strip() for part in line.split(mark)] for line in lines)
    return {words[0]: words[1:] for words in parts if words[0]}


def _row(source: str, line: str, mark: str, decimal: str, count: int) -> list[float]:
    fields = [field.strip() for field in line.split(mark)]
    # Words of a comment may follow, and rows end early where nothing follows.
    found = numbers(fields[:count], decimal)
    if len(found) < count or None in found:
        raise InvalidInput(
            f"{source} has the line {shown(line.strip())}, no row of {count} numbers; mend it"
        )
    return found  # pyright: ignore[reportReturnType]


def _arranged(source, titles, values, general, channels, decimal) -> Table:
    """Abscissa and channels with their names and units."""
    how = (general.get("X_Columns") or ["One"])[0]
    y_units, dimensions = channels.get("Y_Unit_Label", []), channels.get("X_Dimension", [])
    x_unit = _DIMENSIONS.get(dimensions[0], "") if dimensions else ""
    count = int((channels.get("Channels") or ["0"])[0] or 0) if _whole(channels) else 0
    count = count or len(titles) - (1 if how == "One" else 0)
    y_units = [*y_units, *[""] * count][:count]
    if how == "Multi":
        units = [each for unit in y_units for each in (x_unit, unit)]
    elif how == "One":
        units = [x_unit, *y_units]
    else:
        units = y_units
        # The column of abscissae is there, but empty.
        if len(titles) == count + 1:
            titles, values = titles[1:], values[:, 1:]
        steps = numbers([*channels.get("X0", []), *channels.get("Delta_X", [])], decimal)
        start, step = (steps[0], steps[len(channels["X0"])]) if _stepped(channels) else (None, None)
        if start is not None and step is not None:
            abscissa = start + step * np.arange(len(values))
            values = np.column_stack([abscissa, values])
            titles, units = ["X_Value", *titles], [x_unit, *units]
    units = [*units, *[""] * len(titles)][: len(titles)]
    return table_of(source, titles, values, units)


def _whole(channels: dict[str, list[str]]) -> bool:
    return bool(channels.get("Channels")) and channels["Channels"][0].isdecimal()


def _stepped(channels: dict[str, list[str]]) -> bool:
    return bool(channels.get("X0")) and bool(channels.get("Delta_X"))
