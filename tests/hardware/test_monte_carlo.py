import importlib

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator, arrays, nn
from rfjax.arrays.nonideality import has_slopes
from rfjax.arrays.of_models import computed_directly
from rfjax.hardware import (
    AbstractEffect,
    AmplifierNoise,
    Breakdown,
    Chip,
    Dead,
    Endurance,
    Pruned,
    Spread,
    Stuck,
    chip_key,
    fabricated,
    monte_carlo,
)
from rfjax.rectifiers import Tabulated
from rfjax.rectifiers.spectrum import spectrum
from rfjax.training import accuracy, cross_entropy
from tests.hardware.chips import INPUTS, KEY, LINEAR
from tests.helpers import slope_at

EFFECT = Chip((Spread("frequency", 0.01), Spread("damping", 0.01)))
LABELS = jnp.argmax(LINEAR(INPUTS), axis=1)
CHIPS = 60


class Louder(AbstractEffect):
    """What no effect may do: other powers on the line."""

    def __call__(self, array, *, key):
        return eqx.tree_at(lambda array: array.line.peak_powers, array, array.peak_powers * 2)


@pytest.fixture(scope="module")
def chips():
    return monte_carlo(LINEAR, EFFECT, INPUTS, LABELS, key=KEY, chips=CHIPS, sensitivities=True)


def of_number(number, effect=EFFECT):
    """Loss and accuracy of one chip, as it is made and computed alone."""
    made, _ = jax.random.split(jax.random.fold_in(KEY, number))
    assert chip_key(KEY, number) == made
    logits = _directly(computed_directly(LINEAR), effect, made)
    return float(cross_entropy(logits, LABELS)), float(accuracy(logits, LABELS))


def test_chips_of_measured_resonators_spread_too():
    device, powers = Resonator(1e8, damping=0.02), np.array([1e-7, 1e-6])
    frequencies = np.linspace(8.5e7, 11.5e7, 41)
    volts = spectrum(device, powers, frequencies)
    line = Line.geometric(0.98e8, 1.02e8, 4, 1e-7)
    network = nn.mlp(
        (3,),
        lines=line,
        resonators=device,
        key=KEY,
        rectifier=Tabulated(volts, powers, frequencies, 1e8),
    )
    shares = np.random.default_rng(0).random((6, 4))
    found = monte_carlo(network, Spread("damping", 0.1), shares, np.arange(6) % 3, key=KEY, chips=2)
    assert found.loss[0] != found.loss[1]


@eqx.filter_jit
def _directly(network, effect, key):
    return fabricated(network, effect, key=key)(INPUTS)


def test_each_chip_does_as_it_does_alone(chips):
    for number in (0, 1, CHIPS - 1):
        loss, right = of_number(number)
        assert np.isclose(chips.loss[number], loss, rtol=1e-4)
        assert np.isclose(chips.accuracy[number], right)
    assert len(np.unique(chips.loss)) == CHIPS


def test_a_chip_does_not_depend_on_how_many_there_are(chips):
    few = monte_carlo(LINEAR, EFFECT, INPUTS, LABELS, key=KEY, chips=7)
    np.testing.assert_allclose(few.loss, chips.loss[:7], rtol=1e-4)


def test_chips_in_parts_are_the_same_ones(chips, monkeypatch):
    room = importlib.import_module("rfjax.hardware.monte_carlo")  # the function has its name
    monkeypatch.setattr(room, "_DRAWN", 7 * 8 * 24)  # seven at once
    few = monte_carlo(LINEAR, EFFECT, INPUTS, LABELS, key=KEY, chips=10, sensitivities=True)
    np.testing.assert_allclose(few.loss, chips.loss[:10], rtol=1e-4)
    np.testing.assert_allclose(few.slopes[1], chips.slopes[1][:10], rtol=1e-3, atol=1e-5)


