"""Resonators that keep what was presented before: against the auto-oscillator in time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray
from rfjax.hardware import AmplifierNoise, in_turn

SHIFT = 0.6


def array_of(frequencies, detuning, wiring=None):
    line = Line(jnp.asarray(frequencies), 5e-4)
    devices = Resonator(line.frequencies, nonlinear_shift=SHIFT)
    return ResonatorArray(jnp.asarray(detuning), devices, line, wiring=wiring, tolerance=None)


# At three linewidths the response has two branches from 197 to 319 µW.
FOLDING = array_of([2e8], [[3.0]])
POWERS = 1e-6 * np.array([[50.0], [250.0], [500.0], [250.0], [0.0], [250.0]])
LIFETIME = 1 / (2 * np.pi * 0.01 * 2e8 / 1.03)


def integrated(array, powers, time):
    """Voltages of the first chain by (3.3), with all tones that a resonator receives at once.

    At the end of each row; of several tones means over their beats in the last fifth of it.
    """
    tuned = array.resonators.detuned(array.detuning)
    found = np.zeros(len(powers))
    for place, (own, width) in enumerate(zip(tuned.frequency[0], tuned.linewidth[0], strict=True)):
        receives = slice(None) if array.wiring.shared else slice(place, place + 1)
        tones = 2 * np.pi * (np.asarray(array.frequencies) - float(own))[receives]
        shift, c, begin = 2 * np.pi * float(own) * SHIFT, 0j, 0.0
        for number, row in enumerate(np.asarray(powers)):

            def force(t, row=row[receives], tones=tones):
                return 2e8 * np.exp(-1j * np.outer(t, tones)) @ np.sqrt(row)

            def slope(t, c, force=force, width=float(width), shift=shift):
                p = abs(c) ** 2
                return -(width * (1 + p) + 1j * shift * p) * c + force(t)

            beats = np.linspace(begin + 0.8 * time, begin + time, 1 if len(tones) == 1 else 1000)
            beats[-1] = begin = begin + time
            span = begin - time, begin
            steps = {"t_eval": beats, "rtol": 1e-7, "atol": 1e-9, "first_step": 1e-11}
            ended = solve_ivp(slope, span, [c], **steps)
            c = ended.y[0, -1]
            mixed = np.mean((ended.y[0] * np.conj(force(beats))).imag)
            found[number] += (-1) ** place * 6e7 / 4e16 * mixed
    return found


@pytest.fixture(scope="module")
def alone():
    """Voltages after presentations of some lifetimes."""
    return {n: np.asarray(in_turn(FOLDING, POWERS, n * LIFETIME))[:, 0] for n in (2, 40)}


def test_rows_start_where_those_before_left_the_resonator(alone):
    for lifetimes, volts in alone.items():
        exact = integrated(FOLDING, POWERS, lifetimes * LIFETIME)
        np.testing.assert_allclose(volts, exact, atol=2e-4 * np.abs(exact).max())


def test_a_branch_is_kept_until_the_power_leaves_it(alone):
    settled, lower = alone[40], np.asarray(FOLDING(POWERS))[:, 0]
    np.testing.assert_allclose(settled[[0, 1, 2, 4, 5]], lower[[0, 1, 2, 4, 5]], rtol=1e-6)
    assert settled[3] < 0 < lower[3]  # after a stronger tone, of the same power as the last
    assert np.abs(alone[2] - settled).max() > 0.1 * np.abs(settled).max()


def test_a_presentation_in_parts_is_the_whole_one_however_short_it_is():
    lifetimes, parts = 1e-7, len(POWERS)
    powers = np.full_like(POWERS, 2e-4)
    volts = np.asarray(in_turn(FOLDING, powers, lifetimes / parts * LIFETIME))[:, 0]
    ends = lifetimes * np.arange(1, parts + 1) / parts
    # From rest a = (1 - exp(-(1 - ix)t)) √s/(1 - ix), whose imaginary part begins as √s x t²/2.
    exact = 6e7 * powers[0, 0] * LIFETIME * 3.0 * ends**2 / 2
    np.testing.assert_allclose(volts, exact, rtol=1e-6)


def test_derivatives_are_refused():
    def cost(powers, time):
        return in_turn(FOLDING, powers, time).sum()

    for number in (0, 1):
        with pytest.raises(InvalidInput, match="in_turn has no derivative"):
            jax.grad(cost, number)(POWERS, LIFETIME)
    # A constant beside what is differentiated is none of that.
    slope = jax.grad(lambda scale: scale * cost(POWERS, LIFETIME))(1.0)
    np.testing.assert_allclose(slope, cost(POWERS, LIFETIME), rtol=1e-12)


@pytest.mark.parametrize("wiring", [None, OwnTone()], ids=["shared line", "own tones"])
def test_tones_of_a_chain_keep_theirs(wiring):
    array = array_of([2e8, 2.4e8], [[3.0, -1.0]], wiring)
    powers = 1e-6 * np.array([[50.0, 100.0], [500.0, 0.0], [250.0, 50.0]])
    volts = np.asarray(in_turn(array, powers, 12 * LIFETIME))[:, 0]
    exact = integrated(array, powers, 12 * LIFETIME)
    # Of tones 20 linewidths apart beats leave a percent.
    within = 1e-4 if wiring else 0.02
    np.testing.assert_allclose(volts, exact, atol=within * np.abs(exact).max())
    assert np.abs(
        volts - np.asarray(in_turn(array, powers[::-1], 12 * LIFETIME))[::-1, 0]
    ).max() > (0.3 * np.abs(volts).max())


@pytest.mark.parametrize(
    ("array", "powers", "time", "message"),
    [
        (FOLDING, POWERS[:, 0], 1e-6, r"powers have shape \(6,\); give \(..., 1\)"),
        (FOLDING, POWERS[:1, 0], 1e-6, r"powers have shape \(1,\) and time \(\); give \(rows, 1\)"),
        (FOLDING, POWERS, 0.0, "time is 0.0"),
        (FOLDING, -POWERS, 1e-6, "powers"),
        (FOLDING.with_readings(AmplifierNoise(1e-6)), POWERS, 1e-6, "array has readings"),
    ],
)
def test_what_cannot_be_presented_in_turn_is_refused(array, powers, time, message):
    with pytest.raises(InvalidInput, match=message):
        in_turn(array, powers, time)
