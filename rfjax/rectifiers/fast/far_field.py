"""The far field of a line: constant matrices, which know the tones, times moments of resonators.

See `rfjax.laws.pole_expansion`.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Resonator
from rfjax.laws import pole_expansion, spin_diode

_exactly = jax.lax.Precision.HIGHEST
FIRST = 3  # orders of the far field in which nothing grows with the power


class FarField(eqx.Module):
    """The powers of `pole_expansion.tone_ratios` by orders, those of an order after another's.

    **Arguments:** `first`: of the first `FIRST` orders, (tones, orders * own); `others`.
    """

    first: Float[Array, "tones first"]
    others: Float[Array, "tones others"]

    @classmethod
    def of(cls, tones: Float[Array, " tones"], near: int, order: int) -> "FarField":
        """That of some tones.

        **Arguments:** `tones` in Hz; `near`: places to the end of the near band; `order`: how many
        terms, more than `FIRST`.
        """
        powers = [pole_expansion.tone_ratios(jax.lax.stop_gradient(tones), near)]
        for _ in range(order - 1):
            powers.append(powers[-1] * powers[0])
        return cls(*(jnp.concatenate(some, axis=1) for some in (powers[:FIRST], powers[FIRST:])))

    def weights(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains own"],
        tones: Float[Array, " tones"],
        signs: Float[Array, " own"],
        linear: bool,
    ) -> list[Float[Array, "chains tones"]]:
        """The volts per watt of what is far and, per watt, how they grow with the power.

        **Arguments:** `resonators` at their own tones; `detuning` in linewidths; `tones` in Hz;
        `signs` of the wiring; `linear`: whether nothing grows.

        **Returns:** V/W, (chains, tones), and V/W² unless it is linear.
        """
        own, damping = resonators.frequency, resonators.damping
        chains, count = len(detuning), tones.shape[0]
        order = FIRST + self.others.shape[1] // count
        offset = pole_expansion.offset_from_tone(tones, own, detuning, damping)
        rectification = signs * resonators.rectification
        torques = resonators.antisymmetric, resonators.symmetric
        moments = pole_expansion.moments(tones, offset, rectification, torques, order)
        rows = [_joined(moments[FIRST:], detuning)]
        if not linear:
            reached = spin_diode.continued_resonance_frequency(own, detuning, damping)
            drive = spin_diode.reduced_drive(1.0, reached, damping, resonators.drive)
            growing = pole_expansion.growing_moments(
                tones,
                offset,
                rectification * drive,
                damping * reached / tones,
                (resonators.reduced_shift, resonators.nonlinear_damping),
                torques,
                order - FIRST,
            )
            rows.append(_joined(growing, detuning))
        ratio = self.first[:, :count]
        found = _products(jnp.concatenate(rows), tones, self.others, ratio, FIRST)
        weights = [found[start : start + chains] for start in range(0, len(found), chains)]
        weights[0] += _products(_joined(moments[:FIRST], detuning), tones, self.first, ratio, 0)
        return weights


def _joined(moments: list[Array], detuning: Float[Array, "chains own"]) -> Array:
    """Moments of all orders in a row for each chain."""
    return jnp.concatenate([jnp.broadcast_to(each, detuning.shape) for each in moments], axis=1)


@eqx.filter_custom_jvp
def _products(moments, tones, far, ratio, first):
    """Constant matrices times moments; its derivative reaches the tones that the matrices know."""
    return jnp.matmul(moments, far.T, precision=_exactly)


@_products.def_jvp
def _products_jvp(primals, tangents):
    moments, tones, far, ratio, first = primals
    by_moments, by_tones, *_ = tangents
    tones = _differentiated_once(tones)
    product = partial(jnp.matmul, precision=_exactly)
    change = jnp.zeros((moments.shape[0], tones.shape[0]), moments.dtype)
    if by_moments is not None:
        change += product(by_moments, far.T)
    if by_tones is not None:
        # $\partial_ir^{m+1}=-(m+1)r^{m+2}/f_k$ and $\partial_kr^{m+1}=(m+1)(r^{m+1}+r^{m+2})/f_k$:
        # the next power is that of the next order, and of the last one a product more.
        own = tones.shape[0]
        order = far.shape[1] // own
        times = jnp.repeat(jnp.arange(1, order + 1, dtype=tones.dtype) + first, own)
        sloped = moments * times / jnp.tile(tones, order)
        moving = sloped * jnp.tile(by_tones, order)
        last = (far[:, -own:] * ratio).T
        change += product(moving + _next_order(moving, own), far.T)
        change += product(moving[:, -own:], last)
        still = product(_next_order(sloped, own), far.T) + product(sloped[:, -own:], last)
        change -= by_tones * still
    return product(moments, far.T), change


@eqx.filter_custom_jvp
def _differentiated_once(tones):
    """Tones of a derivative that knows them as constants: another one would be wrong."""
    return tones


@_differentiated_once.def_jvp
def _differentiated_once_jvp(primals, tangents):
    if tangents[0] is None:
        return primals[0], None
    raise InvalidInput(
        "the fast evaluation has no second derivative to tones; give the array tolerance=None"
    )


def _next_order(moments, own: int):
    """What belongs to the next higher power; that of the last order falls out."""
    return jnp.pad(moments[:, :-own], ((0, 0), (own, 0)))
