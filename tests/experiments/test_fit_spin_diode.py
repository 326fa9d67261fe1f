"""Both fits of Fig. 36: of synthetic spectra, and of a file."""

import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.experiments.device import fit_spin_diode
from tests.experiments.committed import RESULTS


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    result = fit_spin_diode.run(tmp_path_factory.mktemp("fit"), quick=True)
    return {row.quantity: row for row in result.rows}


def test_the_fit_of_all_powers_finds_the_device(found):
    rows = [row for what, row in found.items() if what.startswith("(5.10)") and row.law is not None]
    assert len(rows) == 7
    for row in rows[:6]:
        assert abs(row.rfjax - row.law) < 4 * row.error
        assert row.error < 0.1 * row.law
    assert rows[6].rfjax == pytest.approx(rows[6].law, rel=0.1)


def left(found, which):
    return [
        found[f"{which.format(power)}: RMS of what is left, over that of the noise"].rfjax
        for power in (2, 50)
    ]


def test_the_linear_line_shape_fails_where_the_power_is_large(found):
    low, high = left(found, "(3.15) at {} µW")
    assert low < 1.2
    assert high > 5
    np.testing.assert_allclose(left(found, "(5.10), all powers, at {} µW"), 1, atol=0.2)
    # It follows the resonance that is reached: f(1 + Np) on resonance, p(1 + Qp)² = s.
    frequency = found["(3.15) at 50 µW: frequency"].rfjax
    s = (2e8 / (2 * np.pi * 0.011 * 346e6)) ** 2 * 50e-6
    p = s / (1 + 20 * s) ** 2
    assert 346 < frequency < 346 * (1 + 2 * p)
    assert frequency > 346 * (1 + p)


def test_a_file_of_spectra_is_fitted_the_same_way(tmp_path):
    tones, volts, powers = fit_spin_diode.measured(81)
    rows = ["f (MHz),P (µW),U (µV)"]
    for spectrum, power, axis in zip(volts, powers, tones, strict=True):
        rows += [f"{f / 1e6},{1e6 * power},{1e6 * v}" for f, v in zip(axis, spectrum, strict=True)]
    (tmp_path / "mine.csv").write_text("\n".join(rows), encoding="utf-8")
    found = fit_spin_diode.run(tmp_path / "out", data=tmp_path / "mine.csv")
    row = next(row for row in found.rows if row.quantity == "(5.10), all powers: nonlinear shift")
    assert abs(row.rfjax - 2) < 4 * row.error
    assert {each.law for each in found.rows} == {None}
    assert found.settings["data"] == "mine.csv"
    with pytest.raises(InvalidInput, match="is not a file"):
        fit_spin_diode.run(tmp_path / "none", data=tmp_path / "none.csv")


def test_the_documented_result_is_of_all_samples():
    assert '"quick"' not in (RESULTS / "fit-spin-diode.json").read_text()
