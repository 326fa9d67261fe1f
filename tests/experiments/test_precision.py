"""Digits with resonators of a number of levels."""

import json

import jax
import numpy as np
import pytest

from rfjax.experiments.hardware import precision
from tests.experiments.committed import RESULTS


def test_the_range_of_gaussian_detunings_is_that_of_the_best_quantiser():
    """Two levels at σ√(2/π); uniform ones of Max (1960) for four, 0.9957 σ apart."""
    drawn = np.asarray(0.1 * jax.random.normal(jax.random.key(0), (20000,)))
    assert precision.best_range(drawn, 2) == pytest.approx(0.1 * (2 / np.pi) ** 0.5, rel=0.07)
    assert precision.best_range(drawn, 4) == pytest.approx(1.5 * 0.09957, rel=0.05)


def test_a_quick_run_rounds_a_network_and_says_that_it_was_quick(tmp_path):
    result = precision.run(tmp_path, quick=True)
    assert "160 rows" in result.settings["quick"]
    assert (tmp_path / "precision.png").stat().st_size > 0
    assert [row.quantity for row in result.rows] == [
        "continuous: test accuracy",
        "2 levels, rounded after training: test accuracy",
        "2 levels, rounded after training: points below continuous",
    ]


def test_the_documented_result_says_how_many_levels_are_enough():
    result = json.loads((RESULTS / "precision.json").read_text())
    assert (result["settings"]["seeds"], "quick" in result["settings"]) == (3, False)
    rows = {row["quantity"]: row["rfjax"] for row in result["rows"]}

    def lost(levels, how):
        return rows[f"{levels} levels, {how}: points below continuous"]

    assert lost(2, "rounded after training") > lost(2, "trained through rounding")
    assert abs(lost(64, "rounded after training")) < 1
