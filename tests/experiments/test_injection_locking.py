import json

import numpy as np
import pytest

from rfjax.experiments.oscillator import injection_locking

pytestmark = pytest.mark.slow

NU = {"isochronous": 0, "nonlinear": 1.25}
# g in ȧ = -(1 + iν) g (|a|² - 1/4) a + …, 1/s: 4αω at rest, where the frequency is lower than the
# free-running one by 1 + N/4.
STIFF = {name: 0.4 * np.pi * 232e6 / (1 + nu / 20) for name, nu in NU.items()}


def exact_edges(stiffness, nu):
    r"""How far below and above the locked states reach, over $F/\sqrt{p_0}$.

    With $u=p/p_0$ and the stiffness $\kappa=gp_0$ over $F/\sqrt{p_0}$, a locked state has the
    tone $\kappa\nu(u-1)\pm\sqrt{1/u-\kappa^2(u-1)^2}$ above the free-running frequency.
    """
    u = np.linspace(0.5, 1.5, 1_000_001)
    square = 1 / u - (stiffness * (u - 1)) ** 2
    u, square = u[square > 0], square[square > 0]
    moved = stiffness * nu * (u - 1)
    return (np.sqrt(square) - moved).max(), (np.sqrt(square) + moved).max()


def exact_rates(name):
    r"""How fast a locked oscillator settles without detuning, 1/s, the slow rate first.

    $u(u-1)^2(1+\nu^2)\kappa^2=1$, and the eigenvalues of the linear motion about it.
    """
    nu, stiffness = NU[name], STIFF[name] / 4
    whole = (1 + nu**2) * (stiffness / (7e6 * np.pi / np.sqrt(1 + nu**2))) ** 2
    u = np.roots([1, -2, 1, -1 / whole])
    u = u.real[(np.abs(u.imag) < 1e-9) & (u.real > 1)][0]
    settling = [1, -(4 * u - 2), (1 + nu**2) * (u - 1) * (3 * u - 1)]
    return np.sort(stiffness * np.roots(settling))


@pytest.fixture(scope="module")
def optimised():
    return True  # computes for longer than it compiles


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    out = tmp_path_factory.mktemp("injection-locking")
    injection_locking.run(out, quick=True)
    saved = json.loads((out / "result.json").read_text())
    assert saved["settings"]["quick"] is True
    assert {row["item"] for row in saved["rows"]} <= set(injection_locking.SHOWS)
    return {row["quantity"]: row for row in saved["rows"]}


@pytest.mark.parametrize("name", injection_locking.NAMES)
def test_what_is_printed_sets_the_oscillator_and_is_given_back(found, name):
    np.testing.assert_allclose(found[f"{name}: free-running frequency"]["rfjax"], 232, rtol=1e-9)
    still = found[f"{name}: locking range without noise"]
    force = 7 / 2 / np.sqrt(1 + NU[name] ** 2)
    exact = force * sum(exact_edges(STIFF[name] / 4 / (2e6 * np.pi * force), NU[name]))
    # As tones are apart: 5 kHz and, in a quick run, 200 kHz.
    np.testing.assert_allclose(still["law"], exact, atol=0.005)
    np.testing.assert_allclose(still["rfjax"], exact, atol=0.2)
    sharp = found[f"{name}: locking range by the sharpness of the phase, with noise"]
    assert sharp["published"] == 7
    np.testing.assert_allclose(sharp["rfjax"], 7, atol=1)  # a tone of 0.5 MHz at either end
    alone = found[f"{name}: linewidth without a tone"]
    # Of second order in the law: the spread of the power, 4πΔf (1 + ν²)⁻¹ over its rate g/2.
    second = 4e6 * np.pi / (1 + NU[name] ** 2) / (STIFF[name] / 2)
    np.testing.assert_allclose(alone["rfjax"], 1, atol=second + 3 * alone["error"])
    # What the variance gains in 0.8 µs, from 12 windows of 5 µs that hold 1.2 µs four times.
    assert alone["error"] < 1.5 * 1.2 / 0.8 * np.sqrt(2 / (12 * 4))


