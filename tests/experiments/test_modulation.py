"""Modulations: signals by kind and ratio, and what spectra alone cannot tell apart."""

import dataclasses

import jax
import numpy as np
import pytest

from rfjax.experiments.radio import modulation, modulation_networks
from rfjax.signals import FrontEnd
from rfjax.training import ensemble


@pytest.fixture(scope="module")
def optimised():
    """Nothing is computed for long."""
    return False


def test_signals_have_the_kinds_and_ratios_that_they_are_said_to_have():
    channel = modulation_networks.CHANNELS["offset"]
    drawn = modulation_networks.signals(channel, 8, ratios=(0.0, 30.0), key=jax.random.key(0))
    assert np.bincount(drawn.kinds).tolist() == [16] * 7
    for ratio, noise in ((0, 1.0), (30, 1e-3)):
        powers = np.mean(abs(drawn.samples[drawn.ratios == ratio]) ** 2, axis=1)
        error = 5 * powers.std() / np.sqrt(len(powers))
        np.testing.assert_allclose(powers.mean(), 1 + noise, atol=error)


@pytest.mark.slow
def test_networks_stand_beside_regression_at_every_ratio(tmp_path, monkeypatch):
    def untrained(network, rows, seeds, **_):
        return ensemble([network.create(jax.random.key(seed)) for seed in seeds]), None

    small = {
        name: dataclasses.replace(each, bands=8) for name, each in modulation.FRONT_ENDS.items()
    }
    assert isinstance(small["spectrum alone"], FrontEnd)
    monkeypatch.setattr(modulation, "FRONT_ENDS", small)
    monkeypatch.setattr(modulation, "train", untrained)
    # Free weights in place of resonators, which take seconds to prepare.
    monkeypatch.setattr(
        modulation,
        "resonators",
        lambda tones: dataclasses.replace(modulation.software(tones), name="resonators"),
    )
    result = modulation.run(tmp_path, quick=True)
    rows = {row.quantity: row.rfjax for row in result.rows}
    told = "logistic regression: BPSK, QPSK, 8-PSK, 16-QAM told at 20 dB"
    alone, both = (rows[f"offset, {name}, {told}"] for name in small)
    # Of four kinds that are alike, a quarter is right by chance; eight of each of them test.
    assert alone < 65
    assert both > alone + 15
    # Networks that are not trained give one answer, a seventh of all signals.
    untold = rows["offset, spectrum alone, resonators: accuracy at 0 dB"]
    assert untold == pytest.approx(100 / 7)
    assert (tmp_path / "modulation.png").exists()
