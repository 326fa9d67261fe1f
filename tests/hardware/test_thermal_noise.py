"""Thermal noise, Johnson noise and the linewidth of emitters in arrays."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine
from rfjax.hardware import EmitterLinewidth, JohnsonNoise, ThermalScatter, ThermalShift
from rfjax.rectifiers import Linear
from tests.laws.readings import of_device

ENERGY, TIME = 8.3e-19, 100e-9
LINE = Line(jnp.array([200e6, 206e6, 213e6]), 1e-5)
DETUNING = jnp.array([[1.0, 0.0, -1.0], [0.3, 0.5, 2.0]])
KEY = jax.random.key(0)


def array(wiring=None, rectifier=None, **fields):
    devices = Resonator(LINE.frequencies, **fields)
    return ResonatorArray(DETUNING, devices, LINE, rectifier, wiring, tolerance=None)


def one_by_one(chain, wiring, power, **fields):
    """The law for each resonator of a chain and each tone that it receives."""
    tones, own = np.asarray(LINE.frequencies), np.asarray(LINE.frequencies)
    resonance = own / (1 + 0.01 * np.asarray(DETUNING)[chain])
    pairs = [(i, k) for i in range(3) for k in range(3) if wiring.shared or i == k]
    return [
        of_device(Resonator(resonance[k], **fields), power, tones[i], 300.0, ENERGY, TIME)
        for i, k in pairs
    ], [(-1) ** k for _, k in pairs]


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()])
def test_variances_of_resonators_and_of_tones_add(wiring):
    scatter = ThermalScatter(300.0, ENERGY, TIME)
    powers = jnp.full((1, 3), 1e-8)
    found = scatter.deviation(array(wiring, nonlinear_shift=0.0, nonlinear_damping=0.0), powers)
    for chain in range(2):
        alone, _ = one_by_one(chain, wiring, 1e-8, nonlinear_shift=0.0, nonlinear_damping=0.0)
        expected = np.sqrt(sum(each[1] ** 2 for each in alone))
        np.testing.assert_allclose(found[0, chain], expected, rtol=1e-9)


def test_warm_arrays_have_the_mean_and_scatter_of_warm_devices():
    cold = array(OwnTone())
    warm = ThermalShift(300.0, ENERGY)(cold, key=KEY)
    powers = jnp.array([[0.0, 1e-5, 0.0]])
    scatter = ThermalScatter(300.0, ENERGY, TIME).deviation(warm, powers)[0]
    for chain in range(2):
        alone, _ = one_by_one(chain, OwnTone(), 1e-5)
        mean, spread = alone[1]
        assert abs(warm(powers)[0, chain] + mean) < 0.0011 * 48e-6
        assert abs(warm(powers)[0, chain] - cold(powers)[0, chain]) > 2e-6
        np.testing.assert_allclose(scatter[chain], spread, rtol=0.0122)  # as it says
    with pytest.warns(UserWarning, match="more than the 0.2"):
        ThermalShift(300.0, 4e-20)(cold, key=KEY)


def test_readings_scatter_as_they_say_and_are_still_in_the_cold():
    scatter = ThermalScatter(300.0, ENERGY, TIME)
    powers = jnp.tile(jnp.array([1e-5, 0.0, 4e-6]), (4000, 1))
    noisy, still = array().with_readings(scatter), array()
    volts = noisy(powers, key=KEY) - still(powers[:1])
    expected = scatter.deviation(still, powers[:1])[0]
    np.testing.assert_allclose(volts.std(0), expected, rtol=0.04)
    np.testing.assert_allclose(volts.mean(0) / expected, 0, atol=4 / 4000**0.5)
    cold = array().with_readings(ThermalScatter(0.0, ENERGY, TIME))
    assert np.array_equal(cold(powers[:2], key=KEY), still(powers[:2]))
    assert ThermalShift(0.0, ENERGY)(still, key=KEY) is still


def test_thermal_noise_has_derivatives_at_rest_too():
    def spread(detuning, temperature, powers):
        moved = eqx.tree_at(lambda a: a.detuning, array(), detuning)
        scatter = ThermalScatter(temperature, ENERGY, TIME)
        return jnp.sum(scatter.deviation(moved, powers)) * 1e6

    slopes = jax.jit(jax.grad(spread, (0, 1, 2)))
    powers = jnp.array([[1e-5, 5e-6, 2e-6]])
    by_detuning, by_temperature, _ = slopes(DETUNING, jnp.asarray(300.0), powers)
    step = 1e-4
    moved = (
        spread(DETUNING.at[0, 0].add(sign * step), jnp.asarray(300.0), powers) for sign in (1, -1)
    )
    np.testing.assert_allclose(by_detuning[0, 0], np.subtract(*moved) / (2 * step), rtol=1e-6)
    whole = spread(DETUNING, jnp.asarray(300.0), powers)
    np.testing.assert_allclose(by_temperature, whole / 600, rtol=1e-9)
    for each in slopes(DETUNING, jnp.asarray(300.0), 0 * powers):
        assert np.isfinite(each).all()


def test_johnson_noise_is_that_of_the_whole_chain():
    resistances = jnp.array([[100.0, 200.0, 300.0], [0.0, 0.0, 0.0]])
    noisy = array().with_readings(JohnsonNoise(resistances, TIME))
    volts = noisy(jnp.zeros((4000, 3)), key=KEY)
    # 600 Ω over 5 MHz.
    expected = np.sqrt(4 * 1.380649e-23 * 300 * 600 * 5e6)
    np.testing.assert_allclose(volts[:, 0].std(), expected, rtol=0.04)
    assert not np.any(volts[:, 1])


def test_a_wide_tone_makes_linear_resonators_wider_where_they_are():
    half_width = 1.5e6
    wide = EmitterLinewidth(half_width)(array(rectifier=Linear(), symmetric=0.3), key=KEY)
    share = (np.arange(20_000) + 0.5) / 20_000
    tones = half_width * np.tan(np.pi * (share - 0.5))
    powers = jnp.array([[1e-5, 0.0, 0.0]])
    sharp = array(rectifier=Linear(), symmetric=0.3)
    moved = jnp.tile(LINE.frequencies, (len(tones), 1)).at[:, 0].add(tones)
    # Ten times the linewidth below zero there is no tone to compute.
    seen = np.abs(tones) < 150e6
    weights = jnp.tile(powers, (int(seen.sum()), 1))
    mean = np.asarray(sharp(weights, moved[seen])).sum(0) / len(tones)
    np.testing.assert_allclose(wide(powers)[0], mean, rtol=1e-3)
    still = array()
    assert EmitterLinewidth(0.0)(still, key=KEY) is still


def test_biased_resonators_and_bad_values_are_refused():
    biased = array()
    devices = Resonator(LINE.frequencies).biased(1e-4, 5e9)
    biased = ResonatorArray(DETUNING, devices, LINE, tolerance=None)
    for call in (
        lambda: ThermalShift(300.0, ENERGY)(biased, key=KEY),
        lambda: ThermalScatter(300.0, ENERGY, TIME).deviation(biased, jnp.ones((1, 3))),
    ):
        with pytest.raises(InvalidInput, match="biased"):
            call()
    for call in (
        lambda: ThermalScatter(-1.0, ENERGY, TIME),
        lambda: ThermalShift(300.0, 0.0),
        lambda: JohnsonNoise(100.0, 0.0),
        lambda: EmitterLinewidth(-1.0),
    ):
        with pytest.raises(InvalidInput, match="must be"):
            call()
