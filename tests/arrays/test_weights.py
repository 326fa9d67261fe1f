"""Weights as detunings, where resonators receive their own tones and on shared lines."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, own_tone_detuning, shared_line_detuning
from rfjax.laws.frequency_comb import geometric_comb, scaled_powers
from rfjax.laws.synaptic_weight import far_detuning, largest_weight, weight
from rfjax.rectifiers import Independent, Linear
from tests.arrays.lines import cast
from tests.helpers import slope_at

TONES = 16
COMB = geometric_comb(1e9, 1.8e9, TONES)  # four linewidths apart
PEAKS = scaled_powers(1e-5, COMB)
LINE = Resonator(COMB), Line(COMB, PEAKS)
RNG = np.random.default_rng(0)
WEIGHT = 7 * RNG.uniform(-1, 1, (3, TONES))
INPUTS = RNG.random((5, TONES))


evaluated = eqx.filter_jit(ResonatorArray.__call__)


def volts(array, inputs=INPUTS):
    return evaluated(array, jnp.asarray(inputs) * array.peak_powers)


def on_own_tones(mapped, line=LINE):
    return volts(ResonatorArray(mapped.detuning, *line, Linear(), OwnTone()))


@pytest.mark.parametrize("size", [1.0, 1e-9, 1e9])
def test_own_tones_have_the_weights(size):
    mapped = own_tone_detuning(size * WEIGHT, *LINE)
    expected = mapped.scale * (INPUTS @ (size * WEIGHT).T)
    np.testing.assert_allclose(on_own_tones(mapped), expected, rtol=1e-10)
    assert mapped.residual <= 1e-12 * size
    reached = np.abs(weight(mapped.detuning, 0.01))
    np.testing.assert_allclose(reached.max(), largest_weight(0.01), rtol=1e-6)


def test_no_two_resonators_need_be_alike():
    resonators = Resonator(
        COMB,
        damping=RNG.uniform(0.005, 0.03, TONES),
        rectification=RNG.uniform(3e7, 9e7, TONES),
        antisymmetric=RNG.uniform(0.5, 1, TONES) * RNG.choice([-1, 1], TONES),
    )
    line = resonators, Line(COMB, RNG.uniform(1e-6, 1e-5, TONES))
    mapped = own_tone_detuning(WEIGHT, *line)
    expected = mapped.scale * (INPUTS @ WEIGHT.T)
    np.testing.assert_allclose(on_own_tones(mapped, line), expected, rtol=1e-9)
    assert mapped.residual <= 1e-11


def test_far_from_the_tones_small_weights_are_out_of_reach():
    some = np.sign(WEIGHT) * np.maximum(np.abs(WEIGHT), 0.7)
    some[0, 0], some[1, 3] = 0, 1e-3
    near = own_tone_detuning(some, *LINE)
    far = own_tone_detuning(some, *LINE, inverse=partial(far_detuning, farthest=60.0))
    assert np.abs(far.detuning).min() >= 1
    assert np.abs(far.detuning).max() == 60
    # What is left at the farthest detuning of all.
    left = weight(np.array([60.0, -60.0]), 0.01) / largest_weight(0.01) * np.abs(some).max()
    assert near.residual <= 1e-12 < far.residual <= np.abs(left).max() + 1e-3
    found = on_own_tones(far) / far.scale - INPUTS @ some.T
    assert np.abs(found[:, 2]).max() < 1e-9 < far.residual / 10 < np.abs(found[:, 0]).max()


def test_what_the_damping_like_torque_adds_is_reported():
    line = Resonator(COMB, symmetric=0.1), LINE[1]
    mapped = own_tone_detuning(WEIGHT, *line)
    assert 0.05 < mapped.residual / np.abs(WEIGHT).max() < 0.25


def test_no_weights_need_no_detuning():
    for mapping in (own_tone_detuning, shared_line_detuning):
        mapped = mapping(np.zeros((2, TONES)), *LINE)
        assert np.isfinite(mapped.detuning).all()
        assert mapped.scale > 0
        assert mapped.residual <= 1e-9


def realised(mapped):
    array = ResonatorArray(mapped.detuning, *LINE, Linear(), tolerance=None)
    return volts(array, np.eye(TONES))


def test_on_a_shared_line_the_weights_are_found_by_least_squares():
    mapped = shared_line_detuning(WEIGHT, *LINE)
    left = realised(mapped).T / mapped.scale - WEIGHT
    np.testing.assert_allclose(mapped.residual, np.abs(left).max(), atol=1e-9)
    assert mapped.residual <= 1e-6
    neighbours = shared_line_detuning(WEIGHT, *LINE, steps=1)
    assert neighbours.residual > 1


def test_mapped_detunings_follow_weights_and_devices():
    resonators, line = LINE

    @eqx.filter_jit
    def total(step):
        devices = eqx.tree_at(
            lambda device: device.damping, resonators, resonators.damping * (1 + step)
        )
        found = shared_line_detuning(WEIGHT * (1 + step * jnp.cos(WEIGHT)), devices, line)
        return jnp.sum(found.detuning * jnp.cos(jnp.arange(WEIGHT.size)).reshape(WEIGHT.shape))

    found = eqx.filter_jit(jax.grad(total))(0.0)
    np.testing.assert_allclose(found, slope_at(total, 0.0, 1e-4), rtol=1e-5)


def test_what_a_shared_line_cannot_reach_is_reported():
    full = shared_line_detuning(WEIGHT, *LINE, share=1.0)
    assert 0.1 < full.residual < 3
    np.testing.assert_allclose(full.scale, 2 * shared_line_detuning(WEIGHT, *LINE).scale)
    left = realised(full).T / full.scale - WEIGHT
    np.testing.assert_allclose(full.residual, np.abs(left).max(), rtol=1e-9)


def test_single_precision_is_enough():
    line, some = cast((LINE, jnp.asarray(WEIGHT)), np.float32)
    for mapping, precision in ((own_tone_detuning, 1e-5), (shared_line_detuning, 1e-4)):
        mapped = mapping(some, *line)
        assert mapped.detuning.dtype == np.float32
        assert mapped.residual <= precision * np.abs(WEIGHT).max()


@pytest.mark.parametrize("mapping", [own_tone_detuning, shared_line_detuning])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((WEIGHT[0], *LINE), r"weight has shape \(16,\); give \(chains, 16\)"),
        ((WEIGHT * np.nan, *LINE), "weight.* is nan; it must be finite"),
        (
            (WEIGHT, LINE[0], Line(COMB, 0.0)),
            "peak_powers.* is 0.0; it must be finite and",
        ),
        ((WEIGHT, Resonator(COMB, antisymmetric=0.0), LINE[1]), "the size of antisymmetric is 0.0"),
    ],
)
def test_what_does_not_fit_is_refused(mapping, arguments, message):
    with pytest.raises(InvalidInput, match=message):
        mapping(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"share": 1.1}, "share is 1.1; it must be one or less"), ({"steps": 0}, "steps is 0; it")],
)
def test_solutions_that_cannot_be_looked_for_are_refused(options, message):
    with pytest.raises(InvalidInput, match=message):
        shared_line_detuning(WEIGHT, *LINE, **options)


def test_a_shared_line_is_mapped_for_its_rectifier_at_the_largest_powers():
    line = LINE[0], Line(COMB, 20 * PEAKS)
    mapped, linear = (
        shared_line_detuning(WEIGHT, *line, rectifier=model) for model in (Independent(), Linear())
    )
    expected = mapped.scale * WEIGHT.T

    def full_power(detuning):
        array = ResonatorArray(detuning, *line, Independent(), tolerance=None)
        return volts(array, np.eye(TONES))

    size = np.abs(expected).max()
    assert np.abs(full_power(mapped.detuning) - expected).max() < 1e-6 * size
    assert mapped.residual < 1e-6 * np.abs(WEIGHT).max()
    assert np.abs(full_power(linear.detuning) - expected).max() > 0.05 * size
