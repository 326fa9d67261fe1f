import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.hardware import Chip, Correlation, Spread, fabricated
from rfjax.hardware.spread import FIELDS
from rfjax.laws import variability
from tests.hardware.chips import ARRAY, DIRECT, INPUTS, KEY, NETWORK, every_field
from tests.helpers import slope_at


def fields(array):
    return (array.detuning, *jax.tree.leaves(array.resonators))


@pytest.fixture(scope="module")
def many():
    """Many chips of the array with a spread of every field, as one program."""
    effect = Chip(every_field(0.1))
    keys = jax.vmap(jax.random.fold_in, (None, 0))(KEY, jnp.arange(2000))
    return eqx.filter_jit(jax.vmap(lambda key: fields(effect(ARRAY, key=key))))(keys)


def test_without_strength_no_bit_changes():
    effect = Chip(every_field(0.0))
    there = eqx.filter_jit(lambda effect: fields(effect(ARRAY, key=KEY)))(effect)
    for one, other in zip(fields(ARRAY), there, strict=True):
        assert np.array_equal(np.broadcast_to(one, other.shape), other)
    alike = fabricated(NETWORK, effect, key=KEY)
    assert np.array_equal(alike(INPUTS), NETWORK(INPUTS))


def test_spreads_are_lognormal_and_fields_independent(many):
    names = ("frequency", *FIELDS[1:-1])
    detuning, _, *others = many
    damping = others[0]
    # The resonance that is reached, by the detuning in linewidths of the damping that there is.
    resonance = 1 / (1 + damping * detuning)
    meant = 1 / (1 + 0.01 * ARRAY.detuning)
    logarithms = [jnp.log(resonance / meant)]
    logarithms += [
        jnp.log(each / getattr(ARRAY.resonators, name))
        for name, each in zip(names[1:], others, strict=False)
    ]
    drawn = np.stack([np.asarray(each).reshape(2000, -1) for each in logarithms])
    draws = drawn[0].size
    assert np.allclose(drawn.mean(axis=(1, 2)), 0, atol=5 * 0.1 / draws**0.5)
    assert np.allclose(drawn.std(axis=(1, 2)), 0.1, rtol=5 / (2 * draws) ** 0.5)
    alike = np.corrcoef(drawn.reshape(len(drawn), -1)) - np.eye(len(drawn))
    assert np.abs(alike).max() < 5 / draws**0.5
    places = np.corrcoef(drawn[0].T) - np.eye(ARRAY.detuning.size)
    assert np.abs(places).max() < 5 / 2000**0.5


def test_a_chip_depends_on_its_key_alone(many):
    effect = Chip(every_field(0.1))
    alone = fields(effect(ARRAY, key=jax.random.fold_in(KEY, 7)))
    for one, other in zip(many, alone, strict=True):
        np.testing.assert_allclose(one[7], other, rtol=1e-12)
    # Another effect behind, or before in the same chip, changes nothing of the first one.
    longer = Chip((*effect.effects, Spread("drive", 0.2)))(ARRAY, key=jax.random.fold_in(KEY, 7))
    assert np.array_equal(longer.detuning, alone[0])


def test_neighbours_are_as_alike_as_their_distance():
    correlation = Correlation(along=0.7, across=0.4)
    keys = jax.random.split(KEY, 4000)
    drawn = jax.vmap(lambda key: correlation.draws((3, 5), float, key=key))(keys)
    found = np.cov(np.asarray(drawn).reshape(4000, -1).T)
    chain, place = np.divmod(np.arange(15), 5)
    wanted = 0.4 ** abs(chain[:, None] - chain) * 0.7 ** abs(place[:, None] - place)
    assert np.abs(found - wanted).max() < 5 * (2 / 4000) ** 0.5
    same = Correlation(1.0, 1.0).draws((3, 5), float, key=KEY)
    assert np.ptp(same) < 1e-12 < abs(same[0, 0])


def test_a_resonance_stays_where_only_the_damping_spreads():
    worse = Spread("damping", 0.3)(ARRAY, key=KEY)
    assert np.ptp(worse.resonators.damping) > 1e-3
    before = ARRAY.resonators.detuned(ARRAY.detuning).frequency
    after = worse.resonators.detuned(worse.detuning).frequency
    np.testing.assert_allclose(after, np.broadcast_to(before, after.shape), rtol=1e-14)


def test_shifts_add_up_and_come_back():
    x, damping, shift = 0.7, 0.01, 0.004
    there = variability.shifted_detuning(x, damping, shift)
    assert np.isclose(1 / (1 + damping * there), (1 + shift) / (1 + damping * x), rtol=1e-14)
    back = variability.shifted_detuning(there, damping, 1 / (1 + shift) - 1)
    assert np.isclose(back, x, rtol=1e-12)
    moved = variability.relative_shift(x, damping)
    assert np.isclose(variability.shifted_detuning(0.0, damping, moved), x, rtol=1e-12)


def test_derivatives_to_strengths_are_those_of_finite_differences():
    def loss(strength):
        worse = fabricated(DIRECT, every_field(strength), key=KEY)
        return jnp.sum(jnp.square(worse(INPUTS)))

    both = eqx.filter_jit(jax.value_and_grad(loss))
    assert np.isclose(both(0.01)[1], slope_at(lambda at: both(at)[0], 0.01, 1e-4), rtol=1e-6)


def test_absolute_spreads_pass_zero():
    worse = Spread("symmetric", absolute=0.2)(ARRAY, key=KEY)
    assert worse.resonators.symmetric.min() < 0 < worse.resonators.symmetric.max()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Spread("temperature", 0.1), "field is 'temperature'; it must be one of"),
        (lambda: Spread("damping", -0.1), "relative is -0.1; it must be finite and zero or above"),
        (lambda: Spread("damping", absolute=0.1), "absolute is given for damping"),
        (lambda: Correlation(1.5), "along is 1.5; a correlation is from 0 to 1"),
        (lambda: fabricated(jnp.ones(3), (), key=KEY), "which has no arrays of resonators"),
    ],
)
def test_what_is_no_effect_is_refused(made, message):
    with pytest.raises(InvalidInput, match=message):
        made()
