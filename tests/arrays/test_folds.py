"""Arrays whose response folds, and those next to it."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import Line, Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers import Independent
from rfjax.rectifiers.fast import Circumstances, NotPrepared
from tests.arrays.kinds import WEAK
from tests.arrays.lines import (
    CHAINS,
    POWERS,
    array,
    directly,
    volts,
)
from tests.rectifiers.lines import COMB, PEAKS, SIGNS, TONES, relative_error, some_powers


@pytest.mark.parametrize("branch", ["lower", "upper", "rest"])
def test_where_the_response_folds_every_resonator_is_computed(branch):
    strong = array(Independent(branch), line=Line(COMB, 4 * PEAKS), nonlinear_shift=0.5)
    assert strong.evaluation is None
    assert strong.prepared() is strong
    powers = some_powers(4 * PEAKS)
    assert relative_error(volts(strong, powers), directly(strong, powers)) <= 1e-9


@pytest.mark.parametrize("branch", ["upper", "rest"])
def test_where_nothing_folds_all_branches_are_one(branch):
    fast, lower = (array(Independent(each), line=WEAK) for each in (branch, "lower"))
    assert fast.evaluation is not None
    np.testing.assert_array_equal(volts(fast, POWERS / 4), volts(lower, POWERS / 4))


@eqx.filter_jit
def folds(resonators, peaks, half_width):
    """Whether any tone has two branches in any resonator, and whether the lower one ends.

    By counting branches at many detunings and powers.
    """
    frequency, damping = resonators.frequency, resonators.damping
    detuning = half_width * jnp.linspace(-1, 1, 1001)[:, None, None]
    resonance = frequency[:, None] / (1 + damping * detuning)
    from_tone = (frequency - resonance) / (damping * resonance)
    drive = peaks * (resonators.drive / (2 * np.pi * damping * resonance)) ** 2
    shift, growth = resonators.reduced_shift, resonators.nonlinear_damping
    shares = jnp.linspace(0, 1, 17)[1:, None, None, None]
    count = spin_diode.stable_branches(from_tone, shares * drive, shift, growth)
    return jnp.any(count == 2), jnp.any((count[:-1] == 2) & (count[1:] == 1))


def by_poles(resonators, peaks, half_width, tolerance=1e-5, branch="lower"):
    line = Line(resonators.frequency, peaks)
    wanted = Circumstances(line, resonators, SIGNS, half_width, tolerance, CHAINS)
    try:
        return Independent(branch).prepare(wanted)
    except NotPrepared:
        return None


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    shift=st.floats(-20, 20),
    damping=st.sampled_from([0.005, 0.02, 0.05]),
    apart=st.floats(0.5, 20),
    widening=st.sampled_from([0.0, 0.3]),
    half_width=st.sampled_from([0.5, 2.0, 8.0]),
    strength=st.floats(0.9, 2),
)
def test_a_line_that_folds_is_never_interpolated(
    shift, damping, apart, widening, half_width, strength
):
    frequencies = 1e9 * (1 + damping * apart) ** np.arange(TONES)
    resonators = Resonator(
        frequencies, damping, nonlinear_shift=damping * shift, nonlinear_damping=widening
    )
    # Drives about the onset of the fold, where it is narrow and easily missed.
    onset = min(float(spin_diode.fold_onset(shift, widening)[1]), 100.0)
    peaks = strength * onset * (2 * np.pi * 1e9 * damping / 2e8) ** 2 * (frequencies / 1e9) ** 2
    two, ends = folds(resonators, jnp.asarray(peaks), half_width)
    assert not ends or by_poles(resonators, peaks, half_width) is None
    # Of several branches another one is wrong, whatever the tolerance of the lower one leaves out.
    assert not two or by_poles(resonators, peaks, half_width, 1e3, "upper") is None


@pytest.mark.parametrize(
    ("damping", "shift", "half_width", "strength"),
    [
        (0.01, 3.0, 24.0, 1.4),  # narrower than a linewidth in a range of many
        (0.01, -3.0, 24.0, 1.4),
        (0.2, 3.0, 2.0, 0.6),  # only at the narrower linewidth of a detuned resonator
    ],
)
def test_a_narrow_fold_is_found(damping, shift, half_width, strength):
    resonators = Resonator(
        1e9 * 1.4 ** np.arange(TONES), damping, nonlinear_shift=shift * damping, nonlinear_damping=0
    )
    # Of the first tone alone, counted at the linewidth of its resonator without detuning.
    onset = spin_diode.fold_onset(shift, 0.0)[1]
    peaks = np.zeros(TONES)
    peaks[0] = strength * onset * (2 * np.pi * 1e9 * damping / 2e8) ** 2
    assert folds(resonators, jnp.asarray(peaks), half_width)[0]
    assert by_poles(resonators, peaks, half_width, 0.2) is None
    assert by_poles(resonators, peaks, half_width, 1e3, "rest") is None
    assert by_poles(resonators, 0.3 * peaks, half_width, 0.2, "rest") is not None


def test_one_device_among_many_that_folds_is_enough():
    shift = np.full((CHAINS, TONES), 0.05)
    assert array(nonlinear_shift=shift).evaluation is not None
    shift[1, 7] = 0.9
    growth = np.ones((CHAINS, TONES))
    growth[1, 7] = 0
    strong = array(nonlinear_shift=shift, nonlinear_damping=growth, line=Line(COMB, 2 * PEAKS))
    assert strong.evaluation is None
