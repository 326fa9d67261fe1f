import json

import numpy as np
import pytest

from rfjax.experiments.chain import chain_64

SCALED, EQUAL, LINEAR, WIDE = chain_64.layouts()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("chain")
    result = chain_64.run(out, quick=True)
    saved = json.loads((out / "result.json").read_text())
    assert all(row.published is None for row in result.rows)
    return {row["quantity"]: row["rfjax"] for row in saved["rows"]}


def test_neighbours_are_equally_far_on_the_geometric_comb_only(found):
    nearest, farthest = (f"{SCALED}: {which} neighbours" for which in ("nearest", "farthest"))
    apart = 100 * (3.53 ** (1 / 63) - 1)
    np.testing.assert_allclose([found[nearest], found[farthest]], apart, rtol=1e-9)
    # The printed comb has the spacing coefficient of its damping.
    np.testing.assert_allclose(apart, 200 * 0.01 / 0.99, rtol=2e-3)
    step = (353e6 - 100e6) / 63
    np.testing.assert_allclose(found[f"{LINEAR}: farthest neighbours"], step / 1e6, rtol=1e-9)
    reaches = [found[f"{name}: largest reach of a neighbour"] for name in (WIDE, SCALED, LINEAR)]
    assert reaches[0] < 55 < 95 < min(reaches[1:])


def test_scaled_powers_make_weights_even(found):
    what = "linear: largest over least weight"
    np.testing.assert_allclose(found[f"{SCALED}, {what}"], 1, rtol=1e-9)
    np.testing.assert_allclose(found[f"{EQUAL}, {what}"], 3.53, rtol=1e-9)
    assert 1 < found[f"{SCALED}, independent: largest over least weight"] < 1.01


@pytest.mark.parametrize("model", chain_64.MODELS)
def test_the_wider_comb_multiplies_better(found, model):
    wide, scaled, linear = (
        found[f"{name}, {model}: correlation"] for name in (WIDE, SCALED, LINEAR)
    )
    assert max(linear, scaled) < 85 < 98 < wide


def test_the_slope_of_the_chain_alternates_from_resonance_to_resonance():
    tones = np.asarray(chain_64.layouts()[EQUAL].tones, np.float64)
    above, below = (chain_64.spectrum(tones * (1 + shift)) for shift in (0.01, -0.01))
    inner = slice(4, -4)
    assert (np.sign(above - below) == (-1.0) ** np.arange(64))[inner].all()


def test_the_voltage_of_the_own_tone_stands_on_the_diagonal():
    volts = chain_64.voltages(chain_64.layouts()[SCALED], chain_64.MODELS["linear"])
    linewidth = 2 * np.pi * 0.01 * 100e6 / 1.01
    np.testing.assert_allclose(np.diagonal(volts), 6e7 * 1e-5 / linewidth / 2, rtol=1e-6)
