"""What a free layer obeys, in reduced variables."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.laws import llgs
from rfjax.macrospin.free_layer import FreeLayer
from rfjax.numerics.vectors import Components, Vector, components, dot, plus, times


class EquationOfMotion(eqx.Module):
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

    @classmethod
    def of(cls, layer: FreeLayer, field: Float[Array, "*lanes 3"]) -> "EquationOfMotion":
        """The equation of layers at a field in A/m."""
        size, torque = layer.magnetisation, layer.torque
        none = jnp.zeros_like(size)
        whole = llgs.damping_like_field(1 / layer.area, size, layer.thickness) / size
        return cls(
            rate=layer.gyromagnetic_ratio * size,
            field=times(1 / size, components(field)),
            demagnetising=layer.reduced_factors,
            uniaxial=llgs.anisotropy_field(layer.uniaxial_anisotropy, size) / size,
            easy_axis=components(layer.easy_axis),
            damping=layer.damping,
            polariser=(none, none, none) if torque is None else components(torque.polariser),
            spin_torque=none if torque is None else whole,
            polarisation=none if torque is None else torque.polarisation,
            asymmetry=none if torque is None else torque.asymmetry,
            field_like=none if torque is None else torque.field_like,
            oersted=times(1 / size, components(layer.oersted)),
        )

    def velocity(
        self, m: Components, current: ArrayLike, thermal: Components = (0.0, 0.0, 0.0)
    ) -> Vector:
        r"""How fast the magnetisation moves, $d\mathbf m/d\tau$.

        **Arguments:** `m`: the direction of the magnetisation; `current` in A; `thermal` field
        over $M_s$.
        """
        efficiency = llgs.spin_efficiency(dot(m, self.polariser), self.polarisation, self.asymmetry)
        damping_like = self.spin_torque * current * efficiency
        torque = llgs.spin_torque_field(
            m, self.polariser, damping_like, self.field_like * damping_like
        )
        field = llgs.effective_field(
            m, self.external(current), self.demagnetising, self.uniaxial, self.easy_axis
        )
        return llgs.velocity(m, plus(plus(field, torque), thermal), self.damping)

    def energy(self, m: Components, current: ArrayLike = 0.0) -> Float[Array, "..."]:
        r"""The energy over $\mu_0M_s^2V$, that in the Oersted field included."""
        return llgs.energy(
            m, self.external(current), self.demagnetising, self.uniaxial, self.easy_axis
        )

    def external(self, current: ArrayLike) -> Vector:
        """The field from outside, that of the current included."""
        return plus(self.field, times(current, self.oersted))

    def fastest(self, current: ArrayLike) -> Float[Array, "..."]:
        """A bound of how fast the magnetisation can turn, rad/s, at a current of this size in A."""
        bound = jnp.sqrt(sum(each**2 for each in self.field))
        bound = bound + abs(jnp.asarray(current)) * jnp.sqrt(sum(each**2 for each in self.oersted))
        low, high = (
            function(jnp.stack(jnp.broadcast_arrays(*self.demagnetising)), 0)
            for function in (jnp.min, jnp.max)
        )
        most = self.polarisation / (1 - abs(self.asymmetry)) * abs(self.spin_torque * current)
        torque = most * jnp.sqrt(1 + self.field_like**2)
        return self.rate * (bound + (high - low) + abs(self.uniaxial) + torque)
