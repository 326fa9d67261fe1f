"""What lines of several frequencies tell: Kittel's relation, damping and inhomogeneous width."""

import dataclasses
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import (
    InvalidInput,
    check_fit,
    host_numbers,
    instance_of,
    one_of,
    positive,
    small_number,
)
from rfjax.compilation import use_persistent_cache
from rfjax.fitting.estimates import BEYOND
from rfjax.fitting.fit import Fit, Panel, Solved, Trace, dense_axis
from rfjax.fitting.results import best_of, estimates_of, in_batch, same_in_lanes, without_result
from rfjax.fitting.samples import expected_noise, yardstick_of
from rfjax.laws import ferromagnetic_resonance as fmr
from rfjax.laws.llgs import VACUUM_PERMEABILITY
from rfjax.numerics.least_squares import Numbers, Problem

GEOMETRIES = ("in-plane", "perpendicular")
FREE_ELECTRON = 2.00231930436
_LARGEST_G = 100.0
_PLAUSIBLE_G = (0.5, 10.0)  # beyond, units are wrong
_MAGNETISATIONS = (2.0, 0.3, 10.0, -0.3)  # largest fields, where fits start


class Frequencies(NamedTuple):
    """What lines were measured at.

    **Arguments:** `frequencies` in Hz; `scale` of fields, A/m; `normal`: 1 where the field stands
    on the film, else 0; `g` in whose unit the fitted one is.
    """

    frequencies: Float[Numbers, " n"]
    scale: Float[Numbers, ""]
    normal: Float[Numbers, ""]
    g: Float[Numbers, ""]


@dataclasses.dataclass(frozen=True, repr=False)
class DispersionFit(Fit):
    """A curve of resonance fields, or of linewidths, against the frequency; one or a batch.

    **Arguments:** those of `Fit`: `estimates`, see `fit_kittel` and `fit_damping`; `deviation` in
    A/m at weight one; and `frequencies` (n,) in Hz, `fields` and `fitted` (*b, n) in A/m: what was
    measured, and what the fit makes of it; `settings`: what was given; `ordinate`, in words;
    `expected`: the `yardstick`.
    """

    frequencies: Float[np.ndarray, " n"]
    fields: Float[np.ndarray, "*b n"]
    fitted: Float[np.ndarray, "*b n"]
    settings: dict[str, tuple[Any, str]]
    ordinate: str
    expected: str

    @property
    def residuals(self) -> Float[np.ndarray, "*b n"]:
        """What was measured less what was fitted, A/m."""
        return self.fields - self.fitted

    @property
    def yardstick(self) -> str:
        return self.expected

    def given(self) -> dict[str, tuple[Any, str]]:
        return dict(self.settings)

    def notes(self, index: tuple[int, ...] = ()) -> list[str]:
        listed = self.estimates.listed(index)
        named = {each["name"]: each["value"] for each in listed if each["unit"] == "A/m"}
        return [f"µ₀·{name} {VACUUM_PERMEABILITY * value:.4g} T" for name, value in named.items()]

    def panels(self, index: tuple[int, ...] = ()) -> list[Panel]:
        fields, fitted = (
            1e3 * VACUUM_PERMEABILITY * each[index] for each in (self.fields, self.fitted)
        )
        dense = dense_axis(self.frequencies)
        scale = float(self.solved.problem.data.scale[self.lane(index)])
        # The unit of the damping is at the highest frequency, which is among these, too.
        drawn = 1e3 * VACUUM_PERMEABILITY * scale * self.drawn(index, frequencies=dense)[0]
        traces = [Trace("", self.frequencies / 1e9, fields, fitted, (dense / 1e9, drawn))]
        return [Panel("frequency (GHz)", self.ordinate, "mT", traces)]


