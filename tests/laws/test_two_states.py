import itertools

import numpy as np

from rfjax.laws.two_states import mean_state, mean_voltages


def test_sharp_resonators_are_where_they_tend_to_and_soft_ones_in_both_states_alike():
    tendency = np.array([-2.0, 0.0, 0.3])
    assert np.array_equal(mean_state(tendency, 1e9), [-1, 0, 1])
    assert np.array_equal(mean_state(tendency, 0.0), [0, 0, 0])
    # Boltzmann's probability of two states whose energies are 2κs apart.
    up = 1 / (1 + np.exp(-2 * 1.3 * tendency))
    np.testing.assert_allclose(mean_state(tendency, 1.3), 2 * up - 1, rtol=1e-12, atol=1e-15)


def test_voltages_are_the_mean_over_all_states_of_a_chain():
    generator = np.random.default_rng(0)
    upper, lower = generator.normal(size=(2, 4, 2, 3))
    up = generator.random((2, 3))
    states = np.array(list(itertools.product((1, 0), repeat=3)))
    likely = np.prod(np.where(states[:, None] > 0, up, 1 - up), axis=-1)  # (states, chains)
    volts = np.where(states[:, None, None] > 0, upper, lower).sum(-1)  # (states, b, chains)
    mean = np.einsum("sbc,sc->bc", volts, likely)
    np.testing.assert_allclose(mean_voltages(upper, lower, 2 * up - 1), mean, rtol=1e-12)
    alike = [np.broadcast_to(each[:, :1], each.shape) for each in (upper, lower)]
    np.testing.assert_allclose(
        mean_voltages(upper[:, :1], lower[:, :1], 2 * up - 1),
        mean_voltages(*alike, 2 * up - 1),
        rtol=1e-12,
    )
