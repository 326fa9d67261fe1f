import json

import numpy as np

from rfjax.experiments import mac

INDEPENDENT = [("0.41", 99.99), ("0.80", 99.98), ("2.74", 99.64), ("26.25", 99.69), ("1399", 86.41)]


def test_the_numbers_of_an_independent_implementation_are_met(tmp_path):
    result = mac.run(tmp_path)
    found = [row.rfjax for row in result.rows]
    for rms, per_cent, (printed, expected) in zip(found[::2], found[1::2], INDEPENDENT):
        decimals = len(printed.partition(".")[2])
        assert f"{rms:.{decimals}f}" == printed
        assert round(per_cent, 2) == expected
    published = [row.published for row in result.rows[:2]]
    assert published == [0.58, 99.98]
    saved = json.loads((tmp_path / "result.json").read_text())
    assert [row["rfjax"] for row in saved["rows"]] == found
    assert "not published" in saved["settings"]["chosen by"]
    assert (tmp_path / "mac.png").stat().st_size > 50_000


def test_a_chain_of_linear_resonators_is_ideal():
    output, ideal = mac.multiply_accumulate(mac.Setting(0.0, 0.0, 1.0, (0.0, 0.0)))
    assert output.shape == ideal.shape == (81, 81)
    np.testing.assert_allclose(output, ideal, rtol=1e-9, atol=1e-15)
