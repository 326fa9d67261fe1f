"""Directories and disks that runs write to: nothing of value is ever replaced."""

import errno
import os
import re
import types

import pytest

from rfjax.training.alone import alone_in
from tests.cli.common import QUICK, RESULT, an_ended_run, contents


def test_a_file_in_place_of_the_directory(complaint, tmp_path):
    (tmp_path / "taken").touch()
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        assert "taken is a file; give a directory" in complaint(2, *QUICK, "--out", out)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_may_only_be_read(complaint, tmp_path):
    tmp_path.chmod(0o500)
    assert "--out" in complaint(1, *QUICK, "--out", tmp_path)


def test_a_full_disk_is_noticed_before_training(complaint, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr("rfjax.experiments.digits.training.run", None)
    assert "No space left" in complaint(1, *QUICK, "--out", tmp_path)


def test_a_disk_that_fills_while_training(complaint, tmp_path, monkeypatch):
    def full(out, **_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(out))

    monkeypatch.setattr("rfjax.experiments.digits.training.run", full)
    line = complaint(1, *QUICK, "--out", tmp_path)
    assert "No space left" in line
    assert str(tmp_path) in line


def test_a_directory_that_holds_a_run_is_kept(rfjax, complaint, tmp_path, monkeypatch):
    def run(out, **_):
        RESULT.save(out)
        return RESULT

    small = types.SimpleNamespace(run=run)
    monkeypatch.setattr("rfjax.experiments.load", {"mac": small}.__getitem__)
    words = ["reproduce", "mac", "--out", tmp_path / "out"]
    assert rfjax(*words)[0] == 0
    line = complaint(2, *words)
    assert "--overwrite" in line
    assert "--resume" not in line
    assert rfjax(*words, "--overwrite")[0] == 0
    result = tmp_path / "out" / "result.json"
    result.write_text("{}")
    for how in ((), ("--overwrite",)):
        assert "result.json is no result of rfjax, or damaged" in complaint(2, *words, *how)
    assert result.read_text() == "{}"


def test_what_no_run_wrote_is_never_replaced(complaint, tmp_path):
    (tmp_path / "digits.png").write_text("mine")
    for how in ((), ("--resume",), ("--overwrite",)):
        line = complaint(2, *QUICK, "--out", tmp_path, *how)
        assert "holds digits.png but no run" in line
    assert [path.name for path in tmp_path.iterdir()] == ["digits.png"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("epoch-000003.rfjax", "mine"),
        ("epoch-000003.rfjax.deadbeef.part", "mine"),
        ("epoch-000003.rfjax", ""),
        ("checkpoints/resonators/epoch-000003.rfjax.deadbeef.part", "mine"),
        ("checkpoints/resonators/epoch-000003.rfjax", ""),
    ],
)
def test_a_file_with_the_name_of_a_checkpoint_makes_no_run(complaint, tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    for how in ((), ("--resume",), ("--overwrite",)):
        line = complaint(2, *QUICK, "--out", tmp_path, *how)
        assert f"holds {name} but no run" in line
    assert path.read_text() == content


def test_a_foreign_file_among_the_checkpoints_is_refused_before_anything_goes(complaint, tmp_path):
    an_ended_run(tmp_path)
    (tmp_path / "checkpoints" / "software" / "epoch-000001.rfjax").write_text("mine")
    before = contents(tmp_path)
    line = complaint(2, *QUICK, "--out", tmp_path, "--overwrite")
    assert "epoch-000001.rfjax is damaged, or no checkpoint of rfjax; move it away" in line
    assert contents(tmp_path) == before


def test_what_is_refused_or_stopped_early_replaces_nothing(complaint, tmp_path, monkeypatch):
    before = an_ended_run(tmp_path)
    again = [*QUICK, "--out", tmp_path, "--overwrite"]
    assert "learning_rate" in complaint(2, *again, "--learning-rate", -1)
    assert contents(tmp_path) == before
    assert "batch_size" in complaint(2, *again, "--batch-size", 5000)
    assert contents(tmp_path) == before

    def stopped(*_, **__):
        assert contents(tmp_path) != before
        raise KeyboardInterrupt

    monkeypatch.setattr("rfjax.experiments.digits.training.train", stopped)
    assert "an earlier run is kept" in complaint(130, *again)
    assert contents(tmp_path) == before
    monkeypatch.setattr("rfjax.cli.devices.check_devices", stopped)
    complaint(130, *again)
    assert contents(tmp_path) == before


def test_a_run_goes_no_deeper_than_its_own_places(complaint, tmp_path):
    before = an_ended_run(tmp_path / "digits")
    for how in ((), ("--resume",), ("--overwrite",)):
        line = complaint(2, *QUICK, "--out", tmp_path, *how)
        assert re.search("holds digits/.* but no run", line)
    assert contents(tmp_path) == before


def test_two_runs_never_share_a_directory(complaint, tmp_path):
    with alone_in(tmp_path):
        assert "another run is writing to" in complaint(2, *QUICK, "--out", tmp_path)
    assert not list(tmp_path.iterdir())
