"""Amplifiers that are off, and sources that saturate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.arrays import with_readings
from rfjax.hardware import (
    AmplifierError,
    AmplifierNoise,
    AmplifierSpread,
    CycleToCycle,
    NoiseAware,
    Saturation,
    fabricated,
    monte_carlo,
)
from rfjax.laws.compression import compressed
from rfjax.training import classification
from tests.hardware.chips import INPUTS, KEY, LINEAR

ARRAY = LINEAR.layers[0].array
PEAKS = ARRAY.peak_powers
POWERS = jnp.asarray(INPUTS) * PEAKS
VOLTS = ARRAY(POWERS)
LABELS = jnp.asarray([0, 1, 2, 0, 1])


def test_gain_and_offset_stay_from_reading_to_reading_and_need_no_key():
    off = ARRAY.with_readings(AmplifierError([0.1, 0.0, -0.2], [1e-6, -2e-6, 0.0]))
    wanted = (VOLTS + np.array([1e-6, -2e-6, 0])) * np.array([1.1, 1.0, 0.8])
    np.testing.assert_allclose(off(POWERS), wanted, rtol=1e-12)
    assert np.array_equal(off(POWERS, key=KEY), off(POWERS))
    with pytest.raises(InvalidInput, match="no key is given"):
        off.with_readings(*off.readings, AmplifierNoise(1e-6))(POWERS)
    noisy = off.with_readings(AmplifierNoise(1e-6), *off.readings)(POWERS, key=KEY)
    inner = ARRAY.with_readings(AmplifierNoise(1e-6))(POWERS, key=KEY) - VOLTS
    np.testing.assert_allclose(noisy - wanted, inner * np.array([1.1, 1.0, 0.8]), atol=1e-15)


def test_without_strength_no_bit_changes():
    assert AmplifierSpread()(ARRAY, key=KEY) is ARRAY
    there = jax.jit(lambda each: AmplifierSpread(each, each)(ARRAY, key=KEY).readings[0])(0.0)
    for ideal in (AmplifierError(), there, Saturation(1e6, 2.0)):
        assert np.array_equal(ARRAY.with_readings(ideal)(POWERS), ARRAY(POWERS))


def test_each_amplifier_of_a_chip_has_its_own_gain_and_offset():
    def drawn(key):
        (error,) = AmplifierSpread(0.1, 1e-6)(ARRAY, key=key).readings
        return jnp.log1p(error.gain), error.offset

    gain, offset = jax.jit(jax.vmap(drawn))(jax.random.split(KEY, 2000))
    for found, wanted in ((gain, 0.1), (offset, 1e-6)):
        assert np.isclose(found.std(), wanted, rtol=5 / 12000**0.5)
        assert abs(found.mean()) < 5 * wanted / 6000**0.5
    alike = np.corrcoef(np.concatenate([gain, offset], axis=1).T) - np.eye(6)
    assert np.abs(alike).max() < 5 / 2000**0.5


def test_chips_losses_and_cycles_have_them():
    effect = AmplifierSpread(0.3, 1e-5)
    made, _ = jax.random.split(jax.random.split(KEY, 1)[0])
    chip = fabricated(LINEAR, effect, key=made)
    alone = classification(chip, jnp.asarray(INPUTS), LABELS)
    loss = NoiseAware(effect)(LINEAR, jnp.asarray(INPUTS), LABELS, key=KEY)
    np.testing.assert_allclose(loss, alone, rtol=1e-9)
    assert abs(alone - classification(LINEAR, jnp.asarray(INPUTS), LABELS)) > 1e-3
    found = monte_carlo(LINEAR, effect, INPUTS, LABELS, key=KEY, chips=2, sensitivities=True)
    first, _ = jax.random.split(jax.random.fold_in(KEY, 0))
    chip = fabricated(LINEAR, effect, key=first)
    alone = classification(chip, jnp.asarray(INPUTS), LABELS)
    np.testing.assert_allclose(found.loss[0], alone, rtol=1e-6)
    assert list(found.sensitivities()) == ["AmplifierSpread gain", "AmplifierSpread offset"]
    # In a cycle its gain acts on what stands within, as noise, and is another one in each row.
    cycled = ARRAY.with_readings(AmplifierError(0.0, 1e-3), CycleToCycle(AmplifierSpread(0.1)))
    shares = cycled(jnp.zeros((400, 8)), key=KEY) / 1e-3
    assert np.isclose(np.log(shares).std(), 0.1, rtol=5 / 2400**0.5)


def test_tones_arrive_compressed_each_by_its_own_source():
    limits = jnp.linspace(0.2, 2, 8) * PEAKS
    soft = with_readings(LINEAR, Saturation(limits, 3.0)).layers[0].array
    np.testing.assert_allclose(soft(POWERS), ARRAY(compressed(POWERS, limits, 3.0)), rtol=1e-12)
    one = Saturation.of_compression_point(PEAKS, 2.0)
    np.testing.assert_allclose(ARRAY.with_readings(one)(PEAKS), ARRAY(PEAKS * 10**-0.1), rtol=1e-12)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: AmplifierError(np.inf), "gain is inf"),
        (lambda: AmplifierSpread(-0.1), "gain is -0.1"),
        (lambda: AmplifierSpread(offset=-1.0), "offset is -1.0"),
        (lambda: Saturation(0.0, 2.0), "power is 0.0"),
        (lambda: Saturation(1e-6, 0.5), "sharpness is 0.5; give 1 or more"),
        (lambda: Saturation.of_compression_point(1e-6, 2.0, 0.0), "decibels is 0.0"),
    ],
)
def test_values_that_no_amplifier_has_are_refused(made, message):
    with pytest.raises(InvalidInput, match=message):
        made()
