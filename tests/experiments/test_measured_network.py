"""Devices that are measured one by one, tuned as they are believed to be, in a network."""

import json

import numpy as np
import pytest

from rfjax.experiments.digits import measured_devices as devices
from rfjax.experiments.digits import measured_network
from rfjax.experiments.digits.networks import HIGHEST, LOWEST, PIXELS, POWER
from rfjax.lines import Line
from tests.experiments.committed import RESULTS

LINE = Line.geometric(LOWEST, HIGHEST, PIXELS, POWER)
MEANT, TRUE = devices.nominal(LINE), devices.made(LINE, 0)


def test_devices_differ_as_stated():
    for name, size in devices.SPREAD.items():
        ratios = getattr(TRUE.resonators, name) / getattr(MEANT.resonators, name)
        assert np.std(ratios) == pytest.approx(size, rel=0.1)
    off = (TRUE.resonance / MEANT.resonance - 1) / 0.01
    assert np.std(off) == pytest.approx(devices.RESONANCE_SPREAD, rel=0.1)
    assert np.any(np.asarray(devices.made(LINE, 1).resonance) != TRUE.resonance)


def test_tuning_is_right_where_the_device_is_known_and_off_by_as_much_as_it_is_not():
    wanted = np.random.default_rng(0).normal(size=MEANT.resonance.shape)
    known = devices.tuned_as(LINE, wanted, TRUE, TRUE)
    np.testing.assert_allclose(known, wanted, atol=1e-9)
    # Wanted on resonance: what is reached is off by as much as the resonance was.
    found = devices.tuned_as(LINE, np.zeros_like(wanted), MEANT, TRUE)
    off = TRUE.resonance / MEANT.resonance
    damping = np.asarray(TRUE.resonators.damping)
    np.testing.assert_allclose(found, (1 / off - 1) / damping, atol=1e-9)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A quick run: its result, its folder, and what its only seed found.

    Measured without noise and fitted without an error: fits have a test of their own.
    """
    folder, found = tmp_path_factory.mktemp("measured"), []
    with pytest.MonkeyPatch.context() as patched:
        exact = np.ones(TRUE.resonance.shape)
        patched.setattr(measured_network, "measured", lambda line, true, seed: (true, exact))
        of_seed = measured_network.of_seed
        patched.setattr(
            measured_network, "of_seed", lambda *given: found.append(of_seed(*given)) or found[-1]
        )
        result = measured_network.run(folder, quick=True)
    return result, folder, found[0]


def test_fits_find_the_devices_one_by_one():
    line = Line.geometric(LOWEST, HIGHEST, 6, POWER)
    true = devices.made(line, 0)
    found, converged = devices.measured(line, true, 0)
    assert converged.mean() > 0.98
    off = (found.resonance / true.resonance - 1) / true.resonators.damping
    assert np.sqrt(np.mean(off**2)) < 0.01
    ratios = np.asarray(found.resonators.damping / true.resonators.damping)
    assert np.sqrt(np.mean((ratios - 1) ** 2)) < 0.01
    assert (
        np.corrcoef(np.ravel(found.resonators.symmetric), np.ravel(true.resonators.symmetric))[0, 1]
        > 0.95
    )


@pytest.mark.slow
def test_a_quick_run_trains_and_says_that_it_was_quick(quick):
    result, folder, (accuracies, *_) = quick
    found = {row.quantity: row.rfjax for row in result.rows}
    for name, value in accuracies.items():
        assert found[f"{name}: test accuracy"] == pytest.approx(100 * value)
    assert len(accuracies) == 6
    assert max(accuracies.values()) > 0.3  # chance is 0.1
    assert "160 rows" in result.settings["quick"]
    assert (folder / "measured_network.png").stat().st_size > 0


def test_the_documented_result_is_of_three_seeds_and_says_what_they_do_not_decide():
    result = json.loads((RESULTS / "measured-network.json").read_text())
    assert (result["settings"]["seeds"], "quick" in result["settings"]) == (3, False)
    for row in result["rows"]:
        if row["quantity"].endswith("paired difference"):
            assert "95 % interval" in row["note"]
