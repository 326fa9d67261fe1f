"""A small problem to train on: three clouds of points in a plane, which a straight cut separates.

Run as a program, it trains on them with checkpoints, slowly enough to be killed on the way.
`python -m tests.training.problem DIRECTORY EPOCHS PAUSE [resume]` prints each epoch's number, and
at the end writes the history and the parameters to `DIRECTORY/end.npz`.
"""

import sys
import time
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import optax

from rfjax.nn import Weights
from rfjax.training import Checkpoints, ensemble, fit

ADAM = optax.adam(0.05)


def clouds(rows=90):
    random = np.random.default_rng(1)
    labels = np.arange(rows) % 3
    centres = np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]])
    return centres[labels] + 0.05 * random.standard_normal((rows, 2)), labels


def split(epoch, rows, *, key):
    order = jax.random.permutation(key, rows)
    return order[: 2 * rows // 3], order[2 * rows // 3 :]


def seeds(count=2):
    return jax.random.split(jax.random.key(7), count)


def weights(key, inputs=2, outputs=3):
    return Weights(eqx.nn.Linear(inputs, outputs, key=key))


def networks(keys):
    return ensemble([weights(key) for key in keys])


def train(keys=None, epochs=4, model=None, data=None, **options):
    keys = seeds() if keys is None else keys
    settings = {"split": split, "batch_size": 8, "optimiser": ADAM} | options
    return fit(
        networks(keys) if model is None else model,
        *(clouds() if data is None else data),
        keys=keys,
        epochs=epochs,
        **settings,
    )


def main(directory: Path, epochs: int, pause: float, resume: bool):
    def report(epoch, metrics):
        print(epoch, flush=True)
        time.sleep(pause)

    checkpoints = Checkpoints(directory / "checkpoints", resume=resume, every=0.0)
    model, history = train(epochs=epochs, checkpoints=checkpoints, on_epoch=report)
    leaves = jax.tree.leaves((eqx.filter(model, eqx.is_array), history))
    np.savez(directory / "end.npz", *map(np.asarray, leaves))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), "resume" in sys.argv[4:])
