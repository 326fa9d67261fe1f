import json

import numpy as np

from rfjax.experiments.device import spin_diode
from tests.experiments.committed import assert_as_documented


def test_the_three_line_shapes_are_those_of_the_formula(tmp_path):
    result = spin_diode.run(tmp_path)
    assert_as_documented(result, 3e-4)
    found = {row.quantity: row for row in result.rows}
    scale = 6e7 * 1e-5 / (2 * np.pi * 0.01 * 200e6) * 1e6  # βP/Γ, µV
    root = np.sqrt(2)
    expected = {
        "symmetric: highest": (scale, 0),
        "antisymmetric: highest": (scale / 2, 1),
        "antisymmetric: lowest": (-scale / 2, -1),
        "both, equal: highest": (scale * (1 + root) / 2, root - 1),
        "both, equal: lowest": (scale * (1 - root) / 2, -root - 1),
    }
    assert len(found) == 2 * len(expected)
    for name, (volts, detuning) in expected.items():
        for value in (found[f"{name} voltage"].rfjax, found[f"{name} voltage"].law):
            np.testing.assert_allclose(value, volts, rtol=1e-6)
        np.testing.assert_allclose(found[f"{name} at"].rfjax, detuning, atol=1e-3)
        np.testing.assert_allclose(found[f"{name} at"].law, detuning, atol=1e-12)
    saved = json.loads((tmp_path / "result.json").read_text())["settings"]
    assert saved["resonance (Hz), as printed"] == 200e6
    assert saved["power (W), as printed"] == 1e-5
