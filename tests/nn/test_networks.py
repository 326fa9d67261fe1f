"""Networks from `mlp` and `cnn`: what they compute, how they start and what trains in them."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import Chain, OwnTone, SharedLine, covered, prepared
from rfjax.nn import MaxPool, Network, OscillatorActivation, Synapses, cnn, max_pool, mlp, twin
from rfjax.numerics.parameters import trainable
from rfjax.rectifiers import CrossCoupled, Independent, Linear, Linearised
from rfjax.training import ensemble
from tests.arrays.lines import cast
from tests.helpers import slope_at

KEY = jax.random.key(0)
FEATURES = 8
LINE = Line.geometric(1e9, 1.4e9, FEATURES, 2e-3)
SECOND = Line.geometric(1e9, 2e9, 4, 1e-5)
RNG = np.random.default_rng(0)
ROWS = jnp.asarray(RNG.random((2, 4, FEATURES))).at[0, 0].set(0)
wirings = pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])

logits = eqx.filter_jit(Network.__call__)


def perceptron(outputs=(3,), key=KEY, **options):
    options = {"spread": 0.5, "gain": 1.0, "tolerance": 1e-7, "lines": LINE} | options
    return mlp(outputs, key=key, **{"resonators": Resonator(1e9)} | options)


def two_layers(**options):
    options = {
        "lines": (LINE, SECOND),
        "rectifier": Linear(),
        "gain": None,
        "spread": 0.1,
    } | options
    return perceptron((4, 3), **options)


SMALL = {"image": (2, 7, 6), "filters": (3, 2), "kernel": (2, 2), "pool": (2, 1), "outputs": (4, 3)}


def images(**options):
    options = {"band": (1e9, 1e10), "power": 1e-5, "rectifier": Linear(), "key": KEY} | options
    return cnn(**{"resonators": Resonator(1e9)} | SMALL | options)


def trained_leaves(model):
    pairs = jax.tree_util.tree_leaves_with_path(eqx.filter(model, trainable(model)))
    return {jax.tree_util.keystr(path): leaf for path, leaf in pairs}


@pytest.mark.parametrize(
    ("rectifier", "symmetric"), [(None, 0.4), (Linear(), 0.0), (CrossCoupled(), 0.0)]
)
def test_logits_are_amplified_voltages_of_chains(rectifier, symmetric):
    weak = Line(LINE.frequencies, LINE.peak_powers / 4)
    model = perceptron(
        rectifier=rectifier,
        lines=weak,
        resonators=Resonator(1e9, 0.02, symmetric=symmetric),
        tolerance=1e-6,
    )
    (layer,) = model.layers
    read_out = layer.read_out
    assert read_out.gain == 1
    assert (read_out.offset == 0).all()
    model = eqx.tree_at(
        lambda model: (model.layers[0].read_out.gain, model.layers[0].read_out.offset),
        model,
        (jnp.asarray(-1.7), jnp.array([0.3, 0.0, -2.0])),
    )
    frequency = weak.frequencies / (1 + 0.02 * layer.array.detuning)
    chain = Chain(
        Resonator(frequency, damping=0.02, symmetric=symmetric),
        Independent() if rectifier is None else rectifier,
    )
    unit = 6e7 * weak.peak_powers[0] / (0.02 * 2 * np.pi * 1e9)
    np.testing.assert_allclose(read_out.unit, unit, rtol=1e-12)
    volts = chain(ROWS * weak.peak_powers, weak.frequencies)
    expected = volts / unit * -1.7 + np.array([0.3, 0.0, -2.0])
    np.testing.assert_allclose(logits(model, ROWS), expected, rtol=0, atol=5e-6)
    np.testing.assert_array_equal(logits(model, jnp.zeros((2, 4, 8)))[0, 0], [0.3, 0.0, -2.0])


@wirings
def test_a_network_is_its_layers_and_its_oscillators_in_turn(wiring):
    model = two_layers(wiring=wiring)
    first, activation, second = model.layers
    assert first.array.wiring == second.array.wiring == wiring
    share = OscillatorActivation()(first(ROWS))
    assert (share > 0).any()
    expected = second(share)
    np.testing.assert_allclose(logits(model, ROWS), expected, rtol=1e-9)
    assert activation == OscillatorActivation()


@pytest.mark.parametrize("dense_wiring", [None, SharedLine()], ids=["own", "shared"])
def test_a_convolutional_network_is_its_blocks_and_its_perceptron_in_turn(dense_wiring):
    model = images(dense_wiring=dense_wiring)
    rows = jax.random.uniform(jax.random.key(1), (5, 84))
    values, activation = rows.reshape(5, 2, 7, 6), OscillatorActivation()
    blocks = [layer for layer in model.layers_with("array") if layer.array.detuning.ndim == 4]
    for block, count in zip(blocks, (3, 2), strict=True):
        assert block.read_out.offset.shape == (count, 1, 1)
        values = activation(max_pool(block(values), (2, 1)))
    assert values.shape == (5, 2, 1, 4)
    hidden, _, last = model.layers[-3:]
    expected = last(activation(hidden(values.reshape(5, 8))))
    np.testing.assert_allclose(logits(model, rows), expected, rtol=1e-9)
    wiring = OwnTone() if dense_wiring is None else dense_wiring
    assert hidden.array.wiring == last.array.wiring == wiring


@st.composite
def architectures(draw):
    """Sizes of convolutional networks of few pixels, one or two axes of space."""
    axes = draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    pool = tuple(draw(st.integers(1, 2)) for _ in range(axes))
    # Room for a window after every block.
    space = [draw(st.integers(4 * k + 2 * p, 4 * k + 2 * p + 3)) for k, p in zip(kernel, pool)]
    return {
        "image": (draw(st.integers(1, 2)), *space),
        "filters": tuple(draw(st.integers(1, 3)) for _ in range(draw(st.integers(1, 2)))),
        "kernel": kernel,
        "pool": pool,
        "outputs": tuple(draw(st.integers(2, 4)) for _ in range(draw(st.integers(1, 2)))),
        "padding": draw(st.sampled_from(["VALID", "SAME", 1])),
    }


@given(architectures(), st.sampled_from([(), (2,), (2, 3)]), st.booleans())
@settings(max_examples=8, deadline=None)
def test_any_depth_and_any_axes_of_space_and_twins_of_the_same_shapes(sizes, batch, shared):
    def made(key, rows):
        wiring = SharedLine() if shared else OwnTone()
        model = images(key=key, tolerance=None, wiring=wiring, **sizes)
        software = twin(model, key=key)
        weights = [each.linear.weight for each in software.layers_with("linear")]
        detunings = [
            each.array.detuning.reshape(len(each.array.detuning), -1)
            for each in model.layers_with("array")
        ]
        return (model(rows), detunings), (software(rows), weights)

    rows = jnp.ones((*batch, math.prod(sizes["image"])))
    model, software = eqx.filter_eval_shape(made, KEY, rows)
    assert model[0].shape == (*batch, sizes["outputs"][-1])
    assert len(model[1]) == len(sizes["filters"]) + len(sizes["outputs"])
    assert jax.tree.map(jnp.shape, model) == jax.tree.map(jnp.shape, software)


MODELS = {
    "perceptron": (lambda **options: perceptron(**options), FEATURES, 3),
    "layers": (lambda **options: two_layers(**options), FEATURES, 6),
    "images": (
        lambda **options: images(
            image=(1, 6), filters=(2,), kernel=(3,), pool=(2,), outputs=(2,), **options
        ),
        6,
        6,
    ),
}


@pytest.mark.parametrize("rectifier", [Linear(), Independent()], ids=["linear", "independent"])
@pytest.mark.parametrize("name", MODELS)
def test_everything_that_trains_has_the_slope_of_differences(name, rectifier):
    make, features, count = MODELS[name]
    model = make(rectifier=rectifier, tolerance=1e-9)
    rows = jax.random.uniform(jax.random.key(1), (2, features))
    trained, rest = eqx.partition(model, trainable(model))
    assert len(jax.tree.leaves(trained)) == count

    @eqx.filter_jit
    def total(part):
        found = eqx.combine(part, rest)(rows)
        return jnp.sum(found * jnp.cos(1 + jnp.arange(found.shape[-1])))

    slopes = eqx.filter_jit(jax.grad(total))(trained)
    for path, leaf in jax.tree_util.tree_leaves_with_path(slopes):
        assert np.isfinite(leaf).all(), path
        assert np.abs(leaf).max() > 0, path
    along = jax.tree.map(lambda leaf: jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape), trained)

    def moved(step):
        return total(jax.tree.map(lambda leaf, to: leaf + step * to, trained, along))

    sums = jax.tree.leaves(jax.tree.map(lambda one, to: jnp.sum(one * to), slopes, along))
    np.testing.assert_allclose(sum(sums), slope_at(moved, 0.0, 1e-5), rtol=1e-5)


def test_detunings_gain_and_offsets_train_and_nothing_else():
    for model in (two_layers(), two_layers(gradient=Linearised), images()):
        names = {name.rpartition(".")[2] for name in trained_leaves(model)}
        assert names == {"detuning", "gain", "offset"}


def test_a_key_gives_the_same_network_again():
    one, again, other = (perceptron(key=jax.random.key(seed)) for seed in (0, 0, 1))
    assert eqx.tree_equal(one, again)
    assert (one.layers[0].array.detuning != other.layers[0].array.detuning).all()


def test_detunings_spread_as_asked():
    def detuning(spread):
        return perceptron((500,), spread=spread, tolerance=None).layers[0].array.detuning

    wide = detuning(2.0)
    assert abs(np.mean(wide)) < 0.15
    np.testing.assert_allclose(np.std(wide), 2.0, rtol=0.05)
    np.testing.assert_allclose(detuning(0.5), wide / 4, rtol=1e-12)
    assert (detuning(0.0) == 0).all()


def test_neurons_start_where_they_emit():
    model = images(image=(1, 16, 16), filters=(4, 8), kernel=(3, 3), pool=(2, 2), outputs=(10,))
    # Strokes of a pen: few pixels, but bright ones.
    values = 0.8 * jax.random.bernoulli(jax.random.key(1), 0.16, (50, 256))
    for layer in model.layers:
        values = eqx.filter_jit(lambda layer, values: layer(values))(layer, values)
        if isinstance(layer, MaxPool):
            assert jnp.mean(values < 1) < 0.25  # below threshold
            assert jnp.mean(values > 4) < 0.4  # clamped
            assert jnp.mean(jnp.std(values, axis=0)) > 0.3
    assert 0.2 < jnp.std(values, axis=0).mean() < 2


@wirings
def test_the_published_algorithm_has_the_gradient_of_the_linearised_model(wiring):
    model = perceptron(gradient=Linearised, wiring=wiring, tolerance=1e-9)
    (layer,) = model.layers
    np.testing.assert_array_equal(layer.array.gradient.peak_powers, LINE.peak_powers)
    plain = perceptron(wiring=wiring, tolerance=1e-9)
    linearised = perceptron(rectifier=Linearised(LINE.peak_powers), wiring=wiring)
    np.testing.assert_allclose(logits(model, ROWS), logits(plain, ROWS), rtol=1e-12)

    @eqx.filter_jit
    def slope(model):
        def total(detuning):
            where = lambda model: model.layers[0].array.detuning  # noqa: E731
            return jnp.sum(eqx.tree_at(where, model, detuning)(ROWS) @ jnp.array([1.0, -2.0, 0.5]))

        return jax.grad(total)(model.layers[0].array.detuning)

    np.testing.assert_allclose(slope(model), slope(linearised), rtol=1e-9)
    assert np.abs(slope(model) - slope(plain)).max() > 1e-3 * np.abs(slope(plain)).max()


@wirings
def test_the_published_algorithm_goes_to_every_array_of_a_convolutional_network(wiring):
    options = {"rectifier": Independent(), "wiring": wiring, "tolerance": None, "power": 1e-3}
    model, plain = images(gradient=Linearised, **options), images(**options)
    rows = jax.random.uniform(jax.random.key(1), (5, 84))
    np.testing.assert_array_equal(logits(model, rows), logits(plain, rows))
    for layer in model.layers_with("array"):
        array = getattr(layer.array, "array", layer.array)
        np.testing.assert_array_equal(array.gradient.peak_powers, array.line.peak_powers)
    filtered, powers = model.layers[1].array, 1e-3 * rows.reshape(5, 2, 7, 6)
    linearised = eqx.tree_at(
        lambda it: (it.array.rectifier, it.array.gradient),
        filtered,
        (filtered.array.gradient, None),
    )

    @eqx.filter_jit
    @eqx.filter_grad
    def slope(layer):
        return jnp.sum(jnp.sin(jnp.arange(3)) @ layer(powers).reshape(5, 3, -1))

    found, expected, other = (
        slope(each).array.detuning for each in (filtered, linearised, plain.layers[1].array)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.abs(found - other).max() > 1e-3 * np.abs(other).max()


def test_arrays_are_prepared_where_they_must_be_and_all_others_stay():
    model = two_layers(rectifier=Independent())
    assert covered(model)
    assert prepared(model) is model
    wider = eqx.tree_at(
        lambda model: model.layers[0].array.detuning,
        model,
        4 + jnp.zeros((4, FEATURES)),
    )
    assert not covered(wider)
    assert np.isnan(logits(wider, ROWS)).all()
    again = prepared(wider)
    assert covered(again)
    first, _, last = again.layers
    assert first.array.evaluation.half_width > model.layers[0].array.evaluation.half_width
    assert eqx.tree_equal(last, wider.layers[2])
    np.testing.assert_allclose(logits(again, ROWS), wider(ROWS), rtol=1e-4)


def test_single_precision_stays_single_and_agrees_with_double():
    exact = two_layers(rectifier=Independent(), tolerance=1e-9)
    lines = cast((LINE, SECOND), np.float32)
    single = two_layers(rectifier=Independent(), lines=lines, tolerance=1e-5)
    assert {leaf.dtype for leaf in trained_leaves(single).values()} == {np.dtype(np.float32)}
    where = lambda model: [  # noqa: E731
        part for each in model.layers_with("array") for part in (each.array.detuning, each.read_out)
    ]
    exact = eqx.tree_at(where, exact, cast(where(single), np.float64))
    found = logits(single, ROWS.astype(np.float32))
    assert found.dtype == np.float32
    expected = logits(exact, ROWS)
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_no_array_is_held_twice_so_that_models_can_be_donated():
    same = [Line.geometric(1e9, 1.4e9, FEATURES, 2e-3) for _ in range(2)]
    models = (
        perceptron(gradient=Linearised),
        perceptron((8, 8), lines=same, gradient=Linearised, wiring=OwnTone()),
        perceptron((8, 8), lines=same, rectifier=Linear()),
        images(gradient=Linearised),
    )
    for model in models:
        held = [id(leaf) for leaf in jax.tree.leaves(model) if eqx.is_array(leaf)]
        assert len(held) == len(set(held))


def test_devices_may_differ_and_a_measured_one_gets_in():
    damping = jnp.linspace(0.01, 0.02, FEATURES)
    measured = Resonator(1e9, damping, nonlinear_shift=-0.02, symmetric=0.3, drive=1e8)
    model = perceptron(resonators=measured)
    exact = perceptron(resonators=measured, tolerance=None)
    assert model.layers[0].array.evaluation is not None
    np.testing.assert_array_equal(model.layers[0].array.resonators.damping, damping)
    np.testing.assert_allclose(logits(model, ROWS), logits(exact, ROWS), atol=1e-5)


def test_networks_say_what_they_are():
    """Sizes, values and units of all that they hold, in a few lines."""
    model = perceptron(spread=0.0, gain=2.0, tolerance=None, rectifier=CrossCoupled())
    assert repr(Network((*model.layers, jax.nn.relu))) == (
        """Network(28 parameters
  Synapses(
    ResonatorArray(detuning=0 (3, 8), CrossCoupled(), SharedLine()
      Resonator(frequency=1…1.4 GHz (8,), damping=0.01, nonlinear_shift=0.1, nonlinear_damping=1, \
rectification=6e+07 rad/C, drive=2e+08 rad·Hz/√W, antisymmetric=1, symmetric=0)
      Line(frequencies=1…1.4 GHz (8,), peak_powers=2…2.8 mW (8,)))
    ReadOut(gain=2, offset=[0, 0, 0], unit=1.90986 mV))
  relu)"""
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: perceptron((0,)), "outputs is 0; it must be a whole number above zero"),
        (lambda: perceptron(()), "outputs is empty"),
        (lambda: perceptron((4, 3)), "there are 1 lines for 2 layers; give a Line for each"),
        (lambda: two_layers(lines=(LINE, LINE)), "4 chains is followed by a line of 8 tones"),
        (lambda: perceptron(spread=-0.5), "spread is -0.5; it must be finite and zero or above"),
        (lambda: perceptron(gain=0.0), "gain is 0.0; it must be finite and above zero"),
        (lambda: perceptron(gain=None, spread=0.0), "the norm of the weights, without a given"),
        (
            lambda: perceptron(resonators=Resonator([1e9, 2e9])),
            r"shape \(2,\) on a line of 8 tones",
        ),
        (lambda: perceptron(resonators=Resonator(jnp.full(8, 1e9))), "do not stand at the tones"),
        (
            lambda: images(resonators=Resonator(jnp.full(8, 1e9))),
            "frequencies of shape|do not stand",
        ),
        (lambda: perceptron(tolerance=0.0), "tolerance is 0.0; it must be finite and above zero"),
        (lambda: images(image=(7, 6)), r"image is \(7, 6\), kernel \(2, 2\) and pool \(2, 1\)"),
        (lambda: images(pool=(2,)), r"pool \(2,\); give"),
        (lambda: images(filters=()), "filters is empty; give"),
        (lambda: images(band=(2e9, 1e9)), "highest"),
        (lambda: images(power=0.0), "power is 0.0"),
        (lambda: images(image=(1, 3, 3)), "does not fit into space"),
        (lambda: Network(()), "layers is empty"),
        (lambda: two_layers().layers_with("nothing"), "no layer of this network has a field"),
        (lambda: Synapses.at_start(Linear()), "array is .*; give a ResonatorArray"),
    ],
)
def test_what_cannot_be_built_is_refused(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()


@pytest.mark.parametrize("make", [perceptron, two_layers])
def test_inputs_that_cannot_be_used_are_refused(make):
    model = make(tolerance=None)
    for inputs, message in (
        (-ROWS, "inputs.* is -.*; it must be from 0 to 1"),
        (ROWS * jnp.nan, "inputs.* is nan"),
        (ROWS * 255, r"inputs.* is .*; it must be from 0 to 1, .* \[0, 1\]$"),
        (np.ones(3), r"inputs have shape \(3,\); give \(..., 8\)"),
    ):
        with pytest.raises(InvalidInput, match=message):
            model(inputs)
    with pytest.raises(InvalidInput, match=r"ensemble of 2 networks; .*member\(model"):
        ensemble([model, model])(ROWS)
    assert np.isnan(logits(model, ROWS - 2)).all()
