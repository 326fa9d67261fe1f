"""What junctions bear, which of them break, and what large voltages leave of a signal."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator, nn
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine
from rfjax.arrays.of_models import computed_directly
from rfjax.devices import Junction
from rfjax.hardware import BiasDependence, Breakdown, junction_stress
from rfjax.training import ensemble
from tests.hardware.chips import INPUTS, KEY, LINE, LINEAR
from tests.helpers import slope_at

ARRAY = computed_directly(LINEAR).layers[0].array
POWERS = jnp.asarray(INPUTS) * ARRAY.peak_powers
JUNCTION = Junction(8e-12, np.pi * 125e-9**2, 1.0, half_voltage=0.4)  # 163 Ω, of the thesis


def test_a_network_tells_which_junctions_are_beyond_their_limits():
    lines = [Line.geometric(1e9, 1.2e9, count, 1e-5) for count in (3, 2)]
    network = nn.mlp((2, 2), lines=lines, resonators=Resonator(1e9), key=KEY, tolerance=None)
    inputs = jnp.asarray([[1.0, 0.2, 0.0], [0.0, 0.0, 0.4]])
    first, between, last = junction_stress(
        network, inputs, resistance=800.0, breakdown_voltage=0.1, breakdown_current=3.0
    )
    powers = np.asarray(inputs * network.layers[0].array.peak_powers)
    assert first.shape == (2, 2, 3)
    np.testing.assert_allclose(first.rms[:, 0, 0], np.sqrt(800 * powers.sum(1)))
    np.testing.assert_allclose(first.peak[:, 0, 0], np.sqrt(1600 * powers).sum(1))
    # 0.1 V in 800 Ω are 12.5 µW, all together: 10 and 2.1 µW are just below, but not in phase.
    assert first.beyond.tolist() == [[[False] * 3] * 2] * 2
    assert first.endangered.tolist() == [[[True] * 3] * 2, [[False] * 3] * 2]
    asked = network.layers[0](inputs)
    np.testing.assert_allclose(between.rms, jnp.clip(asked, 0, 4))
    # Without a clamp a current of either sign breaks a barrier.
    assert np.array_equal(between.endangered, np.abs(asked) >= 3)
    with pytest.raises(InvalidInput, match=r"resistance has shape \(5,\); give one number"):
        junction_stress(network, inputs, resistance=np.ones(5), breakdown_voltage=0.1)
    many = ensemble([network, network])
    with pytest.raises(InvalidInput, match=r"ensemble of 2 networks.*training\.member"):
        junction_stress(many, inputs, resistance=800.0, breakdown_voltage=0.1)
    assert last.shape == (2, 2, 2)
    assert repr(first) == (
        "resonators: rms up to 0.0988 V, peak up to 0.186 V; 0 % beyond their limit, 50 % at most"
    )


def test_resonators_with_tones_of_their_own_bear_those_alone():
    array = ResonatorArray(ARRAY.detuning, ARRAY.resonators, LINE, wiring=OwnTone(), tolerance=None)
    network = nn.Network((nn.Synapses.at_start(array),))
    (own,) = junction_stress(network, INPUTS, resistance=800.0, breakdown_voltage=0.1)
    np.testing.assert_allclose(own.rms[:, 0], np.sqrt(800 * POWERS), rtol=1e-6)
    np.testing.assert_allclose(own.peak, own.rms * np.sqrt(2), rtol=1e-6)


def test_every_patch_of_a_convolution_stresses_its_filters():
    line = Line(1e9 * jnp.array([1.0, 1.1]), 1e-5)
    detuning, devices = 0.3 * jnp.ones((3, 1, 2)), Resonator(line.frequencies)
    filters = nn.Convolution(detuning, devices, line, wiring=SharedLine(), tolerance=None)
    network = nn.Network((nn.Synapses.at_start(filters),))
    (found,) = junction_stress(
        network, jnp.asarray([[1.0, 0.0, 0.5, 1.0]]), resistance=800.0, breakdown_voltage=0.1
    )
    assert found.shape == (3, 3, 2)
    np.testing.assert_allclose(found.rms[:, 0, 0] ** 2 / 8e-3, [1, 0.5, 1.5])
    assert found.beyond.any(axis=(1, 2)).tolist() == [False, False, True]
    assert found.endangered.any(axis=(1, 2)).tolist() == [True, False, True]


def test_junctions_break_as_weibull_says_and_are_shorts():
    volts = np.sqrt(800 * float(ARRAY.peak_powers.sum()))

    def dead(key):
        return Breakdown(800.0, 2 * volts, 2.0)(ARRAY, key=key).resonators.antisymmetric == 0

    drawn = jax.jit(jax.vmap(dead))(jax.random.split(KEY, 200))
    share = 1 - np.exp(-0.25)
    assert np.isclose(drawn.mean(), share, atol=5 * (share / drawn.size) ** 0.5)
    assert not np.any(Breakdown(800.0, 100 * volts, 20.0)(ARRAY, key=KEY).resonators.symmetric)


def test_a_junction_rectifies_what_its_voltage_of_each_moment_makes_of_a_current():
    bias, phase = BiasDependence(JUNCTION, 0.3), np.linspace(0, 2 * np.pi, 1025)[:-1]
    powers = jnp.array([1e-6, 1e-4])
    amplitude = np.sqrt(2 * powers / JUNCTION.resistance(0.3))
    moves = 0.3 + 1e-4 * np.cos(phase) * np.array([[[1]], [[-1]]])
    current = amplitude[:, None] * np.cos(phase)
    both = np.mean(np.asarray(JUNCTION.bias(current, moves)), axis=-1)
    without = np.mean(current * np.asarray(JUNCTION.resistance(moves)), axis=-1)
    np.testing.assert_allclose(
        bias.rectified_share(powers),
        np.diff(both, axis=0)[0] / np.diff(without, axis=0)[0],
        rtol=1e-7,
    )


def test_what_is_left_has_derivatives_to_powers_and_to_the_junction():
    def left(power, half_voltage):
        junction = eqx.tree_at(lambda each: each.half_voltage, JUNCTION, half_voltage)
        return BiasDependence(junction).rectified_share(power)

    both = jax.jit(jax.value_and_grad(left, (0, 1)))
    _, (to_power, to_voltage) = both(1e-4, 0.4)
    assert np.isclose(to_power, slope_at(lambda at: both(at, 0.4)[0], 1e-4, 1e-7), rtol=1e-6)
    assert np.isclose(to_voltage, slope_at(lambda at: both(1e-4, at)[0], 0.4, 1e-4), rtol=1e-6)
    # 1 − ¾κv² with κ = 7/6 for T = 1 and y = 1/2, and v² = 2RP/V_h².
    _, (at_rest, of_voltage) = both(0.0, 0.4)
    resistance = float(JUNCTION.resistance(0.0))
    assert np.isclose(at_rest, -7 / 8 * 2 * resistance / 0.4**2, rtol=2e-3)
    assert of_voltage == 0


def test_a_junction_that_has_no_magnetoresistance_rectifies_nothing_and_is_refused():
    with pytest.raises(InvalidInput, match=r"powers\[0\] is -0.0001"):
        BiasDependence(JUNCTION).rectified_share(jnp.array([-1e-4, 1e-4]))
    with pytest.raises(InvalidInput, match="magnetoresistance of a junction that rectifies is 0"):
        BiasDependence(Junction(1e-12, 1.25e-15, 0.0, half_voltage=0.5))


def test_tones_beside_one_count_twice():
    # Of three tones far apart the mean over all phases is that over incommensurate times.
    bias, powers = BiasDependence(JUNCTION), jnp.array([2e-6, 5e-6, 1e-6])
    resistance = float(JUNCTION.resistance(0.0))
    amplitude = np.sqrt(2 * powers / resistance)
    phases = np.meshgrid(*[np.arange(24) * np.pi / 12] * 3, indexing="ij")
    wave = np.cos(np.stack(phases))
    current = np.tensordot(amplitude, wave, 1)
    step = 1e-4
    slope = np.asarray(JUNCTION.bias(current, step) - JUNCTION.bias(current, -step)) / 2 / step
    at_rest = float(JUNCTION.slope(0.0))
    exact = [
        2 * np.mean(slope * each) / at_rest / a for each, a in zip(wave, amplitude, strict=True)
    ]
    found = 1 - np.asarray(bias.rectified_share(2 * powers.sum() - powers))
    np.testing.assert_allclose(1 - np.array(exact), found, rtol=0.06)
    alone = 1 - np.asarray(bias.rectified_share(powers))
    assert np.all(found > 1.9 * alone)


def test_readings_lose_what_their_tones_leave_of_the_magnetoresistance():
    bias = BiasDependence(JUNCTION)
    assert np.array_equal(
        ARRAY.with_readings(BiasDependence(Junction(8e-12, 1e-14, 1.0)))(POWERS), ARRAY(POWERS)
    )
    alone = 10 * jnp.diag(ARRAY.peak_powers)
    there = ARRAY.with_readings(bias)
    left = np.asarray(bias.rectified_share(10 * ARRAY.peak_powers))
    np.testing.assert_allclose(there(alone), ARRAY(alone) * left[:, None], rtol=1e-9)
    assert 0.7 < left.min() < left.max() < 0.9
    assert np.array_equal(there(jnp.zeros((1, 8))), ARRAY(jnp.zeros((1, 8))))
    own = ResonatorArray(ARRAY.detuning, ARRAY.resonators, LINE, wiring=OwnTone(), tolerance=None)
    each = [
        own(10 * row) * bias.rectified_share(10 * row.max()) for row in jnp.diag(ARRAY.peak_powers)
    ]
    together = own.with_readings(bias)(10 * ARRAY.peak_powers)
    np.testing.assert_allclose(together, sum(each), rtol=1e-9)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Breakdown(-1.0, 1.0, 1.0), "resistance is -1.0"),
        (lambda: Breakdown(800.0, 0.0, 1.0), "voltage is 0.0"),
        (lambda: BiasDependence(JUNCTION, 1.5), "cosine has a value outside"),
        (
            lambda: BiasDependence(Junction([1e-12, 2e-12], 1e-14, 1.0)),
            r"junction has shape \(2,\)",
        ),
        (
            lambda: junction_stress(LINEAR, INPUTS, resistance=1.0, breakdown_voltage=0.0),
            "breakdown",
        ),
    ],
)
def test_values_that_no_junction_has_are_refused(made, message):
    with pytest.raises(InvalidInput, match=message):
        made()
