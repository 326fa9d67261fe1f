"""Digits with resonators of two detunings."""

import json

import pytest

from rfjax.experiments.hardware import binary
from tests.experiments.committed import RESULTS


@pytest.mark.slow
def test_a_quick_run_says_that_it_was_quick(tmp_path):
    result = binary.run(tmp_path, quick=True)
    assert "160 rows" in result.settings["quick"]
    assert (tmp_path / "binary.png").stat().st_size > 0
    assert [row.quantity for row in result.rows] == [
        "continuous: test accuracy",
        "two detunings: test accuracy",
        "two detunings: points below continuous",
    ]


def test_the_documented_states_are_within_three_points_of_continuous_detunings():
    result = json.loads((RESULTS / "binary.json").read_text())
    assert (result["settings"]["seeds"], "quick" in result["settings"]) == (8, False)
    rows = {row["quantity"]: row for row in result["rows"]}
    lost = rows["two detunings: points below continuous"]
    assert lost["count"] == 8
    assert lost["rfjax"] + 2 * lost["error"] < 3
