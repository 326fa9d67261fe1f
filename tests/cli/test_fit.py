"""`rfjax fit` prints and draws what it finds, or says in one line what is missing."""

import numpy as np
import pytest

from tests.fitting.test_measurement import long, wide


def test_the_command_prints_intervals_and_draws(rfjax, tmp_path):
    code, out, err = rfjax("fit", long(tmp_path), "--branch", "lower", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "nonlinear_shift" in out
    assert "converged" in out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"fit.csv", "fit.png", "fit.svg"}
    rows = np.genfromtxt(tmp_path / "out" / "fit.csv", delimiter=",", names=True, dtype=None)
    assert rows["frequency_low"] < 200e6 < rows["frequency_high"]
    assert rows["nonlinear_shift_low"] < 1 < rows["nonlinear_shift_high"]


def test_a_fit_that_is_there_stays_unless_it_is_to_be_replaced(complaint, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "fit.csv").write_text("mine")
    words = "fit", long(tmp_path), "--out", tmp_path / "out"
    assert "--overwrite replaces it" in complaint(2, *words)
    assert (tmp_path / "out" / "fit.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.csv"], "is not a file"),
        (["wide.csv"], "0 columns with a unit of frequency"),
        (["wide.csv", "--unit", "f"], "give COLUMN=UNIT"),
        (["wide.csv", "--unit", "f=parsec"], "not known"),
        (["wide.csv", "--model", "cubic"], "spin-diode"),
    ],
)
def test_the_command_says_in_one_line_what_is_missing(complaint, words, said, tmp_path):
    wide(tmp_path)
    assert said in complaint(2, "fit", tmp_path / words[0], *words[1:])
