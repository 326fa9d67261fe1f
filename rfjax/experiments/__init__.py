"""Published results, built anew from the rooms above: one file a result."""

import dataclasses
import importlib
from types import ModuleType

from rfjax.checks import one_of


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where an experiment stands.

    **Arguments:** `module`: its name; `learns_mnist`: whether its `run` takes an
    `rfjax.experiments.mnist_training.MnistTraining`, made with its `SEEDS`, `EPOCHS` and
    `BATCH_SIZE`.
    """

    module: str
    learns_mnist: bool = False


ENTRIES = {
    "spin-diode": Entry("spin_diode"),
    "dc-bias": Entry("dc_bias"),
    "selectivity": Entry("selectivity"),
    "weights": Entry("weights"),
    "head-to-tail": Entry("head_to_tail"),
    "nonlinearity": Entry("nonlinearity"),
    "mac": Entry("mac"),
    "chain-64": Entry("chain_64"),
    "digits": Entry("digits"),
    "digits-settings": Entry("digits_settings"),
    "train-dynamic": Entry("train_dynamic"),
    "mnist-range": Entry("mnist_range", learns_mnist=True),
    "mnist-damping": Entry("mnist_damping", learns_mnist=True),
    "mnist-nonlinear": Entry("mnist_nonlinear", learns_mnist=True),
    "true-rung": Entry("true_rung", learns_mnist=True),
    "mlp": Entry("mlp", learns_mnist=True),
    "mlp-superposed": Entry("mlp_superposed", learns_mnist=True),
    "cnn": Entry("cnn", learns_mnist=True),
    "resonance": Entry("resonance"),
    "four-tones": Entry("four_tones"),
    "superposition": Entry("superposition"),
    "relaxation": Entry("relaxation"),
    "injection-locking": Entry("injection_locking"),
    "auto-oscillation": Entry("auto_oscillation"),
    "mutual-synchronisation": Entry("mutual_synchronisation"),
}


def names() -> list[str]:
    """The names of all experiments."""
    return list(ENTRIES)


def load(name: str) -> ModuleType:
    """The module of an experiment: its `TITLE`, and `run`, which returns a Result.

    Called as `run(out, quick=...)`, or as `run(training)` if it learns MNIST.

    **Raises:** `InvalidInput` for an unknown name.
    """
    one_of("experiment", name, names())
    return importlib.import_module(f"rfjax.experiments.{ENTRIES[name].module}")