def fit_kittel(
    frequencies: ArrayLike,
    fields: ArrayLike,
    *,
    errors: ArrayLike | None = None,
    geometry: str = "in-plane",
    g: float | None = None,
    anisotropy: bool = False,
) -> DispersionFit:
    r"""Fit Kittel's relation to resonance fields at several frequencies.

    In the plane of a film $\omega=\gamma_0\sqrt{(H+H_k)(H+H_k+M_{eff})}$, through its normal
    $\omega=\gamma_0(H-M_{eff})$, with $\gamma_0=\mu_0g\mu_B/\hbar$. The field is what is compared,
    since it is what a sweep measures.

    **Arguments:**

    - `frequencies` in Hz, (n,).
    - `fields` of the resonance in A/m, (*b, n).
    - `errors` of the fields in A/m, of a shape that broadcasts with them. Their ratios weigh the
      fields; residuals far above them are told.
    - `geometry`: "in-plane" or "perpendicular".
    - `g`, if it is known; fitted otherwise.
    - `anisotropy`: whether an anisotropy field in the plane, along the field, is fitted. Through
      the normal it adds to the effective magnetisation, and is refused.

    **Returns:** the fit: `g`, `effective_magnetisation` and `anisotropy_field`, A/m. `g` and
    `effective_magnetisation` go together where the frequencies span little: intervals say so.

    **Raises:** `InvalidInput` for values that are not allowed, fewer lines than parameters, and a
    `g` outside 0.5 to 10, as of fields in other units.
    """
    one_of("geometry", geometry, GEOMETRIES)
    instance_of("anisotropy", anisotropy, bool, "True or False")
    if anisotropy and geometry == "perpendicular":
        raise InvalidInput(
            "through the normal an anisotropy adds to the effective magnetisation, and is none of "
            "its own; leave out anisotropy"
        )
    known = None if g is None else small_number("g", g, _LARGEST_G)
    free = [known is None, True, anisotropy]
    tones, lines, weights, scatter, shape = _curves(
        "fields", frequencies, fields, errors, sum(free)
    )
    scale = np.abs(lines).max(1)
    normal = geometry == "perpendicular"
    data = _data(tones, scale, known or FREE_ELECTRON, normal)
    starts = [[0.0, size, 0.0] for size in _MAGNETISATIONS]
    found = _solved(resonance_fields, starts, data, lines, weights, free)
    values = np.asarray(found[0].solution.parameters, np.float64)
    with np.errstate(over="ignore"):  # a fit that ran away says so in its status
        ratio = np.exp(values[:, 0]) * (known or FREE_ELECTRON)
    sized = scale[:, None] * values[:, 1:]
    fit = _fit(
        found,
        resonance_fields,
        (tones, lines, scatter, shape),
        np.concatenate([ratio[:, None], sized], 1),
        np.stack([ratio, scale, scale], 1),
        ("g", "effective_magnetisation", "anisotropy_field"),
        ("", "A/m", "A/m"),
        (True, False, False),
        {"geometry": (geometry, "")},
        "resonance field",
    )
    beyond = (ratio < _PLAUSIBLE_G[0]) | (ratio > _PLAUSIBLE_G[1])
    if known is None and np.all(beyond & fit.converged.reshape(-1)):
        raise InvalidInput(
            f"Kittel's relation gives g = {ratio[0]:.3g}, which no film has; are the fields in A/m "
            "(not Oe or mT), the frequencies in Hz, and is the geometry right?"
        )
    return dataclasses.replace(fit, estimates=without_result(fit.estimates, beyond, BEYOND))


def fit_damping(
    frequencies: ArrayLike,
    linewidths: ArrayLike,
    *,
    errors: ArrayLike | None = None,
    g: float = FREE_ELECTRON,
) -> DispersionFit:
    r"""Fit damping and inhomogeneous width to linewidths at several frequencies.

    $\Delta H=\Delta H_0+2\alpha\omega/\gamma_0$ of the full width at half maximum of the absorption
    in a sweep of the field, whatever the geometry. $\gamma_0=\mu_0g\mu_B/\hbar$, so that $\alpha$
    is proportional to `g`.

    **Arguments:**

    - `frequencies` in Hz, (n,).
    - `linewidths` in A/m, (*b, n).
    - `errors` of the linewidths in A/m, of a shape that broadcasts with them. Their ratios weigh
      the linewidths; residuals far above them are told.
    - `g`: that of `fit_kittel`, or of a free electron.

    **Returns:** the fit: `damping` and `inhomogeneous_linewidth`, A/m; either may come out below
    zero where the noise is large.

    **Raises:** `InvalidInput` for values that are not allowed, and fewer lines than parameters.
    """
    known = small_number("g", g, _LARGEST_G)
    tones, lines, weights, scatter, shape = _curves(
        "linewidths", frequencies, linewidths, errors, 2
    )
    scale = np.abs(lines).max(1)
    data = _data(tones, scale, known, False)
    found = _solved(linewidths_of, [[1.0, 0.0]], data, lines, weights, [True, True])
    values = np.asarray(found[0].solution.parameters, np.float64)
    slopes = np.stack([_unit_of_damping(data), scale], 1)
    return _fit(
        found,
        linewidths_of,
        (tones, lines, scatter, shape),
        values * slopes,
        slopes,
        ("damping", "inhomogeneous_linewidth"),
        ("", "A/m"),
        (False, False),
        {"g": (known, "")},
        "linewidth",
    )


def resonance_fields(parameters: Float[Numbers, "3"], data: Frequencies) -> Float[Array, "1 n"]:
    """Resonance fields over the scale: logarithm of g, magnetisation and anisotropy over it."""
    size, anisotropy = data.scale * parameters[1], data.scale * parameters[2]
    ratio = fmr.gyromagnetic_ratio(data.g * jnp.exp(parameters[0]))
    first = fmr.stiffness_field(0.0, size, 0.0, data.normal, anisotropy)
    second = fmr.stiffness_field(0.0, size, 1 - data.normal, data.normal, anisotropy)
    return fmr.resonance_field(data.frequencies, first, second, ratio)[None] / data.scale


