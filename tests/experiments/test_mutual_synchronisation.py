import json

import numpy as np
import pytest

from rfjax.experiments.oscillator import mutual_synchronisation

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def optimised():
    return True  # computes for longer than it compiles


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("mutual-synchronisation")
    mutual_synchronisation.run(out, quick=True)
    saved = json.loads((out / "result.json").read_text())
    assert saved["settings"]["quick"] is True
    assert all(row["published"] is None for row in saved["rows"])
    return {row["quantity"]: row for row in saved["rows"]}


@pytest.mark.parametrize(("coupling", "slope"), [("shared current", 2.0), ("dipolar", 2.5)])
def test_pairs_synchronise_within_the_range_of_the_law(found, coupling, slope):
    what = f"{coupling}: locking range over coupling"
    np.testing.assert_allclose(found[what]["law"], slope, rtol=1e-4)
    np.testing.assert_allclose(found[what]["rfjax"], slope, rtol=0.05)
    assert found[f"{coupling}: share of the map as by the law"]["rfjax"] > 95


@pytest.mark.parametrize("count", mutual_synchronisation.COUNTS)
def test_the_common_line_narrows_as_one_over_the_number(found, count):
    what = f"{count} oscillators: linewidth" if count > 1 else "one oscillator: linewidth"
    np.testing.assert_allclose(found[what]["law"], 30 / count, rtol=1e-6)
    assert found[what]["error"] < 0.12 * 30 / count
    # The relative error of a variance of increments that overlap; that of twelve groups scatters.
    watched = mutual_synchronisation.WATCHED[True] - 2 * mutual_synchronisation.LAG
    groups = mutual_synchronisation.REPLICAS[True]
    error = np.sqrt(4 / 3 * mutual_synchronisation.LAG / watched / groups)
    assert abs(found[what]["rfjax"] / (30 / count) - 1) < 3.5 * error
    assert abs(found["exponent of the number"]["rfjax"] + 1) < 0.1


def test_coupling_leaves_the_common_oscillation_of_a_group_alone():
    coupling = mutual_synchronisation._all_to_all(3.0)
    assert coupling.shape == (63, 63)
    np.testing.assert_allclose(coupling.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.eigvalsh(coupling[-32:, -32:])[:-1], -3)
