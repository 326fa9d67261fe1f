"""Directories of runs, and what is replaced in them."""

import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.experiments.folder import claimed
from rfjax.training import archive


def checkpoint(path, kind="checkpoint"):
    path.parent.mkdir(parents=True, exist_ok=True)
    archive.write(path, {"kind": kind}, [np.zeros(3)])


@pytest.mark.parametrize("content", [b"", b"rfjax 1 sha256 0123"])
def test_a_run_that_was_killed_while_it_wrote_its_first_checkpoint_is_a_run(tmp_path, content):
    draft = tmp_path / "checkpoints" / "one" / "epoch-000001.rfjax.0123abcd.part"
    draft.parent.mkdir(parents=True)
    draft.write_bytes(content)
    with (
        pytest.raises(InvalidInput, match="holds a run"),
        claimed(tmp_path, False, False, resumable=True),
    ):
        pass
    for resume in (True, False):
        with claimed(tmp_path, resume, not resume, resumable=True):
            pass


def test_what_is_replaced_goes_before_anything_is_written(tmp_path):
    """Of all networks: no older checkpoint is ever taken for one of the new run."""
    for name in ("one", "two"):
        checkpoint(tmp_path / "checkpoints" / name / "epoch-000003.rfjax")
    checkpoint(tmp_path / "epoch-000001.rfjax", kind="model")
    with claimed(tmp_path, True, False, resumable=True):
        assert len(list(tmp_path.rglob("epoch-*"))) == 3
    with claimed(tmp_path, False, True, resumable=True):
        assert [each.name for each in tmp_path.rglob("epoch-*")] == ["epoch-000001.rfjax"]
