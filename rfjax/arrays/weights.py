"""Weights as detunings of resonators (6.1–6.3)."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays.polarity import signs
from rfjax.checks import (
    InvalidInput,
    finite,
    function,
    instance_of,
    known,
    positive,
    positive_integer,
    positive_number,
    shown,
)
from rfjax.devices import Resonator
from rfjax.laws.spin_diode import detuning_from_own_tone, voltage_scale
from rfjax.laws.synaptic_weight import largest_weight, near_detuning
from rfjax.lines import Line
from rfjax.numerics.chebyshev import product
from rfjax.rectifiers import AbstractToneByTone, Linear
from rfjax.rectifiers.base import with_tone_axis

Inverse = Callable[..., Float[Array, "..."]]  # from weight and damping to detuning
_AT_ONCE = 16  # chains, of which each has a Jacobian of tones by tones


class Mapped(NamedTuple):
    r"""Detunings that stand for weights, $U_j=s\sum_iw_{ji}u_i$ with $u_i=P_i/P_{max,i}$.

    On the linear rectifier, where no other is given. In units $U_0$ of a read-out the scale is
    $s/U_0$; a gain of $U_0/s$ makes up for it.

    **Arguments:** `detuning` in linewidths, of the shape of the weights; `scale` $s$ in V;
    `residual`: the largest difference between a weight that is reached and the one that is wanted,
    in its unit.
    """

    detuning: Float[Array, "..."]
    scale: Float[Array, ""]
    residual: Float[Array, ""]


def own_tone_detuning(
    weight: ArrayLike,
    resonators: Resonator,
    line: Line,
    *,
    inverse: Inverse = near_detuning,
) -> Mapped:
    r"""The detunings with which resonators on their own tones have given weights (6.1–6.3).

    All weights are scaled together, to the largest that resonators reach; the signs of the wiring
    are taken into account. Exact, but for rounding, without damping-like torque ($\xi_S=0$).

    **Arguments:**

    - `weight` (chains, tones), of any size.
    - `resonators` and `line` of the array, peak powers above zero.
    - `inverse`, from weight and damping to detuning: `near_detuning`, or `far_detuning` with a
      farthest detuning.

    **Returns:** detunings, scale and residual.

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """
    function("inverse", inverse, "near_detuning or far_detuning")
    weight = _checked(weight, resonators, line)
    own, scale = _own_weights(weight, resonators, line.peak_powers)
    detuning = inverse(own, resonators.damping)
    tuned = resonators.detuned(detuning)
    each = Linear().conversion(tuned, detuning, line.peak_powers) * line.peak_powers
    volts = each * signs(line.tones, each.dtype)
    return Mapped(detuning, scale, jnp.max(jnp.abs(volts / scale - weight)))


def shared_line_detuning(
    weight: ArrayLike,
    resonators: Resonator,
    line: Line,
    *,
    rectifier: AbstractToneByTone | None = None,
    share: float = 0.5,
    steps: int = 100,
) -> Mapped:
    """The detunings with which chains on a shared line come closest to given weights.

    On a shared line every resonator of a chain adds to the weight of every tone: least squares for
    each chain, by the steps of Levenberg and Marquardt, from where each resonator alone would have
    the weight of its own tone.

    **Arguments:**

    - `weight` (chains, tones), of any size.
    - `resonators`, one for each tone, and `line` of the array, peak powers above zero.
    - `rectifier` of the array, `Linear` or `Independent`, whose volts at the largest power of each
      tone become the weights; `Linear` if none is given, and then an array with another one has
      other weights.
    - `share`, up to one, of what a resonator reaches alone that the largest weight takes: what is
      left makes up for the other resonators.
    - `steps`, at most.

    **Returns:** detunings, scale and residual: near zero where the weights can be reached.

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """
    weight, peak_powers = _checked(weight, resonators, line), line.peak_powers
    given, share = share, positive_number("share", share)
    if share > 1:
        raise InvalidInput(f"share is {shown(given)}; it must be one or less")
    own, scale = _own_weights(weight, resonators, peak_powers)
    start = near_detuning(share * own, resonators.damping)
    given_line = resonators, peak_powers, share * scale
    rectifier = Linear() if rectifier is None else rectifier
    what = "Linear() or Independent(), in which each tone is on its own"
    instance_of("rectifier", rectifier, AbstractToneByTone, what)
    detuning, error = _solved(
        start, weight, given_line, positive_integer("steps", steps), rectifier
    )
    return Mapped(detuning, share * scale, jnp.max(jnp.abs(error)))


def _checked(weight: ArrayLike, resonators: Resonator, line: Line) -> Float[Array, "chains tones"]:
    """Weights as an array, of resonators that have weights at all.

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """
    instance_of("resonators", resonators, Resonator, "a Resonator")
    instance_of("line", line, Line, "a Line")
    weight = finite("weight", weight)
    if weight.ndim != 2 or weight.shape[1] != line.tones or not weight.size:
        raise InvalidInput(
            f"weight has shape {weight.shape}; give (chains, {line.tones}), at least one of each"
        )
    positive("the size of antisymmetric", jnp.abs(resonators.antisymmetric))
    positive("peak_powers", line.peak_powers)
    return weight


def _own_weights(weight, resonators, peak_powers):
    """The weights of resonators on their own tones, without unit, and the scale in V."""
    per_watt = voltage_scale(resonators.frequency, resonators.damping, resonators.rectification)
    volts = per_watt * resonators.antisymmetric * peak_powers / 2
    # Counted in the largest weight, so that none leaves the range of numbers.
    size = jnp.max(jnp.abs(weight))
    size = jnp.where(size > 0, size, 1)
    in_volts = weight / size / (volts * signs(peak_powers.size, peak_powers.dtype))
    largest = jnp.max(jnp.abs(in_volts) / largest_weight(resonators.damping))
    scale = jnp.where(largest > 0, 1 / jnp.where(largest > 0, largest, 1), jnp.max(jnp.abs(volts)))
    whole = scale / size
    if known(whole) and not jnp.finfo(whole.dtype).tiny <= whole < jnp.inf:
        raise InvalidInput(
            f"weights of up to {size:.3g} have no scale in volts that {whole.dtype} can hold; "
            "scale the weights"
        )
    return scale * in_volts, whole


@eqx.filter_jit
def _solved(start, weight, line, steps, rectifier):
    """The detunings of all chains, and how far their weights are off."""
    # The solver's own numbers have the default precision.
    given, default = start.dtype, jnp.result_type(float)
    start, weight, line = jax.tree.map(lambda a: a.astype(default), (start, weight, line))
    largest = jnp.max(jnp.abs(weight))
    size = jnp.where(largest > 0, largest, 1)
    precision = float(jnp.finfo(given).eps) ** 0.75
    solver = optx.LevenbergMarquardt(precision, precision)

    def off(detuning, arguments):
        wanted, (resonators, peak_powers, scale) = arguments
        volts = peak_powers * _weights_of_chain(detuning, (resonators, peak_powers), rectifier)
        return volts / (scale * size) - wanted

    def one_chain(start, wanted):
        arguments = wanted, line
        found = optx.least_squares(
            off, solver, start, arguments, max_steps=steps, throw=False
        ).value
        return found, size * off(found, arguments)

    chains = start, weight / size
    detuning, error = jax.lax.map(lambda chain: one_chain(*chain), chains, batch_size=_AT_ONCE)
    return detuning.astype(given), error.astype(given)


@eqx.filter_custom_jvp
def _weights_of_chain(detuning, line, rectifier):
    """The volts per watt of every tone in a chain on a shared line, at its largest power."""
    return _turned(_weights_of_each(detuning, line, rectifier))


@_weights_of_chain.def_jvp
def _weights_of_chain_jvp(primals, tangents):
    # Row by row the derivative is one number for each tone; taken column by column, as the solver
    # would take it, it costs all pairs for every resonator.
    detuning, line, rectifier = primals
    by_detuning, by_line, _ = tangents
    each = partial(_weights_of_each, line=line, rectifier=rectifier)
    weights, slopes = jax.jvp(each, (detuning,), (jnp.ones_like(detuning),))
    changed = jnp.zeros_like(detuning)
    if by_detuning is not None:
        changed += product(signs(detuning.size, detuning.dtype) * by_detuning, slopes)
    if jax.tree.leaves(by_line):
        devices = eqx.Partial(_weights_of_each, detuning, rectifier=rectifier)
        changed += _turned(eqx.filter_jvp(devices, (line,), (by_line,))[1])
    return _turned(weights), changed


def _weights_of_each(detuning, line, rectifier):
    """The volts per watt of every tone in every resonator, (own, tones), before any is turned."""
    resonators, peak_powers = line
    tuned = with_tone_axis(resonators.detuned(detuning))
    from_tones = detuning_from_own_tone(
        resonators.frequency,
        resonators.frequency[:, None],
        detuning[:, None],
        resonators.damping[..., None],
    )
    return rectifier.conversion(tuned, from_tones, peak_powers)


def _turned(each):
    """The sum over resonators of which every second is turned round."""
    return product(signs(len(each), each.dtype), each)
