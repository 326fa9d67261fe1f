import json

import numpy as np
import pytest

from rfjax.experiments.device import nonlinearity


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("nonlinearity")
    nonlinearity.run(out, quick=True)
    return {row["quantity"]: row for row in json.loads((out / "result.json").read_text())["rows"]}


@pytest.mark.parametrize(("shift", "damping"), [(0.1, 0.0), (0.1, 100.0), (1.0, 1.0), (2.0, 1.0)])
def test_the_voltage_vanishes_at_the_resonance_that_is_reached(found, shift, damping):
    row = found[f"N = {shift:g}, Q = {damping:g}, 50 µW: voltage crosses zero at"]
    np.testing.assert_allclose(row["rfjax"], row["law"], atol=0.001)
    # There p (1+Qp)² = γ²P/Γ₀², and the resonance is f₀(1+Np).
    power = (row["rfjax"] / 200 - 1) / shift
    drive = (2e8 / (2 * np.pi * 0.01 * 200e6)) ** 2 * 50e-6
    np.testing.assert_allclose(power * (1 + damping * power) ** 2, drive, rtol=5e-3)


@pytest.mark.parametrize("choice", ["N = 0.1, Q = 1", "N = 1, Q = 1"])
def test_fold_over_is_found_where_the_formula_says(found, choice):
    power, where = (found[f"{choice}: fold-over {what}"] for what in ("from", "begins at"))
    np.testing.assert_allclose(
        [power["rfjax"], where["rfjax"]], [power["law"], where["law"]], rtol=0.015
    )
    assert power["rfjax"] > power["law"]


def test_strong_damping_prevents_fold_over(found):
    assert found["N = 0.1, Q = 10: stable branches up to 2000 µW"]["rfjax"] == 1


def test_the_shift_changes_voltages_more_than_the_damping_does(found):
    damped, usual, shifted = (
        found[f"{choice}, 50 µW: largest change of a voltage"]["rfjax"]
        for choice in ("N = 0, Q = 1", "N = 0.1, Q = 0", "N = 1, Q = 0")
    )
    assert damped < 2 < usual < 50 < shifted


def test_differences_are_those_of_first_order_while_they_are_small():
    tones = np.array(nonlinearity.TONES)
    found = nonlinearity.differences(np.full(5, 1e-8), tones)
    # x/(1+x²) moves by -np and broadens by Qp, with p = s/(1+x²); the largest is 1/2.
    x, n, q = (tones - 200e6) / 2e6, 0.1 / 0.01, 1.0
    p = (2e8 / (2 * np.pi * 0.01 * 200e6)) ** 2 * 1e-8 / (1 + x**2)
    expected = -2 * p * (n * (1 - x**2) + 2 * q * x) / (1 + x**2) ** 2
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-7)
