import json

import pytest
from rich.console import Console

from rfjax import InvalidInput, experiments
from rfjax.experiments.result import Result, Row

RESULT = Result(
    "small", [Row("one", "µV", 2.5, 2.0), Row("two", "%", None, 1234.5678)], 0.5, {"N": 1}
)


def test_a_result_is_saved_with_the_keys_that_scripts_rely_on(tmp_path):
    path = RESULT.save(tmp_path / "new" / "directory")
    assert path == tmp_path / "new" / "directory" / "result.json"
    assert json.loads(path.read_text()) == {
        "name": "small",
        "rows": [
            {"quantity": "one", "unit": "µV", "published": 2.5, "rfjax": 2.0},
            {"quantity": "two", "unit": "%", "published": None, "rfjax": 1234.5678},
        ],
        "seconds": 0.5,
        "settings": {"N": 1},
    }
    assert [each.name for each in path.parent.iterdir()] == ["result.json"]


def test_a_result_prints_itself_as_a_table():
    console = Console(width=100, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(RESULT)
    printed = captured.get()
    for word in ("small", "published", "one", "µV", "2.5", "–", "1234.6"):
        assert word in printed


@pytest.mark.parametrize("name", experiments.names())
def test_every_experiment_has_a_title_and_runs(name):
    module = experiments.load(name)
    assert len(module.TITLE.split()) > 3
    assert callable(module.run)


def test_an_unknown_experiment_is_refused():
    with pytest.raises(InvalidInput, match="chain-64"):
        experiments.load("chain-65")
