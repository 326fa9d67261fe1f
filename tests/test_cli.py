import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
import types

import pytest

from rfjax.cli import main
from rfjax.data import load_digits
from rfjax.experiments.common.result import Result, Row, run_by
from rfjax.training import archive, load, member
from rfjax.training.alone import alone_in
from tests.experiments.small_mnist import small_mnist

QUICK = ["train", "digits", "--rectifier", "linear", "--seeds", "2", "--batch-size", "100"]
ROWS = 200  # of the digits, where what is learnt does not matter
RESULT = Result("small", [Row("what", "%", None, 1.0)], 0.1, {})


@pytest.fixture
def rfjax(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["rfjax", *map(str, words)])
        monkeypatch.setattr(os, "_exit", sys.exit)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


@pytest.fixture
def complaint(rfjax):
    """What a command that must fail says, which is one line."""

    def call(code, *words):
        got, out, err = rfjax(*words)
        (line,) = [line for line in err.splitlines() if "error:" in line]
        assert got == code
        assert "Traceback" not in err
        assert err.strip().endswith(line.strip())
        return line

    return call


def history(out):
    return json.loads((out / "history.json").read_text())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "gidits"], "digits"),
        (["train"], "TASK"),
        (["reproduce", "gidits"], "did you mean digits? rfjax reproduce --list"),
        (["reproduce", "true-rung"], "which is called model-mismatch now"),
        (["reproduce", "nope"], "NAME is 'nope'; rfjax reproduce --list"),
        (["reproduce"], "--list"),
        (["train", "digits", "--rectifier", "cubic"], "cross-coupled"),
        (["train", "digits", "--gradient", "none"], "linearised"),
        (["train", "digits", "--epochs", "0"], "--epochs"),
        (["train", "digits", "--epochs", "99999999999999999999"], "--epochs"),
        (["train", "digits", "--format", "gif"], "pdf"),
        (["train", "digits", "--resume", "--overwrite"], "exclude"),
        (["train", "digits", "--seed", "-1"], "--seed"),
        (["train", "digits", "--no-such-thing"], "--no-such-thing"),
        (["tarin"], "tarin"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line_that_names_what_can(complaint, words, said):
    assert said in complaint(2, *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--learning-rate", "nan"], "learning_rate"),
        (["--learning-rate", "-1"], "learning_rate"),
        (["--batch-size", "5000"], "batch_size is 5000 but only 1348 rows train"),
    ],
)
def test_settings_that_cannot_train_are_refused_before_networks_are_made(
    rfjax, tmp_path, monkeypatch, words, said
):
    monkeypatch.setattr("rfjax.experiments.digits.networks.ensemble", None)
    code, out, err = rfjax(*QUICK, "--out", tmp_path, *words)
    assert (code, out) == (2, "")
    assert err.startswith("error:")  # no bar before it
    assert said in err
    assert len(err.splitlines()) == 1


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
    monkeypatch.setattr("rfjax.experiments.digits.training.train", None)
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


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def an_ended_run(directory, command="rfjax train digits"):
    """Its result and checkpoints, as `QUICK` would find them."""
    with run_by(command):
        RESULT.save(directory)
    for name in ("resonators", "software"):
        folder = directory / "checkpoints" / name
        folder.mkdir(parents=True)
        archive.write(folder / "epoch-000030.rfjax", {"kind": "checkpoint"}, [])
    return contents(directory)


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


def test_two_runs_never_share_a_directory(complaint, tmp_path):
    with alone_in(tmp_path):
        assert "another run is writing to" in complaint(2, *QUICK, "--out", tmp_path)
    assert not list(tmp_path.iterdir())


def test_stopping_says_how_to_continue(complaint, tmp_path, monkeypatch):
    def stopped(out, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rfjax.experiments.digits.training.run", stopped)
    assert "--resume" in complaint(130, *QUICK, "--out", tmp_path)


class Lost:
    """What is raised while an object is deleted reaches nobody."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        os.kill(os.getpid(), self.number)
        time.sleep(0.01)


def wait():
    """Ten seconds, unless something is raised: one long sleep is not interrupted by it."""
    for _ in range(1000):
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_in_one_line_whatever_they_surface_as(
    complaint, tmp_path, monkeypatch, number, code
):
    def stopped(out, **_):
        try:
            os.kill(os.getpid(), number)
            wait()
        except KeyboardInterrupt:
            raise RuntimeError("a program that was compiled was stopped") from None

    monkeypatch.setattr("rfjax.experiments.digits.training.run", stopped)
    # What runs in the background may have been started to ignore Ctrl-C.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        line = complaint(code, *QUICK, "--out", tmp_path)
        assert line.endswith("stopped; the same command with --resume continues")
        assert signal.getsignal(number) is signal.SIG_DFL
        monkeypatch.setattr("rfjax.cli.app.app", lambda *_, **__: stopped(None))
        assert complaint(code) == "error: stopped; nothing was computed"
        monkeypatch.setattr("rfjax.cli.app.app", lambda *_, **__: Lost(number) and wait())
        assert complaint(code) == "error: stopped; nothing was computed"
    finally:
        signal.signal(number, before)


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
    # As the test above, whose programs are read from the cache.
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


@pytest.mark.parametrize(
    ("shell", "code", "said"),
    [
        ("JAX_PLATFORMS=nonsense MPLBACKEND=nonsense {} info", 2, "JAX_PLATFORMS is 'nonsense'"),
        ("COLUMNS=99999999999 {} reproduce --list > /dev/full", 1, "cannot print to standard"),
        ("JAX_ENABLE_X64=banana {} info", 2, "has a value that JAX refuses"),
    ],
)
def test_what_the_shell_has_wrong_is_one_line(shell, code, said):
    program = f"{sys.executable} -c 'from rfjax.cli import main; main()'"
    run = subprocess.run(shell.format(program), shell=True, capture_output=True, text=True)
    assert (run.returncode, len(run.stderr.splitlines())) == (code, 1)
    assert said in run.stderr


def test_a_closed_output_is_one_line(complaint, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert "it is closed" in complaint(1, "reproduce", "--list")


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


def test_data_are_refused_where_none_are_read(complaint, tmp_path):
    for words in (["--data", tmp_path], ["--seeds", 2], ["--resume"]):
        assert "does not train on MNIST" in complaint(2, "reproduce", "mac", *words)


def test_stopping_what_trains_on_mnist_says_how_to_continue(complaint, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("rfjax.experiments.mnist.training.load_mnist", stopped)
    assert "--resume" in complaint(130, "reproduce", "cnn", "--out", tmp_path)


def test_info_tells_versions_devices_and_precision(rfjax):
    from rfjax import __version__

    code, out, _ = rfjax("info")
    assert code == 0
    for word in (__version__, "jax", "equinox", "cpu", "float64"):
        assert word in out


def test_help_names_every_command(rfjax):
    for words in ([], ["--help"]):
        code, out, _ = rfjax(*words)
        assert code == 0
        assert all(command in out for command in ("train", "evaluate", "reproduce", "info"))


def test_a_result_is_saved_with_the_options_that_change_it(rfjax, tmp_path, monkeypatch):
    def run(out, **_):
        RESULT.save(out)
        return RESULT

    monkeypatch.setattr("rfjax.experiments.digits.training.run", run)
    rfjax("train", "digits", "--out", tmp_path, "--rectifier=linear", "--seeds", 5, "--epochs", 2)
    saved = json.loads((tmp_path / "result.json").read_text())
    command = "rfjax train digits --rectifier linear --epochs 2"
    assert saved["command"] == f"JAX_ENABLE_X64=1 {command}"
