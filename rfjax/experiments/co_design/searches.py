"""Searches for a design: by one gradient, at random, and by Optuna's TPE.

An evaluation is one training of the detunings and the read-out. The gradient moves the devices in
it; the others are given their devices, and see the validation loss afterwards.
"""

import importlib.util
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from rfjax.experiments.co_design.designs import BOUNDS, NOMINAL, Design, Trained

# Designs, one a seed, to what training made of them.
Evaluation = Callable[[Sequence[Design]], Trained]


class Found(NamedTuple):
    """What a search found.

    **Arguments:** `trained`: every evaluation, first to last; `seconds` of each.
    """

    trained: list[Trained]
    seconds: Float[np.ndarray, " evaluations"]

    def best(self, evaluations: int | None = None) -> Float[np.ndarray, " seeds"]:
        """The smallest validation loss of each seed, of the first evaluations or of all."""
        return self.losses[:evaluations].min(axis=0)

    def chosen(self, name: str) -> Float[np.ndarray, " seeds"]:
        """A score of the design that is best on validation rows, for each seed."""
        scores = np.array([getattr(each, name) for each in self.trained])
        return np.take_along_axis(scores, self.losses.argmin(axis=0)[None], axis=0)[0]

    @property
    def losses(self) -> Float[np.ndarray, "evaluations seeds"]:
        """The validation losses, nats."""
        return np.array([each.validation for each in self.trained])


def at_random(evaluate: Evaluation, evaluations: int, seeds: int, stream: int = 0) -> Found:
    """Designs drawn between the bounds on a logarithmic scale; the first is the nominal one.

    **Arguments:** `evaluate`; `evaluations`; `seeds`; `stream` of the random numbers.
    """
    random = [np.random.default_rng([stream, seed]) for seed in range(seeds)]

    def drawn(seed: int) -> Design:
        return {
            name: float(np.exp(random[seed].uniform(*np.log(bounds))))
            for name, bounds in BOUNDS.items()
        }

    trained, seconds = [], []
    for index in range(evaluations):
        start = time.perf_counter()
        designs = [drawn(seed) if index else NOMINAL for seed in range(seeds)]
        trained.append(evaluate(designs))
        seconds.append(time.perf_counter() - start)
    return Found(trained, np.array(seconds))


def optuna_is_there() -> bool:
    """Whether Optuna is installed (the extra `peers`)."""
    return importlib.util.find_spec("optuna") is not None


def by_tpe(evaluate: Evaluation, evaluations: int, seeds: int) -> Found:
    """Optuna's tree-structured Parzen estimator, one study a seed, with its default settings.

    **Arguments:** as of `at_random`; the first design is the nominal one, too.
    """
    optuna: Any = importlib.import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    studies = [
        optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed)) for seed in range(seeds)
    ]
    for study in studies:
        study.enqueue_trial(dict(NOMINAL))
    trained, seconds = [], []
    for _ in range(evaluations):
        start = time.perf_counter()
        trials = [study.ask() for study in studies]
        designs = [
            {
                name: trial.suggest_float(name, *_inside(bounds), log=True)
                for name, bounds in BOUNDS.items()
            }
            for trial in trials
        ]
        trained.append(evaluate(designs))
        for study, trial, loss in zip(studies, trials, trained[-1].validation, strict=True):
            study.tell(trial, float(loss))
        seconds.append(time.perf_counter() - start)
    return Found(trained, np.array(seconds))


def _inside(bounds: tuple[float, float]) -> tuple[float, float]:
    """Bounds without their ends, which a `Bounded` value does not reach."""
    low, high = bounds
    return low * (1 + 1e-6), high * (1 - 1e-6)
