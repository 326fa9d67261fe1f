import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.training import Checkpoints, NotSaved
from tests.training.problem import seeds, train

ROOT = Path(__file__).parents[2]


def saved_in(directory):
    return sorted(path.name for path in Path(directory).iterdir())


def program(directory, *words, before=()):
    run = [sys.executable, "-m", "tests.training.problem", str(directory), *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen([*before, *run], stdout=pipe, stderr=pipe, text=True, cwd=ROOT)


def finished(directory, *words):
    process = program(directory, *words)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output.split(), list(np.load(directory / "end.npz").values())


def test_a_killed_run_ends_as_one_that_was_not(tmp_path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    _, expected = finished(tmp_path / "whole", 8, 0)
    process = program(tmp_path / "killed", 8, 0.05)
    for _ in range(random.randint(1, 5)):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "killed" / "end.npz").exists()
    epochs, result = finished(tmp_path / "killed", 8, 0, "resume")
    assert 0 < len(epochs) < 8
    for ours, theirs in zip(result, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_killed_run_leaves_no_half_checkpoint_behind(tmp_path):
    (tmp_path / "epoch-000003.orbax-checkpoint-tmp").mkdir()
    train(epochs=2, checkpoints=Checkpoints(tmp_path, resume=True, every=1e9))
    assert saved_in(tmp_path) == ["epoch-000002"]


def test_the_newest_two_are_kept_and_longer_training_goes_on_from_them(tmp_path):
    whole = train(epochs=5)
    train(epochs=3, checkpoints=Checkpoints(tmp_path, every=0.0))
    assert saved_in(tmp_path) == ["epoch-000002", "epoch-000003"]
    seen = []
    resumed = train(
        epochs=5,
        checkpoints=Checkpoints(str(tmp_path), resume=True),
        on_epoch=lambda epoch, _: seen.append(epoch),
    )
    assert seen == [4, 5]
    jax.tree.map(np.testing.assert_array_equal, resumed, whole)


def test_a_finished_run_resumes_to_its_end(tmp_path):
    whole = train(checkpoints=Checkpoints(tmp_path))
    again = train(checkpoints=Checkpoints(tmp_path, resume=True), on_epoch=pytest.fail)
    jax.tree.map(np.testing.assert_array_equal, again, whole)
    with pytest.raises(InvalidInput, match="epochs is 2 but the checkpoint has 4"):
        train(epochs=2, checkpoints=Checkpoints(tmp_path, resume=True))


def test_a_new_run_does_not_go_on_from_an_old_one(tmp_path):
    train(epochs=4, checkpoints=Checkpoints(tmp_path, every=0.0))
    train(epochs=1, checkpoints=Checkpoints(tmp_path))
    assert saved_in(tmp_path) == ["epoch-000001"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupted_run_keeps_its_last_complete_epoch(tmp_path, error):
    def stop(epoch, metrics):
        if epoch == 3:
            raise error

    with pytest.raises(error):
        train(checkpoints=Checkpoints(tmp_path, every=1e9), on_epoch=stop)
    assert saved_in(tmp_path) == ["epoch-000003"]


@pytest.mark.parametrize("how", ["truncated", "missing", "empty"])
def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_still_serves(tmp_path, how):
    whole = train(checkpoints=Checkpoints(tmp_path, every=0.0))
    newest = tmp_path / "epoch-000004"
    victim = next(path for path in newest.glob("state.0/*") if path.name[0] != ".")
    if how == "truncated":
        victim.write_bytes(victim.read_bytes()[:-5])
    elif how == "missing":
        victim.unlink()
    else:
        shutil.rmtree(newest)
        newest.mkdir()
    with pytest.raises(
        InvalidInput, match=r"epoch-000004 is damaged.*delete that folder"
    ) as caught:
        train(checkpoints=Checkpoints(tmp_path, resume=True))
    assert "\n" not in str(caught.value)
    shutil.rmtree(newest)
    again = train(checkpoints=Checkpoints(tmp_path, resume=True))
    jax.tree.map(np.testing.assert_array_equal, again, whole)


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({"batch_size": 9}, {}, "batch_size was 8, is now 9"),
        ({"keys": seeds(3)[1:]}, {}, "seeds was"),
        ({"keys": seeds(3)}, {}, "arrays was"),
        ({}, {"rectifier": "linear"}, "rectifier was None, is now 'linear'"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, settings, message):
    train(epochs=1, checkpoints=Checkpoints(tmp_path))
    with pytest.raises(InvalidInput, match=message) as caught:
        train(**change, checkpoints=Checkpoints(tmp_path, resume=True, settings=settings))
    assert "\n" not in str(caught.value)


def test_a_directory_that_cannot_be_written_is_known_before_training(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotSaved, match="give another directory") as caught:
        train(checkpoints=Checkpoints(tmp_path / "file" / "checkpoints"), on_epoch=pytest.fail)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_line(tmp_path):
    no_room = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]  # files may not grow
    process = program(tmp_path, 2, 0, before=no_room)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert last.startswith("rfjax.training.checkpoint.NotSaved: cannot write checkpoints to")
    assert last.endswith("free space there, or give another directory")


def test_ctrl_c_waits_until_a_checkpoint_is_written(tmp_path, monkeypatch):
    class Slow:
        def save(self, path, content, force):
            os.kill(os.getpid(), signal.SIGINT)
            path.mkdir(exist_ok=force)

    monkeypatch.setattr("rfjax.training.checkpoint._checkpointer", Slow)
    # What runs in the background may have been started to ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            train(epochs=1, checkpoints=Checkpoints(tmp_path))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "epoch-000001").is_dir()
