"""The results that the documentation is made of."""

import json
from pathlib import Path

import numpy as np

from rfjax.experiments.common.result import Result

RESULTS = Path(__file__).parents[2] / "docs" / "results"


def assert_as_documented(result: Result, largest: float = 1e-5) -> None:
    """Every row has the number, the law and the note of the committed one, made in float32."""
    rows = json.loads((RESULTS / f"{result.name}.json").read_text())["rows"]
    assert [row.quantity for row in result.rows] == [row["quantity"] for row in rows]
    for row, known in zip(result.rows, rows, strict=True):
        assert row.note == known["note"], row.quantity
        for name in ("rfjax", "law", "published"):
            ours, theirs = (np.asarray(each, float) for each in (getattr(row, name), known[name]))
            np.testing.assert_allclose(ours, theirs, rtol=largest, atol=1e-6, err_msg=row.quantity)
