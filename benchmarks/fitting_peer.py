"""SciPy's curve_fit on spectra of a nonlinear spin diode, at its best: NumPy, exact slopes."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import curve_fit
from scipy.special import ndtri

Vector = Float[np.ndarray, " samples"]
Start = tuple[Float[np.ndarray, " parameters"], int]  # and its branch: 1 is the upper one
STARTS, HOP = 9, 3.0  # as in a fit of rfjax; standard errors
BESIDE = 8  # steps about a fold, without which fewer succeed than in rfjax


def power(x: Vector, n: float | Vector, q: float | Vector, upper: int = 0) -> Vector:
    """The real root of p [(1 + q p)² + (x - n p)²] = 1, the lowest or the highest."""
    size = n * n + q * q + 1e-30
    a, b = 2 * (q - x * n) / size, (1 + x * x) / size
    f, g = b - a * a / 3, (2 * a * a / 27 - b / 3) * a - 1 / size
    inside = g * g / 4 + f * f * f / 27
    one = np.cbrt(-g / 2 - np.copysign(np.sqrt(np.maximum(inside, 0)), g))
    root = one - f / 3 / np.where(one == 0, 1, one)
    three = inside < 0
    if three.any():
        half = np.sqrt(-f[three] / 3)
        angle = np.arccos(np.clip(-g[three] / (2 * half * half * half), -1, 1)) / 3
        root[three] = 2 * half * np.cos(angle if upper else angle - 4 * np.pi / 3)
    return root - a / 3


class Diode:
    """The voltage and its slopes, which share the root where they are at the same place.

    **Arguments:** `phi`: where the tones are; `share` of the largest power that each sample has, 1
    where there is one power; `offsets`: which samples have which offset; `upper`: the branch.
    """

    def __init__(self, phi: Vector, share: float | Vector, offsets: np.ndarray, upper: int = 0):
        self.phi, self.share, self.offsets, self.upper = phi, share, offsets, upper
        self.at: tuple[float, ...] = ()
        self.root = phi

    def model(self, _, place, width, n, q, anti, symmetric, *offsets) -> Vector:
        """The voltage at the samples."""
        x, n, q, p = self._solved(place, width, n, q)
        response = p * (anti * (x - n * p) + symmetric * (1 + q * p))
        return self.share * response + self.offsets @ offsets

    def slopes(self, _, place, width, n, q, anti, symmetric, *_offsets) -> np.ndarray:
        """Its derivatives, (samples, parameters), through the implicit function theorem."""
        x, n, q, p = self._solved(place, width, n, q)
        wide, away = 1 + q * p, x - n * p
        along = wide * wide + away * away + 2 * p * (q * wide - n * away)
        to_p = (anti * (away - n * p) + symmetric * (wide + q * p)) * 2 * p / along
        to_x = self.share * (p * anti - to_p * away)
        twice = self.share * self.share * p
        found = np.empty((len(self.phi), 6 + self.offsets.shape[1]))
        found[:, 0] = -to_x / width
        found[:, 1] = found[:, 0] * x
        found[:, 2] = twice * (to_p * away - anti * p)
        found[:, 3] = twice * (symmetric * p - to_p * wide)
        found[:, 4] = self.share * p * away
        found[:, 5] = self.share * p * wide
        found[:, 6:] = self.offsets
        return found

    def folds(self, place, width, n, q, *_) -> bool:
        """Whether there are two branches at a sample."""
        x = (self.phi - place) / width
        lower, upper = (power(x, n * self.share, q * self.share, each) for each in (0, 1))
        return bool(np.any(lower != upper))

    def _solved(self, place, width, n, q):
        at = place, width, n, q
        x, n, q = (self.phi - place) / width, n * self.share, q * self.share
        if at != self.at:
            self.at, self.root = at, power(x, n, q, self.upper)
        return x, n, q, self.root


class Found(NamedTuple):
    """A fit: its parameters, their covariance, what it leaves, and its diode."""

    parameters: Vector
    covariance: np.ndarray
    left: Vector
    diode: Diode

    @property
    def squares(self) -> float:
        """What is left, squared; infinite where the fit failed."""
        squares = float(self.left @ self.left)
        return squares if squares < np.inf else np.inf


def fitted(diode: Diode, volts: Vector, start: Vector, *, exact: bool = True) -> Found:
    """The fit from a start, with exact slopes or the differences that curve_fit takes by itself."""
    settings = {"jac": diode.slopes if exact else None, "check_finite": False}
    try:
        found, covariance = curve_fit(
            diode.model,
            diode.phi,
            volts,
            start,
            method="lm",
            maxfev=200 if exact else 2000,
            **settings,
        )
    except RuntimeError:
        return Found(start, np.zeros((len(start),) * 2), np.full_like(volts, np.inf), diode)
    return Found(found, covariance, volts - diode.model(diode.phi, *found), diode)


def searched(
    phi: Float[np.ndarray, "powers n"],
    share: Float[np.ndarray, " powers"],
    volts: Float[np.ndarray, "powers n"],
    starts: Iterable[Start],
    *,
    exact: bool = True,
) -> Found:
    """The best fit out of several starts, without the true device: as rfjax does, with curve_fit.

    A start is tried as long as none has left what is like noise; behind the given ones come steps
    away from the best, and some more of them where it folds.
    """
    powers, n = phi.shape
    shares = np.repeat(share, n) if powers > 1 else 1.0
    offsets = np.repeat(np.eye(powers), n, axis=0)
    nothing = Diode(phi.ravel(), shares, offsets)
    best, tried = Found(np.ones(6 + powers), np.eye(6 + powers), volts.ravel() + np.inf, nothing), 0

    def tries(start: Vector, upper: int) -> Found:
        diode = Diode(phi.ravel(), shares, offsets, upper)
        found = fitted(diode, volts.ravel(), start, exact=exact)
        return found if found.squares < best.squares else best

    for start, upper in starts:
        best, tried = tries(start, upper), tried + 1
        if like_noise(best.left, powers):
            break
    random = np.random.default_rng(0)
    for _ in range(STARTS - tried):
        if like_noise(best.left, powers):
            break
        best = tries(_away(best, random), best.diode.upper)
    for _ in range(BESIDE if best.diode.folds(*best.parameters) else 0):
        best = tries(_away(best, random), best.diode.upper)
    return best


def like_noise(left: Vector, powers: int) -> bool:
    """Whether neighbours differ as noise does, and no sample stands out: the rule of rfjax."""
    mean, step = left @ left / len(left), np.diff(left.reshape(powers, -1)).ravel()
    if not np.isfinite(mean) or step @ step < 2 * len(step) * mean * (1 - 2 / len(left) ** 0.5):
        return False
    return bool(np.abs(left).max() <= -ndtri(0.005 / len(left)) * mean**0.5)


def _away(best: Found, random: np.random.Generator) -> Vector:
    """Some standard errors away from the best, along what changes the spectrum least."""
    covariance = np.nan_to_num(best.covariance, posinf=0.0)
    error = np.sqrt(np.maximum(np.diag(covariance), 1e-30))
    size, directions = np.linalg.eigh(covariance / np.outer(error, error))
    along = directions @ (np.sqrt(np.maximum(size, 0)) * random.normal(size=len(size)))
    return best.parameters + HOP * along * error
