"""What two coupled layers obey, in reduced variables."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws import interlayer, llgs
from rfjax.macrospin.equation_of_motion import EquationOfMotion
from rfjax.macrospin.stack import AbstractEquation
from rfjax.numerics.vectors import Components, Vector, dot, plus


class CoupledEquation(AbstractEquation):
    r"""The Landau–Lifshitz–Gilbert–Slonczewski equation of two layers that act on each other.

    See `rfjax.laws.llgs` and `rfjax.laws.interlayer`. All numbers have an axis of the two layers in
    front of those of lanes.

    **Arguments:** `rate` of both; `layers`: what each obeys by itself; `bilinear` $j_1$,
    `biquadratic` $j_2$ and `mutual` factors $N$, each as it acts on a layer; `spin_torque`: $a$
    per A at full efficiency, below zero of the second layer; `polarisation`, `asymmetry` and
    `field_like` of it.
    """

    rate: Float[Array, "..."]
    layers: EquationOfMotion
    bilinear: Float[Array, "2 ..."]
    biquadratic: Float[Array, "2 ..."]
    mutual: Vector
    spin_torque: Float[Array, "2 ..."]
    polarisation: Float[Array, "2 ..."]
    asymmetry: Float[Array, "2 ..."]
    field_like: Float[Array, "2 ..."]

    def velocity(
        self, m: Components, current: ArrayLike, further: Components = (0.0, 0.0, 0.0)
    ) -> Vector:
        other = _exchanged(m)
        field = interlayer.field(m, other, self.bilinear, self.biquadratic, self.mutual)
        efficiency = llgs.spin_efficiency(dot(m, other), self.polarisation, self.asymmetry)
        pull = self.spin_torque * current * efficiency
        torque = llgs.spin_torque_field(m, other, pull, self.field_like * pull)
        return self.layers.velocity(m, current, plus(plus(field, torque), further))

    def energy(self, m: Components, current: ArrayLike = 0.0) -> Float[Array, "..."]:
        shared = interlayer.energy(m, _exchanged(m), self.bilinear, self.biquadratic, self.mutual)
        return self.layers.energy(m, current) + shared / 2

    def fastest(self, current: ArrayLike) -> Float[Array, "..."]:
        dipolar = jnp.max(jnp.stack([abs(each) for each in self.mutual]), 0)
        field = abs(self.bilinear) + 2 * abs(self.biquadratic) + dipolar
        most = self.polarisation / (1 - abs(self.asymmetry)) * abs(self.spin_torque * current)
        field = field + most * jnp.sqrt(1 + self.field_like**2)
        # The other one's magnetisation turns too: both count for how fast the field does.
        return self.layers.fastest(current) + (self.rate * field).sum(0)


def _exchanged(m: Components) -> Vector:
    """The vectors of the other layer at the place of each."""
    x, y, z = (jnp.flip(jnp.asarray(each), 0) for each in m)
    return x, y, z
