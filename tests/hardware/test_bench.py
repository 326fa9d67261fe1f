"""Field lines, combiners and voltmeters."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.hardware import AmplifierNoise, Combiner, FieldLines, Voltmeter
from tests.hardware.chips import ARRAY, KEY

LINES = FieldLines(leakage=[[9.0, 0.05], [0.1, 9.0]])  # what a line leaks to itself is nothing
CURRENTS = np.array([[0.01, 0.0], [0.0, 0.01], [0.01, -0.004]])


def test_one_milliampere_makes_one_oersted_and_leaks_to_the_other_line():
    oersted = np.asarray(LINES.fields(CURRENTS)) / (1e3 / (4 * np.pi))
    np.testing.assert_allclose(oersted, [[10, 1], [0.5, 10], [9.8, -3]], rtol=1e-12)


def test_currents_undo_what_leaks():
    np.testing.assert_allclose(LINES.currents(LINES.fields(CURRENTS)), CURRENTS, atol=1e-16)
    with pytest.raises(InvalidInput, match="leakage makes lines act alike"):
        FieldLines(leakage=1.0).currents(np.ones(2))


def test_fields_move_resonances_and_leave_the_rest():
    devices = Resonator([174e6, 540e6], damping=[0.01, 0.02])
    still = LINES.tuned(devices, np.zeros(2), -1e5)
    assert eqx.tree_equal(still, devices)
    tuned = LINES.tuned(devices, CURRENTS, np.array([-1e5, 2e5]))
    expected = np.array([174e6, 540e6]) + LINES.fields(CURRENTS) * np.array([-1e5, 2e5])
    np.testing.assert_allclose(tuned.frequency, expected, rtol=1e-15)
    slope = jax.grad(lambda i: LINES.tuned(devices, i, -1e5).frequency[0])(jnp.zeros(2))
    np.testing.assert_allclose(slope, -1e5 * 1e6 / (4 * np.pi) * np.array([1, 0.05]))
    with pytest.raises(InvalidInput, match="resonance under field"):
        LINES.tuned(devices, CURRENTS[0], -1e6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FieldLines(field=0.0), "field"),
        (lambda: FieldLines(leakage=[0.1, 0.2]), r"leakage has shape \(2,\)"),
        (lambda: LINES.fields(np.ones(3)), r"leakage has shape \(2, 2\)"),
        (lambda: LINES.fields(1.0), "currents has no axis of lines"),
        (lambda: Combiner(-1.0), "loss"),
        (lambda: Voltmeter(-1e-9), "deviation"),
        (lambda: Voltmeter(1e-9).averaged(0), "readings"),
        (lambda: Voltmeter.of_density(1e-9, 0.0), "time"),
    ],
)
def test_bad_values_are_told(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()


POWERS = jnp.full((500, 8), 1e-5)


def test_instruments_without_loss_noise_and_offset_change_no_bit():
    ideal = ARRAY.with_readings(Voltmeter(0.0), Combiner(0.0))
    assert np.array_equal(ideal(POWERS[:2], key=KEY), ARRAY(POWERS[:2]))


def test_tones_lose_in_a_combiner_what_decibels_say():
    combiner = Combiner([3.0103, 10.0, *[0.0] * 6])
    share = np.array([0.5, 0.1, *[1.0] * 6])
    np.testing.assert_allclose(combiner.arriving(POWERS[0]), 1e-5 * share, rtol=1e-5)
    lossy = ARRAY.with_readings(combiner)(POWERS[:2], key=KEY)
    np.testing.assert_allclose(lossy, ARRAY(combiner.arriving(POWERS[:2])), rtol=1e-12)


def test_a_voltmeter_adds_its_offset_and_the_noise_of_its_averages():
    meter = Voltmeter.of_density(4e-9, 0.5, offset=1e-6)
    np.testing.assert_allclose(meter.deviation, 4e-9)
    added = ARRAY.with_readings(meter.averaged(4))(POWERS, key=KEY) - ARRAY(POWERS)
    np.testing.assert_allclose(added.mean(0), 1e-6, atol=5 * 2e-9 / 500**0.5)
    np.testing.assert_allclose(added.std(), 2e-9, rtol=5 / 3000**0.5)
    amplified = ARRAY.with_readings(AmplifierNoise(2e-9))(POWERS, key=KEY) - ARRAY(POWERS)
    np.testing.assert_allclose(added, amplified + 1e-6, atol=1e-18)
