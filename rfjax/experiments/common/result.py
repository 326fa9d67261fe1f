"""What an experiment found, compared with what was published."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from rfjax.checks import InvalidInput
from rfjax.labelled import dataframe, dataset
from rfjax.printing import quantity

if TYPE_CHECKING:
    import pandas
    import xarray

FILE = "result.json"
_command: ContextVar[str | None] = ContextVar("command", default=None)


@dataclasses.dataclass(frozen=True)
class Row:
    """One quantity.

    **Arguments:** `quantity`: what it is; `unit`; `published`: the printed number, None where
    there is none; `rfjax`: ours; `error`: its standard error; `law`: what a closed form gives for
    it; `deviation`: the sample standard deviation (n - 1) over `count` repetitions; `note`: a
    sentence on why it differs from what is published; `item` of the thesis that it belongs to,
    out of the `SHOWS` of the experiment. All of these may be None.
    """

    quantity: str
    unit: str
    published: float | None
    rfjax: float
    error: float | None = None
    law: float | None = None
    deviation: float | None = None
    count: int | None = None
    note: str | None = None
    item: str | None = None


_WIDTH = 100  # columns of a printed result
_NUMBERS = ("rfjax", "published", "error", "law", "deviation", "count")
_WORDS = ("quantity", "unit", "note", "item")
_OPTIONAL = ("published", "error", "law", "deviation", "count", "note", "item")


def mean_row(
    what: str,
    unit: str,
    values: Float[np.ndarray, " repetitions"],
    published: float | None = None,
    note: str | None = None,
    item: str | None = None,
) -> Row:
    """The mean over repetitions with its standard error, their deviation and their number.

    **Arguments:** `what` it is; `unit`; `values`, one a repetition; `published`: the printed mean;
    `note`: why it differs; `item` of the thesis.

    **Returns:** the row; without error and deviation where there is one repetition only.
    """
    count, values = len(values), np.asarray(values, float)
    deviation = None if count == 1 else 0.0
    if np.ptp(values) > 0:  # of equal values the mean is rounded, so that they would scatter
        deviation = float(values.std(ddof=1))
    error = None if deviation is None else deviation / count**0.5
    mean = float(values.mean())
    return Row(what, unit, published, mean, error, None, deviation, count, note, item)


@contextlib.contextmanager
def run_by(command: str) -> Iterator[None]:
    """While it is open, results are saved with the command that they were run by."""
    token = _command.set(command)
    try:
        yield
    finally:
        _command.reset(token)


@dataclasses.dataclass(frozen=True)
class Result:
    """All that an experiment found.

    **Arguments:** `name` of the experiment; `rows`; `seconds` that it took, since it was
    resumed if it was; `settings`: what it
    was run with, as JSON can hold it; `command` that it was read with, if it was read.
    """

    name: str
    rows: Sequence[Row]
    seconds: float
    settings: Mapping[str, Any]
    command: str | None = None

    @classmethod
    def read(cls, directory: Path) -> "Result | None":
        """The result that was saved in a directory, if there is one.

        **Raises:** `InvalidInput` if its file is damaged.
        """
        path = directory / FILE
        if not path.exists():
            return None
        try:
            content = dict(json.loads(path.read_text()))
            rows = [_checked(Row(**row)) for row in content.pop("rows")]
            content["settings"] = dict(content["settings"])
            return cls(rows=rows, **content)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            raise InvalidInput(f"{path} is no result of rfjax, or damaged; move it away") from None

    def save(self, directory: Path, file: str = FILE) -> Path:
        """Write the result into a directory, whole or not at all.

        **Arguments:** `directory`, made if absent; the name of the `file`.

        **Returns:** the path of the file.

        **Raises:** `OSError` if it cannot be written.
        """
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / file
        draft = directory / f"{file}.part"
        content = {
            "name": self.name,
            "rows": [dataclasses.asdict(row) for row in self.rows],
            "seconds": self.seconds,
            "settings": dict(self.settings),
            "command": self.command or _command.get(),
        }
        written = json.dumps(content, indent=2, default=_plain)
        draft.write_text(written + "\n")
        os.replace(draft, path)
        return path

    def __repr__(self) -> str:
        return f"Result({self.name}: {len(self.rows)} rows, {quantity(self.seconds, 's')})"

    def __str__(self) -> str:
        console = Console(width=_WIDTH)
        with console.capture() as captured:
            console.print(self)
        return captured.get().rstrip()

    def to_xarray(self) -> "xarray.Dataset":
        """The rows with named axes: every column over `quantity`, NaN where there is no number.

        **Returns:** `rfjax`, `published`, `error`, `law`, `deviation` and `count`, beside the
        `unit` of each quantity; `name`, `seconds` and the settings as JSON are attributes.
        """
        along = ("quantity",)
        columns = {name: [getattr(row, name) for row in self.rows] for name in _NUMBERS}
        variables = {name: (along, np.array(cells, float), "") for name, cells in columns.items()}
        words = {
            name: (along, np.array([getattr(row, name) for row in self.rows], object), "")
            for name in ("quantity", "unit")
        }
        settings = json.dumps(dict(self.settings), default=_plain)
        about = {"name": self.name, "seconds": self.seconds, "settings": settings}
        return dataset(variables, words, **about)

    def to_dataframe(self) -> "pandas.DataFrame":
        """The rows as a table, with the columns of `to_xarray`."""
        return dataframe(self.to_xarray())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        title = f"{self.name}, quick" if self.settings.get("quick") else self.name
        optional = [name for name in ("law", "deviation", "count") if self._has(name)]
        columns = {
            "published": [number(row.published) for row in self.rows],
            "rfjax": [with_error(row.rfjax, row.error) for row in self.rows],
            **{name: [number(getattr(row, name)) for row in self.rows] for name in optional},
        }
        table = Table(title=Text(title), title_justify="left")
        table.add_column("quantity", overflow="fold")
        table.add_column("unit", overflow="fold")
        for name, cells in columns.items():
            width = max(map(cell_len, [name, *cells]))  # a number is never cut
            table.add_column(name, justify="right", no_wrap=True, min_width=width)
        for row, *cells in zip(self.rows, *columns.values(), strict=True):
            table.add_row(Text(row.quantity), Text(row.unit), *cells)
        needed = console.measure(table, options=options.update(width=1000)).minimum
        if needed <= options.max_width:
            yield table
        else:  # words would be cut, or numbers
            yield Text(title)
            for row in self.rows:
                yield Text(_in_words(row), overflow="fold")
        for note in dict.fromkeys(row.note for row in self.rows if row.note):
            about = "; ".join(row.quantity for row in self.rows if row.note == note)
            yield Text(f"{about}: {note}", overflow="fold")

    def _has(self, name: str) -> bool:
        return any(getattr(row, name) is not None for row in self.rows)


def _plain(value: Any) -> Any:
    """Numbers of NumPy as those of Python."""
    return np.asarray(value).tolist()


def _checked(row: Row) -> Row:
    """A row that was read.

    **Raises:** `TypeError` where words and numbers are not what they should be.
    """
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        kinds = str if field.name in _WORDS else int | float
        if not (isinstance(value, kinds) or (value is None and field.name in _OPTIONAL)):
            raise TypeError(field.name)
    return row


def _in_words(row: Row) -> str:
    """A row of the table as a line."""
    others = {name: getattr(row, name) for name in ("published", "law", "deviation", "count")}
    known = [f"{name} {number(value)}" for name, value in others.items() if value is not None]
    unit = "" if row.unit == "1" else f" {row.unit}"
    return "; ".join([f"{row.quantity}: {with_error(row.rfjax, row.error)}{unit}", *known])


def number(value: float | int | None) -> str:
    """A value to five digits; a dash where there is none."""
    return "–" if value is None else f"{value:.5g}"


def with_error(value: float, error: float | None) -> str:
    """A value to as many places as its standard error has with two digits."""
    if not error or not np.isfinite(error):
        return number(value)
    places = max(0, 1 - int(np.floor(np.log10(error))))
    if max(abs(value), error) < 1e-4 or places > 6:
        return f"{value:.5g} ± {error:.2g}"
    rounded = round(value, places) + 0.0  # never -0.000
    return f"{rounded:.{places}f} ± {error:.{places}f}"
