"""Rows: their ratio, their JSON and their table."""

import json

import pytest
from rich.console import Console

from benchmarks.row import Row, save, table

MEASURED = Row("layer (1, 2, 3)", "forward", 0.5, 100.0, "s", "PyTorch direct")
ALONE = Row("layer (1, 2, 3)", "forward", 0.5, None, "s", "PyTorch not installed")


def test_ratio_says_how_many_times_less_we_take():
    assert MEASURED.ratio == pytest.approx(200)
    assert ALONE.ratio is None


def test_json_holds_every_pinned_field(tmp_path):
    path = tmp_path / "rows.json"
    save([MEASURED, ALONE], path)
    first, second = json.loads(path.read_text())
    assert set(first) == {"case", "what", "rfjax", "peer", "ratio", "unit", "peer_name"}
    assert first["ratio"] == pytest.approx(200)
    assert second["peer"] is second["ratio"] is None
    assert [file.name for file in tmp_path.iterdir()] == ["rows.json"]


def test_table_shows_rows_with_and_without_a_peer():
    console = Console(width=150)
    with console.capture() as capture:
        console.print(table([MEASURED, ALONE]))
    assert "200" in capture.get()
    assert "PyTorch not installed" in capture.get()
