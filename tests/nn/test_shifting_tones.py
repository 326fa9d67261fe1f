"""Oscillators whose tones leave their comb, and lines that receive them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Oscillator, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine
from rfjax.nn import Convolution, OscillatorActivation, Tones, cnn, mlp
from rfjax.rectifiers import CrossCoupled, HarmonicBalance, Independent, Linear, Linearised
from tests.helpers import rectified, slope_at
from tests.rectifiers.lines import relative_error

RNG = np.random.default_rng(0)
TONES = 3
LINE = Line.geometric(1e9, 2e9, TONES, 1e-3)
COMB, PEAKS = LINE.frequencies, LINE.peak_powers
DEVICES = Resonator(COMB, symmetric=0.2)
DETUNING = RNG.standard_normal((2, TONES))
POWERS = jnp.asarray(PEAKS * RNG.random((2, TONES)))
ACTUAL = COMB * jnp.asarray(1 + 0.02 * RNG.standard_normal((2, TONES)))
SHIFTING = OscillatorActivation(nonlinear_shift=0.1)

MODELS = {
    "linear": Linear(),
    "independent": Independent(),
    "linearised": Linearised(PEAKS),
    "cross-coupled": CrossCoupled(),
    "harmonic-balance": HarmonicBalance(order=3).scheduled(DEVICES, COMB[:1]),
}

volts = eqx.filter_jit(lambda layer, *tones: layer(*tones))


def test_frequencies_are_those_of_the_device_relative_to_the_middle():
    device = Oscillator(5e9, 0.01, 0.1, 2.0, 1e13)
    currents = jnp.array([0.5, 1.5, 2.0, 4.0]) * device.threshold_current
    expected = device.steady_frequency(currents) / device.steady_frequency(currents[2])
    supercriticality = jnp.array([0.5, 1.5, 2.0, 4.0])
    np.testing.assert_allclose(SHIFTING.frequency(supercriticality), expected, rtol=1e-12)
    share, frequency = SHIFTING(supercriticality)
    np.testing.assert_array_equal(share, OscillatorActivation()(supercriticality))
    np.testing.assert_array_equal(frequency, SHIFTING.frequency(supercriticality))
    # A clamped current moves nothing.
    assert SHIFTING.frequency(jnp.array(9.0)) == SHIFTING.frequency(jnp.array(4.0))


@pytest.mark.parametrize("name", MODELS)
def test_each_resonator_sees_its_tone_where_it_is(name):
    rectifier = MODELS[name]
    layer = ResonatorArray(DETUNING, DEVICES, LINE, rectifier, OwnTone())
    found = volts(layer, POWERS, ACTUAL)
    alone = Linearised(PEAKS[:1]) if name == "linearised" else rectifier
    expected = np.zeros((2, 2))
    for image, chain, tone in np.ndindex(2, 2, TONES):
        at = COMB[tone] / (1 + 0.01 * DETUNING[chain, tone])
        device = Resonator(at, symmetric=0.2)
        if name == "linearised":
            alone = Linearised(PEAKS[tone][None])
        one = rectified(alone, device, POWERS[image, tone][None], ACTUAL[image, tone][None])
        expected[image, chain] += (-1) ** tone * one
    assert relative_error(found, expected) <= 1e-8
    assert relative_error(found, volts(layer, POWERS)) > 1e-2
    same = volts(layer, POWERS, jnp.broadcast_to(COMB, POWERS.shape))
    assert relative_error(same, volts(layer, POWERS)) <= 1e-5


def test_filters_receive_the_tones_of_each_pixel():
    detuning = RNG.standard_normal((2, 2, 2, 2))
    line = Line(np.array([1e9, 2e9]), 1e-3)
    layer = Convolution(detuning, Resonator(line.frequencies), line, stride=(1, 2), padding=1)
    powers = jnp.asarray(1e-3 * RNG.random((3, 2, 4, 4)))
    tones = layer.frequencies * (1 + 0.02 * RNG.standard_normal(powers.shape))
    found = volts(layer, powers, tones)
    patches = [np.moveaxis(layer.windows.patches(each), 0, -1) for each in (powers, tones)]
    somewhere = jnp.where(patches[0] > 0, patches[1], 1e9)  # no tone comes from padding
    expected = volts(layer.array, jnp.asarray(patches[0]), somewhere)
    assert relative_error(found, np.moveaxis(expected, -1, 1)) <= 1e-12
    assert np.isfinite(found).all()


@pytest.mark.parametrize("rectifier", [Linear(), Independent()])
def test_slopes_are_those_of_differences(rectifier):
    layer = ResonatorArray(DETUNING, DEVICES, LINE, rectifier, OwnTone())

    @eqx.filter_jit
    def total(detuning, powers, tones):
        moved = eqx.tree_at(lambda layer: layer.detuning, layer, detuning)
        return jnp.sum(moved(powers, tones) * jnp.array([1.0, -2.0])) * 1e6

    start = layer.detuning, POWERS.at[0, 1].set(0), ACTUAL
    slopes = eqx.filter_jit(jax.grad(total, (0, 1, 2)))(*start)
    # By detunings, by powers that stay what they are if they are none, and by tones.
    for place, scale in enumerate((1.0, start[1], 0.01 * COMB)):
        along = scale * RNG.standard_normal(start[place].shape)

        def moved(step, place=place, along=along):
            return total(*start[:place], start[place] + step * along, *start[place + 1 :])

        found = jnp.sum(slopes[place] * along)
        np.testing.assert_allclose(found, slope_at(moved, 0.0, 1e-3), rtol=1e-6)


OPTIONS = {
    "resonators": Resonator(1e9),
    "key": jax.random.key(0),
    "rectifier": Linear(),
    "tolerance": None,
}


def perceptron(activation, wiring=None):
    lines = [Line.geometric(1e9, 2e9, count, 1e-5) for count in (4, 3)]
    wiring = OwnTone() if wiring is None else wiring
    return mlp((3, 2), lines=lines, wiring=wiring, activation=activation, **OPTIONS)


def network(activation, dense_wiring=None, wiring=None):
    sizes = {"image": (1, 6), "filters": (2, 2), "kernel": (2,), "pool": (1,), "outputs": (2,)}
    return cnn(
        band=(1e9, 1e10),
        power=1e-5,
        wiring=wiring,
        dense_wiring=dense_wiring,
        activation=activation,
        **sizes,
        **OPTIONS,
    )


@pytest.mark.parametrize(("make", "features"), [(perceptron, 4), (network, 6)])
def test_networks_respond_to_the_shift_in_proportion_where_it_is_small(make, features):
    rows = jax.random.uniform(jax.random.key(1), (2, features))
    still = make(OscillatorActivation())(rows)
    moved = [make(OscillatorActivation(nonlinear_shift=n))(rows) - still for n in (1e-5, 2e-5)]
    assert np.abs(moved[0]).max() > 1e-6
    largest = np.abs(moved[1]).max()
    np.testing.assert_allclose(2 * moved[0], moved[1], rtol=1e-2, atol=1e-3 * largest)


@pytest.mark.parametrize("wiring", [OwnTone(), SharedLine()], ids=["own", "shared"])
def test_a_perceptron_hands_on_frequencies(wiring):
    model = perceptron(SHIFTING, wiring)
    rows = jax.random.uniform(jax.random.key(1), (2, 4))
    first, activation, second = model.layers
    currents = first(rows)
    powers = OscillatorActivation()(currents) * second.array.peak_powers
    tones = activation.frequency(currents) * second.array.frequencies
    expected = second.read_out(second.array(powers, tones))
    np.testing.assert_allclose(model(rows), expected, rtol=1e-12)
    assert relative_error(model(rows), perceptron(None, wiring)(rows)) > 1e-3


def test_on_a_shared_line_the_tones_of_a_patch_do_not_move():
    assert np.isfinite(network(SHIFTING, SharedLine())(jnp.ones((1, 6)))).all()
    with pytest.raises(InvalidInput, match="played on the tone of its place in a patch"):
        network(SHIFTING, wiring=SharedLine())(jnp.ones((1, 6)))


@pytest.mark.parametrize("name", ["linear", "independent", "linearised", "cross-coupled"])
def test_on_a_shared_line_each_resonator_sees_every_tone_where_it_is(name):
    rectifier = MODELS[name]
    layer = ResonatorArray(DETUNING, DEVICES, LINE, rectifier)
    found = volts(layer, POWERS, ACTUAL)
    tuned = Resonator(COMB / (1 + 0.01 * DETUNING), symmetric=0.2)
    expected = [
        rectified(rectifier, tuned, power, tones) @ np.array([1.0, -1.0, 1.0])
        for power, tones in zip(POWERS, ACTUAL, strict=True)
    ]
    assert relative_error(found, np.stack(expected)) <= 1e-8
    assert relative_error(found, volts(layer, POWERS)) > 1e-2
    same = volts(layer, POWERS, jnp.broadcast_to(COMB, POWERS.shape))
    assert relative_error(same, volts(layer, POWERS)) <= 1e-5


def test_a_schedule_belongs_to_tones_that_stay():
    tones = np.array([1e9, 1.1e9])
    balance = HarmonicBalance(order=3).scheduled(Resonator(tones), tones)
    layer = ResonatorArray(np.zeros((1, 2)), Resonator(tones), Line(tones, 1e-5), balance)
    with pytest.raises(InvalidInput, match="scheduled for tones that stay"):
        layer(jnp.full(2, 1e-5), jnp.asarray(1.003 * tones))


@pytest.mark.parametrize("shift", [-1.0, np.inf, np.nan])
def test_shifts_that_cannot_be_are_refused(shift):
    with pytest.raises(InvalidInput, match="nonlinear_shift is"):
        OscillatorActivation(nonlinear_shift=float(shift))


def test_tones_that_cannot_be_are_refused():
    layer = ResonatorArray(DETUNING, DEVICES, LINE, Linear(), OwnTone())
    with pytest.raises(InvalidInput, match="frequencies.* is -"):
        layer(POWERS, -ACTUAL)
    filters = Convolution(np.ones((1, 1, 1)), Resonator(COMB[:1]), Line(COMB[:1], 1e-3))
    with pytest.raises(InvalidInput, match=r"frequencies have shape \(3,\), powers \(2, 1, 3\)"):
        filters(POWERS[:, None], ACTUAL[0])
    model = perceptron(SHIFTING)
    with pytest.raises(InvalidInput, match=r"frequencies have shape \(2, 2\), powers \(2, 3\)"):
        model.layers[2](Tones(jnp.ones((2, 3)), jnp.ones((2, 2))))
