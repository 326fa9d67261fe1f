import json

import numpy as np
import pytest

from rfjax.experiments.device import relaxation

LAW = 1 / (2 * np.pi * 50e6 * np.array(relaxation.DAMPINGS))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("relaxation")
    relaxation.run(out, quick=True)
    return {row["quantity"]: row for row in json.loads((out / "result.json").read_text())["rows"]}


@pytest.mark.parametrize(("damping", "printed"), [(0.01, 317), (0.03, 106), (0.05, 64), (0.07, 45)])
def test_the_free_decay_has_the_rate_of_the_linewidth_and_the_growth_nearly(
    found, damping, printed
):
    what = f"damping {damping:g}: relaxation time"
    growth, decay = found[f"{what}, growth"], found[f"{what}, free decay"]
    np.testing.assert_allclose(decay["rfjax"], 1e9 / (damping * 2 * np.pi * 50e6), rtol=1e-3)
    assert growth["published"] == printed
    np.testing.assert_allclose(growth["rfjax"], printed, rtol=0.03)
    assert (growth["note"] is None) == (damping > 0.01)


def test_the_times_of_the_text_are_six_tenths_of_those_that_are_found(found):
    for damping, printed in ((0.01, 194), (0.1, 20)):
        row = found[f"damping {damping:g}: relaxation time, running text"]
        assert row["published"] == printed
        assert 0.61 <= round(printed / row["rfjax"], 2) <= 0.63
        assert "error" in row["note"]


def test_the_growth_under_a_weak_tone_has_the_rate_of_the_linewidth():
    weak = relaxation.switched(0.01 * relaxation.FORCE)
    np.testing.assert_allclose(relaxation.growth_times(weak), LAW, rtol=1e-3)
    np.testing.assert_allclose(relaxation.decay_times(weak), LAW, rtol=1e-5)
