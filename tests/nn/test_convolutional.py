"""Convolutional networks of resonators and oscillators."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import InvalidInput
from rfjax.data import GivenSplit
from rfjax.nn import ConvolutionalNetwork, FieldLineDense, SharedLineDense, max_pool
from rfjax.rectifiers import Independent, Linear
from rfjax.training import ensemble, fit
from tests.helpers import slope_at
from tests.nn.architectures import architectures

SMALL = {"image": (2, 7, 6), "filters": (3, 2), "kernel": (2, 2), "pool": (2, 1), "outputs": (4, 3)}
FEATURES = 84

logits = eqx.filter_jit(ConvolutionalNetwork.__call__)


def network(key=0, **options):
    return ConvolutionalNetwork.create(
        jax.random.key(key), **SMALL | {"rectifier": Linear()} | options
    )


def line(**options):
    """A network of one axis of space, which compiles fast."""
    sizes = {"image": (1, 6), "filters": (2,), "kernel": (3,), "pool": (2,), "outputs": (2,)}
    return ConvolutionalNetwork.create(jax.random.key(0), **sizes | options)


@pytest.mark.parametrize("dense", [FieldLineDense, SharedLineDense])
def test_it_is_its_blocks_and_its_perceptron_in_turn(dense):
    model = network(line=dense)
    rows = jax.random.uniform(jax.random.key(1), (5, FEATURES))
    values = rows.reshape(5, 2, 7, 6)
    for block in model.blocks:
        convolution = block.line
        volts = convolution(values * convolution.peak_powers)
        currents = block.gain * volts / block.unit + block.offset.reshape(-1, 1, 1)
        values = model.activation(max_pool(currents, (2, 1)))
    assert values.shape == (5, 2, 1, 4)
    expected = model.dense(values.reshape(5, 8))
    np.testing.assert_allclose(logits(model, rows), expected, rtol=1e-10)
    assert isinstance(model.dense.layers[0].line, dense)


@given(architectures(), st.sampled_from([(), (2,), (2, 3)]))
@settings(max_examples=8)
def test_any_depth_and_any_axes_of_space(architecture, batch):
    def made(key, rows):
        model = ConvolutionalNetwork.create(key, rectifier=Linear(), **architecture)
        return model, model(rows)

    rows = jnp.ones((*batch, int(np.prod(architecture["image"]))))
    model, found = eqx.filter_eval_shape(made, jax.random.key(0), rows)
    assert found.shape == (*batch, architecture["outputs"][-1])
    assert [block.offset.size for block in model.blocks] == list(architecture["filters"])


@pytest.mark.parametrize("rectifier", [Linear(), Independent()])
def test_slopes_are_those_of_differences(rectifier):
    model = line(rectifier=rectifier, power=3e-3, tolerance=1e-9)
    rows = jax.random.uniform(jax.random.key(1), (2, 6))
    trained, rest = eqx.partition(model, model.trainable())
    assert len(jax.tree.leaves(trained)) == 6
    weights = jnp.array([1.0, -2.0])

    @eqx.filter_jit
    def total(part):
        return jnp.sum(eqx.combine(part, rest)(rows) @ weights)

    slopes = eqx.filter_jit(jax.grad(total))(trained)
    assert all(
        np.isfinite(leaf).all() and np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(slopes)
    )
    along = jax.tree.map(lambda leaf: jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape), trained)
    found = sum(
        jnp.sum(slope * step)
        for slope, step in zip(jax.tree.leaves(slopes), jax.tree.leaves(along), strict=True)
    )

    def moved(step):
        return total(jax.tree.map(lambda leaf, to: leaf + step * to, trained, along))

    np.testing.assert_allclose(found, slope_at(moved, 0.0, 1e-5), rtol=1e-5)


def test_neurons_start_where_they_emit():
    model = ConvolutionalNetwork.create(
        jax.random.key(0), image=(1, 16, 16), filters=(4, 8), kernel=(3, 3), rectifier=Linear()
    )
    # Strokes of a pen: few pixels, but bright ones.
    rows = 0.8 * jax.random.bernoulli(jax.random.key(1), 0.16, (50, 256))
    values = rows.reshape(50, 1, 16, 16)
    through = eqx.filter_jit(lambda block, values: max_pool(block(values), model.pool))
    for block in model.blocks:
        currents = through(block, values)
        silent, clamped = jnp.mean(currents < 1), jnp.mean(currents > 4)
        assert silent < 0.25
        assert clamped < 0.4
        assert jnp.mean(jnp.std(currents, axis=0)) > 0.3
        values = model.activation(currents)
    assert 0.2 < jnp.std(logits(model, rows), axis=0).mean() < 2


def test_it_learns_to_tell_bars_by_their_direction():
    rng = np.random.default_rng(0)
    images = 0.1 * rng.random((64, 6, 6))
    for image, (place, upright) in zip(images, zip(rng.integers(0, 6, 64), np.arange(64) % 2)):
        (image if upright else image.T)[place] = 1
    _, history = fit(
        ensemble([_small(key) for key in range(2)]),
        images.reshape(64, 36),
        np.arange(64) % 2,
        split=GivenSplit(48),
        keys=jax.random.split(jax.random.key(0), 2),
        epochs=30,
        batch_size=16,
        optimiser=optax.adam(0.02),
    )
    assert history.test_accuracy[-1].min() >= 0.9


def _small(key):
    return ConvolutionalNetwork.create(
        jax.random.key(key),
        image=(1, 6, 6),
        filters=(4,),
        kernel=(3, 3),
        outputs=(2,),
        rectifier=Linear(),
    )


def test_it_is_adapted_only_where_it_must_be():
    model = line(rectifier=Independent())
    assert model.adapted() is model
    chains = model.blocks[0].line.chains
    wider = eqx.tree_at(
        lambda model: model.blocks[0].line.chains.detuning,
        model,
        jnp.full_like(chains.detuning, 60.0),
    )
    adapted = wider.adapted()
    assert eqx.tree_equal(adapted.dense, wider.dense)
    found = adapted.blocks[0].line.chains.interpolation
    assert found is None or found.half_width > chains.interpolation.half_width


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": (7, 6)}, r"image is \(7, 6\), kernel \(2, 2\) and pool \(2, 1\); give \(chan"),
        ({"pool": (2,)}, r"pool \(2,\); give"),
        ({"filters": ()}, "filters is empty; give"),
        ({"filters": (3, 0)}, "filters is 0; it must be a whole number above zero"),
        ({"kernel": (8, 2)}, r"a window \(8, 2\) does not fit into space \(7, 6\)"),
        ({"filters": (3, 2, 2)}, r"a window \(2, 2\) does not fit into space \(1, 4\)"),
        ({"outputs": ()}, "outputs is empty; give"),
        ({"band": (2e9, 1e9)}, "highest - lowest"),
        (
            {"spread": 0.0},
            "norm of the weights, without a given gain, is 0.0; it must be finite and above",
        ),
        ({"gain": -1.0}, "gain is -1.0"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        network(**change)


def test_inputs_that_are_no_images_are_refused():
    with pytest.raises(InvalidInput, match=r"give \(..., 84\), the pixels of images \(2, 7, 6\)"):
        network()(jnp.ones((3, 83)))
