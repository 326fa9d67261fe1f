"""Appendix B beside other hardware and what noise asks for."""

import json

import numpy as np
import pytest

from rfjax.experiments.hardware import energy
from tests.experiments.committed import RESULTS


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    folder = tmp_path_factory.mktemp("energy")
    return energy.run(folder, quick=True), folder


def test_rows_are_those_of_the_documented_result_but_for_the_perceptron(quick):
    result, folder = quick
    rows = json.loads((RESULTS / "energy.json").read_text())["rows"]
    assert [row.quantity for row in result.rows] == [row["quantity"] for row in rows]
    for row, known in zip(result.rows, rows, strict=True):
        if "perceptron" not in row.quantity:
            np.testing.assert_allclose(row.rfjax, known["rfjax"], rtol=1e-4, err_msg=row.quantity)
            assert row.published == known["published"]
    assert (folder / "energy.png").stat().st_size > 0


def test_perceptrons_take_what_their_parts_take(quick):
    result, _ = quick
    found = {row.quantity: row for row in result.rows}["10,000 images, perceptron"]
    np.testing.assert_allclose(found.rfjax, found.law, rtol=0.01)
    # A smaller perceptron says so.
    assert found.published is None
    assert "of 64-30-10 alone, not 784-300-10" in found.note
    assert str(result).startswith("energy, quick")
    rows = {
        row["quantity"]: row for row in json.loads((RESULTS / "energy.json").read_text())["rows"]
    }
    known = rows["10,000 images, perceptron"]
    np.testing.assert_allclose(known["rfjax"], known["law"], rtol=0.01)
    assert known["published"] == 25


def test_a_long_reading_resolves_what_it_is_to_resolve():
    for share in energy.SHARES[-2:]:
        scatter = np.hypot(*energy.chain_scatter(energy.time_to_resolve(share)))
        np.testing.assert_allclose(scatter, share * energy.VOLTAGE, rtol=0.01)


def test_no_damping_takes_less_time_than_the_best():
    rows = {row.quantity: row.rfjax for row in energy.conflict_rows()}
    for ratio in energy.RATIOS:
        best = rows[f"signal {ratio:g} times the scatter: best damping"]
        least = rows[f"signal {ratio:g} times the scatter: time at the best damping"]
        settling, reading = energy.times(best, ratio)
        np.testing.assert_allclose(settling, reading, rtol=1e-6)
        around = sum(energy.times(best * np.geomspace(0.1, 10, 101), ratio)) / 1e-6
        np.testing.assert_allclose(around.min(), least, rtol=1e-6)
