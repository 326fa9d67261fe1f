"""Strengths that do not fit an array are refused before anything is computed."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from rfjax import InvalidInput, Resonator
from rfjax.arrays import ResonatorArray, with_readings
from rfjax.devices import Junction
from rfjax.hardware import (
    AmplifierError,
    AmplifierNoise,
    AmplifierSpread,
    BiasDependence,
    Breakdown,
    Chip,
    Combiner,
    CrossTalk,
    CycleToCycle,
    Dead,
    Drift,
    Electronics,
    EmitterLinewidth,
    Endurance,
    FieldLines,
    FieldTuning,
    FrequencyJitter,
    JohnsonNoise,
    Levels,
    LineLoss,
    Mismatch,
    NoiseAware,
    Pruned,
    Retention,
    Saturation,
    Spread,
    Stuck,
    Temperature,
    ThermalScatter,
    ThermalShift,
    UnevenDivision,
    Voltmeter,
    fabricated,
)
from tests.hardware.chips import ARRAY, DIRECT, INPUTS, KEY, LINE

# By the name of a strength: what has it.
OF_RESONATORS = {
    "damping relative": lambda a: Spread("damping", a),
    "symmetric absolute": lambda a: Spread("symmetric", absolute=a),
    "Levels largest": lambda a: Levels(4, a + 0.5),
    "Levels noise": lambda a: Levels(4, 0.5, noise=a),
    "Stuck fraction": Stuck,
    "Stuck at": lambda a: Stuck(0.5, a),
    "Dead fraction": Dead,
    "Retention exponent": lambda a: Retention(1.0, a, 1.0),
    "Retention detuning_at_zero": lambda a: Retention(1.0, 0.1, 1.0, detuning_at_zero=a),
    "Endurance writes": lambda a: Endurance(a, 1.0, 2.0),
    "Breakdown resistance": lambda a: Breakdown(a, 1.0, 2.0),
    "Temperature change": lambda a: Temperature(a, 1e-3),
    "Drift time": lambda a: Drift(a, 1e-3),
    "Mismatch reflection": Mismatch,
    "UnevenDivision relative": UnevenDivision,
    "ThermalShift temperature": lambda a: ThermalShift(a, 1e-18),
}
OF_CHAINS = {
    "AmplifierSpread gain": AmplifierSpread,
    "AmplifierSpread offset": lambda a: AmplifierSpread(0.1, a),
}
OF_TONES = {"EmitterLinewidth half_width": EmitterLinewidth}
READ_BY_RESONATORS = {
    "JohnsonNoise resistance": lambda a: JohnsonNoise(a, 1e-6),
    "ThermalScatter energy": lambda a: ThermalScatter(300.0, a + 1e-18, 1e-6),
}
READ_BY_CHAINS = {
    "AmplifierError gain": AmplifierError,
    "AmplifierNoise deviation": AmplifierNoise,
    "Voltmeter deviation": Voltmeter,
    "Voltmeter offset": lambda a: Voltmeter(1e-6, a),
}
READ_BY_TONES = {
    "Saturation power": lambda a: Saturation(a + 1e-6, 2.0),
    "Saturation sharpness": lambda a: Saturation(1e-5, a + 1),
    "Combiner loss": Combiner,
    "FrequencyJitter relative": FrequencyJitter,
}
RESONATORS = r"what broadcasts to \(chains, tones\), \(3, 8\)"
CHAINS = r"one for each of the chains, \(3,\)"
TONES = r"one for each of the tones, \(8,\)"
WRONG = {
    RESONATORS: [(0,), (3,), (5, 1), (2, 3, 8), (1, 3, 8)],
    CHAINS: [(0,), (5,), (8,), (5, 1), (5, 3), (3, 8)],
    TONES: [(0,), (5,), (3,), (5, 1), (5, 8), (3, 8)],
}
RIGHT = {RESONATORS: [(), (8,), (3, 1), (3, 8)], CHAINS: [(), (3,)], TONES: [(), (8,)]}
EFFECTS = {RESONATORS: OF_RESONATORS, CHAINS: OF_CHAINS, TONES: OF_TONES}
READINGS = {RESONATORS: READ_BY_RESONATORS, CHAINS: READ_BY_CHAINS, TONES: READ_BY_TONES}


def listed(families):
    return [
        pytest.param(name, made, what, id=name)
        for what, family in families.items()
        for name, made in family.items()
    ]


@pytest.mark.parametrize(("name", "made", "what"), listed(EFFECTS))
def test_effects_of_another_shape_are_refused(name, made, what):
    for shape in WRONG[what]:
        effect = made(np.full(shape, 0.05))
        with pytest.raises(InvalidInput, match=rf"^{name} has shape .*; give .* {what}$"):
            fabricated(DIRECT, (Spread("frequency", 0.1), effect), key=KEY)


@pytest.mark.parametrize(("name", "made", "what"), listed(READINGS))
def test_readings_of_another_shape_are_refused(name, made, what):
    for shape in WRONG[what]:
        with pytest.raises(InvalidInput, match=rf"^{name} has shape .*; give .* {what}$"):
            with_readings(DIRECT, made(np.full(shape, 0.05)))
    for shape in RIGHT[what]:
        read = with_readings(DIRECT, made(np.full(shape, 1e-3)))
        assert jax.eval_shape(lambda: read(INPUTS, key=KEY)).shape == (5, 3)  # noqa: B023


def test_effects_of_every_shape_that_is_stated_are_taken():
    def of_all():
        return [
            fabricated(DIRECT, made(np.full(shape, 0.05)), key=KEY)
            for what, family in EFFECTS.items()
            for made in family.values()
            for shape in RIGHT[what]
        ]

    assert all(made.layers[0].array.detuning.shape == (3, 8) for made in jax.eval_shape(of_all))


def test_strengths_within_others_are_found():
    gains = np.full((5, 1), 0.1)
    inner = Chip((Spread("damping", 0.1), AmplifierSpread(gains)))
    with pytest.raises(InvalidInput, match="AmplifierSpread gain has shape"):
        NoiseAware(inner)(DIRECT, jnp.asarray(INPUTS), jnp.zeros(5, int), key=KEY)
    with pytest.raises(InvalidInput, match="AmplifierSpread gain has shape"):
        with_readings(DIRECT, CycleToCycle(inner))
    with pytest.raises(InvalidInput, match="AmplifierError gain has shape"):
        ResonatorArray(
            ARRAY.detuning, Resonator(LINE.frequencies), LINE, readings=[AmplifierError(gains)]
        )


class WithField(AmplifierNoise):
    """A reading that has an array called `field`, and no name in it."""

    field: Float[Array, "chains"] = eqx.field(converter=jnp.asarray, default=(0.0, 0.0, 0.0))


def test_what_holds_a_strength_is_named_by_words_alone():
    assert ARRAY.with_readings(WithField(1e-6)).readings
    with pytest.raises(InvalidInput, match="WithField field has shape"):
        ARRAY.with_readings(WithField(1e-6, jnp.zeros(5)))


@pytest.mark.parametrize(
    "made",
    [
        LineLoss,
        Pruned,
        CrossTalk,
        lambda a: CrossTalk(0.1, a),
        lambda a: JohnsonNoise(1.0, a),
        lambda a: JohnsonNoise(1.0, 1e-6, a),
        lambda a: ThermalScatter(300.0, 1e-18, a),
        lambda a: BiasDependence(Junction(8e-12, 1e-14, 1.0, half_voltage=0.4), a),
    ],
)
def test_what_is_one_number_is_not_several(made):
    with pytest.raises(InvalidInput, match=r"has shape \(8,\); give one number, \(\)"):
        made(np.full(8, 0.05))


@pytest.mark.parametrize(
    "name",
    [field.name for field in dataclasses.fields(Electronics) if field.name != "tuning"],
)
def test_numbers_of_electronics_are_single_ones(name):
    with pytest.raises(InvalidInput, match=rf"{name} has shape \(3,\); give one number"):
        Electronics(**{name: np.full(3, 0.5)})


@pytest.mark.parametrize("shape", [(0,), (3,), (5, 1), (2, 3, 8)])
def test_field_lines_of_another_shape_are_refused(shape):
    given = np.full(shape, 1e3)
    for name, tuning in {
        "slope": FieldTuning(FieldLines(), given, 50.0),
        "resistance": FieldTuning(FieldLines(), 1e3, given),
    }.items():
        with pytest.raises(InvalidInput, match=f"{name} has shape .*; give .* {RESONATORS}"):
            tuning.power(ARRAY)
