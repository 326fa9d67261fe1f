"""Arrays whose models have to know their tones: they are scheduled for the line of the array."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from rfjax import InvalidInput, Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine, covered, prepared
from rfjax.data import FixedSplit
from rfjax.nn import mlp
from rfjax.rectifiers import Dynamic, HarmonicBalance, Independent
from rfjax.training import ensemble, fit, seed_keys

TONES = np.array([200e6, 206e6, 212e6])
LINE = Line(TONES, 1e-5)
DEVICES = Resonator(TONES)
DETUNING = jnp.array([[0.1, -0.2, 0.1], [0.05, 0.2, -0.1]])
POWERS = jnp.array([[1e-5, 4e-6, 0.0], [2e-6, 1e-5, 7e-6]])
BALANCE, DYNAMIC = HarmonicBalance(order=1), Dynamic(settling=2.0, tolerance=5e-3)

called = eqx.filter_jit(ResonatorArray.__call__)


def array_of(rectifier, **settings):
    return ResonatorArray(DETUNING, DEVICES, LINE, rectifier, **settings)


@pytest.fixture(scope="module", params=[BALANCE, DYNAMIC], ids=["balance", "dynamic"])
def array(request):
    return array_of(request.param)


def directly(array, rectifier, powers):
    """Head to tail, with a model that is scheduled by hand."""
    tuned = array.resonators.detuned(array.detuning)
    settings = {"widest": 0.5, "powers": LINE.peak_powers} if rectifier is DYNAMIC else {}
    each = eqx.filter_jit(rectifier.scheduled(tuned, TONES, **settings))(tuned, powers, TONES)
    return each[..., 0] - each[..., 1] + each[..., 2]


def test_an_array_is_the_model_scheduled_by_hand_also_inside_of_jit(array):
    assert array.evaluation.is_exact
    assert array.error() == 0
    expected = directly(array, array.rectifier, POWERS)
    # Steps may differ a little; a model of order 1 has none.
    allowed = 1e-2 if array.rectifier is DYNAMIC else 1e-9
    assert np.max(np.abs(called(array, POWERS) - expected)) < allowed * np.max(np.abs(expected))


def test_it_knows_its_tones_detunings_and_powers_and_refuses_others(array):
    def moved(where, value):
        return eqx.tree_at(where, array, value)

    assert array.covered()
    for other in (
        moved(lambda array: array.line.frequencies, LINE.frequencies * 1.001),
        moved(lambda array: array.line.peak_powers, 2 * LINE.peak_powers),
        moved(lambda array: array.detuning, 20 * DETUNING),
    ):
        assert not other.covered()
        assert np.isnan(called(other, POWERS)).all()
    farther = moved(lambda array: array.detuning, 6 * DETUNING)
    assert covered(prepared(farther))


def test_eager_calls_are_scheduled_for_stronger_powers_which_have_no_answer_in_jit():
    array = array_of(BALANCE)
    assert np.isnan(called(array, 3 * POWERS)).all()
    np.testing.assert_allclose(array(3 * POWERS), directly(array, BALANCE, 3 * POWERS), rtol=1e-9)


def test_alone_in_their_resonators_tones_are_rectified_one_by_one():
    alone = called(array_of(Independent(), wiring=OwnTone(), tolerance=None), POWERS)
    found = called(array_of(BALANCE, wiring=OwnTone()), POWERS)
    np.testing.assert_allclose(found, alone, rtol=1e-5)
    found = called(array_of(DYNAMIC, wiring=OwnTone()), POWERS)
    assert np.max(np.abs(found - alone)) < 2e-2 * np.max(np.abs(alone))


def test_devices_that_move_faster_than_the_step_allows_are_not_covered():
    array = array_of(DYNAMIC)
    stiff = eqx.tree_at(lambda array: array.resonators.nonlinear_shift, array, jnp.asarray(50.0))
    assert not stiff.covered()
    assert prepared(stiff).covered()


def test_a_range_that_reaches_no_frequency_gives_way_to_a_narrower_one():
    wide = Resonator(TONES, damping=0.1)
    array = ResonatorArray(jnp.array([[6.0, 0.0, 0.0]]), wide, LINE, BALANCE)
    assert array.evaluation.half_width == 8
    assert np.isfinite(called(array, POWERS)).all()
    with pytest.warns(UserWarning, match="no resonance has a detuning of -16 linewidths"):
        assert ResonatorArray(1.5 * array.detuning, wide, LINE, BALANCE).evaluation is None


def test_tones_that_never_repeat_are_refused_where_the_array_is_made():
    line = Line.geometric(200e6, 212e6, 3, 1e-5)
    with pytest.raises(InvalidInput, match="never repeat"):
        ResonatorArray(DETUNING, Resonator(line.frequencies), line, BALANCE, SharedLine())


def test_it_trains_and_is_prepared_anew_where_detunings_leave_their_range():
    draws, keys = seed_keys([0])
    network = mlp((2,), lines=LINE, resonators=Resonator(1e9), key=draws[0], rectifier=BALANCE,
                  spread=0.1)  # fmt: skip
    inputs, labels = jnp.tile(POWERS, (4, 1)), np.tile([0, 1], 4)
    trained, history = fit(
        ensemble([network]), inputs, labels, split=FixedSplit(0.25), keys=keys, epochs=6,
        batch_size=6, optimiser=optax.adam(0.2),
    )  # fmt: skip
    before, after = network.layers[0].array, trained.layers[0].array
    assert after.evaluation.half_width > before.evaluation.half_width
    assert history.train_loss[-1, 0] < history.train_loss[0, 0]
    assert covered(trained)
