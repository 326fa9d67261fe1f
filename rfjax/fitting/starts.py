r"""Where fits of spectra start: the shapes of many resonators beside a measured spectrum.

A shape is a resonance of some place and width, with some nonlinear shift and damping, on one of the
two branches; its antisymmetric and symmetric part, and the background, are linear and solved for.
The best shape of every kind is a start, so that neither a fold nor a second line traps the fit.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.laws import spin_diode

_WIDTHS = 8  # from a hundredth of the span to a quarter of it
_APART = 0.7  # linewidths between places
_LINEAR = ((0.0, 0.0, 0),)
# Nonlinear shift in linewidths and damping at the largest power, and the branch.
_SHIFTED = tuple(
    (sign * size, damping, branch)
    for size, branches in ((1.0, (0,)), (2.5, (0, 1)), (6.0, (0, 1)), (15.0, (0, 1)))
    for sign in (1, -1)
    for damping in (0.0, 1.0)
    for branch in branches
)
_NONLINEAR = (*_LINEAR, (0.0, 1.0, 0), *_SHIFTED)
MILD = 6  # kinds that do not fold, the first of `kinds`


class Shapes(NamedTuple):
    """The best shape of every kind, in order of what it leaves of a spectrum.

    **Arguments:** `place` of the resonance and `width`, both in units of the offsets; `shift` and
    `damping`: nonlinear, at the largest power, in linewidths; `antisymmetric` and `symmetric`: the
    heights of its parts; `upper`: 1 on the upper branch, else 0; `gain`: the squares that it
    explains.
    """

    place: Array
    width: Array
    shift: Array
    damping: Array
    antisymmetric: Array
    symmetric: Array
    upper: Array
    gain: Array


def kinds(nonlinear: bool, branch: str) -> np.ndarray:
    """The kinds of shapes to try: shift, damping and branch of each.

    **Arguments:** `nonlinear`: whether there are any; `branch`: "lower", "upper", or "either".

    **Returns:** (kinds, 3).
    """
    codes = {"lower": (0,), "upper": (1,), "either": (0, 1)}[branch]
    rows = _NONLINEAR if nonlinear else _LINEAR
    # Without a fold there is one branch, of either name.
    rows = [
        (n, q, code if abs(n) > 1.5 else codes[0])
        for n, q, code in rows
        if abs(n) < 1.5 or code in codes
    ]
    return np.array(rows, np.float64)


def placements(offsets: Float[np.ndarray, "powers n"]) -> tuple[np.ndarray, np.ndarray]:
    """Places and widths of the shapes to try, in units of the offsets."""
    lowest, highest = offsets.min(), offsets.max()
    span = highest - lowest
    finest = 1.5 * span / max(offsets.shape[-1] - 1, 1)
    widths = np.geomspace(max(span / 100, min(finest, span / 8)), span / 4, _WIDTHS)
    places = [
        np.linspace(lowest, highest, max(3, round(span / (_APART * width)))) for width in widths
    ]
    return np.concatenate(places), np.repeat(widths, [len(each) for each in places])


class Templates(NamedTuple):
    """Shapes of all places, widths and kinds, without what a background explains of them.

    **Arguments:** `first`: antisymmetric parts, `second`: symmetric ones, (kinds, placements,
    samples); `along`: how much of the first one is in the second; `places` and `widths`; `kinds`.
    """

    first: Float[Array, "kinds placements samples"]
    second: Float[Array, "kinds placements samples"]
    along: Float[Array, "kinds placements"]
    places: Float[Array, " placements"]
    widths: Float[Array, " placements"]
    kinds: Float[Array, "kinds 3"]


@jax.jit
def templates_of(
    basis: Float[Array, "powers n linear"],
    offsets: Float[Array, "powers n"],
    shares: Float[Array, " powers"],
    places: Float[Array, " placements"],
    widths: Float[Array, " placements"],
    kinds: Float[Array, "kinds 3"],
) -> Templates:
    """The shapes that spectra are held against.

    **Arguments:** `basis` of the background, orthonormal; `offsets` of the tones; `shares`: powers
    over the largest; `places` and `widths` to try; `kinds`, see there.
    """

    def parts(kind, place, width):
        """Antisymmetric and symmetric part of a shape, (2, powers, n)."""
        detuning = (offsets - place) / width
        arguments = detuning, shares[:, None], kind[0], kind[1]
        excited = spin_diode.oscillation_power_on(*arguments, kind[2])
        both = jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0])
        response = jax.vmap(
            lambda a, s: spin_diode.response(detuning, excited, kind[0], kind[1], a, s)
        )(*both)
        return _cleared(shares[:, None] * response, basis)

    def of_kind(kind):
        shapes = jax.vmap(lambda place, width: parts(kind, place, width))(places, widths)
        first, second = jnp.moveaxis(shapes.reshape(*shapes.shape[:2], -1), 1, 0)
        return first, second, jnp.sum(first * second, -1) / _size(first)

    first, second, along = jax.lax.map(of_kind, kinds)
    return Templates(first, second, along, places, widths, kinds)


@jax.jit
def best_shapes(
    measured: Float[Array, "lanes powers n"],
    basis: Float[Array, "powers n linear"],
    templates: Templates,
) -> tuple[Shapes, Float[Array, "lanes powers n"]]:
    """The best shape of every kind for every spectrum, the best kind first.

    **Arguments:** `measured` spectra; `basis` of the background, orthonormal; `templates`.

    **Returns:** the shapes, (lanes, kinds) each, and what the best one leaves of every spectrum.
    """
    lanes = measured.shape[0]
    flat = _cleared(measured, basis).reshape(lanes, -1)

    def of_kind(kind):
        first, second, along = kind
        across = second - along[:, None] * first
        first_size, across_size = _size(first), _size(across)
        # Parts that are nearly the same leave the second one to rounding.
        whole = across_size > 1e-4 * _size(second)
        a, s = flat @ first.T, jnp.where(whole, flat @ across.T, 0)
        gain = a**2 / first_size + s**2 / across_size
        at = jnp.argmax(gain, axis=1)
        each = jnp.arange(lanes)
        symmetric = s[each, at] / across_size[at]
        antisymmetric = a[each, at] / first_size[at] - along[at] * symmetric
        left = flat - antisymmetric[:, None] * first[at] - symmetric[:, None] * second[at]
        return (
            templates.places[at],
            templates.widths[at],
            antisymmetric,
            symmetric,
            gain[each, at],
            left,
        )

    place, width, antisymmetric, symmetric, gain, left = jax.lax.map(of_kind, templates[:3])
    order = jnp.argsort(-gain, axis=0)

    def sorted_by(values):
        return jnp.take_along_axis(values, order, 0).T

    repeated = jnp.broadcast_to(templates.kinds.T[:, :, None], (3, *gain.shape))
    shift, damping, upper = (sorted_by(each) for each in repeated)
    shapes = Shapes(
        sorted_by(place),
        sorted_by(width),
        shift,
        damping,
        sorted_by(antisymmetric),
        sorted_by(symmetric),
        upper,
        sorted_by(gain),
    )
    rest = jnp.take_along_axis(left, order[:1, :, None], 0)[0]
    return shapes, rest.reshape(measured.shape)


def _size(values):
    return jnp.sum(values**2, -1) + jnp.finfo(values.dtype).tiny ** 0.5


def _cleared(values, basis):
    """Values without what a background explains of them."""
    held = jnp.einsum("...kn,knl->...kl", values, basis)
    return values - jnp.einsum("...kl,knl->...kn", held, basis)
