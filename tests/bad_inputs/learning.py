"""Training, data and figures."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import optax

from rfjax import data, experiments, plotting, training
from tests.bad_inputs.case import Case, case
from tests.bad_inputs.objects import (
    ENSEMBLE,
    FIGURE,
    HISTORY,
    INPUTS,
    KEY,
    LABELS,
    PANELS,
    PERCEPTRON,
)


def fitted(model=ENSEMBLE, inputs=INPUTS, labels=LABELS, **options):
    settings = {
        "split": data.FixedSplit(),
        "keys": jax.random.split(KEY, 2),
        "epochs": 1,
        "batch_size": 2,
        "optimiser": optax.sgd(0.1),
    } | options
    return training.fit(model, inputs, labels, **settings)


def written(**options):
    with tempfile.TemporaryDirectory() as folder:
        return plotting.save(**({"drawn": FIGURE, "path": Path(folder) / "f.png"} | options))


def saved_as(format):
    with plotting.saved_as(format):
        return True


def styled(draw):
    return plotting.styled(draw)()


def trained() -> Iterator[Case]:
    yield case("seed_keys", training.seed_keys, seeds=("seeds", [0, 1]))
    yield case("ensemble", training.ensemble, models=("objects", [PERCEPTRON]))
    yield case("member", training.member, model=("object", ENSEMBLE), index=("index", 0))
    yield case("moved", training.moved, model=("object", ENSEMBLE), other=("object", ENSEMBLE))
    yield case(
        "evaluate",
        training.evaluate,
        model=("object", ENSEMBLE),
        inputs=("rows", INPUTS),
        labels=("labels", LABELS),
    )
    yield case(
        "fit",
        fitted,
        model=("object", ENSEMBLE),
        inputs=("rows", INPUTS),
        labels=("labels", LABELS),
        split=("function", data.FixedSplit()),
        keys=("keys", jax.random.split(KEY, 2)),
        epochs=("count", 1),
        batch_size=("count", 2),
        optimiser=("object", optax.sgd(0.1)),
        at_once=("count?", None),
        checkpoints=("object?", None),
        on_epoch=("function?", None),
    )
    logits = np.ones((8, 2))
    for function in (training.cross_entropy, training.accuracy):
        yield case(
            function.__name__,
            function,
            logits=("finite", logits),
            labels=("labels", LABELS),
        )
    yield case("History.from_json", training.History.from_json, text=("history", HISTORY.to_json()))
    yield case("History.of", training.History.of, epochs=("objects", [HISTORY[0]]))
    yield case(
        "Checkpoints",
        training.Checkpoints,
        directory=("directory", "runs"),
        every=("non_negative", 1.0),
        resume=("flag", False),
    )


def divided() -> Iterator[Case]:
    yield case("FixedSplit", data.FixedSplit, test_fraction=("fraction", 0.25))
    yield case("RedrawnSplit", data.RedrawnSplit, test_fraction=("fraction", 0.25))
    yield case("GivenSplit", data.GivenSplit, train=("count", 3))
    yield case(
        "ValidationSplit",
        data.ValidationSplit,
        split=("object", data.FixedSplit()),
        fraction=("fraction", 0.25),
    )
    for split in (
        data.FixedSplit(),
        data.RedrawnSplit(),
        data.ValidationSplit(data.FixedSplit()),
    ):
        yield case(
            f"{type(split).__name__}.__call__",
            split.__call__,
            key=("key", KEY),
            epoch=("anything", 0),
            rows=("count", 8),
        )
    yield case(
        "GivenSplit.__call__", lambda rows: data.GivenSplit(3)(0, rows, key=KEY), rows=("count", 8)
    )
    yield case("load_mnist", data.load_mnist, directory=("folder", None))
    yield case("read_idx", data.read_idx, path=("file", None), limit=("count", 10))


def drawn() -> Iterator[Case]:
    yield case(
        "plotting.figure",
        plotting.figure,
        rows=("count", 1),
        columns=("count", 1),
        width=("number", 1.0),
        aspect=("number", 0.75),
    )
    yield case("plotting.save", written, drawn=("object", FIGURE), path=("path!", None))
    yield case("plotting.saved_as", saved_as, format=("word", "svg"))
    yield case("plotting.epochs_along", plotting.epochs_along, axes=("object", PANELS[0]))
    yield case("plotting.styled", styled, draw=("function", lambda: 1.0))
    yield case("experiments.load", experiments.load, name=("word", "spin-diode"))
