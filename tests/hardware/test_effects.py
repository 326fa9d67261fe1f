"""Effects of every kind: what they do without strength, and what each is about."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.arrays import with_readings
from rfjax.arrays.of_models import computed_directly
from rfjax.hardware import (
    Breakdown,
    Chip,
    CrossTalk,
    CycleToCycle,
    Dead,
    Drift,
    Endurance,
    FrequencyJitter,
    Levels,
    LineLoss,
    Mismatch,
    Pruned,
    Retention,
    Spread,
    Stuck,
    Temperature,
    UnevenDivision,
)
from tests.hardware.chips import KEY, LINEAR

ARRAY = computed_directly(LINEAR).layers[0].array
PEAKS = ARRAY.peak_powers
KINDS = {
    "dead": Dead,
    "open": lambda strength: Dead(strength, "open"),
    "stuck": lambda strength: Stuck(strength, 0.4),
    "temperature": lambda strength: Temperature(strength, 1e-4, 1e-5),
    "drift": lambda strength: Drift(strength, 1e-9),
    "cross-talk": lambda strength: CrossTalk(strength, 0.3),
    "loss": LineLoss,
    "division": UnevenDivision,
    "mismatch": Mismatch,
    "written": lambda strength: Levels(None, 0.5, noise=strength),
    "pruned": Pruned,
    "forgotten": lambda strength: Retention(strength, 0.05, 1.0),
    "broken": lambda strength: Breakdown(1e5 * strength, 1.0, 2.0),
    "worn": lambda strength: Endurance(strength, 1.0, 2.0, 0.4),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_without_strength_no_bit_changes(kind):
    def of_strength(strength):
        made = kind(strength)(ARRAY, key=KEY)
        return made.detuning, *jax.tree.leaves(made.resonators)

    there = eqx.filter_jit(of_strength)(jnp.asarray(0.0))
    meant = ARRAY.detuning, *jax.tree.leaves(ARRAY.resonators)
    for one, other in zip(meant, there, strict=True):
        assert np.array_equal(np.broadcast_to(one, other.shape), other)
    other = of_strength(jnp.asarray(0.5))
    assert not all(map(np.array_equal, meant, other))
    assert kind(0.0)(ARRAY, key=KEY) is ARRAY


def resonances(array):
    return array.resonators.detuned(array.detuning).frequency


def test_dead_resonators_leave_out_their_voltage_or_all_of_the_chain():
    alone = jnp.diag(PEAKS)  # one tone after the other
    own = eqx.tree_at(lambda a: a.detuning, ARRAY, jnp.ones((3, 8)))
    shorted = Dead(0.5)(own, key=KEY)
    dead = np.asarray(shorted.resonators.antisymmetric == 0)
    assert 0 < dead.sum() < dead.size
    lost = eqx.tree_at(lambda a: a.resonators.rectification, own, jnp.where(dead, 0, 6e7))
    np.testing.assert_allclose(shorted(alone), lost(alone), rtol=1e-12)
    volts = Dead(0.05, "open")(own, key=KEY)(alone)
    off = np.any(np.asarray(Dead(0.05)(own, key=KEY).resonators.antisymmetric) == 0, axis=1)
    assert np.array_equal(np.all(volts == 0, axis=0), off)
    keys = jax.random.split(KEY, 40)
    many = [np.mean(Dead(0.1)(own, key=key).resonators.antisymmetric == 0) for key in keys]
    assert np.isclose(np.mean(many), 0.1, atol=4 * (0.09 / 960) ** 0.5)


def test_stuck_resonators_are_where_they_stick():
    stuck = Stuck(0.5, -0.3)(ARRAY, key=KEY).detuning
    moved = stuck != ARRAY.detuning
    assert 0 < moved.sum() < moved.size
    assert np.all(stuck[moved] == -0.3)
    more = Stuck(0.8, -0.3)(ARRAY, key=KEY).detuning != ARRAY.detuning
    assert np.all(more[moved])


def test_temperature_and_time_move_resonances():
    warmer = Temperature(10.0, -2e-5)(ARRAY, key=KEY)
    np.testing.assert_allclose(resonances(warmer), (1 - 2e-4) * resonances(ARRAY), rtol=1e-12)
    drawn = [Drift(each, 1e-9)(ARRAY, key=KEY) for each in (100.0, 400.0)]
    moved = [np.log(resonances(each) / resonances(ARRAY)) for each in drawn]
    np.testing.assert_allclose(moved[1], 2 * moved[0], rtol=1e-8)
    assert np.isclose(np.std(moved[0]), (2e-7) ** 0.5, rtol=0.5)


def test_fields_leak_by_their_distance():
    alone = eqx.tree_at(lambda a: a.detuning, ARRAY, jnp.zeros((3, 8)).at[:, 3].set(0.5))
    leaked = CrossTalk(0.1, 0.4)(alone, key=KEY)
    shift = resonances(leaked) / ARRAY.frequencies - 1
    own = shift[0, 3]
    assert np.isclose(own, -0.005 / 1.005, rtol=1e-12)
    wanted = own * np.array([0.016, 0.04, 0.1, 1, 0.1, 0.04, 0.016, 0.0064])
    np.testing.assert_allclose(shift[0], wanted, rtol=1e-9)


def test_less_power_is_less_power_in_every_tone():
    lossy = LineLoss(3.0)(ARRAY, key=KEY)
    share = 10 ** (-0.3 * np.arange(8))
    shares = np.broadcast_to(share, (3, 8))
    np.testing.assert_allclose(lossy.resonators.rectification, 6e7 * shares, rtol=1e-12)
    np.testing.assert_allclose(lossy.resonators.drive**2, 4e16 * shares, rtol=1e-12)
    mismatched = Mismatch(0.6)(ARRAY, key=KEY)
    np.testing.assert_allclose(mismatched(PEAKS), ARRAY(0.64 * PEAKS), rtol=1e-12)
    uneven = UnevenDivision(0.3)(ARRAY, key=KEY)
    assert np.isclose(np.mean(uneven.resonators.rectification), 6e7, rtol=1e-12)
    assert np.std(uneven.resonators.rectification) > 6e6


def test_jitter_moves_tones_and_cycles_draw_anew():
    jitter = with_readings(ARRAY, FrequencyJitter(0.002))
    rows = jnp.tile(PEAKS, (300, 1))
    there = jitter(rows, key=KEY)
    assert len(np.unique(there[:, 0])) == 300
    key = jax.random.fold_in(jax.random.fold_in(KEY, 4), 0)
    tones = ARRAY.frequencies * np.exp(0.002 * jax.random.normal(key, (8,), float))
    np.testing.assert_allclose(there[4], ARRAY(PEAKS, tones), rtol=1e-9)
    effect = Chip((Spread("frequency", 0.002), Spread("damping", 0.01)))
    made, _ = jax.random.split(key)
    cycled = with_readings(ARRAY, CycleToCycle(effect))(rows[:5], key=KEY)
    np.testing.assert_allclose(cycled[4], effect(ARRAY, key=made)(PEAKS), rtol=1e-9)
    still = with_readings(ARRAY, CycleToCycle(Spread("damping", 0.0)), FrequencyJitter(0.0))
    np.testing.assert_allclose(still(rows[:2], key=KEY), ARRAY(rows[:2]), rtol=1e-12)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Dead(1.5), "fraction is 1.5; it must be from 0 to 1, as a share of all"),
        (lambda: Dead(0.1, "broken"), "kind is 'broken'; it must be one of shorted, open"),
        (lambda: Stuck(0.1, np.nan), "at is nan"),
        (lambda: Temperature(np.inf, 0.0), "change is inf"),
        (lambda: Drift(-1.0, 0.0), "time is -1.0; it must be finite and zero or above"),
        (lambda: CrossTalk(0.1, -0.1), "decay is -0.1; it must be from 0 to 1"),
        (lambda: LineLoss(-3.0), "decibels is -3.0"),
        (lambda: UnevenDivision(-0.1), "relative is -0.1"),
        (lambda: Mismatch(1.2), "reflection is 1.2"),
        (lambda: FrequencyJitter(-1.0), "relative is -1.0"),
        (lambda: Levels(1, 0.5), "levels is 1; give 2 or more, or None"),
        (lambda: Levels(0, 0.5), "levels is 0; it must be a whole number"),
        (lambda: Levels(2, 0.0), "largest is 0.0"),
        (lambda: Levels(2, 0.5, noise=-0.1), "noise is -0.1"),
        (lambda: Levels(2, 0.5, rounding="up"), "rounding is 'up'; it must be one of nearest"),
        (lambda: Pruned(1.5), "fraction is 1.5; it must be from 0 to 1"),
    ],
)
def test_values_that_no_chip_has_are_refused(made, message):
    with pytest.raises(InvalidInput, match=message):
        made()
