"""Layers and the models built from them."""

from rfjax.nn.perceptron import Perceptron
from rfjax.nn.shared_line import SharedLineDense
from rfjax.nn.software import SoftwarePerceptron

__all__ = ["Perceptron", "SharedLineDense", "SoftwarePerceptron"]
