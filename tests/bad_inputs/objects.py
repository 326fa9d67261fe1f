"""Valid objects of every kind, which bad values take the place of."""

import jax
import numpy as np

import rfjax
from rfjax import arrays, dynamics, nn, plotting, training
from rfjax import rectifiers as R
from tests.quick_compilation import compile_quickly

compile_quickly()


class Stranger:
    """An object that nothing here has a use for."""


def _spectrum():
    tones, powers = np.linspace(0.95e9, 1.05e9, 31), np.array([1e-6, 5e-6])
    volts = np.asarray(rfjax.spectrum(rfjax.Resonator(1e9), powers, tones))
    return tones, volts, powers


def _sweep():
    fields = np.linspace(2e4, 6e4, 41)
    return fields, 1e-6 / (1 + ((fields - 4e4) / 3e3) ** 2)


def _curves():
    currents = np.linspace(1.2, 3.0, 12) * 1e-3
    return currents, 2e8 * (1 - 0.05 * (currents / 1e-3 - 1) / (currents / 1e-3 + 2))


KEY = jax.random.key(0)
TONES = np.array([1.0e9, 1.1e9, 1.2e9])
POWERS = np.full(3, 1e-5)
RESONATOR = rfjax.Resonator(1e9)
LINE = rfjax.Resonator(TONES)
LINE_OF_TWO = rfjax.Resonator(TONES[:2])
OSCILLATOR = rfjax.Oscillator(1e9, 0.01, 0.1, 2.0, 1e12)
DETUNING = np.array([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]])
KERNEL = np.array([[[0.1, -0.2]], [[0.3, 0.4]]])  # (filters, channels, kernel)
LINES = rfjax.Line(TONES, 1e-5), rfjax.Line(TONES[:2], 1e-5)
BUILT = {"resonators": RESONATOR, "key": KEY, "rectifier": R.Linear(), "tolerance": None}
PERCEPTRON = nn.mlp((2,), lines=LINES[0], **BUILT)
MLP = nn.mlp((2, 2), lines=LINES, **BUILT)
SIZES = {"image": (1, 6), "filters": (1,), "kernel": (3,), "pool": (2,), "outputs": (2,)}
CNN = nn.cnn(**SIZES, band=(1e9, 10e9), power=1e-5, **BUILT)
SOFTWARE, SOFTWARE_MLP = (nn.twin(each, key=KEY) for each in (PERCEPTRON, MLP))
ENSEMBLE = training.ensemble([PERCEPTRON, PERCEPTRON])
INPUTS = np.linspace(0, 1, 24).reshape(8, 3)
LABELS = np.arange(8) % 2
TRAJECTORY = dynamics.simulate(OSCILLATOR, 1e-7, current=5e-4, start=0.1)
WINDOWS = arrays.Windows((2,))
CROSSBAR = arrays.CompactCrossbar((2, 1, 2), (6,))
HISTORY = training.History(*(np.ones((1, 2)),) * 4)
SPECTRUM = _spectrum()
SWEEP = _sweep()
LINES_OF_FILM = 1e9 * np.linspace(4, 22, 10), 1e5 * np.linspace(0.14, 3.7, 10)
CURVES = _curves()
FIGURE, PANELS = plotting.figure()
