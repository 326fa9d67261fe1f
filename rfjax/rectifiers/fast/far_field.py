"""The far field of a line: constant matrices, which know the tones, times moments of resonators.

See `rfjax.laws.pole_expansion`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Resonator
from rfjax.laws import pole_expansion, spin_diode

FIRST = 3  # orders of the far field in which nothing grows with the power


class FarField(eqx.Module):
    """The powers of `pole_expansion.tone_ratios`, a matrix (tones, own) for each order."""

    powers: list[Float[Array, "tones own"]]

    @classmethod
    def of(cls, tones: Float[Array, " tones"], near: int, order: int) -> "FarField":
        """That of some tones.

        **Arguments:** `tones` in Hz; `near`: places to the end of the near band; `order`: how many
        terms, more than `FIRST`.
        """
        powers = [pole_expansion.tone_ratios(jax.lax.stop_gradient(tones), near)]
        for _ in range(order - 1):
            powers.append(powers[-1] * powers[0])
        return cls(powers)

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
        order = len(self.powers)
        offset = pole_expansion.offset_from_tone(tones, own, detuning, damping)
        rectification = signs * resonators.rectification
        torques = resonators.antisymmetric, resonators.symmetric
        moments = pole_expansion.moments(tones, offset, rectification, torques, order)
        rows = [jnp.broadcast_to(each, detuning.shape) for each in moments]
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
            rows[FIRST:] = [
                jnp.concatenate([one, jnp.broadcast_to(other, detuning.shape)])
                for one, other in zip(rows[FIRST:], growing, strict=True)
            ]
        found = _products(rows, tones, self.powers)
        return jnp.split(found, len(found) // len(detuning))


@eqx.filter_custom_jvp
def _products(moments, tones, powers):
    """Constant matrices times moments; its derivative reaches the tones that the matrices know."""
    return _summed(moments, powers, len(moments[-1]))


def _summed(moments, powers, count: int):
    """The sum of all orders, of `count` rows: moments have as many or fewer, or are None."""
    found = [
        _filled(jnp.matmul(each, power.T, precision=jax.lax.Precision.HIGHEST), count)
        for each, power in zip(moments, powers, strict=True)
        if each is not None
    ]
    return sum(found, jnp.zeros((count, len(powers[0])), powers[0].dtype))


def _filled(rows, count: int):
    """Rows with rows of zeros after them."""
    return jnp.pad(rows, ((0, count - len(rows)), (0, 0)))


@_products.def_jvp
def _products_jvp(primals, tangents):
    moments, tones, powers = primals
    by_moments, by_tones, _ = tangents
    count = len(moments[-1])
    if by_tones is None:
        return _summed(moments, powers, count), _summed(by_moments, powers, count)
    # $\partial_ir^{m+1}=-(m+1)r^{m+2}/f_k$ and $\partial_kr^{m+1}=(m+1)(r^{m+1}+r^{m+2})/f_k$:
    # the next power is that of the next order, and of the last one a product more.
    tones = _differentiated_once(tones)
    powers = [*powers, powers[-1] * powers[0]]
    none = jnp.zeros((count, tones.shape[0]), tones.dtype)
    moments = [*(_filled(each, count) for each in moments), none]
    sloped = [(m + 1) * each / tones for m, each in enumerate(moments)]
    carried = [none, *sloped[:-1]]
    # Together, since to read the matrices takes most of the time.
    pairs = [jnp.concatenate(pair) for pair in zip(moments, carried, strict=True)]
    both = _summed(pairs, powers, 2 * count)
    found, still = both[:count], both[count:]
    moving = [by_tones * (one + other) for one, other in zip(sloped, carried, strict=True)]
    for m, each in enumerate(by_moments):
        if each is not None:
            moving[m] += _filled(each, count)
    return found, _summed(moving, powers, count) - by_tones * still


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
