import random
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import optax
import pytest

from rfjax import Resonator, load, save
from rfjax.checks import InvalidInput
from rfjax.training import Checkpoints, NotSaved
from tests.training.problem import clouds, networks, seeds, train

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


def test_a_model_that_is_named_like_a_checkpoint_is_never_removed(tmp_path):
    model = save(tmp_path / "epoch-000002.rfjax", Resonator(1e9))
    for how in ({"resume": True}, {"overwrite": True}):
        with pytest.raises(InvalidInput, match="holds a model|no checkpoint of rfjax"):
            train(epochs=1, checkpoints=Checkpoints(tmp_path, **how))
    assert load(model).frequency == 1e9


def test_two_runs_never_write_to_one_directory(tmp_path):
    def begin_another(epoch, metrics):
        for how in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(InvalidInput, match="another run is writing to"):
                train(epochs=1, checkpoints=Checkpoints(tmp_path, **how))

    train(epochs=1, checkpoints=Checkpoints(tmp_path), on_epoch=begin_another)
    assert saved_in(tmp_path) == ["epoch-000001.rfjax"]
    train(epochs=2, checkpoints=Checkpoints(tmp_path, resume=True))


def test_settings_that_name_no_run_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="rate.*it must be finite"):
        Checkpoints(tmp_path, settings={"rate": float("nan")})


def test_a_killed_run_leaves_no_half_checkpoint_behind(tmp_path):
    (tmp_path / "epoch-000003.rfjax.0123abcd.part").write_bytes(b"rfjax 1 sha256 0123")
    foreign = [
        "epoch-000001",
        "epoch-000004.rfjax.0123abcd.part",
        "epoch-000002.orbax-checkpoint-tmp",
    ]
    for name in foreign:
        (tmp_path / name).write_text("not ours")
    train(epochs=2, checkpoints=Checkpoints(tmp_path, resume=True, every=1e9))
    assert saved_in(tmp_path) == sorted([*foreign, "epoch-000002.rfjax"])


def test_the_newest_two_are_kept_and_longer_training_goes_on_from_them(tmp_path):
    whole = train(epochs=5)
    train(epochs=3, checkpoints=Checkpoints(tmp_path, every=0.0))
    assert saved_in(tmp_path) == ["epoch-000002.rfjax", "epoch-000003.rfjax"]
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


def test_a_run_is_replaced_only_if_that_is_asked_for_and_something_new_is_written(
    tmp_path, monkeypatch
):
    train(epochs=4, checkpoints=Checkpoints(tmp_path, every=0.0))
    with pytest.raises(InvalidInput, match=r"holds checkpoints.*resume it, overwrite it"):
        train(epochs=1, checkpoints=Checkpoints(tmp_path))
    monkeypatch.setattr("rfjax.training.loop._epoch", None)
    with pytest.raises(TypeError):
        train(epochs=1, checkpoints=Checkpoints(tmp_path, overwrite=True))
    monkeypatch.undo()
    assert saved_in(tmp_path) == ["epoch-000003.rfjax", "epoch-000004.rfjax"]
    train(epochs=1, checkpoints=Checkpoints(tmp_path, overwrite=True))
    assert saved_in(tmp_path) == ["epoch-000001.rfjax"]


def test_what_no_run_wrote_is_never_removed(tmp_path):
    (tmp_path / "epoch-000001").mkdir()
    (tmp_path / "epoch-000002.rfjax").write_text("notes of mine")
    for how in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(InvalidInput, match="another directory|without resuming"):
            train(epochs=1, checkpoints=Checkpoints(tmp_path, **how))
    assert saved_in(tmp_path) == ["epoch-000001", "epoch-000002.rfjax"]


def test_an_empty_path_is_not_the_working_directory():
    with pytest.raises(InvalidInput, match="directory"):
        Checkpoints("")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupted_run_keeps_its_last_complete_epoch(tmp_path, error):
    def stop(epoch, metrics):
        if epoch == 3:
            raise error

    with pytest.raises(error):
        train(checkpoints=Checkpoints(tmp_path, every=1e9), on_epoch=stop)
    assert saved_in(tmp_path) == ["epoch-000003.rfjax"]


def test_every_damaged_byte_is_noticed_and_the_checkpoint_before_still_serves(tmp_path):
    whole = train(checkpoints=Checkpoints(tmp_path, every=0.0))
    newest = tmp_path / "epoch-000004.rfjax"
    content = newest.read_bytes()
    again = Checkpoints(tmp_path, resume=True)
    damaged = [content[:at] for at in (0, 10, len(content) // 2, len(content) - 1)]
    random.seed(0)
    for at in [*range(90), *random.sample(range(len(content)), 400)]:
        flipped = bytearray(content)
        flipped[at] ^= 1 << random.randrange(8)
        damaged.append(bytes(flipped))
    for each in damaged:
        newest.write_bytes(each)
        with pytest.raises(InvalidInput, match=r"epoch-000004.rfjax is damaged.*delete that file"):
            again.check(4)
    with pytest.raises(InvalidInput, match="delete that file") as caught:
        train(checkpoints=again)
    assert "\n" not in str(caught.value)
    newest.unlink()
    resumed = train(checkpoints=again)
    jax.tree.map(np.testing.assert_array_equal, resumed, whole)
    newest.write_bytes(content)
    resumed = train(checkpoints=again, on_epoch=pytest.fail)
    jax.tree.map(np.testing.assert_array_equal, resumed, whole)


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({"batch_size": 9}, {}, "are of batch_size 8, not 9;"),
        ({"keys": seeds(3)[1:]}, {}, "are of other keys;"),
        ({"keys": seeds(3)}, {}, "are of 2 seeds, not 3;"),
        ({"optimiser": optax.sgd(0.1)}, {}, "are of another optimiser;"),
        ({"optimiser": optax.adam(0.049)}, {}, "are of another optimiser;"),
        ({"optimiser": optax.adam(0.05, b1=0.89)}, {}, "are of another optimiser;"),
        ({"model": networks(jax.random.split(jax.random.key(8)))}, {}, "of another initial model;"),
        ({"data": clouds(91)}, {}, "are of other data;"),
        ({}, {"rectifier": "linear"}, "are of rectifier None, not linear;"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, monkeypatch, change, settings, message):
    train(epochs=1, checkpoints=Checkpoints(tmp_path))
    monkeypatch.setattr("rfjax.training.loop._epoch", None)  # before anything is compiled
    with pytest.raises(InvalidInput, match=message) as caught:
        train(**change, checkpoints=Checkpoints(tmp_path, resume=True, settings=settings))
    assert "\n" not in str(caught.value)
    assert "[" not in str(caught.value)


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


def test_ctrl_c_while_a_checkpoint_is_written_leaves_it_whole(tmp_path, monkeypatch):
    def interrupted(*_):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr("rfjax.training.archive.os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(epochs=1, checkpoints=Checkpoints(tmp_path, every=0.0))
    assert saved_in(tmp_path) == ["epoch-000001.rfjax"]
    train(epochs=1, checkpoints=Checkpoints(tmp_path, resume=True), on_epoch=pytest.fail)
