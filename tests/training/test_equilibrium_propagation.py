import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax import InvalidInput
from rfjax.data import FixedSplit
from rfjax.hardware import Spread
from rfjax.laws.synaptic_weight import weight
from rfjax.numerics.parameters import trainable
from rfjax.training import EquilibriumError, EquilibriumPropagation, fit
from tests.helpers import slope_at
from tests.nn.settling import GAINS, INPUTS, NETWORK, SIZES, network, settled

LABELS = jnp.arange(len(INPUTS)) % SIZES[-1]
ERROR = EquilibriumError()


@eqx.filter_jit
def derivative(loss, model):
    trains, rest = eqx.partition(model, trainable(model))
    return jax.value_and_grad(lambda part: loss(eqx.combine(part, rest), INPUTS, LABELS))(trains)


def flat(loss, model=NETWORK):
    _, slopes = derivative(loss, model)
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(slopes)])


def nudged(one, other):
    return EquilibriumPropagation((one, other))


@pytest.fixture(scope="module")
def exact():
    return flat(ERROR)


def test_the_derivative_of_the_equilibrium_is_that_of_finite_differences(exact):
    leaves, structure = jax.tree.flatten(eqx.filter(NETWORK, trainable(NETWORK)))
    direction = [
        jax.random.normal(jax.random.key(at), leaf.shape) for at, leaf in enumerate(leaves)
    ]
    rest = eqx.filter(NETWORK, trainable(NETWORK), inverse=True)

    def along(length):
        moved = [leaf + length * way for leaf, way in zip(leaves, direction, strict=True)]
        return derivative(ERROR, eqx.combine(structure.unflatten(moved), rest))[0]

    slope = np.dot(exact, np.concatenate([np.ravel(way) for way in direction]))
    np.testing.assert_allclose(slope, slope_at(along, 0.0, 1e-3), rtol=1e-7)


def test_estimates_come_closer_with_the_nudge_to_first_and_second_order(exact):
    def errors(other):
        return [
            np.linalg.norm(flat(nudged(size, other * size)) - exact) / np.linalg.norm(exact)
            for size in (0.02, 0.01)
        ]

    one_sided, centred = errors(0.0), errors(-1.0)
    assert one_sided[0] < 0.02
    assert one_sided[0] / one_sided[1] == pytest.approx(2, rel=0.02)
    assert centred[0] < 2e-4
    assert centred[0] / centred[1] == pytest.approx(4, rel=0.02)


def test_a_synapse_takes_what_meets_at_its_ends():
    size = 0.2
    states = [
        settled(NETWORK, INPUTS, 0.2 + 0.6 * jax.nn.one_hot(LABELS, SIZES[-1]), jnp.asarray(each))
        for each in (size, -size)
    ]
    _, found = derivative(nudged(size, -size), NETWORK)
    layer, gain = NETWORK.layers[1].array, GAINS[1]
    meeting = [jnp.einsum("bi,bj->bij", each.shares[1], each.shares[0]).mean(0) for each in states]
    # V/U_0 of a tone is half of its weight; every other resonator of a chain is turned round.
    slope = jax.vmap(jax.vmap(jax.grad(lambda x: weight(x, 0.01) / 2)))(layer.detuning)
    sign = np.where(np.arange(SIZES[1]) % 2, -1, 1)
    local = -gain * sign * slope * (meeting[0] - meeting[1]) / (2 * size)
    np.testing.assert_allclose(found.layers[1].array.detuning, local, rtol=1e-9)
    offset = -(states[0].shares[1] - states[1].shares[1]).mean(0) / (2 * size)
    np.testing.assert_allclose(found.layers[1].read_out.offset, offset, rtol=1e-9)


def test_unequal_twins_leave_an_error_that_grows_with_them(exact):
    def error(spread):
        model = NETWORK.with_mismatch(Spread("rectification", spread), key=jax.random.key(3))
        true = flat(ERROR, model)
        return np.linalg.norm(flat(nudged(0.01, -0.01), model) - true) / np.linalg.norm(true)

    small, large = error(0.01), error(0.1)
    assert 1e-3 < small < 0.03
    assert large / small == pytest.approx(10, rel=0.3)


def test_rows_that_do_not_settle_have_no_part():
    strong = network(gains=(2.0, 60.0, 60.0)).with_mismatch(turned, key=jax.random.key(0))
    for loss in (ERROR, nudged(0.2, -0.2)):
        value, slopes = derivative(loss, strong)
        assert np.isfinite(value)
        assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(slopes))


def turned(array, *, key):
    """Twins of the wrong sign."""
    return eqx.tree_at(
        lambda array: array.resonators.antisymmetric, array, -array.resonators.antisymmetric
    )


def test_a_network_learns_with_it():
    inputs = np.random.default_rng(0).random((60, SIZES[0]))
    labels = np.argmax(inputs[:, : SIZES[-1]], axis=1)
    model, history = fit(
        NETWORK,
        inputs,
        labels,
        split=FixedSplit(),
        keys=jax.random.key(1),
        epochs=30,
        batch_size=5,
        optimiser=optax.adam(0.05),
        loss=nudged(0.3, -0.3),
    )
    assert history.train_accuracy[-1] > 0.75 > 0.6 > history.train_accuracy[0]
    assert model.layers[0].read_out.gain == NETWORK.layers[0].read_out.gain


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: nudged(0.1, 0.1), "nudges is .*; give two different numbers, as"),
        (lambda: EquilibriumPropagation((0.1,)), "nudges is .*; give two different numbers"),
        (lambda: EquilibriumPropagation(0.1), "nudges is 0.1; give a list or tuple"),
        (lambda: nudged(np.nan, 0.1), "nudges"),
        (lambda: EquilibriumError((0.2, 1.2)), "give shares of the full power, 0 to 1"),
        (lambda: EquilibriumError((0.2, 0.2)), "levels is .*; give two different numbers"),
    ],
)
def test_what_says_nothing_is_refused(made, message):
    with pytest.raises(InvalidInput, match=message):
        made()
