import json

import numpy as np

from rfjax.experiments.device import dc_bias
from tests.experiments.committed import assert_as_documented


def test_the_boost_is_that_of_the_damping_left_and_goes_at_higher_power(tmp_path):
    result = dc_bias.run(tmp_path)
    assert_as_documented(result, 1e-3)
    current, *sensitivities = result.rows
    np.testing.assert_allclose(current.rfjax, 0.99, atol=1e-4)
    np.testing.assert_allclose(current.law, 0.99, rtol=1e-12)
    found = [row.rfjax for row in sensitivities]
    np.testing.assert_allclose(found[0], 1e5, rtol=1e-3)
    assert found[0] > found[1] > 5 * found[2]
    # The highest voltage of all stable powers p is that of the law: p [(1+Qp)² + y²] = s. At 1 µW
    # it lies where a branch ends.
    damping, q, n = 2 * np.pi * 2e6 * 0.01, (1 + 0.99) / 0.01, 0.1 / 1e-4
    scale = 2 * 1e3 * 2 * np.pi * 2e6 / damping
    for power, most, sensitivity in ((1e-9, 2e-3, found[1]), (1e-6, 0.05, found[2])):
        p, s = np.linspace(1e-6, most, 1_000_001), 4e16 * power / damping**2
        y = np.sqrt(np.maximum(s / p - (1 + q * p) ** 2, 0))
        stable = (1 + q * p) * (1 + 3 * q * p) + y * (y - 2 * n * p) > 0
        np.testing.assert_allclose(sensitivity, scale * (y * p / s)[stable].max(), rtol=2e-5)
    assert len(json.loads((tmp_path / "result.json").read_text())["rows"]) == 4
