"""`rfjax fit` prints and draws what it finds, or says in one line what is missing."""

import csv
import json
from functools import partial

import numpy as np
import pytest

from rfjax.fitting import results
from rfjax.laws import ferromagnetic_resonance as fmr
from rfjax.laws.line_shape import resonance_line_slope
from tests.fitting.test_measurement import long, wide
from tests.fitting.test_oscillator import CURRENTS, noisy


def lines(folder):
    """Sweeps of the field at six frequencies, one after the other."""
    random, rows = np.random.default_rng(0), ["f (GHz)\tField (Oe)\tX (uV)"]
    ratio = fmr.gyromagnetic_ratio(2.05)
    for tone in np.linspace(4e9, 19e9, 6):
        place = float(fmr.resonance_field(tone, 0.0, 2e5, ratio))
        width = float(fmr.field_linewidth(tone, 3e-3, 400.0, ratio))
        fields = place + np.linspace(-8e3, 8e3, 101)
        volts = np.asarray(resonance_line_slope(fields, place, width, 1.0, 4.0))
        volts = volts + 0.02 * random.normal(size=101)
        gauss = 4e-3 * np.pi * fields
        rows += [f"{tone / 1e9:.3f}\t{h:.4f}\t{v:.5f}" for h, v in zip(gauss, volts)]
    path = folder / "film.txt"
    path.write_text("\n".join([*rows, ""]))
    return path


def parameters(folder):
    with open(folder / "fit.csv", newline="") as file:
        return {(row["fit"], row["name"]): row for row in csv.DictReader(file)}


def within(row, value):
    return float(row["low"]) < value < float(row["high"])


def test_the_command_prints_intervals_and_draws(rfjax, tmp_path):
    code, out, err = rfjax("fit", long(tmp_path), "--branch", "lower", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "nonlinear_shift" in out
    assert "converged" in out
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"fit.csv", "fit.json", "fit.png", "fit.svg"}
    rows = parameters(tmp_path / "out")
    assert within(rows["spin-diode", "frequency"], 200e6)
    assert rows["spin-diode", "frequency"]["unit"] == "Hz"
    assert within(rows["spin-diode", "nonlinear_shift"], 1)
    record = json.loads((tmp_path / "out" / "fit.json").read_text())["fits"]["spin-diode"]
    assert record["converged"]
    assert record["given"]["drive"] == {"value": 2e8, "unit": "rad·Hz/√W"}
    np.testing.assert_allclose(record["given"]["powers"]["value"], [1e-6, 1e-5], rtol=1e-5)
    assert record["deviation"] == pytest.approx(2e-8, rel=0.2)
    assert "no fold" in record["notes"][0]


def test_columns_of_voltages_are_given_their_powers_and_weights(rfjax, complaint, tmp_path):
    words = ["fit", wide(tmp_path), "--out", tmp_path / "out", "--unit", "f=Hz"]
    for name, power in (("low", "1 uW"), ("high", "-20 dBm")):
        words += ["--voltage", name, "--unit", f"{name}=V", "--power", power, "--weight", "2"]
    assert rfjax(*words)[0] == 0
    found = parameters(tmp_path / "out")["spin-diode", "nonlinear_damping"]["value"]
    assert float(found) == pytest.approx(10)
    assert "2 powers" in complaint(2, *words, "--weight", "1", "--overwrite")
    assert "1/σ² of its noise" in complaint(2, *words[:-2], "--overwrite")


def test_a_film_is_fitted_from_its_lines_to_its_damping(rfjax, complaint, tmp_path):
    words = ["fit", lines(tmp_path), "--model", "fmr", "--out", tmp_path / "out"]
    code, out, err = rfjax(*words)
    assert (code, err) == (0, "")
    assert "line at 4 GHz:" in out
    rows = parameters(tmp_path / "out")
    assert within(rows["kittel", "g"], 2.05)
    assert within(rows["kittel", "effective_magnetisation"], 2e5)
    assert within(rows["damping", "damping"], 3e-3)
    assert (tmp_path / "out" / "fit-kittel.png").exists()
    assert "--branch: no option of --model fmr" in complaint(2, *words, "--branch", "lower")


def test_an_oscillator_is_fitted_from_its_curves(rfjax, tmp_path):
    rows = ["I (mA),f (MHz),P (dBm),width (kHz)"]
    for row in zip(CURRENTS, *(each[0] for each in noisy(1))):
        current, tone, power, width = row
        decibels = 10 * np.log10(power / 1e-3)
        rows.append(f"{1e3 * current:.6f},{tone / 1e6:.6f},{decibels:.6f},{width / 1e3:.6f}")
    (tmp_path / "sto.csv").write_text("\n".join([*rows, ""]))
    words = ["fit", tmp_path / "sto.csv", "--model", "oscillator", "--linewidth", "width"]
    code, out, err = rfjax(*words, "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "spin_torque_efficiency" in out
    assert within(parameters(tmp_path / "out")["oscillator", "damping"], 0.012)


def test_a_fit_without_a_minimum_is_written_and_ends_with_a_code(complaint, monkeypatch, tmp_path):
    monkeypatch.setattr(results, "solve", partial(results.solve, steps=0))
    words = ["fit", lines(tmp_path), "--model", "fmr", "--out", tmp_path / "out"]
    assert "not all is a result: line at 4 GHz failed" in complaint(1, *words)
    record = json.loads((tmp_path / "out" / "fit.json").read_text())
    assert not record["fits"]["line at 4 GHz"]["converged"]


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
        (["wide.csv", "--model", "fmr"], "0 columns with a unit of magnetic field"),
        (["diode.csv", "--power", "1 uW"], "diode.csv has powers in 'P'; leave --power out"),
        (["diode.csv", "--power", "-27"], "a power needs a unit, as '-27 dBm'"),
    ],
)
def test_the_command_says_in_one_line_what_is_missing(complaint, words, said, tmp_path):
    wide(tmp_path), long(tmp_path)
    assert said in complaint(2, "fit", tmp_path / words[0], *words[1:])


def test_an_earlier_fit_is_kept_until_the_new_one_is_whole(rfjax, complaint, monkeypatch, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "fit.json").write_text('{"fits": {"kittel": 1, "damping": 2}}')
    (out / "fit.csv").write_text("earlier")
    (out / "fit-kittel.png").write_text("earlier")
    (out / "fit-notes.txt").write_text("mine")
    words = "fit", long(tmp_path), "--branch", "lower", "--overwrite", "--out", out

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("rfjax.fitting.draw_fit", stopped)
        assert "the earlier fit is kept" in complaint(130, *words)
    assert (out / "fit.csv").read_text() == "earlier"
    assert sorted(path.name for path in out.iterdir()) == [
        "fit-kittel.png",
        "fit-notes.txt",
        "fit.csv",
        "fit.json",
    ]
    assert rfjax(*words)[0] == 0
    assert {path.name for path in out.iterdir()} == {
        "fit.csv",
        "fit.json",
        "fit.png",
        "fit.svg",
        "fit-notes.txt",
    }


def test_lines_are_written_where_they_give_no_dispersion(complaint, tmp_path):
    path = lines(tmp_path)
    text = path.read_text().replace("Field (Oe)", "Field (A/m)")
    path.write_text(text)
    said = complaint(1, "fit", path, "--model", "fmr", "--out", tmp_path / "out")
    assert "kittel was not fitted: Kittel's relation gives g" in said
    record = json.loads((tmp_path / "out" / "fit.json").read_text())
    assert record["fits"]["line at 4 GHz"]["converged"]
    assert "in A/m" in record["not_fitted"]["kittel"]
