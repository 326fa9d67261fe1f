import importlib.util
import json
from pathlib import Path

import pytest

from rfjax import experiments
from rfjax.cli.train import TASKS

DOCS = Path(__file__).parents[1] / "docs"
spec = importlib.util.spec_from_file_location("reproduction", DOCS / "reproduction.py")
reproduction = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reproduction)


def test_the_page_is_the_one_that_the_results_give():
    assert reproduction.PAGE.read_text() == reproduction.page(), "run python docs/reproduction.py"


@pytest.mark.parametrize("name", [*experiments.names(), *(f"train {task}" for task in TASKS)])
def test_what_an_experiment_shows_is_an_item_of_the_thesis(name):
    assert set(reproduction.shown_by(name)) <= set(reproduction.ITEMS)


def test_results_stand_under_the_items_that_their_experiments_show():
    for path in reproduction.RESULTS.glob("*.json"):
        result = json.loads(path.read_text())
        assert tuple(result["shows"]) == reproduction.shown_by(result["name"]), path
        items = {row["item"] for row in result["rows"]} - {None}
        assert items <= set(result["shows"]), path


def test_a_published_number_without_its_item_is_not_taken(tmp_path, monkeypatch):
    row = {"quantity": "x", "unit": "%", "published": 1.0, "rfjax": 1.0, "item": None}
    result = {"name": "mac", "command": "rfjax reproduce mac", "rows": [row]}
    (tmp_path / "result.json").write_text(json.dumps(result))
    monkeypatch.setattr(reproduction, "shown_by", lambda name: ("Fig. 45", "Fig. 46, 47"))
    with pytest.raises(SystemExit, match="under which item"):
        reproduction.take(tmp_path)
