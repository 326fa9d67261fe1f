"""What is asked for in words that the command line knows, or does not."""

import subprocess
import sys

import pytest

from tests.cli.common import QUICK


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


def test_data_are_refused_where_none_are_read(complaint, tmp_path):
    for words in (["--data", tmp_path], ["--seeds", 2], ["--resume"]):
        assert "does not train on MNIST" in complaint(2, "reproduce", "mac", *words)


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
