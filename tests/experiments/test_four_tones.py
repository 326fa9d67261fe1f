import jax.numpy as jnp
import numpy as np

from rfjax.experiments.device import four_tones

PHASES = jnp.array([0.3, 2.0, 4.0, 5.5])


def deviations(motion):
    return [
        np.sqrt(np.mean((model - motion.integrated) ** 2) / np.mean(motion.integrated**2))
        for model in motion.models.values()
    ]


def test_sums_of_weak_tones_are_the_magnetisation(tmp_path):
    weak = four_tones.moved(PHASES, 0.01 * four_tones.FORCE)
    # All three agree as the square of the force: 1e-4 of what they miss by at the printed force.
    assert max(deviations(weak)) < 1e-5
    four_tones._draw(weak, tmp_path / "four_tones.png")
    assert (tmp_path / "four_tones.png").stat().st_size > 50_000


def test_tones_that_shift_each_others_resonance_are_nearer(tmp_path):
    fitted, alone, coupled = deviations(four_tones.moved(PHASES))
    assert coupled < fitted < alone < 0.1
