"""Reduced operating points from all over the domain, many of them at its corners."""

from typing import NamedTuple

import numpy as np


class Point(NamedTuple):
    detuning: np.ndarray
    drive: np.ndarray
    shift: np.ndarray
    damping: np.ndarray


def anywhere(size, seed=0):
    """Drives over twenty decades, both signs of the shift, and all that can be zero, zero."""
    rng = np.random.default_rng(seed)

    def spread(lowest, highest, zeros):
        return np.where(rng.random(size) < zeros, 0, 10 ** rng.uniform(lowest, highest, size))

    def signs():
        return rng.choice([-1, 1], size)

    point = Point(
        signs() * spread(-3, 4, 0.05),
        spread(-12, 8, 0.05),
        signs() * spread(-3, 3.5, 0.1),
        spread(-3, 2, 0.1),
    )
    # One in ten exactly at the top of the resonance that is reached: x = np, p (1 + Qp)² = s.
    power = 10 ** rng.uniform(-6, 1, size)
    resonant = rng.random(size) < 0.1
    return point._replace(
        detuning=np.where(resonant, point.shift * power, point.detuning),
        drive=np.where(resonant, power * (1 + point.damping * power) ** 2, point.drive),
    )


def folding(size, seed=0):
    """Resonators, most of which fold, at detunings where they do: (detuning, shift, damping)."""
    rng = np.random.default_rng(seed)
    shift = rng.choice([-1, 1], size) * 10 ** rng.uniform(-1, 2, size)
    damping = np.abs(shift) * rng.uniform(0, 0.65, size)
    detuning = np.sign(shift) * 10 ** rng.uniform(0, 2, size)
    return detuning, shift, damping


def moderate(size, seed=0):
    """Operating points of order one, clear of the folds."""
    rng = np.random.default_rng(seed)
    return Point(
        rng.uniform(-3, 3, size),
        10 ** rng.uniform(-3, -0.5, size),
        rng.uniform(-2, 2, size),
        rng.uniform(0.1, 2, size),
    )


def unbalance(power, point):
    """The residual of the cubic beside the terms that cancel in it, in twice the digits."""
    power, x, s, n, q = (np.asarray(v, np.longdouble) for v in (power, *point))
    residual = power * ((1 + q * power) ** 2 + (x - n * power) ** 2) - s
    terms = s + power * ((1 + q * power) ** 2 + (np.abs(x) + np.abs(n * power)) ** 2)
    return np.abs(residual) / np.where(terms > 0, terms, 1)


def slope(power, point):
    """How fast the drive grows with the oscillation power, ds/dp: positive where it is stable."""
    x, _, n, q = point
    width, offset = 1 + q * power, x - n * power
    return width**2 + offset**2 + 2 * power * (q * width - n * offset)
