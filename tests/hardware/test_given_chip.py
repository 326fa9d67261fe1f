"""Training of one given chip, whose faults stay."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax import InvalidInput
from rfjax.data import FixedSplit
from rfjax.hardware import Dead, GivenChip, Spread, Stuck, fabricated
from rfjax.training import Checkpoints, classification, fit
from tests.hardware.chips import KEY, LINEAR

FAULTS = (Spread("frequency", 0.002), Stuck(0.4, at=0.3), Dead(0.2))
ROWS = np.random.default_rng(0).random((40, 8))
LABELS = np.argmax(ROWS[:, :3], axis=1)
LOSS = GivenChip(FAULTS, key=KEY)


def trained_on(loss, **options):
    """The network that is written, after training."""
    return fit(
        LINEAR,
        ROWS,
        LABELS,
        split=FixedSplit(),
        keys=KEY,
        epochs=options.pop("epochs", 10),
        batch_size=10,
        optimiser=optax.adam(0.03),
        loss=loss,
        **options,
    )[0]


@pytest.fixture(scope="module")
def trained():
    return trained_on(LOSS)


def detuning(network):
    return network.layers[0].array.detuning


def test_it_is_printed_with_its_key():
    assert repr(GivenChip(Stuck(0.1), key=jax.random.key(3))).startswith(
        "GivenChip(Stuck(fraction=0.1, at=0), key=key [0, 3])"
    )


def test_a_run_on_another_chip_is_not_gone_on_with(tmp_path):
    trained_on(LOSS, epochs=1, checkpoints=Checkpoints(tmp_path))
    other = GivenChip(FAULTS, key=jax.random.key(7))
    with pytest.raises(InvalidInput, match="are of another loss;"):
        trained_on(other, checkpoints=Checkpoints(tmp_path, resume=True))


def test_the_loss_is_that_of_the_chip(trained):
    rows, labels = jnp.asarray(ROWS), jnp.asarray(LABELS)
    chip = fabricated(trained, FAULTS, key=KEY)
    assert np.isclose(LOSS(trained, rows, labels), classification(chip, rows, labels), rtol=1e-6)


def test_training_helps_the_chip_around_its_faults(trained):
    before, after = (fabricated(each, FAULTS, key=KEY) for each in (LINEAR, trained))
    stuck = np.asarray(detuning(before) == 0.3)
    assert 0 < stuck.mean() < 1
    assert np.array_equal(detuning(after) == 0.3, stuck)
    dead = np.asarray(after.layers[0].array.resonators.antisymmetric == 0)
    assert 0 < dead.mean() < 1
    # Nothing is written where it would not matter.
    assert np.array_equal(detuning(trained) == detuning(LINEAR), stuck | dead)
    rows, labels = jnp.asarray(ROWS), jnp.asarray(LABELS)
    losses = [classification(chip, rows, labels) for chip in (before, after)]
    assert losses[1] < losses[0] - 0.01


def test_a_chip_beyond_what_is_prepared_is_not_covered(trained):
    def covered(loss, model):
        return eqx.filter_jit(lambda model: loss.covered(model))(model)

    assert covered(LOSS, trained)
    assert not covered(GivenChip(Spread("frequency", 0.1), key=KEY), trained)


class Beyond(GivenChip):
    """A loss of a chip for which nothing can be prepared."""

    def covered(self, model):
        return jnp.asarray(False)


def test_training_does_not_go_on_with_a_chip_beyond_what_is_prepared():
    with pytest.raises(InvalidInput, match="can be prepared for"):
        trained_on(Beyond(Dead(0.0), key=KEY))
