import numpy as np

from rfjax.experiments.mnist import cnn


def test_the_network_has_as_many_devices_as_published():
    rows = {row.quantity: row for row in cnn.count_rows()}
    for what in ("oscillators", "tones of the largest layer"):
        assert rows[what].rfjax == rows[what].published
    # By hand: along an axis of 28 pixels, padded by one, 26 windows of 5 lose one element at each
    # end; of 13 pixels 11 windows do. Squared, times filters and channels; and 1600 by 10.
    first, second = (5 * 26 - 2) ** 2 * 32, (5 * 11 - 2) ** 2 * 64 * 32
    assert rows["resonators of all outputs at once"].rfjax == first + second + 16_000
    np.testing.assert_allclose(rows["resonators of all outputs at once"].rfjax, 6e6, rtol=0.05)


def test_amplifiers_train_at_the_printed_rate_and_detunings_at_its_share_of_a_linewidth():
    network = cnn.resonators()
    parameters = {"[0].detuning": np.zeros(3), "[0].gain": np.zeros(())}
    optimiser = network.optimiser()
    gradient = {name: np.ones_like(value) for name, value in parameters.items()}
    updates, _ = optimiser.update(gradient, optimiser.init(parameters), parameters)
    np.testing.assert_allclose(updates["[0].detuning"], -0.01, rtol=1e-5)
    np.testing.assert_allclose(updates["[0].gain"], -1e-4, rtol=1e-5)
