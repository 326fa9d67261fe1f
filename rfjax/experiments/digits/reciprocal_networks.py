"""Networks that settle, for the digits: how they are made, trained and compared."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
import optax
from jaxtyping import Array, Float, Key

from rfjax import nn
from rfjax.data import FixedSplit, Split, load_digits
from rfjax.devices import Resonator
from rfjax.experiments.digits.networks import (
    CLASSES,
    DAMPING,
    HIGHEST,
    LOWEST,
    PIXELS,
    POWER,
    TEST_FRACTION,
)
from rfjax.hardware import AbstractEffect
from rfjax.lines import Line
from rfjax.numerics.parameters import trainable
from rfjax.rectifiers import AbstractRectifier
from rfjax.training import EquilibriumError, EquilibriumPropagation, accuracy, fit, seed_keys

HIDDEN, BATCH_SIZE = 64, 20
GAINS, SPREAD, RATE = (3.0, 0.6), 0.1, 0.006  # chosen on rows held back from training rows
NUDGE = 0.5  # threshold currents at an error of full power
Loss = EquilibriumError | EquilibriumPropagation
_OPTIMISER = optax.adam(RATE)


class Trained(NamedTuple):
    """Networks of all seeds, trained alike.

    **Arguments:** `networks`, one a seed; accuracies on `test` and `train` rows, from 0 to 1,
    (epochs, seeds); `settled`: the share of the test rows that settled in the end, (seeds,).
    """

    networks: Sequence[nn.ReciprocalNetwork]
    test: Float[np.ndarray, "epochs seeds"]
    train: Float[np.ndarray, "epochs seeds"]
    settled: Float[np.ndarray, " seeds"]


def nudged(nudge: float = NUDGE, other: float | None = None) -> EquilibriumPropagation:
    """Equilibrium propagation between two nudges, opposite ones if one is given."""
    return EquilibriumPropagation((nudge, -nudge if other is None else other))


def network(
    key: Key[Array, ""], rectifier: AbstractRectifier | None = None, power: float = POWER
) -> nn.ReciprocalNetwork:
    """A hidden layer of oscillators, on the comb of Fig. 53 throughout.

    **Arguments:** `key` of the random draw; `rectifier`: `Linear` if none is given; `power` of the
    first tone of each line at most, W.
    """
    lines = [Line.geometric(LOWEST, HIGHEST, n, power) for n in (PIXELS, HIDDEN, CLASSES)]
    return nn.reciprocal(
        (HIDDEN, CLASSES),
        lines=lines,
        resonators=Resonator(LOWEST, damping=DAMPING),
        key=key,
        gains=GAINS,
        rectifier=rectifier,
        spread=SPREAD,
    )


def trained(
    loss: Loss,
    seeds: int,
    epochs: int,
    *,
    rows: int | None = None,
    effect: AbstractEffect | None = None,
    create: Callable[[Key[Array, ""]], nn.ReciprocalNetwork] = network,
    split: Split | None = None,
) -> Trained:
    """Train networks that settle on the digits, one seed after the other, by one program.

    **Arguments:** `loss`; `seeds`; `epochs`; `rows` of the digits, all if none are given; `effect`
    on the twins, another chip for each seed; `create`: a network from a key; `split`, drawn once
    for each seed if none is given.
    """
    images, digits = (each[:rows] for each in load_digits())
    split = FixedSplit(TEST_FRACTION) if split is None else split
    found = []
    for start, order in zip(*seed_keys(range(seeds)), strict=True):
        model = with_chip(create(start), effect, start)
        model, history = fit(
            model,
            images,
            digits,
            split=split,
            keys=order,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            optimiser=_OPTIMISER,
            loss=loss,
        )
        _, test = split(epochs - 1, len(digits), key=order)
        _, converged = _evaluated(model, images[test])
        settled = np.mean(converged)
        found.append((model, history.test_accuracy[:, 0], history.train_accuracy[:, 0], settled))
    networks, test, train, settled = zip(*found, strict=True)
    return Trained(networks, np.stack(test, 1), np.stack(train, 1), np.asarray(settled))


def moved_to_chips(found: Trained, effect: AbstractEffect) -> Float[np.ndarray, " seeds"]:
    """Test accuracies of networks that were trained elsewhere, on the chips of an effect."""
    images, digits = load_digits()
    accuracies = []
    starts, orders = seed_keys(range(len(found.networks)))
    for model, start, order in zip(found.networks, starts, orders, strict=True):
        _, test = FixedSplit(TEST_FRACTION)(0, len(digits), key=order)
        outputs, _ = _evaluated(with_chip(model, effect, start), images[test])
        accuracies.append(float(accuracy(outputs, digits[test])))
    return np.asarray(accuracies)


def with_chip(
    model: nn.ReciprocalNetwork, effect: AbstractEffect | None, key: Key[Array, ""]
) -> nn.ReciprocalNetwork:
    """A network with the twins of the chip that belongs to the key of a seed."""
    return model.with_mismatch(effect, key=jax.random.fold_in(key, 1) if effect else None)


def gradient_errors(
    model: nn.ReciprocalNetwork, losses: Mapping[Any, Loss], rows: int
) -> dict[Any, tuple[float, float]]:
    """How far estimates of the derivative are from the exact one, on the first digits.

    **Arguments:** `model`; `losses` by name; `rows`.

    **Returns:** by name the size of the error relative to the derivative, and the cosine between
    the two.
    """
    images, digits = (each[:rows] for each in load_digits())
    exact = _derivative(EquilibriumError(), model, images, digits)
    found = {}
    for name, loss in losses.items():
        ours = _derivative(loss, model, images, digits)
        size = np.linalg.norm(exact)
        cosine = np.dot(ours, exact) / (np.linalg.norm(ours) * size)
        found[name] = float(np.linalg.norm(ours - exact) / size), float(cosine)
    return found


def _derivative(loss, model, images, digits) -> Float[np.ndarray, " parameters"]:
    leaves = jax.tree.leaves(_slopes(loss, model, images, digits))
    return np.concatenate([np.ravel(np.asarray(leaf, np.float64)) for leaf in leaves])


@eqx.filter_jit
def _slopes(loss, model, images, digits):
    trains, rest = eqx.partition(model, trainable(model))
    return jax.grad(lambda part: loss(eqx.combine(part, rest), images, digits))(trains)


@eqx.filter_jit
def _evaluated(model, images):
    found = model.equilibrium(images)
    return found.shares[-1], found.converged
