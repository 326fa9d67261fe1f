import equinox as eqx
import jax
import numpy as np

from rfjax import Line, Resonator
from rfjax.arrays import OwnTone, covered, with_rectifier
from rfjax.nn import Network, cnn, mlp
from rfjax.rectifiers import Independent, Linear
from rfjax.training import ensemble, member

LINE = Line.geometric(1e9, 1.2e9, 6, 1e-4)
INPUTS = jax.random.uniform(jax.random.key(1), (5, 6))
logits = eqx.filter_jit(Network.__call__)


def dense(rectifier, seed=0):
    key, devices = jax.random.key(seed), Resonator(1e9, damping=0.005)
    return mlp((3,), lines=LINE, resonators=devices, key=key, rectifier=rectifier, spread=1.0)


def test_what_was_made_with_one_model_computes_as_if_made_with_another():
    made = [dense(Linear(), seed) for seed in (0, 1)]
    moved = with_rectifier(ensemble(made), Independent())
    assert covered(moved)
    for seed in (0, 1):
        one, expected = member(moved, seed), dense(Independent(), seed)
        # Prepared for the detunings of both seeds: alike to the tolerance of the fast evaluation.
        scale = np.abs(logits(expected, INPUTS)).max()
        np.testing.assert_allclose(logits(one, INPUTS), logits(expected, INPUTS), atol=2e-5 * scale)
        assert np.abs(logits(one, INPUTS) - logits(made[seed], INPUTS)).max() > 1e-3 * scale


def test_filters_move_too():
    options = {"band": (1e9, 1.2e9), "power": 1e-5, "key": jax.random.key(0), "tolerance": None}
    network = cnn(
        (1, 4, 4), (2,), (3,), kernel=(3, 3), pool=(1, 1), resonators=Resonator(1e9),
        rectifier=Linear(), wiring=OwnTone(), **options,
    )  # fmt: skip
    moved = with_rectifier(network, Independent("upper"))
    found = [layer.array for layer in moved.layers_with("array")]
    assert [getattr(each, "array", each).rectifier for each in found] == 2 * [Independent("upper")]
