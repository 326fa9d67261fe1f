"""Rectified voltages, thresholds and reduced devices beside the integrated equation."""

import diffrax
import jax
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.devices import Junction
from rfjax.macrospin import (
    FreeLayer,
    Magnetoresistance,
    Microwave,
    SpinTorque,
    TunnelResistance,
    diode_voltage,
    reduction,
    simulate,
    threshold_current,
)
from rfjax.rectifiers import Linear
from tests.macrospin.stacks import IN_PLANE, NORMAL, upright

# Two lanes and six frequencies everywhere, so that every program is compiled once.
TWICE = np.ones(2)
JUNCTION = Magnetoresistance(500.0, 1000.0, [0.6, 0.0, -0.8])
TUNNEL = Junction(2e-12, 4e-15, 1.0, half_voltage=0.03, breakdown_voltage=0.5)


@pytest.fixture(scope="module")
def optimised():
    return True


def first(lanes):
    return jax.tree.map(lambda leaf: leaf[0], lanes)


def test_the_threshold_is_where_an_integrated_layer_begins_to_oscillate():
    layer, start, field = upright()
    threshold = float(threshold_current(layer, start, field=field))
    current = threshold * np.array([0.99, 1.01])
    rest = np.asarray(reduction(layer, start, field=field, current=current).magnetisation)
    begin = rest + 1e-3 * np.array([0.3, 0.7, 0.2])
    settings = {"field": field, "current": current, "saves": 8001, "step": 1e-12}
    m = np.asarray(simulate(layer, begin, 40e-9, **settings).magnetisation)
    size = np.linalg.norm(m - rest[:, None], axis=-1)
    sizes = np.log((size[:, :-1].reshape(2, 8, -1) ** 2).mean(-1)) / 2
    rates = np.polyfit(np.arange(8) * 5e-9, sizes.T, 1)[0]
    assert rates[0] < 0 < rates[1]
    crossing = current[0] - rates[0] * (current[1] - current[0]) / (rates[1] - rates[0])
    assert crossing == pytest.approx(threshold, rel=5e-4)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_above_threshold_an_oscillator_has_the_integrated_power_and_frequency(scale):
    """Upright, and in the plane, where Q is above zero in a larger scale only."""
    layer, start, field = upright()
    if scale == 2:
        torque = SpinTorque(-IN_PLANE, 0.5)
        layer = FreeLayer(8e5, 2e-9, 1e-7, damping=0.02, torque=torque)
        start, field = IN_PLANE, 8e4 * IN_PLANE
    threshold = float(threshold_current(layer, start, field=field))
    current = threshold * np.array([1.01, 1.02])
    found = first(reduction(layer, start, field=field, current=threshold * TWICE, scale=scale))
    oscillator = found.oscillator()
    assert float(oscillator.threshold_current) == pytest.approx(threshold, rel=1e-9)
    rest = np.asarray(found.magnetisation)
    settings = {"field": field, "current": current, "solver": diffrax.Dopri8(), "step": 4e-12}
    settled = simulate(layer, rest + [0.2, 0.1, 0], 300e-9, saves=2, **settings).magnetisation
    path = simulate(layer, settled[:, -1], 20e-9, saves=20_001, **settings)
    m = np.asarray(path.magnetisation)
    # About the mean, whose motion with the current is no part of the orbit.
    across = np.linalg.svd(rest[None])[2][1:]
    w = (m @ across.T) / np.sqrt(2 * (1 + m @ rest))[..., None]
    for lane, each in enumerate(w):
        angle = np.unwrap(np.arctan2(*(each - each.mean(0)).T))
        turns = abs(angle[-1] - angle[0]) / (2 * np.pi)
        area = 0.5 * abs((each[:-1, 0] * each[1:, 1] - each[:-1, 1] * each[1:, 0]).sum())
        power, frequency = area / np.pi / turns / scale, turns / 20e-9
        assert float(oscillator.steady_power(current[lane])) == pytest.approx(
            power, rel=0.03 * scale
        )
        assert float(oscillator.steady_frequency(current[lane])) == pytest.approx(
            frequency, rel=2e-3
        )


