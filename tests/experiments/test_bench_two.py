"""The virtual bench: its instruments, its noise, and classifications beside independent numbers."""

import dataclasses
import itertools
import json
import math

import numpy as np
import pytest

from rfjax.experiments.hardware import bench_junctions, bench_products, bench_two
from tests.experiments.committed import RESULTS

POWERS = np.arange(2.0, 13.0, 2.0)
DOCUMENTED = json.loads((RESULTS / "bench-two.json").read_text())


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("bench")
    result = bench_two.run(out, quick=True)
    assert {path.name for path in out.glob("*.png")} == {"bench_two.png", "bench_two_spectra.png"}
    return {row.quantity: row for row in result.rows}


def documented(what):
    return next(row for row in DOCUMENTED["rows"] if row["quantity"] == what)


def test_the_noise_of_a_reading_is_what_the_published_deviation_leaves():
    # Two slopes of six readings each, errors of 1/ΣP² and, off the origin, 1/Σ(P - mean)².
    square = POWERS @ POWERS
    about = np.sum((POWERS - 7) ** 2)
    assert bench_products.share_of_reading() ** -2 == pytest.approx(1 + 2 * square / 6 / square)
    share = bench_products.share_of_reading(offset=True)
    assert share**-2 == pytest.approx(1 + 2 * square / 6 / about)


def test_dampings_are_those_of_the_reduction_of_both_vortices():
    # By rfjax.macrospin.reduction; energies too, in J.
    discs, polarities = bench_junctions.gyration()
    assert polarities[:2].tolist() == [-1, 1]
    np.testing.assert_allclose(discs.damping[:2], [0.0156992, 0.0244308], rtol=1e-4)
    np.testing.assert_allclose(discs.frequency[:2], [154.32e6, 403.30e6], rtol=1e-3)
    np.testing.assert_allclose(discs.energy[:2], [9.355e-18, 7.345e-18], rtol=2e-3)


def test_the_chain_has_the_printed_weights_and_lines_move_both_resonances():
    choice = bench_junctions.Choice((0.0157, 0.0244))
    at_rest = bench_junctions.junctions(choice)
    for far, off in zip((choice, dataclasses.replace(choice, far=(True, True))), (1, 20)):
        frequency = bench_junctions.junctions(far).frequency
        away = np.abs(frequency - np.array([174e6, 540e6])) / (at_rest.damping * frequency)
        assert ((away < 1) == (off == 1)).all()
        # (3.15) of both junctions, no code of the package: small signals, tails included.
        tones, damping = np.array([174e6, 540e6]), np.array(far.dampings)
        x = (tones[:, None] - frequency) / (damping * frequency)
        each = 6e7 / (2 * np.pi * damping * frequency) * x / (1 + x**2)
        weights = each @ np.array([1, -1])
        np.testing.assert_allclose(weights, [-0.50, 0.23], atol=0.04)  # the rest is N and Q
    tuned = bench_junctions.chains(choice, np.array([[0.01, 0.0], [0.0, 0.01]])).resonators
    moved = (tuned.frequency - at_rest.frequency) / 1e6
    np.testing.assert_allclose(moved, [[-100, -5], [-5, -100]], rtol=1e-6)


def test_products_have_the_deviation_that_their_noise_was_inferred_from(found):
    assert found["1,296 products: RMSD"].rfjax == pytest.approx(0.41, rel=0.02)
    slope = found["1,296 products: slope"]
    assert abs(slope.rfjax - 1) < 0.01
    assert found["W1 without currents"].rfjax == pytest.approx(-0.50, abs=0.015)
    assert found["W2 without currents"].rfjax == pytest.approx(0.23, abs=0.015)
    what = "1,296 products, RMSD by nonlinear junctions, N = 0.1, Q = 1, alone"
    assert 0.001 < found[what].rfjax < 0.05


def test_classifications_are_as_right_as_noise_lets_them_be(found):
    drawn = found["36 classifications: simulated"]
    assert drawn.rfjax == pytest.approx(drawn.law, abs=5 * drawn.error)
    measured = found["36 classifications: measured"]
    assert abs(measured.rfjax - drawn.rfjax) < 1
    wanted = np.array([-0.5 * p + 0.23 * q for p, q in itertools.product(POWERS, repeat=2)])
    expected = np.mean([0.5 + 0.5 * math.erf(abs(v) / 0.41 / 2**0.5) for v in wanted])
    found_law = bench_products.expected_accuracy(wanted[:, None], np.array([0.41]))
    np.testing.assert_allclose(found_law, expected, rtol=1e-12)
    alone = found["without currents: accuracy"]
    assert alone.rfjax == pytest.approx(100 * expected, abs=5 * alone.error)


def test_what_is_not_printed_holds_the_published_mean_between_its_ends(found):
    ends = [
        next(row.rfjax for what, row in found.items() if f"{name} mean" in what)
        for name in ("lowest", "highest")
    ]
    assert ends[0] < 93.6 < 93.9 < ends[1]


def test_documented_fits_find_the_tuning_and_the_leakage():
    assert "quick" not in DOCUMENTED["settings"]
    for junction in (1, 2):
        own = documented(f"Fig. 39, MTJ {junction}: how far 10 mA lower the resonance, from fits")
        other = f"Fig. 39, MTJ {junction}: share of its tuning by the other line, from fits"
        for row in (own, documented(other)):
            assert abs(row["rfjax"] - row["law"]) < 4 * row["error"]
            assert row["error"] < 0.1 * abs(row["law"])
