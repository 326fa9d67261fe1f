import json

import numpy as np
import pytest

from rfjax.experiments import relaxation


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("relaxation")
    relaxation.run(out, quick=True)
    assert (out / "relaxation.png").stat().st_size > 50_000
    return {row["quantity"]: row for row in json.loads((out / "result.json").read_text())["rows"]}


@pytest.mark.parametrize("switch", ["switch-on", "free decay"])
@pytest.mark.parametrize(("damping", "printed"), [(0.01, 317), (0.03, 106), (0.05, 64), (0.07, 45)])
def test_the_amplitude_settles_at_the_rate_of_the_linewidth(found, switch, damping, printed):
    row = found[f"damping {damping:g}: relaxation time, {switch}"]
    np.testing.assert_allclose(row["rfjax"], 1e9 / (damping * 2 * np.pi * 50e6), rtol=1e-3)
    assert row["published"] == printed


def test_the_times_with_the_figure_are_supported_and_those_of_the_text_are_not(found):
    assert found["times with the figure: farthest from the fit"]["rfjax"] < 1.5
    for printed, away, damping in ((194, 39, 0.0164), (20, 56, 0.159)):
        what = f"{printed} ns of the running text"
        np.testing.assert_allclose(found[f"{what}: away from it"]["rfjax"], away, atol=0.5)
        needed = found[f"{what}: damping that has it"]["rfjax"]
        np.testing.assert_allclose(needed, damping, rtol=5e-3)


def test_an_exponential_is_fitted_exactly():
    since = np.linspace(0, 1, 100)
    fitted = relaxation.relaxation_times(since, np.exp(-since / np.array([[0.1], [0.3]])))
    np.testing.assert_allclose(fitted, [0.1, 0.3], rtol=1e-12)
