"""SciPy's curve_fit on the spectrum of a nonlinear spin diode, at its best: NumPy, exact slopes."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import curve_fit

Vector = Float[np.ndarray, " n"]


def power(x: Vector, n: float, q: float) -> Vector:
    """The real root of p [(1 + q p)² + (x - n p)²] = 1 in closed form, the lowest one."""
    size = n * n + q * q + 1e-30
    a, b, c = 2 * (q - x * n) / size, (1 + x * x) / size, -1 / size
    f, g = b - a * a / 3, 2 * a**3 / 27 - a * b / 3 + c
    inside = g * g / 4 + f**3 / 27
    root = np.sqrt(np.maximum(inside, 0))
    one = np.cbrt(-g / 2 + root) + np.cbrt(-g / 2 - root)
    size = np.sqrt(np.maximum(-f / 3, 1e-300))
    angle = np.arccos(np.clip(-g / (2 * size**3), -1, 1)) / 3
    lowest = 2 * size * np.cos(angle - 4 * np.pi / 3)
    return np.where(inside > 0, one, lowest) - a / 3


class Diode:
    """The voltage and its slopes, which share the root where they are at the same place."""

    def __init__(self, phi: Vector):
        self.phi = phi
        self.at: tuple[float, ...] = ()
        self.root = phi

    def model(self, _, place, width, n, q, anti, symmetric, offset) -> Vector:
        """The voltage at tones `phi`."""
        x, p = self._solved(place, width, n, q)
        return p * (anti * (x - n * p) + symmetric * (1 + q * p)) + offset

    def slopes(
        self, _, place, width, n, q, anti, symmetric, offset
    ) -> Float[np.ndarray, "samples 7"]:
        """Its derivatives, through the implicit function theorem."""
        x, p = self._solved(place, width, n, q)
        wide, away = 1 + q * p, x - n * p
        along = wide * wide + away * away + 2 * p * (q * wide - n * away)
        to_p = anti * (x - 2 * n * p) + symmetric * (1 + 2 * q * p)
        to_x = p * anti - to_p * 2 * p * away / along
        to_n = -anti * p * p + to_p * 2 * p * p * away / along
        to_q = symmetric * p * p - to_p * 2 * p * p * wide / along
        columns = -to_x / width, -to_x * x / width, to_n, to_q, p * away, p * wide, np.ones_like(p)
        return np.stack(columns, -1)

    def _solved(self, place, width, n, q) -> tuple[Vector, Vector]:
        x = (self.phi - place) / width
        if (place, width, n, q) != self.at:
            self.at, self.root = (place, width, n, q), power(x, n, q)
        return x, self.root


def fitted(phi: Vector, volts: Vector, start: Float[np.ndarray, "7"]) -> Vector:
    """What the fit from a start leaves; infinite where it fails."""
    diode = Diode(phi)
    settings = {"jac": diode.slopes, "method": "lm", "maxfev": 200, "check_finite": False}
    try:
        found, _ = curve_fit(diode.model, phi, volts, start, **settings)
    except RuntimeError:
        return np.full_like(volts, np.inf)
    return volts - diode.model(phi, *found)