def test_voltages_are_those_of_the_integrated_layer():
    """With and without a direct current, over lines of which 20 ns hold whole periods.

    Of a resistance linear in the cosine, and of a junction whose conductance is, under bias.
    """
    layer, start, field = upright()
    current = np.array([0.0, 2e-5])[:, None]
    found = reduction(layer, start, field=field, current=current[:, 0])
    frequency = 5e7 * np.round(float(found.frequency[0]) / 5e7 + np.array([-12, -3, 0, 2, 9, 60]))
    amplitude, window = 5e-7, 20e-9
    wave = Microwave(amplitude, frequency)
    settings = {"field": field, "current": current, "microwave": wave, "step": 1e-12}
    rest = np.asarray(found.magnetisation)
    settled = 4 * window
    path = simulate(layer, rest[:, None], settled + window, saves=25_001, **settings)
    m, time = np.asarray(path.magnetisation)[:, :, 20_001:], np.asarray(path.time)[20_001:]
    flowing = current[..., None] + amplitude * np.cos(2 * np.pi * frequency[:, None] * time)
    for junction in (JUNCTION, TunnelResistance(TUNNEL, JUNCTION.reference)):
        expected = diode_voltage(
            layer, start, junction, amplitude, frequency, field=field, current=current[:, 0]
        )
        before = np.asarray(junction.voltage(rest, current[:, 0]))[:, None]
        volts = np.asarray(junction.voltage(m, flowing)).mean(-1) - before
        np.testing.assert_allclose(volts, expected, rtol=0.01, atol=2e-3 * np.abs(expected).max())


def test_the_resonator_has_the_same_voltages_near_its_line():
    layer, start, field = upright(damping=0.005)
    found = first(reduction(layer, start, field=field, current=0 * TWICE))
    diode = found.resonator(JUNCTION)
    offsets = np.array([-5.0, -1.0, -0.3, 0.0, 0.7, 4.0])
    frequency = float(diode.frequency) * (1 + float(diode.damping) * offsets)
    amplitude = 1e-7
    power = float(JUNCTION.resistance(found.magnetisation)) * amplitude**2 / 2
    expected = np.asarray(
        diode_voltage(layer, start, JUNCTION, amplitude * TWICE, frequency, field=field)
    )[0]
    volts = [float(Linear()(diode, np.array([power]), np.array([each]))) for each in frequency]
    assert np.abs(volts - expected).max() < 0.01 * np.abs(expected).max()
    assert float(diode.antisymmetric**2 + diode.symmetric**2) == pytest.approx(1)


def test_it_is_quadratic_and_has_lanes():
    layer, start, field = upright()
    amplitude = np.array([[1e-7], [2e-7]])
    frequency = np.linspace(3e9, 5e9, 6)
    volts = diode_voltage(
        layer, start, JUNCTION, amplitude, frequency, field=field, current=np.array([2e-5])
    )
    assert volts.shape == (2, 1, 6)
    np.testing.assert_allclose(volts[1], 4 * volts[0], rtol=1e-12)


def test_an_equilibrium_that_is_not_stable_is_refused():
    layer, _, field = upright()
    with pytest.raises(InvalidInput, match="^the equilibrium is not stable"):
        diode_voltage(
            layer, NORMAL, JUNCTION, 1e-7, np.full(6, 3e9), field=field, current=1e-3 * TWICE
        )


def test_a_junction_that_breaks_down_is_refused():
    layer, start, field = upright()
    weak = Junction(2e-12, 4e-15, 1.0, half_voltage=0.03, breakdown_voltage=0.01)
    junction = TunnelResistance(weak, JUNCTION.reference)
    with pytest.raises(InvalidInput, match="the bias reaches the breakdown voltage"):
        diode_voltage(
            layer, start, junction, 1e-7, np.full(6, 3e9), field=field, current=5e-5 * TWICE
        )
    found = reduction(layer, start, field=field, current=5e-5 * TWICE)
    with pytest.raises(InvalidInput, match="^bias reaches the breakdown voltage"):
        found.resonator(junction)
