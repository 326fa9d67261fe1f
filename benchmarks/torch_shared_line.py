"""The shared-line layer as one writes it in PyTorch: a cubic for every pair, plain autograd."""

import math
import os

import numpy as np
import torch
from jaxtyping import ArrayLike
from torch import Tensor, nn

from rfjax.arrays import ResonatorArray

torch.set_num_threads(os.cpu_count() or 1)

PAIRS_AT_ONCE = 2**19  # the fastest of the powers of two; never less than one image
NEWTON_STEPS = 3  # as few as float32 cannot tell from more, at the setting of these benchmarks


class DirectSharedLine(nn.Module):
    r"""$U_j=\sum_k(-1)^k\sum_iV(P_i,f_i;f_{jk})$, every pair on its own, in reduced variables.

    **Arguments:** `frequencies` (tones,) in Hz; `detuning` (chains, tones) in linewidths, trained;
    the constants of the resonators, as in `rfjax.Resonator`.
    """

    def __init__(
        self,
        frequencies: Tensor,
        detuning: Tensor,
        damping: float = 0.01,
        nonlinear_shift: float = 0.1,
        nonlinear_damping: float = 1.0,
        rectification: float = 6e7,
        drive: float = 2e8,
    ):
        super().__init__()
        self.frequencies = frequencies
        self.detuning = nn.Parameter(detuning)
        self.damping, self.rectification, self.drive = damping, rectification, drive
        self.shift, self.nonlinear_damping = nonlinear_shift / damping, nonlinear_damping
        self.signs = 1.0 - 2.0 * (torch.arange(len(frequencies)) % 2).to(frequencies)

    @classmethod
    def like(cls, layer: ResonatorArray) -> "DirectSharedLine":
        """The same layer as one of ours whose resonators are alike but for their frequencies."""
        devices = layer.resonators
        constants = (
            devices.damping,
            devices.nonlinear_shift,
            devices.nonlinear_damping,
            devices.rectification,
            devices.drive,
        )
        return cls(same(layer.frequencies), same(layer.detuning), *map(float, constants))

    def forward(self, powers: Tensor) -> Tensor:
        """Volts (batch, chains) of powers (batch, tones) in W."""
        resonances = (self.frequencies / (1 + self.damping * self.detuning))[..., None]
        linewidths = 2 * math.pi * self.damping * resonances
        detunings = (self.frequencies - resonances) / (self.damping * resonances)
        powers = powers[:, None, None, :]
        drives = (self.drive / linewidths) ** 2 * powers
        oscillation = self.oscillation_powers(detunings, drives)
        growth = 1 + self.nonlinear_damping * oscillation
        shifted = detunings - self.shift * oscillation
        volts = self.rectification / linewidths * powers * shifted / (growth**2 + shifted**2)
        return (self.signs * volts.sum(-1)).sum(-1)

    def oscillation_powers(self, detunings: Tensor, drives: Tensor) -> Tensor:
        """Newton steps on p[(1 + Qp)² + (x - np)²] = s, from the linear response on."""
        p = drives / (1 + detunings**2)
        for _ in range(NEWTON_STEPS):
            growth = 1 + self.nonlinear_damping * p
            shifted = detunings - self.shift * p
            denominator = growth**2 + shifted**2
            slope = denominator + 2 * p * (self.nonlinear_damping * growth - self.shift * shifted)
            p = p - (p * denominator - drives) / slope
        return p


def forward(layer: DirectSharedLine, powers: Tensor) -> Tensor:
    """Volts of all chains."""
    with torch.no_grad():
        return torch.cat([layer(part) for part in parts(layer, powers)])


def forward_and_gradient(layer: DirectSharedLine, powers: Tensor) -> tuple[float, Tensor]:
    """Half the sum of squared volts and its gradient to all detunings."""
    layer.zero_grad()
    total = 0.0
    for part in parts(layer, powers):
        loss = (layer(part) ** 2).sum() / 2
        loss.backward()
        total += loss.item()
    assert layer.detuning.grad is not None
    return total, layer.detuning.grad


STEPS = {"forward": forward, "forward and gradient": forward_and_gradient}


def parts(layer: DirectSharedLine, powers: Tensor) -> tuple[Tensor, ...]:
    """The batch in parts: all pairs at once are slower, if they fit into memory at all."""
    pairs = layer.detuning.numel() * powers.shape[1]
    return powers.split(max(1, PAIRS_AT_ONCE // pairs))


def same(array: ArrayLike) -> Tensor:
    """The same numbers in float32."""
    return torch.tensor(np.asarray(array), dtype=torch.float32)
