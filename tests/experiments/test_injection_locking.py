import json

import numpy as np
import pytest

from rfjax.experiments import injection_locking


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("injection-locking")
    injection_locking.run(out, quick=True)
    saved = json.loads((out / "result.json").read_text())
    assert saved["settings"]["quick"] is True
    assert (out / "injection_locking.png").stat().st_size > 50_000
    return {row["quantity"]: row["rfjax"] for row in saved["rows"]}


@pytest.mark.parametrize("name", injection_locking.NAMES)
def test_the_published_oscillator_is_given_back(found, name):
    np.testing.assert_allclose(found[f"{name}: free-running frequency"], 232, rtol=1e-5)
    np.testing.assert_allclose(found[f"{name}: locking range"], 7, atol=0.3)
    error = found[f"{name}: linewidth, standard error"]
    # The isochronous one needs seven times the thermal power noise, of second order in the law.
    np.testing.assert_allclose(found[f"{name}: linewidth"], 1, atol=0.2 + 3 * error)


def test_phase_and_pulling_follow_adler(found):
    for name, lag in (("isochronous", 0), ("nonlinear", np.arctan(1.25))):
        np.testing.assert_allclose(found[f"{name}: lag without detuning"], lag, atol=1e-4)
        np.testing.assert_allclose(found[f"{name}: lag without detuning, law"], lag, atol=1e-9)
        assert found[f"{name}: pulled frequencies, off the law"] < 0.15


@pytest.mark.parametrize(
    ("shift", "independent", "law"), [(0, 1.03, 1), (0.05, 1.59, 1.6008), (0.1, 2.65, 2.6926)]
)
def test_the_locking_range_grows_with_the_nonlinearity(found, shift, independent, law):
    what = f"N = {shift:g}: locking range over F/√p"
    np.testing.assert_allclose(found[what], independent, rtol=0.035)
    np.testing.assert_allclose(found[what], law, rtol=0.01)
    np.testing.assert_allclose(found[f"{what}, law"], law, rtol=1e-4)


def test_tone_and_oscillator_meet_at_the_edge_of_the_range():
    tones = np.array([225e6, 228.5e6, 232e6, 236e6])
    says = injection_locking.theory(0, tones)
    beat = np.array([np.sqrt(7**2 - 3.5**2), 0, 0, -np.sqrt(4**2 - 3.5**2)]) * 1e6
    np.testing.assert_allclose(says.frequency, tones + beat, atol=500)
    assert np.isnan(says.lag[[0, 3]]).all()
    plain = injection_locking.theory(1, tones, isochronous=True)
    np.testing.assert_allclose(plain.locked, 3.5e6 / np.sqrt(1 + 1.25**2), rtol=1e-6)
