"""What an experiment found, beside what was published."""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table


@dataclasses.dataclass(frozen=True)
class Row:
    """One quantity.

    **Arguments:** `quantity`: what it is; `unit`; `published`: the printed number, None where
    there is none; `rfjax`: ours.
    """

    quantity: str
    unit: str
    published: float | None
    rfjax: float


def mean_rows(
    what: str, unit: str, values: Float[np.ndarray, " seeds"], published: float | None = None
) -> list[Row]:
    """The mean over several seeds and, if there are several, how far they scatter.

    **Arguments:** `what` it is; `unit`; `values`, one a seed; `published`: the printed mean.

    **Returns:** one row or two.
    """
    rows = [Row(what, unit, published, float(values.mean()))]
    if len(values) > 1:
        scatter = float(values.std(ddof=1))
        rows.append(Row(f"{what}, standard deviation over seeds", unit, None, scatter))
    return rows


@dataclasses.dataclass(frozen=True)
class Result:
    """All that an experiment found.

    **Arguments:** `name` of the experiment; `rows`; `seconds` that it took; `settings`: what it
    was run with, as JSON can hold it.
    """

    name: str
    rows: Sequence[Row]
    seconds: float
    settings: Mapping[str, Any]

    def save(self, directory: Path) -> Path:
        """Write result.json into a directory, whole or not at all.

        **Returns:** the path of the file.

        **Raises:** `OSError` if it cannot be written.
        """
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "result.json"
        draft = directory / "result.json.part"
        content = {
            "name": self.name,
            "rows": [dataclasses.asdict(row) for row in self.rows],
            "seconds": self.seconds,
            "settings": dict(self.settings),
        }
        draft.write_text(json.dumps(content, indent=2) + "\n")
        os.replace(draft, path)
        return path

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(title=self.name, title_justify="left")
        table.add_column("quantity")
        table.add_column("unit")
        table.add_column("published", justify="right")
        table.add_column("rfjax", justify="right")
        for row in self.rows:
            published = "–" if row.published is None else f"{row.published:.5g}"
            table.add_row(row.quantity, row.unit, published, f"{row.rfjax:.5g}")
        yield table
