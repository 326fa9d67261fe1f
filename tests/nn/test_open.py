"""What is built from outside, without touching a room: a model, neurons and a non-ideality."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax import Line, Resonator
from rfjax.arrays import OwnTone, SharedLine, covered
from rfjax.data import FixedSplit
from rfjax.nn import AbstractActivation, Network, ReadOut, Synapses, mlp, twin
from rfjax.numerics.parameters import fixed, trainable
from rfjax.rectifiers import Linear
from rfjax.rectifiers.base import AbstractRectifier
from rfjax.rectifiers.fast import AbstractEvaluation
from rfjax.training import ensemble, fit, member
from tests.arrays.lines import DETUNING, LINE, POWERS, array, volts

LINES = Line.geometric(1e9, 2e9, 6, 1e-5), Line.geometric(1e9, 2e9, 4, 1e-5)
ROWS = jax.random.uniform(jax.random.key(1), (24, 6))
LABELS = np.arange(24) % 3
logits = eqx.filter_jit(Network.__call__)


def network(key=0, **options):
    options = {"rectifier": Linear(), "lines": LINES, "resonators": Resonator(1e9)} | options
    return mlp((4, 3), key=jax.random.key(key), **options)


def trained(models, **options):
    return fit(
        ensemble(models),
        ROWS,
        LABELS,
        split=FixedSplit(),
        keys=jax.random.split(jax.random.key(2), len(models)),
        epochs=2,
        batch_size=8,
        optimiser=optax.adam(0.05),
        **options,
    )


class Saturated(AbstractRectifier):
    """A diode whose voltage saturates, in ten lines."""

    ceiling: jax.Array = eqx.field(converter=jnp.asarray, default=1e-3)

    def rectify(self, resonators, detuning, powers):
        volts = Linear().rectify(resonators, detuning, powers)
        return self.ceiling * jnp.tanh(volts / self.ceiling)


class Known(AbstractEvaluation):
    """The evaluation of a model without a scale: its limit of small voltages, while they are."""

    widest: jax.Array

    def __call__(self, resonators, detuning, line, powers):
        return SharedLine().directly(Linear(), resonators, detuning, powers, line.frequencies)

    def covers(self, resonators, detuning, line):
        return jnp.all(jnp.abs(detuning) <= self.widest)


class Prepared(Saturated):
    """A model that brings its own preparation."""

    def prepare(self, wanted):
        return Known(jnp.asarray(wanted.half_width)) if wanted.shared else None


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
def test_a_new_model_is_all_that_a_network_needs(wiring):
    weak, strong = (network(rectifier=Saturated(c), wiring=wiring) for c in (1e9, 1e-5))
    linear = network(wiring=wiring, tolerance=None)
    np.testing.assert_allclose(logits(weak, ROWS), logits(linear, ROWS), rtol=1e-6)
    assert np.abs(logits(strong, ROWS) - logits(linear, ROWS)).max() > 1e-3
    model, history = trained([network(rectifier=Saturated(), wiring=wiring)])
    assert (np.diff(history.train_loss, axis=0) < 0).all()
    # What it holds is a device, not a weight.
    assert member(model, 0).layers[0].array.rectifier.ceiling == 1e-3


def test_a_new_model_prepares_its_own_evaluation_which_is_measured():
    fast = array(Prepared(1e6))
    assert isinstance(fast.evaluation, Known)
    assert fast.error() <= fast.tolerance
    np.testing.assert_allclose(volts(fast, POWERS), volts(array(Linear()), POWERS), rtol=1e-4)
    far = eqx.tree_at(lambda it: it.detuning, fast, jnp.asarray(10 * DETUNING))
    assert not covered(far)
    assert far.prepared().covered()
    assert array(Prepared(1e6), OwnTone()).evaluation is None
    # An evaluation that is not what the model gives is not taken.
    with pytest.warns(UserWarning, match="no fast evaluation of 12 tones keeps a tolerance"):
        assert array(Prepared(1e-4), line=LINE).evaluation is None


class Sine(AbstractActivation):
    """Neurons that are no oscillators."""

    def __call__(self, values):
        return (1 + jnp.sin(values)) / 2

    @property
    def middle(self):
        return 0.5


def test_new_neurons_are_all_that_a_network_needs():
    model = network(activation=Sine())
    first, neurons, last = model.layers
    np.testing.assert_array_equal(first.read_out.offset, 0.5)
    np.testing.assert_array_equal(last.read_out.offset, 0)
    expected = last((1 + jnp.sin(first(ROWS))) / 2)
    np.testing.assert_allclose(logits(model, ROWS), expected, rtol=1e-12)
    software = twin(model, key=jax.random.key(3))
    assert software.layers[1] == Sine()
    for each in (model, software):
        before, (after, _) = each, trained([each])
        assert np.isfinite(member(after, 0)(ROWS)).all()
        assert np.abs(member(after, 0)(ROWS) - before(ROWS)).max() > 1e-3


class Drifting(ReadOut):
    """A non-ideality: an amplifier that drifts from chip to chip, and gives no more than it can."""

    drift: jax.Array = fixed(default=0.0)
    ceiling: float = eqx.field(static=True, default=5.0)

    def __call__(self, volts):
        return self.ceiling * jnp.tanh((super().__call__(volts) + self.drift) / self.ceiling)


def drifting(model, key):
    def worse(layer, key):
        ideal = layer.read_out
        drift = 0.3 * jax.random.normal(key, ideal.offset.shape)
        return Synapses(layer.array, Drifting(ideal.gain, ideal.offset, ideal.unit, drift))

    layers = [
        worse(layer, jax.random.fold_in(key, at)) if isinstance(layer, Synapses) else layer
        for at, layer in enumerate(model.layers)
    ]
    return Network(layers)


def test_a_new_non_ideality_is_all_that_a_network_needs():
    model, key = network(), jax.random.key(4)
    worse = drifting(model, key)
    first = worse.layers[0]
    driven = 5 * jnp.tanh((model.layers[0](ROWS) + first.read_out.drift) / 5)
    np.testing.assert_allclose(first(ROWS), driven, rtol=1e-12)
    assert not trainable(worse).layers[0].read_out.drift
    after, history = trained([worse])
    assert (np.diff(history.train_loss, axis=0) < 0).all()
    np.testing.assert_array_equal(member(after, 0).layers[0].read_out.drift, first.read_out.drift)
