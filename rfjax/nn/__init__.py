"""Layers, and the networks built from them."""

from rfjax.nn.activation import AbstractActivation, OscillatorActivation, Tones
from rfjax.nn.builders import cnn, mlp, reciprocal
from rfjax.nn.convolution import Convolution
from rfjax.nn.images import Flatten, Images
from rfjax.nn.mapping import mapped
from rfjax.nn.network import Network
from rfjax.nn.pooling import MaxPool, max_pool
from rfjax.nn.reciprocal_network import ReciprocalNetwork
from rfjax.nn.settling import Equilibrium
from rfjax.nn.software import Weights, twin
from rfjax.nn.synapses import ReadOut, Synapses
from rfjax.numerics.parametrisation import Bounded, Derived, Tied, resolved

__all__ = [
    "AbstractActivation",
    "Bounded",
    "Convolution",
    "Derived",
    "Equilibrium",
    "Flatten",
    "Images",
    "MaxPool",
    "Network",
    "OscillatorActivation",
    "ReadOut",
    "ReciprocalNetwork",
    "Synapses",
    "Tied",
    "Tones",
    "Weights",
    "cnn",
    "mapped",
    "max_pool",
    "mlp",
    "reciprocal",
    "resolved",
    "twin",
]
