"""Published results, built anew from the rooms above: one file a result."""

import dataclasses
import importlib
from types import ModuleType

from rfjax.checks import one_of


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where an experiment stands.

    **Arguments:** `module`: its name; `title`: what it shows, in a few words; `learns_mnist`:
    whether its `run` takes an `rfjax.experiments.mnist_training.MnistTraining`, made with its
    `SEEDS`, `EPOCHS` and `BATCH_SIZE`.
    """

    module: str
    title: str
    learns_mnist: bool = False


ENTRIES = {
    "spin-diode": Entry("spin_diode", "The line shapes of the linear spin diode (Fig. 22)"),
    "dc-bias": Entry("dc_bias", "A current below threshold boosts the spin diode (section 3.6.3)"),
    "selectivity": Entry("selectivity", "Which resonators a tone reaches (Figs 32, 54)"),
    "weights": Entry("weights", "A spin diode weighs the power of a tone (Fig. 33)"),
    "head-to-tail": Entry(
        "head_to_tail", "Ten resonators in series, without and with head to tail (Fig. 34)"
    ),
    "nonlinearity": Entry(
        "nonlinearity", "What nonlinear shift and damping do to a spin diode (Figs 42, 43, 44)"
    ),
    "mac": Entry(
        "mac",
        "Multiply-and-accumulate by four resonators, 6561 times in five settings (Figs 45, 46, 47)",
    ),
    "chain-64": Entry(
        "chain_64", "One chain of 64 resonators under 64 tones, on three combs (Fig. 51)"
    ),
    "digits": Entry(
        "digits",
        "Handwritten digits: resonators beside software, on fixed and on redrawn splits (Fig. 53)",
    ),
    "digits-settings": Entry(
        "digits_settings", "Handwritten digits: the choice of settings that are not printed"
    ),
    "train-dynamic": Entry(
        "train_dynamic",
        "Chains tuned through the differential equation, beside every simpler rectifier model",
    ),
    "mnist-range": Entry(
        "mnist_range",
        "MNIST: a perceptron of resonators on combs of different width (Fig. 55)",
        learns_mnist=True,
    ),
    "mnist-damping": Entry(
        "mnist_damping",
        "MNIST: a perceptron of resonators of different damping (Fig. 56)",
        learns_mnist=True,
    ),
    "mnist-nonlinear": Entry(
        "mnist_nonlinear",
        "MNIST: at which power do the weights of nonlinear resonators stop being weights?",
        learns_mnist=True,
    ),
    "true-rung": Entry(
        "true_rung",
        "Digits and MNIST: trained on a simple rectifier model, evaluated with cross-coupling",
        learns_mnist=True,
    ),
    "mlp": Entry(
        "mlp",
        "MNIST: multi-layer perceptrons of oscillators and resonators (Fig. 59)",
        learns_mnist=True,
    ),
    "mlp-superposed": Entry(
        "mlp_superposed",
        "MNIST: multi-layer perceptrons in which every resonator sees every tone",
        learns_mnist=True,
    ),
    "cnn": Entry(
        "cnn",
        "MNIST: a convolutional network of oscillators and resonators (Fig. 64)",
        learns_mnist=True,
    ),
    "resonance": Entry(
        "resonance", "A resonator that a tone sets in motion, and where it settles (Fig. 48)"
    ),
    "four-tones": Entry(
        "four_tones",
        "The magnetisation of a resonator under four tones beside the sum of each alone (Fig. 49)",
    ),
    "superposition": Entry(
        "superposition",
        "Superposed tones in a chain, integrated in time, beside every model (Fig. 49)",
    ),
    "relaxation": Entry(
        "relaxation", "Relaxation of a resonator after a tone is switched on or off (Fig. 57)"
    ),
    "injection-locking": Entry(
        "injection_locking", "An oscillator that a tone pulls and locks (Figs 20 and 26)"
    ),
    "auto-oscillation": Entry(
        "auto_oscillation",
        "An oscillator below and above threshold, without and with noise (3.3–3.11)",
    ),
    "mutual-synchronisation": Entry(
        "mutual_synchronisation",
        "Coupled oscillators: locking map, and the line of many that narrows",
    ),
}


def names() -> list[str]:
    """The names of all experiments."""
    return list(ENTRIES)


def load(name: str) -> ModuleType:
    """The module of an experiment, with `run`, which returns a Result.

    Called as `run(out, quick=...)`, or as `run(training)` if it learns MNIST.

    **Raises:** `InvalidInput` for an unknown name.
    """
    one_of("experiment", name, names())
    return importlib.import_module(f"rfjax.experiments.{ENTRIES[name].module}")
