import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.laws import spin_diode
from rfjax.laws.frequency_comb import linear_comb
from rfjax.nn import FieldLineDense
from rfjax.rectifiers import (
    CrossCoupled,
    Dynamic,
    Linearised,
    HarmonicBalance,
    Independent,
    Linear,
)
from rfjax.rectifiers.fast_evaluation import AbstractFastEvaluation
from tests.helpers import slope_at
from tests.nn.lines import DETUNING, POWERS, cast
from tests.rectifiers.lines import COMB, PEAKS, TONES, relative_error, some_powers

volts = eqx.filter_jit(FieldLineDense.__call__)


def layer_of(detuning=DETUNING, peaks=PEAKS, rectifier=None, *, frequencies=COMB, **options):
    """A layer of few tones; what is no option of the layer is a field of its resonators."""
    settings = {name: options.pop(name) for name in ("tolerance",) if name in options}
    return FieldLineDense(detuning, Resonator(frequencies, **options), peaks, rectifier, **settings)


def moved(layer, detuning):
    return eqx.tree_at(lambda layer: layer.detuning, layer, jnp.asarray(detuning))


def looped(rectifier, layer, powers):
    """The voltages, one resonator under one tone after the other."""
    total = np.zeros((len(powers), len(layer.detuning)))
    for chain, detunings in enumerate(layer.detuning):
        for k, (x, tone) in enumerate(zip(detunings, layer.frequencies)):
            device = jax.tree.map(
                lambda field: jnp.broadcast_to(field, (TONES,))[k],  # noqa: B023
                layer.resonators,
            )
            device = eqx.tree_at(lambda one: one.frequency, device, tone / (1 + device.damping * x))
            each = rectifier(device, powers[:, k : k + 1], tone[None])
            total[:, chain] += (-1) ** k * np.asarray(each)
    return total


@pytest.mark.parametrize("rectifier", [Linear(), Independent(), CrossCoupled()])
def test_it_is_a_sum_of_single_spin_diodes(rectifier):
    layer = layer_of(DETUNING[:2], rectifier=rectifier, tolerance=None, symmetric=0.3)
    expected = looped(rectifier, layer, POWERS[:2])
    assert relative_error(volts(layer, POWERS[:2]), expected) <= 1e-11
    np.testing.assert_array_equal(layer.frequencies, COMB)


def test_the_sum_in_reduced_variables():
    layer = layer_of(tolerance=None)
    resonance = COMB / (1 + 0.01 * DETUNING)
    drive = spin_diode.reduced_drive(POWERS[:, None], resonance, 0.01, 2e8)
    power = spin_diode.oscillation_power(DETUNING, drive, 10.0, 1.0)
    each = spin_diode.response(DETUNING, power, 10.0, 1.0, 1.0, 0.0)
    each = each * POWERS[:, None] * spin_diode.voltage_scale(resonance, 0.01, 6e7)
    expected = each[..., ::2].sum(-1) - each[..., 1::2].sum(-1)
    assert relative_error(volts(layer, POWERS), expected) <= 1e-12


def test_alone_in_their_resonators_tones_cannot_feel_each_other():
    alone = volts(layer_of(rectifier=CrossCoupled()), POWERS)
    assert relative_error(alone, volts(layer_of(tolerance=None), POWERS)) <= 1e-12


@pytest.mark.parametrize("rung", [Dynamic(), HarmonicBalance()])
def test_rungs_with_a_schedule_are_scheduled_for_one_tone(rung):
    comb = linear_comb(1e9, 1.6e9, TONES)
    plain = layer_of(frequencies=comb, tolerance=None)
    rung = rung.scheduled(plain.resonators, comb[:1])
    layer = layer_of(DETUNING[:1], rectifier=rung, frequencies=comb)
    expected = volts(moved(plain, DETUNING[:1]), POWERS[:1])
    assert relative_error(volts(layer, POWERS[:1]), expected) <= 1e-4


def test_faint_tones_are_rectified_linearly():
    faint = 1e-6 * POWERS
    linear = volts(layer_of(rectifier=Linear()), faint)
    assert relative_error(volts(layer_of(), faint), linear) <= 1e-5
    assert relative_error(volts(layer_of(), POWERS), 1e6 * linear) > 1e-2


def test_frozen_it_is_right_at_full_power():
    frozen = layer_of(rectifier=Linearised(PEAKS))
    assert frozen.interpolation is None
    full = volts(layer_of(tolerance=None), PEAKS)
    assert relative_error(volts(frozen, PEAKS), full) <= 1e-12
    np.testing.assert_allclose(volts(frozen, PEAKS / 3), full / 3, rtol=1e-9)


