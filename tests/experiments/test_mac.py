import json

import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.experiments import mac
from rfjax.experiments.mac_offsets import rule_deviations

INDEPENDENT = [("0.41", 99.99), ("0.80", 99.98), ("2.74", 99.64), ("26.25", 99.69), ("1399", 86.41)]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    out = tmp_path_factory.mktemp("mac")
    found = mac.run(out, quick=True)
    saved = json.loads((out / "result.json").read_text())
    assert [row["rfjax"] for row in saved["rows"]] == [row.rfjax for row in found.rows]
    for name in ("mac.png", "mac_spectrum.png", "mac.svg"):
        assert (out / name).stat().st_size > 30_000
    return found


def test_the_numbers_of_an_independent_implementation_are_met(result):
    found = [row.rfjax for row in result.rows]
    for rms, per_cent, (printed, expected) in zip(found[:10:2], found[1:10:2], INDEPENDENT):
        decimals = len(printed.partition(".")[2])
        assert f"{rms:.{decimals}f}" == printed
        assert round(per_cent, 2) == expected
    assert [row.published for row in result.rows[:2]] == [0.58, 99.98]


def test_no_rule_for_the_resonances_gives_the_published_deviations(result):
    ours, closest = result.rows[-2:]
    assert 10 < closest.rfjax < ours.rfjax
    # The scan and the chains themselves agree on our own rule.
    for setting, row in zip(mac.SETTINGS, result.rows[:10:2]):
        powers = setting.gain * jnp.asarray(mac.POWERS)
        rule = jnp.array([[-1.0, 0.0, 1.0]])
        found = rule_deviations(rule, jnp.asarray(mac.TONES), powers, setting.device(1.0))
        np.testing.assert_allclose(1e6 * found[0, 1], row.rfjax, rtol=1e-6)


def test_a_chain_of_linear_resonators_is_ideal():
    output, ideal = mac.multiply_accumulate(mac.Setting(0.0, 0.0, 1.0, (0.0, 0.0)))
    assert output.shape == ideal.shape == (81, 81)
    np.testing.assert_allclose(output, ideal, rtol=1e-9, atol=1e-15)


def test_the_chain_under_one_tone_alternates_from_resonator_to_resonator():
    # One linewidth above each resonance its own resonator gives the most, of alternating sign.
    above = mac.spectrum(np.array(mac.TONES) * 1.01)
    assert (np.sign(above) == [1, -1, 1, -1]).all()
    np.testing.assert_allclose(mac.spectrum(np.array([1e3])), 0, atol=1e-6)
