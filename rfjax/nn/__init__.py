"""Layers and the models built from them."""

from rfjax.nn.amplified import Amplified
from rfjax.nn.convolution import FieldLineConv, SharedLineConv
from rfjax.nn.convolutional import ConvolutionalNetwork
from rfjax.nn.field_line import FieldLineDense
from rfjax.nn.mapped_networks import mapped
from rfjax.nn.mapping import Mapped, field_line_detuning, kernel_detuning, shared_line_detuning
from rfjax.nn.multi_layer import MultiLayerPerceptron
from rfjax.nn.oscillator import OscillatorActivation
from rfjax.nn.perceptron import Perceptron
from rfjax.nn.pooling import max_pool
from rfjax.nn.shared_line import SharedLineDense
from rfjax.nn.software import SoftwarePerceptron
from rfjax.nn.software_networks import (
    SoftwareConvolution,
    SoftwareConvolutionalNetwork,
    SoftwareMultiLayerPerceptron,
)

__all__ = [
    "Amplified",
    "ConvolutionalNetwork",
    "FieldLineConv",
    "FieldLineDense",
    "Mapped",
    "MultiLayerPerceptron",
    "OscillatorActivation",
    "Perceptron",
    "SharedLineConv",
    "SharedLineDense",
    "SoftwareConvolution",
    "SoftwareConvolutionalNetwork",
    "SoftwareMultiLayerPerceptron",
    "SoftwarePerceptron",
    "field_line_detuning",
    "kernel_detuning",
    "mapped",
    "max_pool",
    "shared_line_detuning",
]
