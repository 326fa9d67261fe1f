"""Layers and the models built from them."""

from rfjax.nn.convolution import FieldLineConv
from rfjax.nn.field_line import FieldLineDense
from rfjax.nn.mapping import Mapped, field_line_detuning, shared_line_detuning
from rfjax.nn.multi_layer import MultiLayerPerceptron
from rfjax.nn.oscillator import OscillatorActivation
from rfjax.nn.perceptron import Perceptron
from rfjax.nn.pooling import max_pool
from rfjax.nn.shared_line import SharedLineDense
from rfjax.nn.software import SoftwarePerceptron

__all__ = [
    "FieldLineConv",
    "FieldLineDense",
    "Mapped",
    "MultiLayerPerceptron",
    "OscillatorActivation",
    "Perceptron",
    "SharedLineDense",
    "SoftwarePerceptron",
    "max_pool",
    "field_line_detuning",
    "shared_line_detuning",
]
