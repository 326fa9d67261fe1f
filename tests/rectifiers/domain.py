"""Resonators and tones from all over the domain that rectifiers admit."""

import numpy as np

from rfjax.rectifiers.base import FARTHEST, STEEPEST, STRONGEST

TONES = 3


def drawn(size, seed=0):
    """Fields of resonators (size, 1) by name, powers and frequencies of tones, (size, TONES)."""
    rng = np.random.default_rng(seed)

    def decades(lowest, highest, shape=(size, 1)):
        return 10 ** rng.uniform(lowest, highest, shape)

    def some(values, share=0.1):
        return np.where(rng.random(values.shape) < share, 0, values)

    def signs(shape=(size, 1)):
        return rng.choice([-1, 1], shape)

    damping = decades(-6, 0)
    frequency = decades(2, 12)
    fields = {
        "frequency": frequency,
        "damping": damping,
        "nonlinear_shift": signs() * some(np.minimum(decades(-4, 2), 0.9 * STEEPEST * damping)),
        "nonlinear_damping": some(decades(-3, 4)),
        "drive": decades(5, 10),
        "antisymmetric": some(rng.uniform(-1, 1, (size, 1))),
        "symmetric": some(rng.uniform(-1, 1, (size, 1))),
    }
    far = np.log10(0.9 * FARTHEST)
    away = signs((size, TONES)) * some(decades(-3, far, (size, TONES)))
    frequencies = np.clip(frequency * (1 + damping * away), 1e-3 * frequency, 1e15)
    drive = some(decades(-20, np.log10(0.9 * STRONGEST), (size, TONES)))
    powers = drive * (2 * np.pi * frequency * damping / fields["drive"]) ** 2
    return fields, np.clip(powers, 0, 1e30), frequencies
