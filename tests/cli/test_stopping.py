"""Commands that are stopped."""

import os
import signal
import time

import pytest

from tests.cli.common import QUICK


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


def test_stopping_what_trains_on_mnist_says_how_to_continue(complaint, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("rfjax.experiments.mnist.training.load_mnist", stopped)
    assert "--resume" in complaint(130, "reproduce", "cnn", "--out", tmp_path)
