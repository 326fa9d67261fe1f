import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, nn
from rfjax.arrays import SharedLine
from rfjax.hardware import AmplifierSpread, Spread
from rfjax.laws import auto_oscillator
from rfjax.laws.reciprocal_network import nudging, relaxation, squared_error
from rfjax.rectifiers import Independent
from tests.nn.settling import GAINS, INPUTS, NETWORK, SIZES, WANTED, network, settled

KEY = jax.random.key(2)
NUDGE = 0.3
Q = NETWORK.activation.nonlinear_damping
FULL = auto_oscillator.steady_power(NETWORK.activation.largest, Q)


@pytest.fixture(scope="module")
def nudged():
    return settled(NETWORK, INPUTS, WANTED, jnp.asarray(NUDGE))


def test_a_network_settles_where_its_energy_is_stationary(nudged):
    assert np.all(nudged.converged)

    @jax.jit
    def slopes(shares):
        def total(shares):
            cost = NUDGE * squared_error(shares[-1], WANTED)
            return jnp.sum(NETWORK.energy(INPUTS, shares) + cost)

        return jax.grad(total)(shares)

    # The twins know the weights of the way forward: no slope is left in any layer.
    for share, slope in zip(nudged.shares, slopes(nudged.shares), strict=True):
        assert np.all((share > 0.01) & (share < 0.99))
        np.testing.assert_allclose(slope, 0, atol=1e-10)


def test_it_settles_where_currents_come_to_rest_that_are_followed_in_time(nudged):
    couplings, below = NETWORK.couplings(), NETWORK.layers[0](INPUTS)

    @jax.jit
    def followed():
        def step(excess, _):
            shares = [auto_oscillator.steady_power(1 + each, Q) / FULL for each in excess]
            given = [below]
            given += [c.forward(share) for c, share in zip(couplings, shares)]
            back = [c.back(share) for c, share in zip(couplings, shares[1:])]
            back += [nudging(shares[-1], WANTED, NUDGE)]
            driven = [one + other - 1 for one, other in zip(given, back)]
            moved = [e + 0.2 * relaxation(e, d, 1.0) for e, d in zip(excess, driven)]
            return moved, None

        start = [jnp.zeros_like(share) for share in nudged.shares]
        excess, _ = jax.lax.scan(step, start, length=300)
        return [auto_oscillator.steady_power(1 + each, Q) / FULL for each in excess]

    for ours, theirs in zip(nudged.shares, followed(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-11)


def test_single_precision_is_as_good_as_its_rounding(nudged):
    single = jax.tree.map(
        lambda leaf: leaf.astype(jnp.float32) if eqx.is_inexact_array(leaf) else leaf, NETWORK
    )
    found = settled(single, *(jnp.float32(each) for each in (INPUTS, WANTED, NUDGE)))
    assert np.all(found.converged)
    for ours, theirs in zip(found.shares, nudged.shares, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_twins_without_mismatch_change_no_bit_and_others_are_off_by_their_spread():
    equal, off = (
        NETWORK.with_mismatch(Spread("rectification", size), key=KEY) for size in (0.0, 0.01)
    )
    for plain, same, other in zip(NETWORK.couplings(), equal.couplings(), off.couplings()):
        np.testing.assert_array_equal(plain.back.weight, same.back.weight)
        np.testing.assert_allclose(plain.back.weight, plain.forward.weight.T, rtol=1e-12)
        np.testing.assert_array_equal(plain.forward.weight, other.forward.weight)
        ratio = np.log(other.back.weight / plain.back.weight)
        assert 0.005 < np.std(ratio) < 0.02
    again = off.with_mismatch(None).couplings()[0].back.weight
    np.testing.assert_array_equal(again, NETWORK.couplings()[0].back.weight)


def turned(array, *, key):
    """Twins of the wrong sign."""
    return eqx.tree_at(
        lambda array: array.resonators.antisymmetric, array, -array.resonators.antisymmetric
    )


def test_rows_that_do_not_settle_are_told_and_are_numbers():
    strong = network(gains=(2.0, 60.0, 60.0)).with_mismatch(turned, key=KEY)
    found = settled(strong, INPUTS, WANTED, jnp.asarray(0.0))
    assert not np.all(found.converged)
    for share in found.shares:
        assert np.all((share >= 0) & (share <= 1))
    with pytest.raises(InvalidInput, match="of 7 rows do not settle; lower the gains"):
        strong(INPUTS)


def test_nonlinear_rectification_has_twins_of_its_own_that_agree_at_low_power():
    shares = jnp.full((1, SIZES[1]), 0.5)
    linear = NETWORK.couplings()[0].forward(shares)
    found = network(rectifier=Independent()).couplings()[0].forward(shares)
    difference = np.abs(found / linear - 1)
    assert 0 < difference.max() < 1e-3


def test_what_trains_are_detunings_and_offsets():
    assert NETWORK.trains is not None
    paths = NETWORK.trains.paths
    assert len(paths) == 6
    assert all(path.endswith((".detuning", ".offset")) for path in paths)


def with_layer(**fields):
    first, second, *_ = NETWORK.layers
    array = eqx.tree_at(lambda a: a.wiring, second.array, SharedLine())
    return nn.ReciprocalNetwork([first, nn.Synapses(array, second.read_out)], NETWORK.outputs)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: nn.ReciprocalNetwork(NETWORK.layers[:1], NETWORK.outputs), "there is one layer"),
        (with_layer, "on a shared line the tones of neighbours reach every resonator"),
        (
            lambda: nn.ReciprocalNetwork(NETWORK.layers, Line(np.array([1e9]), 1e-5)),
            "outputs has 1 tones and the last layer 3 chains",
        ),
        (
            lambda: nn.ReciprocalNetwork(NETWORK.layers[::2], NETWORK.outputs),
            "a layer of 5 chains is followed by a line of 4 tones",
        ),
        (
            lambda: network(activation=nn.OscillatorActivation()),
            "which has no energy in closed form",
        ),
        (lambda: network(gains=GAINS[:2]), "there are 4 lines and 2 gains for 3 layers"),
        (
            lambda: NETWORK.with_mismatch(AmplifierSpread(0.1), key=KEY).couplings(),
            "a network that settles has no readings; leave them out, and effects",
        ),
        (lambda: NETWORK(INPUTS[:, :2]), "inputs have shape"),
        (lambda: NETWORK(INPUTS + 1), "it must be from 0 to 1"),
    ],
)
def test_what_cannot_settle_is_refused(made, message):
    with pytest.raises(InvalidInput, match=message):
        made()