@pytest.mark.parametrize("name", injection_locking.NAMES)
def test_the_line_narrows_where_the_oscillator_is_locked_and_widens_beside(found, name):
    locked, beside = (found[f"{name}: linewidth, tone {at} MHz away"] for at in ("+0", "+4.5"))
    assert locked["law"] < 1e-4
    # Its phase gains nothing; two spreads of a variance of 2D/Δ = 2/7 each, some 400 independent.
    assert abs(locked["rfjax"]) < 4 * locked["error"] < 4 * 2 / 7 / (1.6 * np.pi) / np.sqrt(100)
    assert beside["rfjax"] > 1
    assert abs(beside["rfjax"] - beside["law"]) < 3 * beside["error"]
    aside = found[f"{name}, damping 0.2: linewidth, tone +10 MHz away"]
    assert abs(aside["rfjax"] - aside["law"]) < 3 * aside["error"]
    # The law against its Fokker-Planck equation: tests/laws/test_noisy_locking.py.
    assert beside["law"] == pytest.approx(2.5398, rel=1e-4)


def test_phase_and_pulling_follow_adler(found):
    for name, lag in (("isochronous", 0), ("nonlinear", np.arctan(1.25) / np.pi)):
        centre = found[f"{name}: lag without detuning"]
        # Exact at any force: the power moves frequency and damping in the ratio ν.
        np.testing.assert_allclose([centre["rfjax"], centre["law"]], lag, atol=1e-9)
        assert found[f"{name}: pulled frequencies, off the law"]["rfjax"] < 0.15


def test_a_locked_oscillator_settles_with_the_rates_of_the_exact_state(found):
    for name in injection_locking.NAMES:
        slow = found[f"{name}: relaxation of the phase, locked"]
        np.testing.assert_allclose(slow["law"], 1e3 / (7 * np.pi), rtol=1e-12)
        free, fast = (
            found[f"{name}: relaxation of the power, {how}"]["rfjax"] for how in ("free", "locked")
        )
        # 2p(αω₀Q + σI), both parts 2αω₀ at twice the threshold.
        np.testing.assert_allclose(free, 1e9 / (2 * 0.25 * STIFF[name]), rtol=1e-9)
        np.testing.assert_allclose([slow["rfjax"], fast], 1e9 / exact_rates(name), rtol=1e-6)


@pytest.mark.parametrize("shift", [0, 0.05, 0.1])
def test_the_locking_range_grows_with_the_nonlinearity(found, shift):
    nu = 25 * shift  # N/4α
    first, edges = np.sqrt(1 + nu**2), exact_edges(10, nu)
    what = f"N = {shift:g}: locking range over F/√p"
    whole = found[f"{what}, beside first order"]
    np.testing.assert_allclose(whole["law"], first, rtol=1e-9)
    # As tones are apart, and an oscillator that runs away by a fiftieth of the range not seen.
    coarse, fine = 0.3 / 12 * first, 2.6 / 5200 * first
    np.testing.assert_allclose(whole["rfjax"], np.mean(edges), atol=coarse)
    for side, exact in zip(("below", "above"), edges, strict=True):
        edge = found[f"{what}, tone {side}"]
        np.testing.assert_allclose(edge["law"], exact, atol=fine)
        np.testing.assert_allclose(edge["rfjax"], exact, atol=coarse)


def test_tone_and_oscillator_meet_at_the_edge_of_the_range():
    tones = np.array([225e6, 228.5e6, 232e6, 236e6])
    says = injection_locking.theory(0, tones)
    beat = np.array([np.sqrt(7**2 - 3.5**2), 0, 0, -np.sqrt(4**2 - 3.5**2)]) * 1e6
    np.testing.assert_allclose(says.frequency, tones + beat, atol=1)
    assert np.isnan(says.lag[[0, 3]]).all()
    plain = injection_locking.theory(1, tones, isochronous=True)
    np.testing.assert_allclose(plain.locked, 3.5e6 / np.sqrt(1 + 1.25**2), rtol=1e-9)
