import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax import nn
from rfjax.data import FixedSplit
from rfjax.devices import Resonator
from rfjax.hardware import NoiseAware, Spread, fabricated, monte_carlo
from rfjax.rectifiers import Linear
from rfjax.training import Checkpoints, classification, fit
from tests.hardware.chips import KEY, LINE

EFFECTS = (Spread("frequency", 0.002), Spread("damping", 0.03))
ROWS = np.random.default_rng(0).random((90, 8))
LABELS = (np.argmax(ROWS[:, :3] + 0.3 * ROWS[:, 3:6], axis=1)).astype(int)
OPTIMISER, SPLIT = optax.adam(0.03), FixedSplit()  # one object each: training compiles once
START = nn.mlp(
    (3,),
    lines=LINE,
    resonators=Resonator(1e9),
    key=jax.random.key(2),
    spread=0.1,
    rectifier=Linear(),
    gain=30.0,
)


def trained(epochs=20, network=START, **options):
    settings = {"loss": NoiseAware(EFFECTS), "keys": KEY} | options
    return fit(
        network,
        ROWS,
        LABELS,
        split=SPLIT,
        epochs=epochs,
        batch_size=10,
        optimiser=OPTIMISER,
        **settings,
    )


@pytest.fixture(scope="module")
def plain():
    return trained(loss=classification)[0]


def test_the_loss_is_the_mean_over_chips():
    keys = jax.random.split(KEY, 2)
    each = []
    for key in keys:
        made, _ = jax.random.split(key)
        chip = fabricated(START, EFFECTS, key=made)
        each.append(classification(chip, jnp.asarray(ROWS), jnp.asarray(LABELS)))
    found = NoiseAware(EFFECTS, chips=2)(START, jnp.asarray(ROWS), jnp.asarray(LABELS), key=KEY)
    assert np.isclose(found, np.mean(each), rtol=1e-4)


def test_training_with_draws_makes_better_chips_and_resumes(plain, tmp_path):
    aware, history = trained(checkpoints=Checkpoints(tmp_path))
    losses = [
        monte_carlo(each, EFFECTS, ROWS, LABELS, key=jax.random.key(9), chips=40).loss.mean()
        for each in (aware, plain)
    ]
    assert losses[0] < 0.8 * losses[1]
    trained(10, checkpoints=Checkpoints(tmp_path / "resumed"))
    again, whole = trained(checkpoints=Checkpoints(tmp_path / "resumed", resume=True))
    assert eqx.tree_equal(aware, again)
    assert np.array_equal(history.train_loss, whole.train_loss)


def test_a_given_chip_is_tuned_in_place(plain):
    chip = fabricated(plain, EFFECTS, key=jax.random.key(4))
    tuned, history = trained(20, chip, loss=classification)
    there = classification(chip, jnp.asarray(ROWS), jnp.asarray(LABELS))
    assert history.train_loss[-1, 0] < 0.5 * there
    assert np.array_equal(
        tuned.layers[0].array.resonators.damping, chip.layers[0].array.resonators.damping
    )
