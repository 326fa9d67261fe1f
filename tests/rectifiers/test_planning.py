import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers import Independent, Linear
from rfjax.rectifiers.planning import half_width_for, planned
from tests.rectifiers.lines import COMB, PEAKS, SIGNS, TONES, chained, relative_error, some_powers


def plan(rectifier=Independent(), resonators=None, peaks=PEAKS, signs=SIGNS, **request):
    request = {"half_width": 1.5, "tolerance": 1e-5, "chains": 3} | request
    resonators = Resonator(COMB) if resonators is None else resonators
    return planned(rectifier, resonators, jnp.asarray(peaks), jnp.asarray(signs), **request)


@given(st.floats(0, 40))
def test_the_range_is_the_first_that_holds_the_detunings_with_room(largest):
    width = half_width_for(np.array([[0.1 * largest, -largest]]))
    needed = 0.5 + 1.2 * largest
    if width is None:
        assert needed > 32
    else:
        assert width >= needed
        narrower = half_width_for(np.array([[0.99 * (width - 0.5) / 1.2]]))
        assert narrower == width
        assert width <= 2 * needed


def test_no_range_holds_what_is_not_a_number():
    assert half_width_for(np.array([[np.nan, 0.0]])) is None
    assert half_width_for(np.zeros((0, 3))) == 0.5


def test_the_same_request_is_planned_once():
    first = plan()
    assert plan() is first
    assert plan(resonators=Resonator(np.asarray(COMB))) is first
    assert plan(chains=4) is not first
    assert plan(resonators=Resonator(COMB, symmetric=0.1)) is not first
    assert plan(peaks=1.001 * PEAKS) is not first
    assert plan(tolerance=2e-5) is not first
    assert plan(half_width=2.0) is not first
    assert plan(Linear()) is not first


def test_arrays_have_the_precision_of_the_devices():
    resonators = jax.tree.map(lambda field: field.astype(np.float32), Resonator(COMB))
    single = plan(resonators=resonators, peaks=np.float32(PEAKS))
    for found, dtype in ((single, np.float32), (plan(), np.float64)):
        arrays = [a for a in jax.tree.leaves(found) if jnp.issubdtype(a.dtype, jnp.floating)]
        assert {a.dtype for a in arrays} == {np.dtype(dtype)}


def test_the_linear_rung_needs_no_nodes():
    assert plan(Linear()).corrections.own.size == 0
    assert plan().corrections.own.size > 0


def test_precision_costs_pairs():
    sizes = [
        (found.band.own.size, found.corrections.own.size)
        for found in (plan(tolerance=tolerance) for tolerance in (1e-3, 1e-5, 1e-8))
    ]
    for looser, tighter in zip(sizes, sizes[1:]):
        assert sum(tighter) > sum(looser)
    assert sizes[0][0] < TONES**2


def test_what_cannot_be_interpolated_is_not_expanded():
    assert plan(tolerance=1e-14, peaks=4 * PEAKS) is None


@eqx.filter_jit
def folds(resonators, peaks, half_width):
    """Whether any tone folds in any resonator, by counting branches at many detunings."""
    frequency, damping = resonators.frequency, resonators.damping
    detuning = half_width * jnp.linspace(-1, 1, 2001)[:, None, None]
    resonance = frequency[:, None] / (1 + damping * detuning)
    seen = (frequency - resonance) / (damping * resonance)
    drive = peaks * (resonators.drive / (2 * np.pi * damping * resonance)) ** 2
    n, q = resonators.nonlinear_shift / damping, resonators.nonlinear_damping
    return jnp.any(spin_diode.stable_branches(seen, drive, n, q) == 2)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    shift=st.floats(-20, 20),
    damping=st.sampled_from([0.005, 0.02, 0.05]),
    apart=st.floats(0.5, 20),
    widening=st.sampled_from([0.0, 0.3]),
    half_width=st.sampled_from([0.5, 2.0, 8.0]),
    strength=st.floats(0.9, 2),
)
def test_a_line_that_folds_is_never_expanded(shift, damping, apart, widening, half_width, strength):
    frequencies = 1e9 * (1 + damping * apart) ** np.arange(TONES)
    resonators = Resonator(
        frequencies, damping, nonlinear_shift=damping * shift, nonlinear_damping=widening
    )
    # Drives about the onset of the fold, where it is narrow and easily missed.
    _, onset = spin_diode.fold_onset(shift, widening)
    onset = min(float(onset), 100.0)
    peaks = strength * onset * (2 * np.pi * 1e9 * damping / 2e8) ** 2 * (frequencies / 1e9) ** 2
    if folds(resonators, jnp.asarray(peaks), half_width):
        assert plan(resonators=resonators, peaks=peaks, half_width=half_width) is None


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
    _, onset = spin_diode.fold_onset(shift, 0.0)
    peaks = np.zeros(TONES)
    peaks[0] = strength * onset * (2 * np.pi * 1e9 * damping / 2e8) ** 2
    request = {"half_width": half_width, "tolerance": 0.2}
    assert folds(resonators, jnp.asarray(peaks), half_width)
    assert plan(resonators=resonators, peaks=peaks, **request) is None
    assert plan(resonators=resonators, peaks=0.3 * peaks, **request) is not None


@pytest.mark.parametrize("half_width", [8.0, 32.0])
def test_a_resonance_does_not_hide_in_a_wide_range(half_width):
    # Tones so far apart that none fills the gaps between the detunings of another.
    frequencies = 1e9 * 1.3 ** np.arange(TONES)
    resonators = Resonator(frequencies)
    peaks = 3e-3 * (frequencies / 1e9) ** 2
    kept(resonators, peaks, half_width)


def test_uneven_peaks_are_seen_between_the_sampled_resonators():
    tones = 24
    frequencies = 1e9 * 1.03 ** np.arange(tones)
    peaks = 1e-5 * np.ones(tones)
    peaks[5], peaks[16] = 3e-3, 5e-3
    kept(Resonator(frequencies), peaks, 1.5)


def kept(resonators, peaks, half_width, tolerance=1e-5):
    """The plan keeps its tolerance in many chains of detunings from all over the range."""
    tones = len(peaks)
    signs = (-1.0) ** np.arange(tones)
    expansion = plan(
        resonators=resonators,
        peaks=peaks,
        signs=signs,
        half_width=half_width,
        tolerance=tolerance,
        chains=30,
    )
    rng = np.random.default_rng(0)
    detuning = jnp.asarray(rng.uniform(-half_width, half_width, (30, tones)))
    powers = some_powers(peaks)
    found = eqx.filter_jit(expansion)(detuning, powers)
    expected = chained(Independent(), resonators, detuning, powers)
    assert relative_error(found, expected) <= 2 * tolerance
