"""Networks of field lines as one writes them in PyTorch: weights of detunings, plain autograd."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import rfjax.nn
from benchmarks.torch_shared_line import same
from rfjax.arrays import ResonatorArray
from rfjax.nn import OscillatorActivation


class Synapses(nn.Module):
    r"""One linear layer, $y=g\,\sum_k(-1)^k\frac{w_k}{U_0}\frac{x_k}{1+x_k^2}u_k+b$.

    **Arguments:** `detuning` (chains, *places), `gain` and `offset` (chains,), all trained;
    `full` (*places): volts of a response of one at full power, with the sign of the wiring, in the
    unit of the read-out; `damping`.
    """

    def __init__(
        self, detuning: Tensor, gain: Tensor, offset: Tensor, full: Tensor, damping: float
    ):
        super().__init__()
        self.detuning, self.gain = nn.Parameter(detuning), nn.Parameter(gain)
        self.offset, self.full, self.damping = nn.Parameter(offset), full, damping

    def weights(self) -> Tensor:
        """The weights, as those of a layer of software."""
        x = self.detuning
        return self.gain * self.full * (1 + self.damping * x) * x / (1 + x**2)


class Emission(nn.Module):
    """Oscillators: the share of their largest power, at a current in thresholds."""

    def __init__(self, activation: OscillatorActivation):
        super().__init__()
        self.most, self.q = activation.largest, activation.nonlinear_damping
        self.exponent = 2 if activation.output == "emitted power" else 0

    def forward(self, current: Tensor) -> Tensor:
        """The emitted share."""
        clamped = current.clamp(1, self.most)
        return self.emitted(clamped) / self.emitted(torch.tensor(self.most))

    def emitted(self, current: Tensor) -> Tensor:
        """The emitted power, in any unit."""
        return current**self.exponent * (current - 1) / (current + self.q)


class Dense(nn.Module):
    """Chains of resonators, a layer of weights."""

    def __init__(self, layer: rfjax.nn.Synapses):
        super().__init__()
        self.synapses = _synapses(layer, layer.array)

    def forward(self, values: Tensor) -> Tensor:
        """The amplified voltages of a batch of rows."""
        return functional.linear(values, self.synapses.weights(), self.synapses.offset)


class Filters(nn.Module):
    """Filters of resonators, a layer of a convolution."""

    def __init__(self, layer: rfjax.nn.Synapses):
        super().__init__()
        self.synapses = _synapses(layer, layer.array.array)
        self.kernel, self.windows = layer.array.detuning.shape, layer.array.windows

    def forward(self, values: Tensor) -> Tensor:
        """The amplified voltages of a batch of images."""
        pads = self.windows.pads(tuple(values.shape[2:]))
        values = functional.pad(values, [side for pair in reversed(pads) for side in pair])
        weights = self.synapses.weights().reshape(self.kernel)
        return functional.conv2d(values, weights, self.synapses.offset)


def network(ours: rfjax.nn.Network) -> nn.Module:
    """The same network as one of ours whose resonators receive their own tones."""
    return nn.Sequential(*map(_layer, ours.layers))


def _layer(ours: Any) -> nn.Module:
    match ours:
        case rfjax.nn.Synapses():
            return Filters(ours) if hasattr(ours.array, "windows") else Dense(ours)
        case OscillatorActivation():
            return Emission(ours)
        case rfjax.nn.Images():
            return nn.Unflatten(1, ours.shape)
        case rfjax.nn.MaxPool():
            return nn.MaxPool2d(ours.window)
        case _:
            return nn.Flatten()


def _synapses(layer: rfjax.nn.Synapses, array: ResonatorArray) -> Synapses:
    devices, read_out = array.resonators, layer.read_out
    linewidths = 2 * math.pi * np.asarray(devices.damping * devices.frequency)
    wiring = 1 - 2 * (np.arange(linewidths.size) % 2)
    scale = np.asarray(devices.rectification) / linewidths * np.asarray(array.peak_powers)
    full = same(wiring * scale * np.asarray(devices.antisymmetric) / float(read_out.unit))
    offset = same(read_out.offset).flatten()
    damping = float(np.ravel(devices.damping)[0])
    return Synapses(same(array.detuning), same(read_out.gain), offset, full, damping)
