"""Training by the command line: what it writes, resumes, draws, evaluates, and keeps."""

import functools
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from rfjax.data import load_digits
from rfjax.experiments.common.result import Result, run_by
from rfjax.training import load, member
from tests.cli.common import QUICK, RESULT, an_ended_run, contents

ROWS = 200  # of the digits, where what is learnt does not matter


def history(out):
    return json.loads((out / "history.json").read_text())


def test_training_writes_what_it_found_resumes_and_is_evaluated(
    rfjax, complaint, tmp_path, monkeypatch
):
    images, digits = load_digits()
    few = images[:ROWS], digits[:ROWS]
    for name in ("training", "networks"):
        monkeypatch.setattr(f"rfjax.experiments.digits.{name}.load_digits", lambda: few)
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    code, out, err = rfjax(*QUICK, "--epochs", 2, "--out", whole)
    assert code == 0
    assert "resonators: test" in out
    assert err.count("compiled for") <= 2  # once a network, if at all
    result = json.loads((whole / "result.json").read_text())
    assert {"name", "rows", "seconds", "settings"} <= set(result)
    assert (whole / "digits.png").exists()
    assert (whole / "digits.svg").exists()
    trained = load(whole / "resonators.rfjax")
    assert member(trained, 1)(images[:3]).shape == (3, 10)

    assert rfjax(*QUICK, "--epochs", 1, "--out", halves)[0] == 0
    assert rfjax(*QUICK, "--epochs", 2, "--out", halves, "--resume", "--format", "pdf")[0] == 0
    assert history(halves) == history(whole)
    # Figures of another format are drawn from the checkpoints.
    (halves / "digits.pdf").unlink()
    again = [*QUICK, "--epochs", 2, "--out", halves]
    assert rfjax(*again, "--resume", "--format", "pdf")[0] == 0
    assert (halves / "digits.pdf").exists()
    assert history(halves) == history(whole)
    before = contents(halves)

    # From here on nothing is trained, nor prepared for it.
    trains = functools.partial(pytest.fail, "trains")
    monkeypatch.setattr("rfjax.experiments.digits.training.train", trains)
    code, said, _ = rfjax(*again, "--resume")
    assert code == 0
    assert "this run had ended" in said
    assert "resonators: test" in said
    line = complaint(2, *again)
    assert all(word in line for word in ("holds a run", "--resume", "--overwrite", "--out"))
    others = {"--batch-size": 50, "--seeds": 3, "--epochs": 1, "--learning-rate": 0.1}
    said = [complaint(2, *again, "--resume", *other) for other in others.items()]
    assert "are of batch size 100, not 50;" in said[0]
    assert "are of 2 seeds, not 3;" in said[1]
    assert "epochs is 1 but the checkpoint has 2" in said[2]
    assert re.search(r"are of learning rate 0.000\d, not 0.1;", said[3])
    assert contents(halves) == before

    # Evaluated on the rows that each seed held back, networks are as good as training found.
    code, said, _ = rfjax("evaluate", whole, "--rectifier", "independent")
    assert code == 0
    assert str(whole / "evaluation.json") in "".join(said.split())
    evaluated = json.loads((whole / "evaluation.json").read_text())
    found = {row["quantity"]: row["rfjax"] for row in evaluated["rows"]}
    for row in result["rows"]:
        if "test accuracy" in row["quantity"] or "paired" in row["quantity"]:
            assert found[row["quantity"]] == pytest.approx(row["rfjax"], abs=1e-9)
    # The linear model was learnt; the physics weighs otherwise.
    other = "resonators, evaluated on independent: test loss"
    assert 1e-6 < abs(found[other] - found["resonators: test loss"]) < 0.3
    assert evaluated["settings"]["trained on"] == "linear"
    assert contents(whole)[whole / "result.json"].decode() == json.dumps(result, indent=2) + "\n"
    (halves / "software.rfjax").write_bytes((halves / "resonators.rfjax").read_bytes()[:-1])
    assert "software.rfjax is damaged" in complaint(2, "evaluate", halves)

    (halves / "result.json").unlink()
    assert "holds no run that has ended" in complaint(2, "evaluate", halves)
    newest = halves / "checkpoints" / "resonators" / "epoch-000002.rfjax"
    os.truncate(newest, newest.stat().st_size // 2)
    assert "damaged" in complaint(2, *again, "--resume")


def test_what_cannot_be_evaluated_is_named(complaint, tmp_path):
    assert "is no directory" in complaint(2, "evaluate", tmp_path / "absent")
    assert "holds no run that has ended" in complaint(2, "evaluate", tmp_path)
    trained = Result("train digits", RESULT.rows, 0.1, {"seeds": 2, "first seed": 0})
    for result, command, said in [
        (RESULT, "rfjax reproduce mac", "holds the result of rfjax reproduce mac"),
        (trained, "rfjax train digits", "holds networks in float32, not float64"),
        (trained, "JAX_ENABLE_X64=1 rfjax train digits", "holds no networks"),
    ]:
        with run_by(command):
            result.save(tmp_path)
        assert said in complaint(2, "evaluate", tmp_path)


def test_figures_older_than_their_png_are_drawn_anew(rfjax, tmp_path, monkeypatch):
    def run(out, **_):
        drawn.append(out)
        return RESULT

    drawn = []
    monkeypatch.setattr("rfjax.experiments.digits.training.run", run)
    an_ended_run(tmp_path, "JAX_ENABLE_X64=1 rfjax train digits")
    figures = [tmp_path / "digits.png", tmp_path / "digits.pdf"]
    for figure in figures:
        figure.touch()
    words = ["train", "digits", "--out", tmp_path, "--resume", "--format", "pdf"]
    assert "this run had ended" in rfjax(*words)[1]
    assert not drawn
    os.utime(figures[1], (0, 0))
    assert rfjax(*words)[0] == 0
    assert drawn == [tmp_path]


def test_a_run_in_another_precision_is_not_resumed(complaint, tmp_path):
    an_ended_run(tmp_path, "rfjax train digits --rectifier linear")
    line = complaint(2, "train", "digits", "--rectifier", "linear", "--out", tmp_path, "--resume")
    assert "holds a run in float32, not float64" in line


def test_a_format_without_checkpoints_to_draw_from_is_reported(rfjax, tmp_path):
    with run_by("JAX_ENABLE_X64=1 rfjax train digits"):
        RESULT.save(tmp_path)
    code, out, _ = rfjax("train", "digits", "--out", tmp_path, "--resume", "--format", "pdf")
    assert code == 0
    assert "without checkpoints to draw pdf from" in " ".join(out.split())


def test_a_result_of_other_settings_without_its_checkpoints_is_not_resumed(complaint, tmp_path):
    command = "JAX_ENABLE_X64=1 rfjax train digits --epochs 40"
    with run_by(command):
        RESULT.save(tmp_path)
    line = complaint(2, *QUICK, "--out", tmp_path, "--resume")
    assert f"holds the result of {command} and no checkpoints" in line
    assert Result.read(tmp_path).command == command


def test_the_result_of_another_task_is_not_resumed(complaint, tmp_path):
    with run_by("rfjax reproduce resonance"):
        RESULT.save(tmp_path)
    line = complaint(2, *QUICK, "--out", tmp_path, "--resume")
    assert "holds the result of rfjax reproduce resonance; give another directory" in line


@pytest.mark.parametrize(
    "text",
    ["3", "null", '"x"', "[" * 100_000, '{"rows": []}']
    + [f'{{"name": "x", "seconds": 1, "settings": {value}}}' for value in ('3, "rows": []', "{}")]
    + ['{"name": "x", "seconds": 1, "settings": {}, "rows": [{"quantity": "x", "unit": "%", '
       '"published": "abc", "rfjax": 1}]}'],
)  # fmt: skip
def test_what_is_no_result_is_refused(complaint, tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    line = complaint(2, *QUICK, "--out", tmp_path, "--resume")
    assert "result.json is no result of rfjax, or damaged" in line


SCRIPT = f"""
import sys
from rfjax.cli import main
from rfjax.experiments.digits import networks, training
images, digits = training.load_digits()
training.load_digits = networks.load_digits = lambda: (images[:{ROWS}], digits[:{ROWS}])
sys.argv[0] = "rfjax"
main()
"""


def test_sigterm_keeps_what_was_trained(tmp_path):
    words = [*QUICK, "--epochs", "200000", "--out", str(tmp_path)]
    # As the first test, whose programs are read from the cache.
    same = {"JAX_ENABLE_X64": "1", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *words],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | same,
    )
    saved = tmp_path / "checkpoints" / "resonators"
    deadline = time.monotonic() + 60
    while not list(saved.glob("epoch-??????.rfjax")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "--resume" in err
    assert "Traceback" not in err
    assert list(saved.glob("epoch-??????.rfjax"))
