"""Where fits of spectra start, as parameters: shapes of resonators that resemble them most."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from rfjax.fitting.samples import held_by
from rfjax.fitting.starts import MILD, Shapes, Templates, best_shapes, placements, templates_of
from rfjax.laws import spin_diode
from rfjax.numerics.least_squares import in_packs

_SAMPLES = 100  # of a power, that starts are found from
_AT_ONCE = 256  # spectra that starts are found for together
_GAIN = Shapes._fields.index("gain")


class Guesses:
    """The shapes of resonators that resemble spectra, computed as they are asked for.

    Kinds that do not fold come first: most spectra need no others.

    **Arguments:** `scaled` spectra (spectra, powers, n), of order one; `basis` of the background
    and `offsets` of the tones (powers, n); `powers` in W; `table` of `kinds`; `centre` of the
    frequencies, in units of the offsets; `resonators`; `dtype` of arrays.
    """

    def __init__(
        self,
        scaled: Float[np.ndarray, "spectra powers n"],
        basis: Float[np.ndarray, "powers n linear"],
        offsets: Float[np.ndarray, "powers n"],
        powers: Float[np.ndarray, " powers"],
        table: Float[np.ndarray, "kinds 3"],
        centre: float,
        resonators: int,
        dtype: Any,
    ):
        coarse, offsets, basis = _coarse(scaled, offsets, basis)
        places, widths = placements(offsets)
        below = places > -0.95 * centre  # resonances lie above zero
        self._spectra, self._basis = coarse.astype(dtype), basis.astype(dtype)
        self._fixed = [
            np.asarray(each, dtype)
            for each in (basis, offsets, powers / powers.max(), places[below], widths[below])
        ]
        self._chunks = [np.asarray(table[n : n + MILD], dtype) for n in range(0, len(table), MILD)]
        self._templates: list[Templates] = []
        self._resonators = resonators
        self._together = min(_AT_ONCE, 1 << max(len(scaled) - 1, 0).bit_length())

    def mild(self) -> Float[np.ndarray, "spectra kinds 1 fields"]:
        """The best shape of every kind that does not fold, for every spectrum, the best first."""
        found = self._in_parts(lambda spectra: self._ranked(spectra, 1)[0], self._spectra)
        return found[:, :, None]

    def all(
        self, lanes: Int[np.ndarray, " lanes"], count: int
    ) -> Float[np.ndarray, "lanes starts resonators fields"]:
        """The best shapes of all kinds for some spectra, the best first.

        **Arguments:** `lanes`: which spectra; `count` of shapes at most.
        """
        chunks = len(self._chunks)

        def of(spectra):
            shapes, rest = self._ranked(spectra, chunks)
            picks = [shapes[:, :count]]
            for _ in range(self._resonators - 1):
                # The next line in what is left of the spectrum, of the same kind for every start.
                more, rest = self._ranked(rest, chunks)
                picks.append(np.repeat(more[:, :1], picks[0].shape[1], 1))
            return np.stack(picks, 2)

        return self._in_parts(of, self._spectra[lanes])

    def _in_parts(self, function, spectra) -> np.ndarray:
        """A function of spectra, so many at a time; the last part is filled with its last one."""
        count, together = len(spectra), self._together

        def part(first: int):
            return function(spectra[np.minimum(np.arange(first, first + together), count - 1)])

        first = part(0)  # compiles once, for all
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = [first, *pool.map(part, range(together, count, together))]
        return np.concatenate(parts)[:count].astype(np.float64)

    def _ranked(self, spectra, chunks: int):
        """Shapes of so many chunks of kinds, the best first, and what the best one leaves."""
        for chunk in self._chunks[len(self._templates) : chunks]:
            self._templates.append(templates_of(*self._fixed, chunk))
        found = [best_shapes(spectra, self._basis, each) for each in self._templates[:chunks]]
        shapes = np.concatenate([np.stack(each, -1) for each, _ in found], 1)
        order = np.argsort(-shapes[..., _GAIN], 1, kind="stable")
        best = np.argmax([each.gain[:, 0] for each, _ in found], 0)
        rest = np.stack([rest for _, rest in found])[best, np.arange(len(spectra))]
        return np.take_along_axis(shapes, order[:, :, None], 1), rest


class Starts:
    """Which start comes next for every spectrum.

    On the short way that is the best shape that does not fold, and the next best where that one
    nearly explains the spectrum; then come the best of all shapes, and then none are left.

    **Arguments:** `starts` and `upper`, (spectra, starts): those of the short way where it is
    `short`, else those of all shapes; `more(lanes)`: the same of all shapes for some spectra.
    """

    def __init__(self, starts, upper, short: bool, more: Callable[[np.ndarray], Any]):
        self._short: list[np.ndarray] = [starts, upper] if short else []
        self._all: list[np.ndarray] = [] if short else [starts, upper]
        self._more = more
        self._known = np.full(len(starts), not short)
        self._asked = 0
        self._turn = np.zeros(len(starts), int)

    def next(self, lanes: Int[np.ndarray, " lanes"], plausible: Bool[np.ndarray, " lanes"]):
        """The next start of some spectra.

        **Arguments:** `lanes`: which; `plausible`: whose best fit so far may be the right one.

        **Returns:** starts and branches; which of them go the short way; and for those that have
        had all shapes how many times they have asked since, else -1.
        """
        direct = np.zeros(len(lanes), bool)
        if self._short:
            direct |= (self._asked == 0) | ((self._asked == 1) & plausible)
            start, side = (each[lanes, min(self._asked, 1)] for each in self._short)
        else:
            start, side = (each[lanes, 0] for each in self._all)
        self._asked += 1
        rest = np.flatnonzero(~direct)
        turn = np.full(len(lanes), -1)
        if rest.size:
            others = lanes[rest]
            self._learn(others[~self._known[others]])
            count = self._all[0].shape[1]
            place = np.minimum(self._turn[others], count - 1)
            start[rest], side[rest] = (each[others, place] for each in self._all)
            turn[rest] = np.maximum(self._turn[others] - count, -1)
            self._turn[others] += 1
        return start, side, direct, turn

    def _learn(self, lanes) -> None:
        """Have all shapes of some spectra."""
        if not lanes.size:
            return
        found = self._more(lanes)
        if not self._all:
            shapes = [(len(self._known), *each.shape[1:]) for each in found]
            self._all = [np.zeros(n, each.dtype) for n, each in zip(shapes, found)]
        for whole, part in zip(self._all, found):
            whole[lanes] = part
        self._known[lanes] = True


def as_parameters(
    shapes: Float[np.ndarray, "spectra starts resonators fields"],
    centre: float,
    unit: float,
    strongest: float,
    volts: Float[np.ndarray, " spectra"],
    drive: float,
    scale: Float[np.ndarray, "spectra 4"] | None,
    together: int,
    dtype: Any,
) -> tuple[
    Float[np.ndarray, "spectra starts parameters"],
    Int[np.ndarray, "spectra starts"],
    Float[np.ndarray, "spectra 4"],
]:
    r"""Shapes as parameters of a fit, see `rfjax.fitting.spectra.Sweep`.

    **Arguments:** `shapes`; `centre` of the frequencies, in units of `unit`, Hz; `strongest` power
    in W; `volts`: the unit of the voltage; `drive` $\gamma$; `scale` of the last four parameters,
    or None for what one linewidth of the first resonator of the first start gives; `together`, see
    `rfjax.numerics.least_squares.packs_of`; `dtype`.

    **Returns:** the parameters, which branch every start is on, and the scale.

    **Raises:** `InvalidInput` where they leave the precision of arrays.
    """
    place, width, shift, nonlinear_damping, antisymmetric, symmetric = np.moveaxis(shapes, -1, 0)[
        :6
    ]
    what = "voltages, powers, frequencies and drive"
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        damping, frequency = width / (centre + place), (centre + place) * unit
        laws = partial(_laws, strongest, drive)
        reduced, scales = (
            each.astype(np.float64) for each in in_packs(laws, together, frequency, damping)
        )
        per_unit = strongest * scales
        heights = volts[:, None, None] / per_unit
        units = np.stack([damping / reduced, 1 / reduced, heights, heights], -1)
        values = np.stack([shift, nonlinear_damping, antisymmetric, symmetric], -1) * units
        scale = units[:, 0, 0] if scale is None else scale
        whole = np.concatenate(
            [place[..., None], np.log(damping)[..., None], values / scale[:, None, None]], -1
        )
    upper = shapes[:, :, 0, Shapes._fields.index("upper")].astype(np.int32)
    parameters = held_by(dtype, whole.reshape(*whole.shape[:2], -1), what)
    return parameters, upper, held_by(dtype, scale, what).astype(np.float64)


@jax.jit
def _laws(strongest, drive, frequency, damping):
    """Reduced drive and volts per watt, of every start."""
    reduced = spin_diode.reduced_drive(strongest, frequency, damping, drive)
    return reduced, spin_diode.voltage_scale(frequency, damping, 1.0)


def _coarse(scaled, offsets, basis):
    """Means of neighbouring samples, no more of them than starts need."""
    order = np.argsort(offsets, axis=1)
    together = offsets.shape[1] // _SAMPLES
    if together < 2:
        return scaled, offsets, basis
    count = offsets.shape[1] // together * together

    def means(array, axis):
        ordered = np.take_along_axis(array, np.expand_dims(order, (0,) * (axis - 1)), axis)
        shape = array.shape[:axis], (count // together, together), array.shape[axis + 1 :]
        kept = np.take(ordered, np.arange(count), axis)
        return kept.reshape(*shape[0], *shape[1], *shape[2]).mean(axis + 1)

    polynomials = np.stack([means(basis[..., each], 1) for each in range(basis.shape[-1])], -1)
    return means(scaled, 2), means(offsets, 1), np.linalg.qr(polynomials)[0]
