import json

import numpy as np
import pytest

from rfjax.experiments import nonlinearity


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("nonlinearity")
    result = nonlinearity.run(out, quick=True)
    saved = json.loads((out / "result.json").read_text())
    assert saved["name"] == "nonlinearity"
    assert all(row.published is None for row in result.rows)
    assert (out / "nonlinearity.png").stat().st_size > 50_000
    return {row["quantity"]: row["rfjax"] for row in saved["rows"]}


@pytest.mark.parametrize(("shift", "damping"), nonlinearity.CHOICES)
def test_the_oscillation_is_strongest_at_the_resonance_that_it_reaches(found, shift, damping):
    what = f"N = {shift:g}, Q = {damping:g}, 100 µW: "
    reached = found[what + "resonance reached"]
    np.testing.assert_allclose(found[what + "strongest oscillation at"], reached, atol=0.01)
    # There p (1+Qp)² = γ²P/Γ₀², and the shift is Np/α linewidths.
    power = 0.01 * found[what + "shift of the resonance"] / shift
    drive = (2e8 / (2 * np.pi * 0.01 * 200e6)) ** 2 * 100e-6
    np.testing.assert_allclose(power * (1 + damping * power) ** 2, drive, rtol=1e-3)


@pytest.mark.parametrize("choice", ["N = 0.1, Q = 1", "N = 1, Q = 1"])
def test_fold_over_is_found_where_the_formula_says(found, choice):
    by_formula, swept = (
        [found[f"{choice}: fold-over {what}, {how}"] for what in ("from", "begins at")]
        for how in ("by formula", "found in a sweep")
    )
    np.testing.assert_allclose(swept, by_formula, rtol=0.06)
    assert swept[0] > by_formula[0]


def test_strong_damping_prevents_fold_over(found):
    assert found["N = 0.1, Q = 10: stable branches up to 2000 µW"] == 1


@pytest.mark.parametrize(("shift", "damping"), nonlinearity.CHOICES)
def test_deviations_grow_with_power(found, shift, damping):
    what = f"N = {shift:g}, Q = {damping:g}"
    one, ten, hundred = (
        found[f"{what}, {power} µW: deviation from linear"] for power in (1, 10, 100)
    )
    assert 8 < ten / one < 16  # in proportion to power, while both are small
    assert hundred > 3 * ten
    small = nonlinearity.deviations(shift, damping, np.array([1e-8]))
    # First order: x/(1+x²) moves by -np, and the line broadens by Qp, with p = s/(1+x²).
    x, n = 0.5, shift / 0.01
    p = (2e8 / (2 * np.pi * 0.01 * 200e6)) ** 2 * 1e-8 / (1 + x**2)
    expected = p * (n * (1 - x**2) / x + 2 * damping) / (1 + x**2)
    np.testing.assert_allclose(small, expected, rtol=1e-3)
