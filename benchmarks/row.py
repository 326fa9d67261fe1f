"""A measured number beside its peer's."""

import dataclasses
import json
import os
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table


@dataclasses.dataclass(frozen=True)
class Row:
    """One comparison.

    **Arguments:** `case`: what runs, with its size; `what` is measured; `rfjax`: our number;
    `peer`: theirs, None where there is none; `unit` of both; `peer_name`: who the peer is, or why
    there is none.
    """

    case: str
    what: str
    rfjax: float
    peer: float | None
    unit: str
    peer_name: str

    @property
    def ratio(self) -> float | None:
        """How many times less rfjax takes than its peer: peer / rfjax."""
        return None if self.peer is None else self.peer / self.rfjax

    def to_dict(self) -> dict[str, str | float | None]:
        """The row as it is written to JSON."""
        return {**dataclasses.asdict(self), "ratio": self.ratio}


def table(rows: Sequence[Row]) -> Table:
    """The rows as a table for the terminal."""
    drawn = Table(title="rfjax beside its peers", title_justify="left")
    for name in ("case", "what"):
        drawn.add_column(name)
    for name in ("rfjax", "peer", "peer / rfjax"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for name in ("unit", "peer is"):
        drawn.add_column(name)
    for row in rows:
        numbers = short(row.rfjax), short(row.peer), short(row.ratio, 2)
        drawn.add_row(row.case, row.what, *numbers, row.unit, row.peer_name)
    return drawn


def save(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as JSON, all or nothing."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps([row.to_dict() for row in rows], indent=1) + "\n")
    os.replace(partial, path)


def short(number: float | None, digits: int = 3) -> str:
    """A number as it stands in a table: rounded to so many digits; a dash where there is none."""
    if number is None:
        return "–"
    rounded = float(f"{number:.{digits - 1}e}")
    return f"{rounded:,.0f}" if rounded >= 10**digits else f"{number:.{digits}g}"
