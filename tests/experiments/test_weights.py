import numpy as np

from rfjax.experiments.device import weights
from tests.experiments.committed import assert_as_documented


def test_slopes_are_the_weights_that_the_detuning_sets(tmp_path):
    result = weights.run(tmp_path)
    assert_as_documented(result)
    found = {row.quantity: row.rfjax for row in result.rows}
    for row in result.rows:
        if row.law is not None:
            np.testing.assert_allclose(row.rfjax, row.law, rtol=1e-6, atol=1e-9)
    # βP/(2Γ) at ten and fifty µW, with β = 6e7 rad/C
    half = 6e7 / (2 * 2 * np.pi * 0.01 * 200e6)
    np.testing.assert_allclose(found["(a) 50 µW: highest voltage"], half * 50, rtol=1e-6)
    # At a fixed tone the extremes lie at f(1 ∓ α/√(1+α²)), and the lower resonance gives more.
    root = np.sqrt(1 + 0.01**2)
    np.testing.assert_allclose(found["resonance tuned: highest weight"], half * (root + 0.01))
    np.testing.assert_allclose(found["resonance tuned: lowest weight"], half * (0.01 - root))
    assert found["(b) farthest from a straight line, N = 0.1 and Q = 1"] > 1


def test_voltages_follow_the_detuning():
    x = np.array(weights.DETUNINGS)[:, None]
    linewidth = 2 * np.pi * 0.01 * 200e6 / (1 + 0.01 * x)
    expected = 6e7 * weights.POWERS / linewidth * x / (1 + x**2)
    found = weights.voltages(weights.Linear())
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-18)
