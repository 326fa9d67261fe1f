"""The command line, called in this process."""

import os
import sys

import pytest

from rfjax.cli import main


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
