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
    for name in ("injection_locking.png", "injection_linewidth.png"):
        assert (out / name).stat().st_size > 50_000
    assert {row["item"] for row in saved["rows"]} <= set(injection_locking.SHOWS)
    return {row["quantity"]: row for row in saved["rows"]}


@pytest.mark.parametrize("name", injection_locking.NAMES)
def test_what_is_printed_sets_the_oscillator_and_is_given_back(found, name):
    np.testing.assert_allclose(found[f"{name}: free-running frequency"]["rfjax"], 232, rtol=1e-5)
    still = found[f"{name}: locking range without noise"]
    np.testing.assert_allclose([still["rfjax"], still["law"]], 7, atol=0.3)
    np.testing.assert_allclose(still["rfjax"], still["law"], atol=0.11)  # a tone and a bit
    sharp = found[f"{name}: locking range by the sharpness of the phase, with noise"]
    assert sharp["published"] == 7
    np.testing.assert_allclose(sharp["rfjax"], 7, atol=1.6)
    alone = found[f"{name}: linewidth without a tone"]
    # The isochronous one needs seven times the thermal power noise, of second order in the law.
    np.testing.assert_allclose(alone["rfjax"], 1, atol=0.2 + 3 * alone["error"])


@pytest.mark.parametrize("name", injection_locking.NAMES)
def test_the_line_narrows_where_the_oscillator_is_locked_and_widens_beside(found, name):
    locked, beside = (found[f"{name}: linewidth, tone {at} MHz away"] for at in ("+0", "+4.5"))
    assert abs(locked["rfjax"]) < 4 * locked["error"] < 0.04
    assert beside["rfjax"] > 1
    assert beside["law"] == pytest.approx(2.54, rel=0.01)


def test_phase_and_pulling_follow_adler(found):
    for name, lag in (("isochronous", 0), ("nonlinear", np.arctan(1.25) / np.pi)):
        centre = found[f"{name}: lag without detuning"]
        np.testing.assert_allclose(centre["rfjax"], lag, atol=1e-4)
        np.testing.assert_allclose(centre["law"], lag, atol=1e-9)
        assert found[f"{name}: pulled frequencies, off the law"]["rfjax"] < 0.15


def test_a_locked_oscillator_settles_with_the_rates_of_the_exact_state(found):
    slow = found["isochronous: relaxation of the phase, locked"]
    np.testing.assert_allclose(slow["law"], 1e3 / (7 * np.pi), rtol=1e-12)
    np.testing.assert_allclose(slow["rfjax"], slow["law"], rtol=0.2)
    free, driven = (
        found[f"isochronous: relaxation of the power, {how}"]["rfjax"] for how in ("free", "locked")
    )
    # 2p(αω₀Q + σI), both parts 2αω₀ at twice the threshold.
    assert free == pytest.approx(1e9 / (2 * 0.25 * 4 * 0.05 * 2 * np.pi * 232e6), rel=1e-5)
    assert driven < free


@pytest.mark.parametrize(("shift", "first"), [(0, 1), (0.05, 1.6008), (0.1, 2.6926)])
def test_the_locking_range_grows_with_the_nonlinearity(found, shift, first):
    what = f"N = {shift:g}: locking range over F/√p"
    whole = found[f"{what}, beside first order"]
    np.testing.assert_allclose(whole["law"], first, rtol=1e-4)
    np.testing.assert_allclose(whole["rfjax"], first, rtol=0.01)
    for side in ("below", "above"):
        edge = found[f"{what}, tone {side}"]
        np.testing.assert_allclose(edge["rfjax"], edge["law"], rtol=0.004)


def test_tone_and_oscillator_meet_at_the_edge_of_the_range():
    tones = np.array([225e6, 228.5e6, 232e6, 236e6])
    says = injection_locking.theory(0, tones)
    beat = np.array([np.sqrt(7**2 - 3.5**2), 0, 0, -np.sqrt(4**2 - 3.5**2)]) * 1e6
    np.testing.assert_allclose(says.frequency, tones + beat, atol=500)
    assert np.isnan(says.lag[[0, 3]]).all()
    plain = injection_locking.theory(1, tones, isochronous=True)
    np.testing.assert_allclose(plain.locked, 3.5e6 / np.sqrt(1 + 1.25**2), rtol=1e-6)
