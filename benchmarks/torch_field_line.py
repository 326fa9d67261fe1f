"""Networks of field lines as one writes them in PyTorch: weights of detunings, plain autograd."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.torch_shared_line import same
from rfjax.nn import ConvolutionalNetwork, MultiLayerPerceptron, OscillatorActivation


class Synapses(nn.Module):
    r"""One layer, $y=g\,\sum_k(-1)^k\frac{w_k}{U_0}\frac{x_k}{1+x_k^2}u_k+b$, on the linear rung.

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


class Perceptron(nn.Module):
    """The same perceptron as one of ours."""

    def __init__(self, network: MultiLayerPerceptron):
        super().__init__()
        self.layers = nn.ModuleList([_synapses(layer, layer.line) for layer in network.layers])
        self.emission = Emission(network.activation)

    def forward(self, values: Tensor) -> Tensor:
        """Logits."""
        for at, layer in enumerate(self.layers):
            assert isinstance(layer, Synapses)
            values = self.emission(values) if at else values
            values = functional.linear(values, layer.weights(), layer.offset)
        return values


class Convolutional(nn.Module):
    """The same convolutional network as one of ours."""

    def __init__(self, network: ConvolutionalNetwork):
        super().__init__()
        blocks = [_synapses(block, block.line.chains) for block in network.blocks]
        self.blocks, self.dense = nn.ModuleList(blocks), Perceptron(network.dense)
        self.kernels = [block.line.detuning.shape for block in network.blocks]
        self.windows = [block.line.windows for block in network.blocks]
        self.image, self.pool = network.image, network.pool

    def forward(self, rows: Tensor) -> Tensor:
        """Logits."""
        values = rows.reshape(-1, *self.image)
        for block, kernel, windows in zip(self.blocks, self.kernels, self.windows):
            assert isinstance(block, Synapses)
            pads = windows.pads(tuple(values.shape[2:]))
            values = functional.pad(values, [side for pair in reversed(pads) for side in pair])
            values = functional.conv2d(values, block.weights().reshape(kernel), block.offset)
            values = self.dense.emission(functional.max_pool2d(values, self.pool))
        return self.dense(values.flatten(1))


def _synapses(layer, line) -> Synapses:
    devices = line.resonators
    linewidths = 2 * math.pi * np.asarray(devices.damping * devices.frequency)
    wiring = 1 - 2 * (np.arange(linewidths.size) % 2)
    scale = np.asarray(devices.rectification) / linewidths * np.asarray(line.peak_powers)
    full = same(wiring * scale * np.asarray(devices.antisymmetric) / float(layer.unit))
    offset = same(layer.offset).flatten()
    return Synapses(
        same(line.detuning), same(layer.gain), offset, full, float(np.ravel(devices.damping)[0])
    )
