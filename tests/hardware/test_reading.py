import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax import InvalidInput, Resonator, nn
from rfjax.arrays import with_readings
from rfjax.data import FixedSplit
from rfjax.hardware import AmplifierNoise
from rfjax.lines import Line
from rfjax.training import Checkpoints, ensemble, evaluate, fit
from tests.hardware.chips import ARRAY, INPUTS, KEY, LINE, NETWORK

NOISE = AmplifierNoise(1e-6)
NOISY = with_readings(NETWORK, NOISE)
LABELS = np.arange(len(INPUTS)) % 3


def test_without_noise_no_bit_changes():
    still = with_readings(NETWORK, AmplifierNoise(0.0))
    assert np.array_equal(still(INPUTS, key=KEY), NETWORK(INPUTS))
    assert np.array_equal(NETWORK(INPUTS, key=KEY), NETWORK(INPUTS))
    assert eqx.tree_equal(with_readings(NOISY), NETWORK)


def test_noise_is_that_of_the_amplifier():
    powers = jnp.zeros((4000, 8))
    volts = ARRAY.with_readings(NOISE)(powers, key=KEY)
    assert np.allclose(volts.mean(axis=0), 0, atol=5e-6 / 4000**0.5)
    assert np.allclose(volts.std(axis=0), 1e-6, rtol=5 / 8000**0.5)
    alike = np.corrcoef(volts.T) - np.eye(3)
    assert np.abs(alike).max() < 5 / 4000**0.5


def test_a_row_is_read_as_it_is_alone():
    rows = NOISY(INPUTS, key=KEY)
    np.testing.assert_allclose(NOISY(INPUTS[:2], key=KEY), rows[:2], rtol=1e-12)
    keys = jax.vmap(jax.random.fold_in, (None, 0))(KEY, jnp.arange(len(INPUTS)))
    each = [NOISY(row, key=key) for row, key in zip(INPUTS, keys, strict=True)]
    np.testing.assert_allclose(np.stack(each), NOISY(INPUTS, key=keys), rtol=1e-9)
    inner = ARRAY.with_readings(NOISE, NOISE)(jnp.zeros((5, 8)), key=KEY)
    outer = ARRAY.with_readings(NOISE)(jnp.zeros((5, 8)), key=KEY)
    assert not np.allclose(inner, 2 * outer)  # readings of one array draw on their own


def test_evaluations_repeat_and_do_not_depend_on_rows_beside():
    model = ensemble([NOISY, NOISY])
    found = evaluate(model, INPUTS, LABELS, key=KEY)
    again = evaluate(model, INPUTS, LABELS, key=KEY)
    assert eqx.tree_equal(found, again)
    assert found.loss[0] != found.loss[1] != evaluate(ensemble([NETWORK]), INPUTS, LABELS).loss[0]


def test_noise_without_a_key_is_refused():
    for call in (
        lambda: NOISY(INPUTS),
        lambda: eqx.filter_jit(NOISY)(INPUTS),
        lambda: evaluate(ensemble([NOISY]), INPUTS, LABELS),
    ):
        with pytest.raises(InvalidInput, match="no key is given; give key="):
            call()
    with pytest.raises(InvalidInput, match=r"key has shape \(2,\) for rows of shape \(5,\)"):
        NOISY(INPUTS, key=jax.random.split(KEY))


def test_each_patch_of_a_convolution_is_a_reading_of_its_own():
    line = Line.geometric(1e9, 1.1e9, 1, 1e-5)
    filters = nn.Convolution(
        0.3 * jnp.ones((2, 1, 3)), Resonator(line.frequencies), line, readings=(NOISE,)
    )
    powers = jnp.zeros((600, 1, 7))
    volts = filters(powers, key=KEY)
    assert volts.shape == (600, 2, 5)
    assert np.allclose(volts.std(axis=0), 1e-6, rtol=5 / 1200**0.5)
    alike = np.corrcoef(np.asarray(volts).reshape(600, -1).T) - np.eye(10)
    assert np.abs(alike).max() < 5 / 600**0.5
    np.testing.assert_array_equal(filters(powers[:3], key=KEY), volts[:3])


def test_trainings_with_noise_resume(tmp_path):
    def trained(epochs, resume, loss=None):
        options = {} if loss is None else {"loss": loss}
        return fit(
            NOISY,
            np.tile(INPUTS, (4, 1)),
            np.tile(LABELS, 4),
            split=FixedSplit(),
            keys=KEY,
            epochs=epochs,
            batch_size=5,
            optimiser=optax.adam(1e-2),
            checkpoints=Checkpoints(tmp_path / str(loss), resume=resume),
            **options,
        )

    trained(1, False)
    resumed, history = trained(2, True)
    assert LINE.tones == resumed.layers[0].array.tones
    other, whole = fit(
        NOISY,
        np.tile(INPUTS, (4, 1)),
        np.tile(LABELS, 4),
        split=FixedSplit(),
        keys=KEY,
        epochs=2,
        batch_size=5,
        optimiser=optax.adam(1e-2),
    )
    assert eqx.tree_equal(resumed, other)
    assert np.array_equal(history.test_loss, whole.test_loss)
