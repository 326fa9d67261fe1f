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
FIGURE, PANELS = plotting.figure()
