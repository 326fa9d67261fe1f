import jax.numpy as jnp
import numpy as np

from rfjax.experiments.device import four_tones
from tests.experiments.committed import assert_as_documented

PHASES = jnp.array([0.3, 2.0, 4.0, 5.5])


def test_sums_of_weak_tones_are_the_magnetisation():
    weak = four_tones.moved(PHASES, 0.01 * four_tones.FORCE)
    square = np.mean(weak.integrated**2)
    # All three agree as the square of the force: 1e-4 of what they miss by at the printed force.
    for model in weak.models.values():
        assert np.sqrt(np.mean((model - weak.integrated) ** 2) / square) < 1e-5


def test_tones_that_shift_each_others_resonance_are_nearer(tmp_path):
    result = four_tones.run(tmp_path)
    assert_as_documented(result, 1e-3)
    fitted, alone, coupled = (row.rfjax for row in result.rows[1:])
    assert coupled < fitted < alone < 10