@pytest.mark.parametrize(
    ("tolerance", "spread", "symmetric"),
    [(1e-3, 0.0, 0.0), (1e-6, 0.0, 0.5), (1e-3, 0.5, 0.5), (1e-6, 0.5, 0.0), (1e-5, 40.0, 0.2)],
)
def test_the_fast_layer_keeps_its_tolerance(tolerance, spread, symmetric):
    layer = layer_of(2 * spread * DETUNING, tolerance=tolerance, symmetric=symmetric)
    assert layer.interpolation is not None
    powers = some_powers(PEAKS)
    slow = layer_of(2 * spread * DETUNING, tolerance=None, symmetric=symmetric)
    assert relative_error(volts(layer, powers), volts(slow, powers)) <= 1.5 * tolerance
    assert 0 < layer.error() <= tolerance


def test_more_digits_take_more_nodes_and_weak_tones_fewer():
    counts = [layer_of(tolerance=t).interpolation.count for t in (1e-2, 1e-4, 1e-7)]
    assert counts[0] < counts[1] < counts[2]
    assert layer_of(peaks=1e-3 * PEAKS).interpolation.count < layer_of().interpolation.count


def test_what_leaves_the_range_is_computed_directly():
    layer, slow = layer_of(tolerance=1e-2), layer_of(tolerance=None)
    loud, far = 3 * POWERS, DETUNING.copy()
    far[0, 0] = 2.5
    assert relative_error(volts(layer, loud), volts(slow, loud)) <= 1e-13
    found = volts(moved(layer, far), POWERS)
    assert relative_error(found, volts(moved(slow, far), POWERS)) <= 1e-13
    assert relative_error(volts(layer, POWERS), volts(slow, POWERS)) > 1e-9


def test_fast_evaluations_know_the_resonators_that_they_were_made_for():
    """Fields that are one number for all count as equal to arrays of it; other counts as others."""
    own = Resonator(1e8 * np.arange(1, 5))
    made = AbstractFastEvaluation(Linear(), own, jnp.asarray(1.0), jnp.ones(4))
    assert made.made_for(own)
    assert made.made_for(Resonator(own.frequency, damping=np.full(4, 0.01)))
    assert not made.made_for(Resonator(own.frequency, damping=0.02))
    assert not made.made_for(Resonator(own.frequency[:3]))
    assert not made.made_for(own.biased(1e-3, 1e8))


def test_other_resonators_than_it_was_made_for_are_computed_directly():
    layer, slow = layer_of(tolerance=1e-2), layer_of(tolerance=None)
    wide = [eqx.tree_at(lambda it: it.resonators.damping, each, 0.02) for each in (layer, slow)]
    assert relative_error(volts(wide[0], POWERS), volts(wide[1], POWERS)) <= 1e-13
    assert wide[0].adapted().interpolation.made_for(wide[0].resonators)


def test_where_the_response_folds_nothing_is_interpolated():
    layer = layer_of(nonlinear_shift=0.5, peaks=4 * PEAKS)
    assert layer.interpolation is None
    assert layer.error() == 0
    assert layer.adapted() is layer


def test_adapted_layers_cover_their_detunings():
    layer = layer_of()
    assert layer.adapted() is layer
    wide = moved(layer, 5 * DETUNING).adapted()
    assert wide.interpolation.covers(wide.detuning, POWERS)
    assert not layer.interpolation.covers(wide.detuning, POWERS)
    assert wide.error() <= wide.tolerance
    assert eqx.tree_equal(moved(wide, DETUNING).adapted(), layer)


def slopes(layer, powers):
    def total(detuning, powers):
        found = moved(layer, detuning)(powers)
        return jnp.sum(found * jnp.cos(jnp.arange(found.size)).reshape(found.shape))

    return eqx.filter_jit(jax.grad(total, argnums=(0, 1)))(layer.detuning, powers)


@pytest.mark.parametrize("rectifier", [Linear(), Independent(), CrossCoupled()])
def test_derivatives_are_the_differences_of_the_voltages(rectifier):
    layer = layer_of(rectifier=rectifier, tolerance=1e-9)
    slow = layer_of(rectifier=rectifier, tolerance=None)
    by_detuning, by_powers = slopes(layer, POWERS)
    rng = np.random.default_rng(2)
    along = rng.standard_normal(DETUNING.shape)
    louder = POWERS * rng.standard_normal(POWERS.shape)
    weights = jnp.cos(jnp.arange(12)).reshape(4, 3)

    def total(step):
        there = moved(slow, slow.detuning + step * along)
        return jnp.sum(weights * volts(there, POWERS + step * louder))

    found = jnp.sum(by_detuning * along) + jnp.sum(by_powers * louder)
    np.testing.assert_allclose(found, slope_at(total, 0.0, 1e-3), rtol=1e-6)


