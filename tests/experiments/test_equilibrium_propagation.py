"""Networks that settle learn the digits; the committed result decides what it says it does."""

import json

import pytest

from rfjax.experiments.digits import equilibrium_propagation as experiment
from tests.experiments.committed import RESULTS


@pytest.mark.slow
def test_a_quick_run_learns_and_says_that_it_was_quick(tmp_path):
    result = experiment.run(tmp_path, quick=True)
    found = {row.quantity: row.rfjax for row in result.rows}
    assert found[f"{experiment.LOCAL}: train accuracy"] > 20  # chance is 10
    assert found[f"{experiment.LOCAL}: test rows that settle"] == 100
    assert "160 rows" in result.settings["quick"]
    assert (tmp_path / "equilibrium_propagation.png").stat().st_size > 0


def test_the_documented_result_is_within_two_points_of_backpropagation():
    result = json.loads((RESULTS / "equilibrium-propagation.json").read_text())
    assert "quick" not in result["settings"]
    rows = {row["quantity"]: row for row in result["rows"]}
    local, exact = (rows[f"{n}: test accuracy"] for n in (experiment.LOCAL, experiment.EXACT))
    assert local["count"] == exact["count"] >= 5
    difference = rows[f"{experiment.LOCAL} - {experiment.EXACT}: paired difference"]
    assert difference["rfjax"] == pytest.approx(local["rfjax"] - exact["rfjax"], abs=1e-4)
    # The lower end of the interval, as the note has it.
    assert float(difference["note"].split("from ")[1].split(" to")[0]) > -2
    for field in experiment.FIELDS:
        for size in experiment.MISMATCH:
            assert f"{experiment.LOCAL}, {experiment._unequal(field, size)}: test accuracy" in rows
