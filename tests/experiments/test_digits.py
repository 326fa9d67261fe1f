import json

import numpy as np
import pytest

from rfjax.experiments.digits import comparison as digits


@pytest.mark.slow
def test_quick_run_reports_both_networks_on_both_splits(tmp_path):
    result = digits.run(tmp_path, quick=True)
    rows = {
        row["quantity"]: row for row in json.loads((tmp_path / "result.json").read_text())["rows"]
    }
    assert len(rows) == len(result.rows)
    assert "resonators, symmetric 0.5, fixed split: test accuracy" in rows
    for network in ("software", "resonators"):
        fixed, redrawn = (
            rows[f"{network}, {split} split: test accuracy"] for split in ("fixed", "redrawn")
        )
        assert fixed["published"] is None
        assert redrawn["published"] == 99.0
        assert 50 < fixed["rfjax"] < 100
        gain = rows[f"{network}, redrawn - fixed split: paired difference"]["rfjax"]
        np.testing.assert_allclose(gain, redrawn["rfjax"] - fixed["rfjax"], atol=1e-9)
    assert rows["resonators, symmetric 0.5, redrawn split: test accuracy"]["published"] == 98.8
    assert rows["software, redrawn split: train accuracy"]["published"] == 99.7
    difference = rows["resonators - software, fixed split: paired difference"]
    assert difference["published"] is None
    assert "corrected for splits that overlap" in difference["note"]
    assert "quick" in result.settings
