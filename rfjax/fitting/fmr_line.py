"""Fits of field-swept ferromagnetic resonance: the field and the width of a line."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jaxtyping import ArrayLike, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    host_numbers,
    non_negative_integer,
    one_of,
    positive_integer,
)
from rfjax.compilation import use_persistent_cache
from rfjax.fitting.field_sweep import SPAN, FieldSweep, line, starts
from rfjax.fitting.fit import ROUGH, Fit, Panel, Solved, Trace, dense_axis, polynomial_through
from rfjax.fitting.results import best_of, estimates_of, in_batch, same_in_lanes, without_line
from rfjax.fitting.samples import filled_in, in_order, sample_noise, samples_of
from rfjax.fitting.significance import told_from_noise
from rfjax.laws.llgs import VACUUM_PERMEABILITY
from rfjax.numerics.least_squares import LOSSES, Problem
from rfjax.printing import quantity

DETECTIONS = ("derivative", "absorption")
_LOSSES = ("squares", "huber", "soft-l1")
_HIGHEST_DEGREE = 6
_MOST_STARTS = 8
_ENOUGH = 1.1  # times the variance of the noise, below which no further start is tried


@dataclasses.dataclass(frozen=True, repr=False)
class FmrLineFit(Fit):
    r"""Lines fitted to sweeps of the field, one or a batch.

    **Arguments:** those of `Fit`: `estimates` of the `resonance_field` and the full `linewidth` at
    half maximum of the absorption, A/m, and of `absorption` and `dispersion` of each channel, V;
    `deviation` and `roughness` in V; and `fields` (*b, n), `signals` and `fitted`
    (*b, channels, n): what was measured, and what the fit makes of it; `detection`;
    `sizes` (*b,): the unit of the signals in the problem, V.
    """

    fields: Float[np.ndarray, "*b n"]
    signals: Float[np.ndarray, "*b channels n"]
    fitted: Float[np.ndarray, "*b channels n"]
    detection: str
    sizes: Float[np.ndarray, "*b"]

    @property
    def resonance_field(self) -> Float[np.ndarray, "*b"]:
        """The field of the resonance, A/m."""
        return self.estimates["resonance_field"]

    @property
    def linewidth(self) -> Float[np.ndarray, "*b"]:
        r"""The full width at half maximum of the absorption, A/m: $\sqrt3$ times the width from
        peak to peak of its derivative.
        """
        return self.estimates["linewidth"]

    @property
    def residuals(self) -> Float[np.ndarray, "*b channels n"]:
        """What was measured less what was fitted, V."""
        return self.signals - self.fitted

    def given(self) -> dict[str, tuple[Any, str]]:
        return {}

    def notes(self, index: tuple[int, ...] = ()) -> list[str]:
        place, width = (
            VACUUM_PERMEABILITY * float(each[index])
            for each in (self.resonance_field, self.linewidth)
        )
        values = self.estimates.values[index][2:].reshape(-1, 2)
        phases = ", ".join(f"{np.degrees(np.arctan2(d, a)):.3g}°" for a, d in values)
        return [
            f"resonance at {quantity(place, 'T')}, {quantity(width, 'T')} wide, "
            f"{quantity(width / np.sqrt(3), 'T')} from peak to peak of the derivative",
            f"phase of dispersion in absorption {phases}",
            f"noise {quantity(float(f'{self.deviation[index]:.4g}'), 'V')}, "
            f"{int(self.estimates.degrees[index])} degrees of freedom",
        ]

    def panels(self, index: tuple[int, ...] = ()) -> list[Panel]:
        fields = 1e3 * VACUUM_PERMEABILITY * self.fields[index]
        pairs = zip(self.signals[index], self.fitted[index], strict=True)
        places, problem = self.fields[index], self.solved.problem
        dense, size = dense_axis(places), float(self.sizes[index])
        centre, unit = (places.max() + places.min()) / 2, np.ptp(places) / SPAN
        lines = size * self.drawn(index, offsets=(dense - centre) / unit)
        own = size * self.drawn(index, offsets=(places - centre) / unit)
        traces = []
        for n, (measured, fitted) in enumerate(pairs):
            degree = problem.basis.shape[-1] - 1
            beside = polynomial_through(places, fitted - own[n], degree, dense)
            label = f"channel {n + 1}" if len(self.signals[index]) > 1 else ""
            curve = 1e3 * VACUUM_PERMEABILITY * dense, lines[n] + beside
            traces.append(Trace(label, fields, measured, fitted, curve))
        return [Panel("field (mT)", "signal", "V", traces)]


def fit_fmr_line(
    fields: ArrayLike,
    signals: ArrayLike,
    quadrature: ArrayLike | None = None,
    *,
    detection: str = "derivative",
    background: int = 1,
    loss: str = "squares",
    starts: int = 4,
) -> FmrLineFit:
    r"""Fit a resonance line to sweeps of the field at one frequency each.

    The line is $\frac{d\,x+a}{1+x^2}$ of absorption $a$ and dispersion $d$, with
    $x=\frac{H-H_{res}}{\Delta H/2}$, or $\Delta H/2$ times its derivative to the field: any phase.
    Beside it there is a polynomial in the field. A lock-in amplifier's second channel shares field
    and width. Lines that are narrow against their field are such ones, where they are modulated by
    little against their width. Sweeps of a batch are fitted together, by Levenberg's and
    Marquardt's method with exact derivatives, from lines of several widths, as long as none has
    explained the sweep to the noise from sample to sample.

    **Arguments:**

    - `fields` in A/m, (n,) or (*b, n), in any order.
    - `signals` in V, (*b, n), NaN where a sample is missing.
    - `quadrature`: the second channel, of the shape of `signals`, if there is one.
    - `detection`: "derivative", as with modulation of the field, or "absorption".
    - `background`: degree of the polynomial, in each channel.
    - `loss`: "squares", or "huber" and "soft-l1", which outliers move less.
    - `starts` to try at most.

    **Returns:** the fit, whose status says where no line is told from noise; `fit_kittel` and
    `fit_damping` go on from those of several frequencies.

    **Raises:** `InvalidInput` for values that are not allowed, shapes that do not fit, and fewer
    samples than parameters.
    """
    one_of("detection", detection, DETECTIONS)
    degree = non_negative_integer("background", background, _HIGHEST_DEGREE)
    kind = LOSSES.index(one_of("loss", loss, _LOSSES))
    count = positive_integer("starts", starts, _MOST_STARTS)
    places, volts, shape = _measured(fields, signals, quadrature, degree)
    return _fitted(places, volts, shape, detection, degree, kind, count)


def _measured(fields, signals, quadrature, degree: int):
    """Fields (lanes, n), signals (lanes, channels, n), checked, and the shape of the batch."""
    finite("fields", fields)
    fields = host_numbers("fields", fields).astype(np.float64)
    channels = [samples_of("signals", signals)]
    if quadrature is not None:
        channels.append(samples_of("quadrature", quadrature))
    shapes = {each.shape for each in channels}
    if len(shapes) > 1 or not fields.ndim or channels[0].shape[-1:] != fields.shape[-1:]:
        listed = " and ".join(str(each.shape) for each in channels)
        raise InvalidInput(
            f"fields have shape {fields.shape} and signals {listed}; give (n,) or (..., n), and "
            "channels of one shape (..., n)"
        )
    shape = broadcast_shape(fields=fields.shape[:-1], signals=channels[0].shape[:-1])
    whole = (*shape, fields.shape[-1])
    places = np.broadcast_to(fields, whole).reshape(-1, whole[-1])
    volts = np.stack([np.broadcast_to(each, whole) for each in channels], -2)
    volts = volts.reshape(-1, len(channels), whole[-1])
    unknowns = 2 + len(channels) * (2 + degree + 1)
    samples = np.isfinite(volts).sum((1, 2))
    if not volts.size or samples.min() <= unknowns or np.isfinite(volts).sum(2).min() <= degree:
        raise InvalidInput(
            f"a sweep has {samples.min() if samples.size else 0} samples for {unknowns} "
            "parameters; give more samples, or a background of lower degree"
        )
    if not np.all(np.ptp(places, 1) > 0):
        raise InvalidInput("all fields of a sweep are the same; give a sweep of the field")
    if np.any(np.nanmax(volts, 2) <= np.nanmin(volts, 2)):
        raise InvalidInput("a channel is the same voltage everywhere; there is nothing to fit")
    return places, volts, shape


def _fitted(fields, volts, shape, detection: str, degree: int, loss: int, count: int):
    use_persistent_cache()
    lanes, channels, _ = volts.shape
    dtype = np.result_type(np.asarray(jax.numpy.zeros(())))
    centre = (fields.max(1) + fields.min(1)) / 2
    unit = np.ptp(fields, axis=1) / SPAN
    offsets = (fields - centre[:, None]) / unit[:, None]
    basis = np.linalg.qr((2 * offsets / SPAN)[..., None] ** np.arange(degree + 1))[0]
    filled = filled_in(volts, fields[:, None])
    middle = np.median(filled, axis=-1, keepdims=True)
    size = np.maximum(np.abs(filled - middle).max((1, 2)), np.finfo(np.float32).tiny * 1e6)
    scaled = ((filled - middle) / size[:, None, None]).astype(dtype)
    rough = sample_noise(in_order(scaled, fields[:, None]), (-2, -1)).astype(np.float64)
    present = np.isfinite(volts)
    data = FieldSweep(
        offsets.astype(dtype), same_in_lanes(detection == "derivative", lanes, np.int32)
    )
    parameters = 2 + 2 * channels
    problem = Problem(
        data=data,
        measured=scaled,
        weights=present.astype(dtype),
        basis=np.repeat(basis[:, None], channels, 1).astype(dtype),
        lower=same_in_lanes([-np.inf] * parameters, lanes, dtype),
        free=same_in_lanes([True] * parameters, lanes, bool),
        spread=np.maximum(rough, 1e-6).astype(dtype),
        loss=same_in_lanes(loss, lanes, np.int32),
    )
    unknowns = parameters + channels * (degree + 1)
    enough = _ENOUGH * rough**2 * np.maximum(present.sum((1, 2)) - unknowns, 1)
    solution, status = best_of(line, starts(scaled, basis, data, count), problem, enough)
    solved = Solved(line, problem, solution, same_in_lanes(np.arange(parameters), lanes, int))
    found = np.asarray(solution.parameters, np.float64)
    with np.errstate(over="ignore"):
        width = unit * np.exp(found[:, 1])
    values = np.concatenate(
        [(centre + unit * found[:, 0])[:, None], width[:, None], size[:, None] * found[:, 2:]], 1
    )
    slopes = np.concatenate(
        [unit[:, None], width[:, None], np.repeat(size[:, None], 2 * channels, 1)], 1
    )
    names = [
        f"{part} {channel}" if channels > 1 else part
        for channel in range(1, channels + 1)
        for part in ("absorption", "dispersion")
    ]
    estimates, variance = estimates_of(
        solved,
        values,
        slopes,
        shape,
        names=["resonance_field", "linewidth", *names],
        units=["A/m", "A/m", *["V"] * 2 * channels],
        positive=[False, True, *[False] * 2 * channels],
        lower=[-np.inf, 0.0, *[-np.inf] * 2 * channels],
    )
    linear = np.asarray(solution.linear, np.float64)
    model = np.asarray(_lines(solution.parameters, data), np.float64)
    model = model + np.einsum("kni,kci->kcn", basis, linear)
    none = ~told_from_noise(problem, model - scaled, estimates.degrees.reshape(-1))
    # Steps that failed far from a line leave much, and tell nothing of it.
    none &= estimates.converged.reshape(-1) | (np.sqrt(variance) <= ROUGH * rough)
    estimates = without_line(estimates, none)
    return FmrLineFit(
        estimates,
        solved,
        in_batch(status, shape),
        in_batch(np.sqrt(variance) * size, shape),
        in_batch(rough * size, shape),
        in_batch(fields, shape),
        in_batch(volts, shape),
        in_batch(middle + size[:, None, None] * model, shape),
        detection,
        in_batch(size, shape),
    )


_lines = jax.jit(jax.vmap(line))