@pytest.mark.parametrize("rectifier", [Linear(), Independent(), CrossCoupled(), Linearised(PEAKS)])
def test_silence_and_resonance_are_no_exception(rectifier):
    powers = POWERS.at[0].set(0).at[1, ::2].set(0)
    layer = layer_of(jnp.asarray(DETUNING).at[:, ::3].set(0), rectifier=rectifier)
    assert (volts(layer, powers)[0] == 0).all()
    for slope in slopes(layer, powers):
        assert np.isfinite(slope).all()


def test_devices_have_derivatives():
    slope = eqx.filter_jit(eqx.filter_grad(lambda layer: jnp.sum(layer(POWERS))))
    fast, slow = (slope(layer_of(tolerance=t)).resonators for t in (1e-9, None))
    for name in ("nonlinear_shift", "damping", "symmetric"):
        np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=1e-6)
        assert getattr(slow, name) != 0


@pytest.mark.parametrize("rectifier", [Linear(), Independent(), CrossCoupled()])
def test_single_precision_agrees_with_double(rectifier):
    resonators, detuning, peaks, powers = cast(
        (Resonator(COMB), jnp.asarray(DETUNING), PEAKS, jnp.minimum(POWERS, PEAKS)), np.float32
    )
    layer = FieldLineDense(detuning, resonators, peaks, rectifier)
    found = volts(layer, powers)
    assert found.dtype == np.float32
    exact = FieldLineDense(*cast((detuning, resonators, peaks), np.float64), rectifier)
    assert relative_error(found, volts(exact, powers.astype(np.float64))) <= 1e-5


def test_batches_come_before_chains():
    layer = layer_of()
    expected = volts(layer, POWERS)
    found = volts(layer, POWERS.reshape(2, 2, -1))
    np.testing.assert_allclose(found.reshape(4, -1), expected, rtol=1e-9)
    for batch in ((), (5, 0)):
        assert eqx.filter_eval_shape(layer, jnp.zeros((*batch, TONES))).shape == (*batch, 3)


def test_large_batches_are_computed_in_parts(monkeypatch):
    layer = layer_of(tolerance=None)
    expected = volts(layer, POWERS)
    monkeypatch.setattr("rfjax.nn.field_line._RESONATORS_AT_ONCE", 3 * 3 * TONES)
    found = volts(layer, jnp.concatenate([POWERS, 0 * POWERS]))
    np.testing.assert_allclose(found[:4], expected, rtol=1e-12)
    np.testing.assert_array_equal(found[4:], 0)


@pytest.mark.parametrize("rectifier", [Linear(), Independent(), CrossCoupled()])
def test_a_tone_reaches_its_own_column_alone(rectifier):
    layer = layer_of(rectifier=rectifier, tolerance=None)
    by_detuning = eqx.filter_jit(jax.jacrev(lambda x: moved(layer, x)(POWERS[0]).sum(0)))
    changed = by_detuning(layer.detuning)
    louder = eqx.filter_jit(jax.jacrev(lambda x: moved(layer, x)(POWERS[0].at[4].mul(2)).sum(0)))
    differs = np.asarray(louder(layer.detuning) != changed)
    assert differs[:, 4].all()
    assert not np.delete(differs, 4, axis=1).any()


def test_seeds_map_over_detunings():
    layer = layer_of(tolerance=1e-6)
    seeds = jnp.stack([jnp.asarray(DETUNING) * scale for scale in (1.0, -0.5)])
    mapped = eqx.filter_jit(jax.vmap(lambda detuning: moved(layer, detuning)(POWERS)))
    for some in (seeds, seeds.at[1, 0, 0].set(9.0)):
        for one, detuning in zip(mapped(some), some):
            slow = volts(moved(layer_of(tolerance=None), detuning), POWERS)
            assert relative_error(one, slow) <= 1.5e-6
    assert moved(layer, 4 * seeds).adapted().interpolation.half_width > 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"detuning": DETUNING[0]}, r"detuning has shape \(12,\); give \(chains, 12\)"),
        ({"detuning": DETUNING * np.nan}, "detuning is nan; it must be finite"),
        ({"peaks": PEAKS[1:]}, r"resonators have shape \(12,\) .* peak_powers \(11,\)"),
        ({"peaks": -PEAKS}, "peak_powers is -.*; it must be finite and zero or above"),
        ({"damping": np.full((2, 1), 0.01)}, r"resonators have shape \(2, 12\)"),
        ({"tolerance": 0.0}, "tolerance is 0.0; it must be finite and above zero"),
        ({"rectifier": HarmonicBalance(np.zeros(TONES))}, "holds phases of tones that share"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        layer_of(**change)


@pytest.mark.parametrize(
    ("powers", "message"),
    [
        (POWERS[:, 1:], r"powers have shape \(4, 11\); give \(..., 12\)"),
        (-POWERS, "powers is -.*; it must be finite and zero or above"),
    ],
)
def test_powers_that_do_not_fit_are_refused(powers, message):
    with pytest.raises(InvalidInput, match=message):
        layer_of(tolerance=None)(powers)
