import json

import numpy as np

from rfjax.experiments import spin_diode_weights


def test_the_line_shapes_and_weights_are_those_of_the_theory(tmp_path):
    result = spin_diode_weights.run(tmp_path)
    found = {row.quantity: row.rfjax for row in result.rows}
    # βP/(2Γ), with β = 6e7 rad/C
    half = 6e7 * 1e-5 / (2 * 2 * np.pi * 0.01 * 200e6) * 1e6
    field, other = "field-like torque: ", "damping-like torque: "
    np.testing.assert_allclose(found[field + "βP/(2Γ)"], half)
    np.testing.assert_allclose(found[field + "highest voltage"], half, rtol=1e-6)
    np.testing.assert_allclose(found[field + "lowest voltage"], -half, rtol=1e-6)
    np.testing.assert_allclose(found[field + "highest at (theory 1)"], 1, atol=1e-3)
    np.testing.assert_allclose(found[field + "lowest at (theory -1)"], -1, atol=1e-3)
    np.testing.assert_allclose(found[other + "highest voltage"], 2 * half, rtol=1e-6)
    np.testing.assert_allclose(found[other + "highest at (theory 0)"], 0, atol=1e-3)
    assert found["farthest from a straight line, of the largest voltage"] < 1e-4
    # At a fixed tone f the extremes lie at f (1 ∓ α/√(1+α²)).
    away = 0.01 / np.sqrt(1 + 0.01**2)
    np.testing.assert_allclose(found["resonance tuned: highest at"], 200 * (1 - away), rtol=1e-5)
    np.testing.assert_allclose(found["resonance tuned: lowest at"], 200 * (1 + away), rtol=1e-5)
    assert all(row.published is None for row in result.rows)
    assert len(json.loads((tmp_path / "result.json").read_text())["rows"]) == len(result.rows)
    assert (tmp_path / "spin_diode_weights.png").stat().st_size > 50_000


def test_slopes_follow_the_detuning():
    powers, volts = spin_diode_weights.voltages_against_power()
    x = np.array(spin_diode_weights.DETUNINGS)[:, None]
    linewidth = 2 * np.pi * 0.01 * 200e6 / (1 + 0.01 * x)
    expected = 6e7 * powers / linewidth * x / (1 + x**2)
    np.testing.assert_allclose(volts, expected, rtol=1e-9, atol=1e-18)
