"""Training of arrays that leave the range they are prepared for."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax import Line, Resonator
from rfjax.arrays import OwnTone, SharedLine, covered
from rfjax.experiments.digits import networks as digits
from rfjax.nn import Network, mlp
from rfjax.rectifiers import Independent, Linear
from rfjax.training import Checkpoints, co_design, ensemble, member
from tests.training.problem import clouds, seeds, train

TONES = 6
LINE = Line.geometric(1e9, 1.5e9, TONES, 1e-3)
EXACT = 1e-8  # tolerance


def networks(wiring=None, width=None, count=2, tolerance=1e-5):
    """Classifiers of clouds; with a width, prepared as if detunings were that large."""
    models = [
        mlp(
            (3,),
            lines=LINE,
            resonators=Resonator(1e9),
            key=key,
            rectifier=Independent(),
            wiring=SharedLine() if wiring is None else wiring,
            spread=0.1,
            tolerance=tolerance,
        )
        for key in seeds(count)
    ]
    together = ensemble(models)
    if width is None:
        return together
    where = lambda model: model.layers[0].array.detuning  # noqa: E731
    detuning = where(together)
    wide = eqx.tree_at(where, together, jnp.full_like(detuning, width))
    return eqx.tree_at(where, _prepared(wide), detuning)


def _prepared(model):
    return eqx.tree_at(lambda it: it.layers[0].array, model, model.layers[0].array.prepared())


def data():
    inputs, labels = clouds()
    return np.clip(np.tile(inputs, 3), 0, 1), labels


def trained(model=None, **options):
    options = {"optimiser": optax.sgd(0.5), "epochs": 5, "data": data()} | options
    return train(model=networks() if model is None else model, **options)


def counted(model):
    """The network, and a list that grows whenever it is traced."""
    traces = []

    def note(values):
        traces.append(values.shape)
        return values

    return Network((*model.layers, note)), traces


def width(model):
    return float(model.layers[0].array.evaluation.half_width)


@pytest.fixture
def prepared_widths(monkeypatch):
    """The ranges that training prepares."""
    found = []
    original = co_design.with_evaluations

    def noted(model, arrays):
        after = original(model, arrays)
        found.append(width(after))
        return after

    monkeypatch.setattr(co_design, "with_evaluations", noted)
    return found


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
def test_an_epoch_that_leaves_the_range_is_repeated_with_the_same_result(
    wiring, monkeypatch, prepared_widths
):
    # Training adds up errors of the evaluation, which differ from range to range.
    start, traces = counted(networks(wiring, tolerance=EXACT))
    after = []  # each epoch
    model, history = trained(start, on_epoch=lambda *_: after.append(len(traces)))
    assert prepared_widths == sorted(set(prepared_widths))
    assert len(prepared_widths) >= 2
    assert len(set(after)) <= len(prepared_widths) < len(after)  # compiled once for each range
    assert covered(model)
    assert len(history) == 5
    # The same as one that is prepared wide from the start.
    widest = networks(wiring, width=4.0, tolerance=EXACT)
    monkeypatch.setattr(co_design, "with_evaluations", lambda model, _: _like(model, widest))
    other, expected = trained(widest)
    assert width(other) > prepared_widths[0]
    np.testing.assert_allclose(history.train_loss, expected.train_loss, rtol=1e-5)
    for seed in range(2):
        found, wanted = (member(each, seed)(data()[0]) for each in (model, other))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4 * np.abs(wanted).max())


def _like(model, widest):
    return eqx.tree_at(
        lambda it: it.layers[0].array.evaluation, model, widest.layers[0].array.evaluation
    )


def test_a_range_that_was_widened_is_that_of_the_resumed_run(tmp_path, prepared_widths):
    whole = trained()
    first = list(prepared_widths)
    prepared_widths.clear()
    trained(epochs=3, checkpoints=Checkpoints(tmp_path, every=0.0))
    prepared_widths.clear()
    resumed = trained(checkpoints=Checkpoints(tmp_path, resume=True))
    # It begins where the other one was, not where its own parameters would have it.
    assert prepared_widths[0] in first
    for one, other in zip(*map(jax.tree.leaves, (resumed, whole)), strict=True):
        if eqx.is_array(one) or isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)


def test_without_leaving_the_range_one_program_is_compiled():
    model, traces = counted(networks())
    after = []
    trained(model, optimiser=optax.sgd(1e-4), on_epoch=lambda *_: after.append(len(traces)))
    assert len(after) == 5
    assert len(set(after)) == 1


def test_where_nothing_can_be_prepared_everything_is_computed_directly():
    far = networks(width=0.1)
    where = lambda model: model.layers[0].array.detuning  # noqa: E731
    far = _prepared(eqx.tree_at(where, far, 400 * where(networks())))
    assert far.layers[0].array.evaluation is None
    model, history = trained(far, epochs=2)
    assert model.layers[0].array.evaluation is None
    assert np.isfinite(history.train_loss).all()


def test_the_published_network_of_digits_takes_the_fast_path():
    line = Line.geometric(digits.LOWEST, digits.HIGHEST, 64, 1e-5)
    for rectifier in (Linear(), Independent()):
        model = mlp(
            (10,),
            lines=line,
            resonators=Resonator(1e9, digits.DAMPING),
            key=jax.random.key(0),
            rectifier=rectifier,
            spread=digits.SPREAD,
            gain=digits.GAIN,
        )
        array = model.layers[0].array
        assert array.evaluation is not None
        assert array.evaluation.preset.near < 63  # few pairs one by one
        assert covered(model)
