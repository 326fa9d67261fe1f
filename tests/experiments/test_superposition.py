import json
from pathlib import Path

import numpy as np
import pytest

from rfjax.experiments.chain import superposition as experiment
from rfjax.experiments.common.agreement import agreement_rows, deviation

RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.fixture(scope="module")
def optimised():
    return True  # computes for longer than it compiles


@pytest.fixture(scope="module")
def chain():
    return experiment.integrated(1.0, 20)


def test_models_miss_the_integrated_chain_by_what_the_committed_result_says(chain):
    committed = json.loads((RESULTS / "superposition.json").read_text())
    said = {row["quantity"]: row["rfjax"] for row in committed["rows"]}
    for name, model in experiment.MODELS.items():
        volts = experiment.steady(model, 1.0)
        for what, each in (("mean of draws", chain.mean(axis=0)), ("each draw", chain)):
            what = f"5-15 µW, {name}, {what}"
            apart, related = agreement_rows(what, np.broadcast_to(volts, each.shape), each)
            # The phases are the same, the committed voltages those of float32.
            assert apart.rfjax == pytest.approx(said[apart.quantity], abs=1e-5)
            assert related.rfjax == pytest.approx(said[related.quantity], abs=1e-6)


def test_a_model_that_holds_more_is_nearer_to_the_integrated_chain(chain):
    apart = [
        deviation(experiment.steady(model, 1.0), chain[0]) for model in experiment.MODELS.values()
    ]
    assert apart == sorted(apart, reverse=True)


def test_phases_drawn_for_each_product_give_the_same_statistics(chain):
    few = experiment.afresh(1.0, 1)
    assert few.shape == (1, 81, 81)
    model = experiment.steady(experiment.MODELS["independent"], 1.0)
    theirs = (model - chain) ** 2
    more = (model - few[0]) ** 2 - theirs.mean(axis=0)
    # Products are independent in the one, whole draws in the other.
    error = np.hypot(more.std() / 81, theirs.mean(axis=(1, 2)).std(ddof=1) / np.sqrt(len(chain)))
    assert abs(more.mean()) < 4 * error
    assert 4 * error < 0.1 * theirs.mean()  # resolves 5 % of the deviation


@pytest.mark.slow
def test_a_quick_run_sets_the_mean_of_draws_beside_what_is_published(tmp_path, chain):
    result = experiment.run(tmp_path, quick=True)
    published = [row for row in result.rows if row.published is not None]
    assert [row.published for row in published] == [1.72, 99.94]
    assert all("mean of draws" in row.quantity for row in published)
    found = {row.quantity: row.rfjax for row in result.rows}
    linear, independent = (
        found[f"5-15 µW, {name}, mean of draws: RMSD"] for name in ("linear", "independent")
    )
    assert independent < published[0].published < linear
    # What phases scatter goes with one over the draws, four here; the rest is the model's.
    scatter = 1e12 * chain.var(axis=0, ddof=1).mean() * (1 / 4 - 1 / len(chain))
    for name, model in experiment.MODELS.items():
        apart = 1e6 * (experiment.steady(model, 1.0) - chain)
        each = (apart**2).mean(axis=(1, 2))
        error = each.std(ddof=1) * np.sqrt(1 / 4 + 1 / len(chain))
        expected = {"mean": (apart.mean(axis=0) ** 2).mean() + scatter, "each": each.mean()}
        for what, quantity in (("mean", "mean of draws"), ("each", "each draw")):
            square = found[f"5-15 µW, {name}, {quantity}: RMSD"] ** 2
            assert square == pytest.approx(expected[what], abs=4 * error)
    assert "quick" in result.settings
