"""Published results, built anew from the rooms above: one file a result, in folders by subject."""

import dataclasses
import importlib
from types import ModuleType

from rfjax.checks import InvalidInput, one_of


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where an experiment stands.

    **Arguments:**

    - `module`: its name.
    - `title`: what it shows, in a few words.
    - `trains_on_mnist`: whether its `run` takes an
      `rfjax.experiments.mnist.training.MnistTraining`, made with its `SEEDS`, `EPOCHS` and
      `BATCH_SIZE`.
    - `reads_a_table`: whether its `run` takes a measured file as `data`.
    - `needs_data`: whether its `run` has to be given a directory as `data`.
    """

    module: str
    title: str
    trains_on_mnist: bool = False
    reads_a_table: bool = False
    needs_data: bool = False


ENTRIES = {
    "spin-diode": Entry("device.spin_diode", "The line shapes of the linear spin diode (Fig. 22)"),
    "dc-bias": Entry(
        "device.dc_bias", "A current below threshold boosts the spin diode (section 3.6.3)"
    ),
    "selectivity": Entry("device.selectivity", "Which resonators a tone reaches (Figs 32, 54)"),
    "weights": Entry("device.weights", "A spin diode weighs the power of a tone (Fig. 33)"),
    "head-to-tail": Entry(
        "chain.head_to_tail", "Ten resonators in series, without and with head to tail (Fig. 34)"
    ),
    "fit-spin-diode": Entry(
        "device.fit_spin_diode",
        "Spectra at several powers, fitted one by one and together (Fig. 36); --data FILE: yours",
        reads_a_table=True,
    ),
    "bench-two": Entry(
        "hardware.bench_two",
        "Two junctions on a bench multiply, accumulate and classify (Figs 37 to 41)",
    ),
    "nonlinearity": Entry(
        "device.nonlinearity",
        "What nonlinear shift and damping do to a spin diode (Figs 42, 43, 44)",
    ),
    "mac": Entry(
        "chain.mac",
        "Multiply-and-accumulate by four resonators, 6561 times in five settings (Figs 45, 46, 47)",
    ),
    "chain-64": Entry(
        "chain.chain_64", "One chain of 64 resonators under 64 tones, on three combs (Fig. 51)"
    ),
    "digits": Entry(
        "digits.comparison",
        "Handwritten digits: resonators beside software, on fixed and on redrawn splits (Fig. 53)",
    ),
    "digits-settings": Entry(
        "digits.settings", "Handwritten digits: the choice of settings that are not printed"
    ),
    "measured-network": Entry(
        "digits.measured_network",
        "Handwritten digits on devices with a spread, measured and fitted one by one",
    ),
    "co-design": Entry(
        "co_design.digits",
        "Devices, power and detunings for the digits by one gradient, against searches",
    ),
    "co-design-mnist": Entry(
        "co_design.mnist",
        "MNIST: devices, power, comb and detunings by one gradient, beside detunings alone",
        trains_on_mnist=True,
    ),
    "stack-to-network": Entry(
        "co_design.stack_to_network",
        "Diameters of junctions and the anisotropy of a wafer learn handwritten digits",
    ),
    "train-dynamic": Entry(
        "digits.train_dynamic",
        "Chains tuned through the differential equation, beside every simpler rectifier model",
    ),
    "equilibrium-propagation": Entry(
        "digits.equilibrium_propagation",
        "Handwritten digits by a local rule: two states of a network that settles (outlook)",
    ),
    "mnist-range": Entry(
        "mnist.range",
        "MNIST: a perceptron of resonators on combs of different width (Fig. 55)",
        trains_on_mnist=True,
    ),
    "mnist-damping": Entry(
        "mnist.damping",
        "MNIST: a perceptron of resonators of different damping (Fig. 56)",
        trains_on_mnist=True,
    ),
    "mnist-nonlinear": Entry(
        "mnist.nonlinear",
        "MNIST: at which power do the weights of nonlinear resonators stop being weights?",
        trains_on_mnist=True,
    ),
    "model-mismatch": Entry(
        "mnist.model_mismatch",
        "Digits and MNIST: trained on a simple rectifier model, evaluated with cross-coupling",
        trains_on_mnist=True,
    ),
    "mlp": Entry(
        "mnist.mlp",
        "MNIST: multi-layer perceptrons of oscillators and resonators (Fig. 59)",
        trains_on_mnist=True,
    ),
    "mlp-superposed": Entry(
        "mnist.mlp_superposed",
        "MNIST: multi-layer perceptrons in which every resonator receives every tone",
        trains_on_mnist=True,
    ),
    "cnn": Entry(
        "mnist.cnn",
        "MNIST: a convolutional network of oscillators and resonators (Fig. 64)",
        trains_on_mnist=True,
    ),
    "drones": Entry(
        "radio.drones",
        "Drones told by their radio fingerprints, by linear resonators; --data DIR",
        needs_data=True,
    ),
    "drones-nonlinear": Entry(
        "radio.drones_nonlinear",
        "Drones told by their radio fingerprints, by nonlinear resonators; --data DIR",
        needs_data=True,
    ),
    "modulation": Entry(
        "radio.modulation",
        "Seven kinds of modulation told by the powers of tones, against the signal-to-noise ratio",
    ),
    "resonance": Entry(
        "device.resonance", "A resonator that a tone sets in motion, and where it settles (Fig. 48)"
    ),
    "four-tones": Entry(
        "device.four_tones",
        "The magnetisation of a resonator under four tones beside the sum of each alone (Fig. 49)",
    ),
    "superposition": Entry(
        "chain.superposition",
        "Superposed tones in a chain, integrated in time, beside every model (Fig. 49)",
    ),
    "relaxation": Entry(
        "device.relaxation",
        "Relaxation of a resonator after a tone is switched on or off (Fig. 57)",
    ),
    "injection-locking": Entry(
        "oscillator.injection_locking", "An oscillator that a tone pulls and locks (Figs 20 and 26)"
    ),
    "auto-oscillation": Entry(
        "oscillator.auto_oscillation",
        "An oscillator below and above threshold, without and with noise (3.3–3.11)",
    ),
    "mutual-synchronisation": Entry(
        "oscillator.mutual_synchronisation",
        "Coupled oscillators: locking map, and the line of many that narrows",
    ),
    "variability": Entry(
        "hardware.variability",
        "Digits on devices that differ: trained as if alike, on drawn chips, and chip by chip",
    ),
    "variability-drones": Entry(
        "hardware.variability_drones",
        "Drones told on devices whose resonances differ, as in variability; --data DIR",
        needs_data=True,
    ),
    "binary": Entry(
        "hardware.binary",
        "Digits with resonators that are switched between two detunings, beside continuous ones",
    ),
    "faults": Entry(
        "hardware.faults",
        "Digits on chips whose resonators are dead or stuck, and networks trained for that",
    ),
    "power-loss": Entry(
        "hardware.power_loss",
        "Digits with loss along chains and uneven division, and what the amplifier then delivers",
    ),
    "energy": Entry(
        "hardware.energy",
        "Appendix B line by line, beside other hardware and what thermal noise asks for",
    ),
    "precision": Entry(
        "hardware.precision",
        "Digits with resonators of 2 to 64 levels, rounded after training and trained through it",
    ),
    "read-out-noise": Entry(
        "hardware.read_out_noise",
        "Digits read in noise: accuracy against temperature, power and the time of a reading",
    ),
}


RENAMED = {"true-rung": "model-mismatch"}


def names() -> list[str]:
    """The names of all experiments."""
    return list(ENTRIES)


def load(name: str) -> ModuleType:
    """The module of an experiment, with `run`, which returns a Result.

    Called as `run(out, quick=...)`, or as `run(training)` if it trains on MNIST.

    **Raises:** `InvalidInput` for an unknown name.
    """
    if isinstance(name, str) and name in RENAMED:
        raise InvalidInput(f"experiment {name!r} is called {RENAMED[name]!r} now")
    one_of("experiment", name, names())
    return importlib.import_module(f"rfjax.experiments.{ENTRIES[name].module}")