def test_numbers_of_chips_are_those_of_their_accuracies(chips, tmp_path):
    assert chips.fraction_above(0.0) == 1
    assert chips.fraction_above(1.0) == np.mean(chips.accuracy == 1)
    assert chips.quantile(0.5) == np.median(chips.accuracy)
    written = np.genfromtxt(chips.write_csv(tmp_path / "chips.csv"), delimiter=",", names=True)
    np.testing.assert_allclose(written["loss_nat"], chips.loss, rtol=1e-6)
    assert chips.to_dataframe().shape == (CHIPS, 3)
    assert "60: accuracy" in repr(chips)
    assert "damping relative" in repr(chips)


def test_tables_of_chips_replace_nothing_else(chips, tmp_path):
    path = chips.write_csv(tmp_path / "new" / "chips.csv")
    before = path.read_text()
    assert chips.write_csv(path).read_text() == before
    other = tmp_path / "other.csv"
    other.write_text(path.read_text().replace("(nat)", "(nat),mine"))
    held = other.read_text()
    for place in (other, tmp_path):
        with pytest.raises(InvalidInput, match="is there and no table of chips; give another path"):
            chips.write_csv(place)
    assert other.read_text() == held


def test_slopes_are_those_of_finite_differences(chips):
    assert list(chips.sensitivities()) == ["frequency relative", "damping relative"]

    def moved(strength):
        return of_number(4, Chip((EFFECT.effects[0], Spread("damping", strength))))[0]

    assert np.isclose(chips.slopes[1][4], slope_at(moved, 0.01, 1e-3), rtol=1e-3, atol=1e-4)


def test_fractions_of_faults_have_no_slopes():
    effect = Chip((Endurance(0.5, 1.0, 2.0, 0.3), Dead(0.1), Stuck(0.1, 0.4), Breakdown(0.1, 1, 2)))
    found = monte_carlo(LINEAR, effect, INPUTS, LABELS, key=KEY, chips=3, sensitivities=True)
    assert list(found.sensitivities()) == ["Endurance at", "Stuck at"]
    twice = eqx.tree_at(lambda chips: chips.effect.effects[0], found, Stuck(0.1, 0.4))
    assert list(twice.sensitivities()) == ["Stuck at", "Stuck at (2)"]
    assert len(found.slopes) == 2
    assert "Dead" not in repr(found)
    still = eqx.tree_at(lambda chips: chips.effect.effects[2].at, found, jnp.zeros(()))
    assert list(still.sensitivities()) == ["Endurance at"]  # zero, which no share of it changes
    bare = eqx.tree_at(lambda chips: (chips.slopes, chips.effect), found, ((), Dead(0.1)))
    assert not any(jax.tree.leaves(has_slopes((Dead(0.1), Pruned(0.1), Breakdown(1.0, 1.0, 2.0)))))
    with pytest.raises(InvalidInput, match="chips have no slopes; .* not fractions of faults"):
        bare.sensitivities()


def test_noise_is_drawn_for_each_chip():
    noisy = arrays.with_readings(LINEAR, AmplifierNoise(1e-6))
    found = monte_carlo(noisy, (), INPUTS, LABELS, key=KEY, chips=3)
    again = monte_carlo(noisy, (), INPUTS, LABELS, key=KEY, chips=3)
    assert len(np.unique(found.loss)) == 3
    assert np.array_equal(found.loss, again.loss)


def test_what_does_not_fit_is_refused(chips):
    with pytest.raises(InvalidInput, match="labels run from 0 to 9"):
        monte_carlo(LINEAR, EFFECT, INPUTS, np.arange(5) * 9 // 4, key=KEY)
    with pytest.raises(InvalidInput, match="inputs have shape"):
        monte_carlo(LINEAR, EFFECT, INPUTS[0], LABELS[0], key=KEY)
    with pytest.raises(InvalidInput, match="Louder.* changes more of an array"):
        monte_carlo(LINEAR, Louder(), INPUTS, LABELS, key=KEY)
    with pytest.raises(InvalidInput, match="no strength of the effects has a derivative"):
        monte_carlo(LINEAR, Dead(0.1), INPUTS, LABELS, key=KEY, sensitivities=True)
    with pytest.raises(InvalidInput, match="chips is 0"):
        monte_carlo(LINEAR, EFFECT, INPUTS, LABELS, key=KEY, chips=0)
    with pytest.raises(InvalidInput, match="accuracy is 95; it must be from 0 to 1"):
        chips.fraction_above(95)
