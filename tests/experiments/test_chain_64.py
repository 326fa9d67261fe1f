import json

import numpy as np
import pytest

from rfjax.experiments import chain_64

SCALED, EQUAL, LINEAR = chain_64.layouts()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("chain")
    result = chain_64.run(out, quick=True)
    saved = json.loads((out / "result.json").read_text())
    assert all(row.published is None for row in result.rows)
    assert (out / "chain_64.png").stat().st_size > 50_000
    return {row["quantity"]: row["rfjax"] for row in saved["rows"]}


def test_neighbours_are_equally_far_on_the_geometric_comb_only(found):
    nearest, farthest = (f"{SCALED}: {which} neighbours" for which in ("nearest", "farthest"))
    apart = 100 * (20 ** (1 / 63) - 1)
    np.testing.assert_allclose([found[nearest], found[farthest]], apart, rtol=1e-9)
    step = (1e9 - 50e6) / 63
    np.testing.assert_allclose(found[f"{LINEAR}: farthest neighbours"], step / 0.5e6, rtol=1e-9)
    assert found[f"{SCALED}: largest reach of a neighbour"] < 55
    assert found[f"{LINEAR}: largest reach of a neighbour"] > 95


def test_scaled_powers_make_weights_even(found):
    what = "linear: largest over least weight"
    np.testing.assert_allclose(found[f"{SCALED}, {what}"], 1, rtol=1e-9)
    np.testing.assert_allclose(found[f"{EQUAL}, {what}"], 20, rtol=1e-9)
    assert 1 < found[f"{SCALED}, independent: largest over least weight"] < 1.2


@pytest.mark.parametrize("rung", chain_64.RUNGS)
def test_the_geometric_comb_multiplies_better(found, rung):
    scaled, equal, linear = (
        found[f"{name}, {rung}: correlation"] for name in (SCALED, EQUAL, LINEAR)
    )
    assert linear < 93 < 98 < min(scaled, equal)


def test_the_voltage_of_the_own_tone_stands_on_the_diagonal():
    volts = chain_64.voltages(chain_64.layouts()[SCALED], chain_64.RUNGS["linear"])
    linewidth = 2 * np.pi * 0.01 * 50e6 / 1.01
    np.testing.assert_allclose(np.diagonal(volts), 6e7 * 1e-5 / linewidth / 2, rtol=1e-6)
