import json
from pathlib import Path

import numpy as np
import pytest

from rfjax.experiments import superposition as experiment
from rfjax.experiments.agreement import correlation, deviation

RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.fixture(scope="module")
def chain():
    return experiment.integrated(1.0, 20)


def test_models_miss_the_integrated_chain_by_what_the_committed_result_says(chain):
    committed = json.loads((RESULTS / "superposition.json").read_text())
    said = {row["quantity"]: row["rfjax"] for row in committed["rows"]}
    mean = chain.mean(axis=0)
    for name in ("linear", "independent", "cross-coupled"):
        model = experiment.steady(experiment.MODELS[name], 1.0)
        what = f"5-15 µW, {name}, mean of draws"
        # Phases are drawn anew here: the numbers agree within their scatter.
        assert 1e6 * deviation(model, mean) == pytest.approx(said[f"{what}: RMSD"], rel=0.1)
        related = 100 * correlation(model, mean)
        assert related == pytest.approx(said[f"{what}: correlation"], abs=0.005)


def test_a_model_that_holds_more_is_nearer_to_the_integrated_chain(chain):
    apart = [
        deviation(experiment.steady(model, 1.0), chain[0]) for model in experiment.MODELS.values()
    ]
    assert apart == sorted(apart, reverse=True)


def test_phases_drawn_for_each_product_give_the_same_statistics(chain):
    few = experiment.afresh(1.0, 1)
    assert few.shape == (1, 81, 81)
    model = experiment.steady(experiment.MODELS["independent"], 1.0)
    ours, theirs = (deviation(np.broadcast_to(model, each.shape), each) for each in (few, chain))
    assert ours == pytest.approx(theirs, rel=0.1)


def test_a_quick_run_sets_the_mean_of_draws_beside_what_is_published(tmp_path):
    result = experiment.run(tmp_path, quick=True)
    published = [row for row in result.rows if row.published is not None]
    assert [row.published for row in published] == [1.72, 99.94]
    assert all("mean of draws" in row.quantity for row in published)
    found = {row.quantity: row.rfjax for row in result.rows}
    linear, independent = (
        found[f"5-15 µW, {name}, mean of draws: RMSD"] for name in ("linear", "independent")
    )
    assert independent < published[0].published < linear
    assert "quick" in result.settings
    assert (tmp_path / "superposition.png").stat().st_size > 10_000
