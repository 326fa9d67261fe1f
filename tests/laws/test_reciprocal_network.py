import jax
import jax.numpy as jnp
import numpy as np

from rfjax.laws import auto_oscillator
from rfjax.laws.reciprocal_network import (
    excess_current,
    layer_energy,
    neuron_energy,
    nudging,
    relaxation,
    squared_error,
)

Q, TIME = 2.0, 3e-8
POWERS = jnp.linspace(0.01, 0.95, 20)
RNG = np.random.default_rng(0)
COUPLING = RNG.normal(size=(5, 5))
COUPLING = COUPLING + COUPLING.T
BIAS = jnp.asarray(RNG.normal(size=5) + 1)


def test_the_current_of_a_power_is_the_one_that_gives_it():
    found = auto_oscillator.steady_power(1 + excess_current(POWERS, Q), Q)
    np.testing.assert_allclose(found, POWERS, rtol=1e-13)


def test_the_energy_of_an_oscillator_is_the_integral_of_its_current():
    slopes = jax.vmap(jax.grad(neuron_energy), (0, None))(POWERS, Q)
    np.testing.assert_allclose(slopes, excess_current(POWERS, Q), rtol=1e-12)
    assert neuron_energy(0.0, Q) == 0


def energy(powers):
    """The energy of a network as a matrix has it: every coupling once."""
    alone = layer_energy(powers, 1 + BIAS, 1.0, Q)
    return alone - powers @ COUPLING @ powers / 2


def test_symmetric_couplings_lose_energy_at_the_rate_of_the_law_and_others_do_not():
    def emitted(excess):
        return auto_oscillator.steady_power(1 + excess, Q)

    excess = jnp.asarray(RNG.normal(size=5) + 1.5)

    def rate(coupling):
        change = relaxation(excess, BIAS + coupling @ emitted(excess), TIME)
        found = jax.jvp(lambda excess: energy(emitted(excess)), (excess,), (change,))[1]
        slope = jax.jvp(emitted, (excess,), (jnp.ones(5),))[1]
        return found, -TIME * jnp.sum(slope * change**2)

    found, law = rate(COUPLING)
    np.testing.assert_allclose(found, law, rtol=1e-12)
    assert found < 0
    found, law = rate(COUPLING + np.triu(np.ones((5, 5)), 1))
    assert abs(found / law - 1) > 0.01


def test_a_nudge_is_the_slope_of_the_error():
    outputs, wanted = jnp.asarray(RNG.random(4)), jnp.asarray(RNG.random(4))
    slope = jax.grad(squared_error)(outputs, wanted)
    np.testing.assert_allclose(nudging(outputs, wanted, 0.3), -0.3 * slope, rtol=1e-14)