def linewidths_of(parameters: Float[Numbers, "2"], data: Frequencies) -> Float[Array, "1 n"]:
    """Linewidths over the scale: damping in units of it, and inhomogeneous width over it."""
    found = fmr.field_linewidth(
        data.frequencies,
        parameters[0] * _unit_of_damping(data),
        parameters[1] * data.scale,
        fmr.gyromagnetic_ratio(data.g),
    )
    return found[None] / data.scale


def _unit_of_damping(data: Frequencies):
    """The damping that makes the line at the highest frequency as wide as the scale."""
    highest = data.frequencies.max(-1)
    return data.scale / fmr.field_linewidth(highest, 1.0, 0.0, fmr.gyromagnetic_ratio(data.g))


def _curves(name: str, frequencies, fields, errors, unknowns: int):
    """Frequencies (n,), values and weights (lanes, n), checked; the deviation to be expected and
    what it is out of; and the shape of the batch.
    """
    positive("frequencies", frequencies)
    positive(name, fields)
    tones = host_numbers("frequencies", frequencies).astype(np.float64)
    fields = host_numbers(name, fields).astype(np.float64)
    if tones.ndim != 1 or fields.shape[-1:] != tones.shape:
        raise InvalidInput(
            f"frequencies have shape {tones.shape} and {name} {fields.shape}; give (n,) and "
            "(..., n)"
        )
    if len(set(tones)) < max(unknowns, 2) or len(tones) <= unknowns or not fields.size:
        raise InvalidInput(
            f"{len(tones)} lines at {len(set(tones))} frequencies do not give {unknowns} "
            "parameters and their errors; give more lines, or more of them (g=…)"
        )
    weights = np.ones_like(fields)
    lanes = fields.reshape(-1, len(tones))
    scatter = expected_noise(lanes[:, np.argsort(tones)]), yardstick_of(len(tones))
    if errors is not None:
        given = np.asarray(positive("errors", errors), np.float64)
        check_fit("errors", given, fields.shape, f"one for each of the {name}")
        weights = np.broadcast_to((given.min() / given) ** 2, fields.shape)
        scatter = np.full(len(lanes), given.min()), "the errors that were given"
    return tones, lanes, weights.reshape(lanes.shape), scatter, fields.shape[:-1]


def _data(tones, scale, g: float, normal: bool) -> Frequencies:
    lanes, dtype = len(scale), _dtype()
    return Frequencies(
        same_in_lanes(tones, lanes, dtype),
        scale.astype(dtype),
        same_in_lanes(float(normal), lanes, dtype),
        same_in_lanes(g, lanes, dtype),
    )


def _dtype():
    return np.result_type(np.asarray(jnp.zeros(())))


def _solved(model, starts, data: Frequencies, lines, weights, free: list[bool]):
    use_persistent_cache()
    lanes, dtype, count = len(lines), _dtype(), len(free)
    problem = Problem(
        data=data,
        measured=(lines / np.asarray(data.scale, np.float64)[:, None])[:, None].astype(dtype),
        weights=weights[:, None].astype(dtype),
        basis=np.zeros((lanes, 1, lines.shape[1], 0), dtype),
        lower=same_in_lanes([-np.inf] * count, lanes, dtype),
        free=same_in_lanes(free, lanes, bool),
        spread=np.ones(lanes, dtype),
        loss=np.zeros(lanes, np.int32),
    )
    tried = same_in_lanes(starts, lanes, dtype)
    solution, status = best_of(model, tried, problem, np.zeros(lanes))
    return Solved(model, problem, solution, same_in_lanes(np.arange(count), lanes, int)), status


def _fit(found, model, measured, values, slopes, names, units, positive, settings, ordinate):
    (solved, status), (tones, lines, scatter, shape) = found, measured
    estimates, variance = estimates_of(
        solved,
        values,
        slopes,
        shape,
        names=names,
        units=units,
        positive=positive,
        lower=[0.0 if each else -np.inf for each in positive],
    )
    data = solved.problem.data
    scale = np.asarray(data.scale, np.float64)
    fitted = scale[:, None] * np.asarray(_curve(model, solved.solution.parameters, data))[:, 0]
    return DispersionFit(
        estimates,
        solved,
        in_batch(status, shape),
        in_batch(np.sqrt(variance) * scale, shape),
        in_batch(scatter[0], shape),
        tones,
        in_batch(lines, shape),
        in_batch(fitted, shape),
        settings,
        ordinate,
        scatter[1],
    )


@partial(jax.jit, static_argnums=0)
def _curve(model, parameters, data):
    return jax.vmap(model)(parameters, data)
