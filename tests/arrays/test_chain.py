import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.arrays import Chain, head_to_tail
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from tests.helpers import RECTIFIERS, TONES, rectified

FREQUENCIES = np.array([2.95e8, 3.0e8, 3.1e8])
POWERS = np.array([[4e-6, 1e-5, 2e-6], [1e-6, 0.0, 8e-6]])
rectifiers = pytest.mark.parametrize("rectifier", RECTIFIERS.values(), ids=RECTIFIERS.keys())


chained = eqx.filter_jit(Chain.__call__)


def resonators(chains, per_chain):
    rng = np.random.default_rng(chains)
    return Resonator(3e8 * (1 + 0.02 * rng.uniform(-1, 1, (chains, per_chain))), symmetric=0.2)


def test_every_other_resonator_is_turned_round_and_the_first_is_not():
    assert head_to_tail(jnp.array([1.0, 10.0, 100.0, 1000.0])) == 1 - 10 + 100 - 1000
    assert head_to_tail(jnp.array([3.0])) == 3
    np.testing.assert_array_equal(head_to_tail(jnp.ones((2, 5, 3))), np.ones((2, 5)))
    assert head_to_tail(jnp.ones(4, jnp.float32)).dtype == np.float32


@rectifiers
def test_a_chain_is_the_signed_sum_of_its_resonators(rectifier):
    devices = resonators(2, 5)
    volts = chained(Chain(devices, rectifier), POWERS, FREQUENCIES)
    expected = np.zeros((2, 2))
    for chain, position in np.ndindex(2, 5):
        one = Resonator(devices.frequency[chain, position], symmetric=0.2)
        expected[:, chain] += (-1) ** position * np.asarray(
            rectified(rectifier, one, POWERS, FREQUENCIES)
        )
    np.testing.assert_allclose(volts, expected, rtol=1e-9, atol=1e-15)


def test_what_all_resonators_share_cancels():
    devices = Resonator(np.full((3, 6), 3e8), symmetric=0.5)
    for rectifier in (Linear(), Independent()):
        volts = chained(Chain(devices, rectifier), POWERS, FREQUENCIES)
        np.testing.assert_allclose(volts, 0, atol=1e-18)


def test_batches_come_before_chains():
    chain = Chain(resonators(4, 2), Independent())
    for batch in ((), (5, 2), (0,)):
        volts = eqx.filter_eval_shape(chain, np.full((*batch, TONES), 1e-6), FREQUENCIES)
        assert volts.shape == (*batch, 4)


@pytest.mark.parametrize("rectifier", [Independent(), CrossCoupled()])
def test_a_chain_goes_through_transformations(rectifier):
    chain = Chain(resonators(2, 3), rectifier)
    volts = chained(chain, POWERS, FREQUENCIES)
    mapped = eqx.filter_jit(jax.vmap(chain, (0, None)))(POWERS, FREQUENCIES)
    np.testing.assert_allclose(mapped, volts, rtol=1e-9, atol=1e-18)

    @eqx.filter_jit
    @eqx.filter_grad
    def slope(chain):
        return chain(POWERS, FREQUENCIES).sum()

    by_frequency = slope(chain).resonators.frequency
    assert by_frequency.shape == (2, 3)
    assert np.isfinite(by_frequency).all()
    assert (by_frequency != 0).all()


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)])
def test_resonators_are_chains_by_positions(shape):
    with pytest.raises(InvalidInput, match=r"a Chain needs \(chains, per_chain\)"):
        Chain(Resonator(np.full(shape, 3e8)), Linear())


def test_tones_that_do_not_fit_are_refused():
    chain = Chain(resonators(2, 3), Independent())
    with pytest.raises(InvalidInput, match="powers have shape"):
        chain(np.full((2, 5), 1e-6), FREQUENCIES)
    with pytest.raises(InvalidInput, match="powers.* is -1e-06"):
        chain(np.full(3, -1e-6), FREQUENCIES)


def test_single_precision_agrees_with_double():
    rng = np.random.default_rng(0)
    tones = np.geomspace(1e8, 2e8, 24).astype(np.float32)
    frequency = (tones * (1 + 0.01 * rng.uniform(-2, 2, (10, 24)))).astype(np.float32)
    powers = rng.uniform(0, 1e-5, (30, 24)).astype(np.float32)

    def volts(dtype):
        fields = (dtype(np.float32(value)) for value in (0.01, 0.1, 1, 6e7, 2e8, 1, 0.3))
        chain = Chain(Resonator(frequency.astype(dtype), *fields), Independent())
        return np.asarray(chained(chain, powers.astype(dtype), tones.astype(dtype)))

    single, double = volts(np.float32), volts(np.float64)
    assert single.dtype == np.float32
    assert np.abs(single - double).max() <= 1e-5 * np.abs(double).max()


def test_chains_are_the_reference_numbers(golden):
    for case in golden["chain"]:
        tones, powers = np.array(case["tones"]), np.array(case["powers"])
        devices = Resonator(np.array(case["resonators"])[None])
        chain = Chain(devices, Independent())
        # One of the chains nearly cancels: what counts is the largest voltage in it.
        largest = np.abs(rectified(Independent(), devices, powers, tones)).max()
        np.testing.assert_allclose(
            chained(chain, powers, tones), [case["voltage"]], rtol=0, atol=1e-12 * largest
        )
