"""What a free layer obeys, in reduced variables."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws import llgs
from rfjax.macrospin.stack import AbstractEquation
from rfjax.numerics.vectors import Components, Vector, dot, plus, times


class EquationOfMotion(AbstractEquation):
    r"""The Landau–Lifshitz–Gilbert–Slonczewski equation of layers at a field, as their current sets
    it.

    Numbers of order one: fields over $M_s$, time $\tau=\gamma_0M_st$, see `rfjax.laws.llgs`.

    **Arguments:** `rate` $\gamma_0M_s$, rad/s; `field` $\mathbf h_{ext}$; `demagnetising` factors,
    interface anisotropy included; `uniaxial` $h_k$ and `easy_axis`; `damping`; `polariser`;
    `spin_torque`: $a$ at full efficiency and `oersted` field, both per A; `polarisation`,
    `asymmetry`, `field_like`; vectors as three components, each (*lanes,).
    """

    rate: Float[Array, "..."]
    field: Vector
    demagnetising: Vector
    uniaxial: Float[Array, "..."]
    easy_axis: Vector
    damping: Float[Array, "..."]
    polariser: Vector
    spin_torque: Float[Array, "..."]
    polarisation: Float[Array, "..."]
    asymmetry: Float[Array, "..."]
    field_like: Float[Array, "..."]
    oersted: Vector

    def velocity(
        self, m: Components, current: ArrayLike, further: Components = (0.0, 0.0, 0.0)
    ) -> Vector:
        efficiency = llgs.spin_efficiency(dot(m, self.polariser), self.polarisation, self.asymmetry)
        damping_like = self.spin_torque * current * efficiency
        torque = llgs.spin_torque_field(
            m, self.polariser, damping_like, self.field_like * damping_like
        )
        field = llgs.effective_field(
            m, self.external(current), self.demagnetising, self.uniaxial, self.easy_axis
        )
        return llgs.velocity(m, plus(plus(field, torque), further), self.damping)

    def energy(self, m: Components, current: ArrayLike = 0.0) -> Float[Array, "..."]:
        return llgs.energy(
            m, self.external(current), self.demagnetising, self.uniaxial, self.easy_axis
        )

    def external(self, current: ArrayLike) -> Vector:
        """The field from outside, that of the current included."""
        return plus(self.field, times(current, self.oersted))

    def fastest(self, current: ArrayLike) -> Float[Array, "..."]:
        bound = jnp.sqrt(sum(each**2 for each in self.field))
        bound = bound + abs(jnp.asarray(current)) * jnp.sqrt(sum(each**2 for each in self.oersted))
        low, high = (
            function(jnp.stack(jnp.broadcast_arrays(*self.demagnetising)), 0)
            for function in (jnp.min, jnp.max)
        )
        most = self.polarisation / (1 - abs(self.asymmetry)) * abs(self.spin_torque * current)
        torque = most * jnp.sqrt(1 + self.field_like**2)
        return self.rate * (bound + (high - low) + abs(self.uniaxial) + torque)
