import json

import numpy as np
import pytest

from rfjax.experiments.oscillator import auto_oscillation

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def optimised():
    return True  # computes for longer than it compiles


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("auto-oscillation")
    auto_oscillation.run(out, quick=True)
    saved = json.loads((out / "result.json").read_text())
    assert saved["settings"]["quick"] is True
    assert all(row["published"] is None for row in saved["rows"])
    return {row["quantity"]: row for row in saved["rows"]}


def test_oscillation_sets_in_at_the_threshold_and_reaches_power_and_frequency(found):
    for what, law, tolerance in (
        ("threshold current", 1, 1e-4),
        ("power at 2 thresholds", 1 / 4, 1e-6),
        ("frequency at 2 thresholds", 200 * (1 + 0.05 / 4), 1e-8),
    ):
        np.testing.assert_allclose(found[what]["rfjax"], law, rtol=tolerance)
        np.testing.assert_allclose(found[what]["law"], law, rtol=1e-9)
    assert found["power: farthest from the law"]["rfjax"] < 1e-3
    assert found["frequency: farthest from the law"]["rfjax"] < 1e-2


@pytest.mark.parametrize("side", ["below", "above"])
def test_linewidths_are_those_of_the_law_within_their_errors(found, side):
    ratio = found[f"linewidth over the law, {side} threshold"]
    # The laws hold for weak noise; above threshold power fluctuates by a tenth.
    assert abs(ratio["rfjax"] - 1) < 0.03 + 3 * ratio["error"]
    assert ratio["error"] < 0.04


def test_the_laws_are_those_of_both_regimes():
    law = auto_oscillation.linewidth_law(np.array([0.5e-3, 2e-3]))
    width = 2 * np.pi * 0.01 * 200e6
    # At p = 1/4, with Q = 2 and N = 0.05.
    diffusion = width * 1.380649e-23 * 300 / 8.3e-19 * 1.5 / 1.0125
    strength = 0.05 * 2 * np.pi * 200e6 / (4 * width)
    above = diffusion * (1 + strength**2) / (2 * np.pi * 0.25)
    np.testing.assert_allclose(law, [width / 2 / np.pi, above], rtol=1e-9)
