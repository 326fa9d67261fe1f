"""Directories of runs, and what is replaced in them."""

from pathlib import Path

import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.experiments.common import folder
from rfjax.experiments.common.folder import claimed
from rfjax.experiments.common.result import Result
from rfjax.training import archive

OLD, NEW = (Result(name, [], 0.1, {}, "rfjax train digits") for name in ("old", "new"))


def checkpoint(path, kind="checkpoint"):
    path.parent.mkdir(parents=True, exist_ok=True)
    archive.write(path, {"kind": kind}, [np.zeros(3)])


def an_old_run(directory):
    OLD.save(directory)
    for name in ("one", "two"):
        checkpoint(directory / "checkpoints" / name / "epoch-000003.rfjax")
    checkpoint(directory / "epoch-000001.rfjax", kind="model")
    return contents(directory)


def contents(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("content", [b"", b"rfjax 1 sha256 0123"])
@pytest.mark.parametrize(("resume", "overwrite"), [(False, False), (True, False), (False, True)])
def test_a_draft_of_a_killed_run_does_not_block_a_new_one(tmp_path, content, resume, overwrite):
    draft = tmp_path / "checkpoints" / "one" / "epoch-000001.rfjax.0123abcd.part"
    draft.parent.mkdir(parents=True)
    draft.write_bytes(content)
    with claimed(tmp_path, resume, overwrite, resumable=True):
        pass


def test_what_is_replaced_is_out_of_the_way_and_goes_once_something_new_is_written(tmp_path):
    """Of all networks: no older checkpoint is ever taken for one of the new run."""
    before = an_old_run(tmp_path)
    with claimed(tmp_path, True, False, resumable=True):
        assert contents(tmp_path) == before
    with claimed(tmp_path, False, True, resumable=True):
        assert folder.checkpoints(tmp_path) == []
        assert Result.read(tmp_path) is None
    assert contents(tmp_path) == before
    with claimed(tmp_path, False, True, resumable=True):
        checkpoint(tmp_path / "checkpoints" / "one" / "epoch-000001.rfjax")
    kept = {"checkpoints/one/epoch-000001.rfjax", "epoch-000001.rfjax"}
    assert set(contents(tmp_path)) == kept
    with claimed(tmp_path, False, True, resumable=True):
        NEW.save(tmp_path)
    assert set(contents(tmp_path)) == {"result.json", "epoch-000001.rfjax"}
    assert Result.read(tmp_path).name == "new"


def test_after_a_kill_the_next_command_drops_what_a_written_checkpoint_replaced(tmp_path):
    an_old_run(tmp_path)
    folder._set_aside(tmp_path)
    checkpoint(tmp_path / "checkpoints" / "one" / "epoch-000001.rfjax")
    assert folder.ended(tmp_path, OLD.command) is None
    kept = {"checkpoints/one/epoch-000001.rfjax", "epoch-000001.rfjax"}
    assert set(contents(tmp_path)) == kept


@pytest.mark.parametrize("moves", range(8))
def test_a_kill_at_any_moment_before_something_new_is_written_loses_nothing(
    tmp_path, monkeypatch, moves
):
    """Three files move there and three back: the process ends before one of these, or after."""
    before = an_old_run(tmp_path)
    left, move = iter(range(moves)), Path.replace

    def killed(*which):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return move(*which)

    monkeypatch.setattr(Path, "replace", killed)
    try:
        with claimed(tmp_path, False, True, resumable=True):
            assert moves >= 3
    except KeyboardInterrupt:
        assert moves < 6
    monkeypatch.undo()
    assert folder.ended(tmp_path, OLD.command).name == "old"
    assert contents(tmp_path) == before
    with (
        pytest.raises(InvalidInput, match="holds a run"),
        claimed(tmp_path, False, False, resumable=True),
    ):
        pass
