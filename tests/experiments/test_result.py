import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from rfjax import InvalidInput, experiments
from rfjax.experiments.common.result import Result, Row, mean_row, number, run_by, with_error

RESULTS = Path(__file__).parents[2] / "docs" / "results"
RESULT = Result(
    "small",
    [
        Row("one", "µV", 2.5, 2.0, note="it is another device"),
        Row("two", "%", None, 1234.5678),
        Row("three", "%", 97.0, 96.8768, error=0.0432, law=96.5, deviation=0.1, count=5),
    ],
    0.5,
    {"N": 1},
)


def test_a_result_is_saved_with_the_keys_that_scripts_rely_on(tmp_path):
    path = RESULT.save(tmp_path / "new" / "directory")
    assert path == tmp_path / "new" / "directory" / "result.json"
    found = json.loads(path.read_text())
    assert {name: found[name] for name in ("name", "seconds", "settings")} == {
        "name": "small",
        "seconds": 0.5,
        "settings": {"N": 1},
    }
    one, two, three = found["rows"]
    assert {name: two[name] for name in ("quantity", "unit", "published", "rfjax")} == {
        "quantity": "two",
        "unit": "%",
        "published": None,
        "rfjax": 1234.5678,
    }
    assert one["note"] == "it is another device"
    assert (three["error"], three["law"], three["deviation"], three["count"]) == (
        0.0432,
        96.5,
        0.1,
        5,
    )
    assert [each.name for each in path.parent.iterdir()] == ["result.json"]


def test_numbers_of_numpy_are_saved_too(tmp_path):
    settings = {"power": np.float32(0.5), "count": np.int64(3), "powers": np.array([1.0, 2.0])}
    found = json.loads(Result("numbers", [], 0.5, settings).save(tmp_path).read_text())
    assert found["settings"] == {"power": 0.5, "count": 3, "powers": [1.0, 2.0]}


def test_a_result_prints_itself_as_a_table():
    console = Console(width=120)
    with console.capture() as captured:
        console.print(RESULT)
    printed = captured.get()
    for word in ("small", "published", "one", "µV", "2.5", "–", "1234.6", "96.877 ± 0.043", "96.5"):
        assert word in printed
    assert "one: it is another device" in printed


@pytest.mark.parametrize("width", [1, 10, 40, 60, 80])
def test_no_width_hides_a_number_or_a_name(width):
    console = Console(width=width)
    with console.capture() as captured:
        console.print(RESULT)
    printed = "".join(captured.get().split())
    for word in ("one", "two", "three", "µV", "2.5", "1234.6", "96.877±0.043", "96.5", "0.1", "5"):
        assert word in printed


@pytest.mark.parametrize("width", range(40, 130, 10))
def test_tables_of_all_published_results_are_whole(width):
    for path in RESULTS.glob("*.json"):
        content = json.loads(path.read_text())
        result = Result(content["name"], [Row(**row) for row in content["rows"]], 0.0, {})
        console = Console(width=width)
        with console.capture() as captured:
            console.print(result)
        printed = captured.get()
        assert "…" not in printed, path
        assert max(map(cell_len, printed.splitlines())) <= width, path
        for row in result.rows:
            others = [number(each) for each in (row.law, row.published) if each is not None]
            for each in (with_error(row.rfjax, row.error), *others):
                assert "".join(each.split()) in "".join(printed.split()), path


def test_a_note_of_several_rows_is_said_once():
    rows = [Row(name, "V", None, 1.0, note="no power is printed") for name in ("one", "two")]
    console = Console(width=120)
    with console.capture() as captured:
        console.print(Result("small", [*rows, Row("three", "V", None, 1.0)], 0.5, {}))
    assert captured.get().splitlines()[-1] == "one; two: no power is printed"


def test_a_result_is_read_as_it_was_saved(tmp_path):
    assert Result.read(tmp_path) is None
    with run_by("rfjax train digits"):
        RESULT.save(tmp_path)
    read = Result.read(tmp_path)
    assert read == dataclasses.replace(RESULT, command="rfjax train digits")
    for text in ("{", "[]", '{"rows": 1}', "\xff"):
        (tmp_path / "result.json").write_text(text, encoding="latin-1")
        with pytest.raises(InvalidInput, match="no result of rfjax, or damaged"):
            Result.read(tmp_path)


def test_what_was_quick_says_so_in_its_title():
    console = Console(width=120)
    with console.capture() as captured:
        console.print(dataclasses.replace(RESULT, settings={"quick": "fewer seeds"}))
    assert "small, quick" in captured.get()


def test_a_mean_has_its_standard_error_and_the_deviation_of_a_sample():
    row = mean_row("x", "%", np.array([1.0, 2.0, 4.0]), 2.0)
    np.testing.assert_allclose(
        [row.rfjax, row.deviation, row.error], [7 / 3, (7 / 3) ** 0.5, (7 / 9) ** 0.5]
    )
    alone = mean_row("x", "%", np.array([1.0]))
    assert (alone.count, alone.error, alone.deviation) == (1, None, None)


@pytest.mark.parametrize("name", experiments.names())
def test_every_experiment_has_a_title_and_a_function_to_run(name):
    assert len(experiments.ENTRIES[name].title.split()) > 3
    assert callable(experiments.load(name).run)


def test_an_experiment_that_was_renamed_says_so():
    with pytest.raises(InvalidInput, match="model-mismatch"):
        experiments.load("true-rung")


def test_an_unknown_experiment_is_refused():
    with pytest.raises(InvalidInput, match="chain-64"):
        experiments.load("chain-65")


def test_a_result_keeps_the_command_that_it_was_run_by(tmp_path):
    result = Result("small", [Row("x", "%", None, 1.0)], 0.1, {})
    with run_by("rfjax reproduce small"):
        within = json.loads(result.save(tmp_path).read_text())
    after = json.loads(result.save(tmp_path).read_text())
    assert (within["command"], after["command"]) == ("rfjax reproduce small", None)


def test_a_value_has_the_places_of_its_error():
    shown = [with_error(-2.5e-6, 0.025), with_error(96.8769, 0.043), with_error(3e-9, 1e-10)]
    assert shown == ["0.000 ± 0.025", "96.877 ± 0.043", "3e-09 ± 1e-10"]
