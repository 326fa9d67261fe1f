"""Discrete tuning: rounding, what is trained through it, and pruning."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from rfjax.arrays.of_models import computed_directly
from rfjax.hardware import Levels, NoiseAware, Pruned, fabricated
from rfjax.numerics.rounding import rounded
from rfjax.training import classification
from tests.hardware.chips import INPUTS, KEY, LINEAR

ARRAY = computed_directly(LINEAR).layers[0].array
VALUES = np.linspace(-1.4, 1.4, 57)


def test_values_go_to_the_nearest_level_and_levels_stay():
    for levels in (2, 5, 64):
        ladder = np.linspace(-1.2, 1.2, levels)
        found = rounded(VALUES, levels, 1.2)
        nearest = np.abs(VALUES[:, None] - ladder).min(axis=1)
        np.testing.assert_allclose(np.abs(VALUES - found), nearest, atol=1e-12)
        np.testing.assert_allclose(rounded(found, levels, 1.2), found, atol=0)
    assert not np.any(rounded(VALUES, 2, 1.2) == 0)  # a switch has no middle


def test_stochastic_rounding_is_right_on_average_and_takes_neighbours_only():
    many = jax.vmap(lambda key: rounded(VALUES, 5, 1.2, key=key))
    drawn = np.asarray(many(jax.random.split(KEY, 4000)))
    assert np.all(np.abs(drawn - np.clip(VALUES, -1.2, 1.2)) < 0.6)
    error = np.abs(drawn.mean(0) - np.clip(VALUES, -1.2, 1.2))
    assert np.all(error < 5 * 0.3 / 4000**0.5)
    # Both neighbours are taken, but where a value lies on a level or beyond the last.
    between = np.abs(VALUES) < 1.2
    between &= np.abs(VALUES / 0.6 - np.round(VALUES / 0.6)) > 0.02
    assert [np.unique(each).size for each in drawn.T[between]] == [2] * between.sum()


def test_derivatives_pass_straight_through_and_follow_the_range():
    weights = np.random.default_rng(0).normal(size=VALUES.shape)

    def total(values, largest):
        return jnp.sum(weights * rounded(values, 4, largest))

    along, of_range = jax.grad(total, (0, 1))(VALUES, 1.23)
    np.testing.assert_array_equal(along, weights)
    # Between thresholds levels move with the range, and nothing else does.
    step = 1e-7
    slope = (total(VALUES, 1.23 + step) - total(VALUES, 1.23 - step)) / (2 * step)
    np.testing.assert_allclose(of_range, slope, rtol=1e-6)


def test_writing_scatters_about_levels():
    apart = ARRAY.detuning.shape
    detuning = jnp.broadcast_to(jnp.linspace(-1, 1, apart[-1]), apart)
    array = eqx.tree_at(lambda array: array.detuning, ARRAY, detuning)
    assert Levels(None, 0.6)(array, key=KEY) is array
    written = Levels(4, 0.6, noise=0.02)

    def errors(key):
        return written(array, key=key).detuning - rounded(detuning, 4, 0.6)

    drawn = np.asarray(jax.vmap(errors)(jax.random.split(KEY, 500)))
    assert np.isclose(drawn.std(), 0.012, rtol=0.03)
    assert abs(drawn.mean()) < 5 * 0.012 / drawn.size**0.5


def test_a_loss_is_that_of_the_rounded_network_and_its_gradient_goes_on():
    effect, labels = Levels(2, 0.4), jnp.asarray([0, 1, 2, 0, 1])
    loss = NoiseAware(effect)
    binary = computed_directly(fabricated(LINEAR, effect, key=KEY))
    assert len(np.unique(np.abs(binary.layers[0].array.detuning))) == 1

    @eqx.filter_jit
    @eqx.filter_grad
    def slopes(network, aware):
        of_batch = partial(loss, key=KEY) if aware else classification
        return of_batch(network, jnp.asarray(INPUTS), labels)

    through = slopes(computed_directly(LINEAR), True).layers[0].array.detuning
    there = slopes(binary, False).layers[0].array.detuning
    assert np.abs(there).max() > 0
    np.testing.assert_allclose(through, there, rtol=1e-9)


def test_the_smallest_weights_are_left_out():
    pruned = Pruned(0.25)(ARRAY, key=KEY)
    out = np.asarray(pruned.resonators.antisymmetric == 0)
    assert out.sum() == out.size // 4
    response = ARRAY.detuning / (1 + ARRAY.detuning**2)
    assert np.abs(response[out]).max() < np.abs(response[~out]).min()
    everything = Pruned(1.0)(ARRAY, key=KEY)
    assert not np.any(everything(ARRAY.peak_powers))
