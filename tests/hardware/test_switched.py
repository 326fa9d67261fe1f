"""Resonators that are switched: means over their states, and the states that they end in."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator, arrays, nn
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine
from rfjax.hardware import (
    AmplifierNoise,
    Spread,
    fabricated,
    hardened,
    two_state,
    with_sharpness,
)
from rfjax.rectifiers import Independent, Linear
from rfjax.training import ensemble
from tests.hardware.chips import INPUTS, KEY, LINEAR

LINE = Line(jnp.array([1e9, 1.02e9, 1.05e9]), 1e-5)
CHAINS, LARGEST = 2, 2.0
POWERS = 1e-5 * np.random.default_rng(1).random((4, 3))


def network(**options):
    damping = options.pop("damping", 0.01)
    resonators = Resonator(1e9, damping=damping)
    settings = {"lines": LINE, "resonators": resonators, "key": KEY, "spread": 0.7}
    return nn.mlp((CHAINS,), **settings, tolerance=None, **options)


@pytest.mark.parametrize(
    ("rectifier", "wiring", "damping"),
    [
        (Linear(), SharedLine(), 0.01),
        (Independent(), SharedLine(), np.array([[0.01, 0.012, 0.009], [0.011, 0.01, 0.013]])),
        (Independent(), OwnTone(), np.array([0.01, 0.012, 0.009])),
    ],
)
def test_voltages_are_the_mean_over_all_states(rectifier, wiring, damping):
    meant = network(rectifier=rectifier, wiring=wiring, damping=damping)
    (layer,) = two_state(meant, LARGEST, sharpness=1.3).layers
    chains = layer.array
    states = np.array(list(itertools.product((-1, 1), repeat=3)))
    up = (1 + np.tanh(1.3 * chains.tendency)) / 2  # (chains, tones)
    likely = np.prod(np.where(states[:, None] > 0, up, 1 - up), axis=-1)  # (states, chains)
    array = meant.layers[0].array

    @eqx.filter_jit
    def of_state(state):
        detuning = jnp.broadcast_to(LARGEST * state, array.detuning.shape)
        return eqx.tree_at(lambda each: each.detuning, array, detuning)(POWERS)

    each = np.stack([of_state(state) for state in states.astype(float)])
    mean = np.einsum("sbc,sc->bc", each, likely)
    np.testing.assert_allclose(chains.volts(jnp.asarray(POWERS)), mean, rtol=1e-10, atol=1e-18)


def test_sharper_ones_come_to_hardened_ones():
    soft = two_state(LINEAR, LARGEST)
    made = hardened(soft)
    assert isinstance(made.layers[0].array, ResonatorArray)
    np.testing.assert_array_equal(np.abs(made.layers[0].array.detuning), LARGEST)
    np.testing.assert_array_equal(
        np.sign(made.layers[0].array.detuning), np.sign(LINEAR.layers[0].array.detuning)
    )
    wanted = made(INPUTS)
    errors = [np.abs(with_sharpness(soft, each)(INPUTS) - wanted).max() for each in (1, 10, 1e6)]
    scale = np.abs(wanted).max()
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-4 * scale  # the tolerance of the array, and rounding


def test_tendencies_train_with_the_right_derivative():
    soft = two_state(LINEAR, LARGEST)

    def total(tendency):
        moved = eqx.tree_at(lambda each: each.layers[0].array.tendency, soft, tendency)
        return jnp.sum(moved(INPUTS) ** 2)

    tendency = soft.layers[0].array.tendency
    along = np.random.default_rng(2).normal(size=tendency.shape)
    slope = jnp.vdot(jax.grad(total)(tendency), along)
    step = 1e-6
    found = (total(tendency + step * along) - total(tendency - step * along)) / (2 * step)
    assert np.isclose(slope, found, rtol=1e-6)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InvalidInput, match="largest is 0"):
        two_state(LINEAR, 0.0)
    with pytest.raises(InvalidInput, match="-200 linewidths at a damping of 0.01"):
        two_state(LINEAR, 200.0)
    with pytest.raises(InvalidInput, match="readings"):
        two_state(arrays.with_readings(LINEAR, AmplifierNoise(1e-6)), 1.0)
    with pytest.raises(InvalidInput, match="has no resonators of two states"):
        with_sharpness(LINEAR, 2.0)
    with pytest.raises(InvalidInput, match="ensemble of 2 networks"):
        hardened(ensemble([two_state(LINEAR, 1.0)] * 2))
    with pytest.raises(InvalidInput, match="harden resonators of two states first"):
        fabricated(two_state(LINEAR, 1.0), Spread("damping", 0.1), key=KEY)
    image = {"band": (1e9, 1.1e9), "power": 1e-5, "resonators": Resonator(1e9), "key": KEY}
    with pytest.raises(InvalidInput, match="perceptrons"):
        two_state(nn.cnn((1, 4, 4), (1,), (2,), kernel=(2, 2), pool=(1, 1), **image), 1.0)
