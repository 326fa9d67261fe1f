"""Experiments by the command line."""

import json
import types

from tests.cli.common import RESULT, contents
from tests.experiments.small_mnist import small_mnist


def test_reproduce_lists_and_runs_by_name(rfjax, tmp_path, monkeypatch):
    code, out, _ = rfjax("reproduce", "--list")
    assert code == 0
    assert "digits" in out.split()

    def run(out, *, quick):
        asked.append(quick)
        RESULT.save(out)
        (out / "small.png").write_text("drawn")
        if len(asked) == 2:
            raise KeyboardInterrupt
        return RESULT

    asked = []
    small = types.SimpleNamespace(run=run)
    monkeypatch.setattr("rfjax.experiments.load", {"digits": small}.__getitem__)
    code, out, _ = rfjax("reproduce", "digits", "--quick", "--out", tmp_path / "a" / "b")
    assert code == 0
    assert "what" in out
    assert asked == [True]
    before = contents(tmp_path)
    assert {each.name for each in before} == {"result.json", "small.png"}
    stopped = rfjax("reproduce", "digits", "--out", tmp_path / "a" / "b", "--overwrite")
    assert stopped[0] == 130
    assert contents(tmp_path) == before
    monkeypatch.chdir(tmp_path)
    assert rfjax("reproduce", "digits")[0] == 0
    assert (tmp_path / "runs" / "digits" / "small.png").exists()


def test_what_trains_on_mnist_is_given_its_data_and_seeds(rfjax, complaint, tmp_path, monkeypatch):
    def run(training):
        asked.append(training)
        return RESULT

    def load(directory):
        read.append(directory)
        return small_mnist(20, 10)

    asked, read = [], []
    small = types.SimpleNamespace(run=run, SEEDS=10, EPOCHS=7, BATCH_SIZE=50)
    monkeypatch.setattr("rfjax.experiments.load", {"cnn": small}.__getitem__)
    words = ["reproduce", "cnn", "--out", tmp_path / "out"]
    assert "four files" in complaint(2, *words, "--data", tmp_path)
    assert not asked
    monkeypatch.setattr("rfjax.experiments.mnist.training.load_mnist", load)
    assert rfjax(*words, "--data", tmp_path, "--seeds", 3, "--resume")[0] == 0
    assert rfjax(*words, "--overwrite")[0] == 0
    first, second = asked
    assert read == [tmp_path, None]
    assert (first.seeds, first.resume) == (3, True)
    assert (first.epochs, first.batch_size, first.quick) == (7, 50, False)
    assert (second.seeds, second.resume, second.overwrite) == (10, False, True)


def test_a_result_is_saved_with_the_options_that_change_it(rfjax, tmp_path, monkeypatch):
    def run(out, **_):
        RESULT.save(out)
        return RESULT

    monkeypatch.setattr("rfjax.experiments.digits.training.run", run)
    rfjax("train", "digits", "--out", tmp_path, "--rectifier=linear", "--seeds", 5, "--epochs", 2)
    saved = json.loads((tmp_path / "result.json").read_text())
    command = "rfjax train digits --rectifier linear --epochs 2"
    assert saved["command"] == f"JAX_ENABLE_X64=1 {command}"


def test_what_fits_spectra_is_given_its_file(rfjax, complaint, tmp_path, monkeypatch):
    def run(out, **given):
        asked.append(given)
        RESULT.save(out)
        return RESULT

    asked = []
    small = types.SimpleNamespace(run=run)
    monkeypatch.setattr("rfjax.experiments.load", lambda name: small)
    words = ["reproduce", "fit-spin-diode", "--out", tmp_path / "out"]
    assert rfjax(*words, "--data", tmp_path / "mine.csv")[0] == 0
    assert rfjax(*words, "--overwrite")[0] == 0
    assert asked == [{"quick": False, "data": tmp_path / "mine.csv"}, {"quick": False}]
    said = complaint(2, "reproduce", "mac", "--data", tmp_path)
    assert "leave out --data" in said
