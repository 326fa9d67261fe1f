"""The free layer of a stack: material, shape, and what a current does in it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, broadcast_shape, finite, instance_of, positive
from rfjax.laws import demagnetisation, llgs
from rfjax.macrospin.equation_of_motion import EquationOfMotion
from rfjax.macrospin.planar import AbstractPlanarDevice
from rfjax.macrospin.plausible import check_plausible
from rfjax.macrospin.stack import AbstractStack
from rfjax.macrospin.torque import SpinTorque
from rfjax.macrospin.uniform import Uniform
from rfjax.macrospin.vectors import VectorLike, direction, lanes_of, vector
from rfjax.numerics.vectors import Vector, components, stacked, times
from rfjax.printing import described


def _given(check, name, value) -> Any:
    return None if value is None else check(name, value)


class FreeLayer(AbstractStack, AbstractPlanarDevice):
    r"""A uniformly magnetised elliptic cylinder: the free layer of a junction.

    Every field may be a number or an array; they broadcast to the shape of the layers, vectors with
    a last axis of their components along x, y (in the plane) and z (through the film).

    **Arguments:**

    - `magnetisation`: of saturation, $M_s$, A/m.
    - `thickness` $t$ and `diameter` $d$, m; `width`: the diameter along y, of an ellipse; that
      along x if none is given.
    - `damping`: Gilbert damping $\alpha$, above zero.
    - `uniaxial_anisotropy`: $K_u$, J/m³, positive for an easy axis; `easy_axis`: its direction.
    - `interface_anisotropy`: $K_i$, J/m², positive where interfaces pull the magnetisation out of
      the plane.
    - `torque`: a `SpinTorque`, or None.
    - `oersted`: the field of the current in the layer, A/m per A.
    - `demagnetising`: factors along x, y and z, if not those of the shape; see
      `rfjax.laws.demagnetisation`.
    - `gyromagnetic_ratio`: $\gamma_0=\mu_0\gamma$, m/(A·s).

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    magnetisation: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "magnetisation"), metadata={"unit": "A/m"}
    )
    thickness: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "thickness"), metadata={"unit": "m"}
    )
    diameter: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "diameter"), metadata={"unit": "m"}
    )
    width: Float[Array, "..."] | None = eqx.field(
        converter=partial(_given, positive, "width"), default=None
    )
    damping: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "damping"), default=0.01, kw_only=True
    )
    uniaxial_anisotropy: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "uniaxial_anisotropy"),
        default=0.0,
        kw_only=True,
        metadata={"unit": "J/m³"},
    )
    easy_axis: Float[Array, "... 3"] = eqx.field(
        converter=partial(direction, "easy_axis"), default=(1.0, 0.0, 0.0), kw_only=True
    )
    interface_anisotropy: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "interface_anisotropy"),
        default=0.0,
        kw_only=True,
        metadata={"unit": "J/m²"},
    )
    torque: SpinTorque | None = eqx.field(default=None, kw_only=True)
    oersted: Float[Array, "... 3"] = eqx.field(
        converter=partial(vector, "oersted"),
        default=(0.0, 0.0, 0.0),
        kw_only=True,
        metadata={"unit": "1/m"},
    )
    demagnetising: Float[Array, "... 3"] | None = eqx.field(
        converter=partial(_given, vector, "demagnetising"), default=None, kw_only=True
    )
    gyromagnetic_ratio: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "gyromagnetic_ratio"),
        default=llgs.GYROMAGNETIC_RATIO,
        kw_only=True,
        metadata={"unit": "m/(A·s)"},
    )

    __repr__ = described

    def __check_init__(self):
        if self.torque is not None:
            instance_of("torque", self.torque, SpinTorque, "a SpinTorque, or None")
        check_plausible(
            self.magnetisation, self.thickness, diameter=self.diameter, width=self.across
        )
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to, without the axis of components."""
        return lanes_of(self, "easy_axis", "oersted", "demagnetising")

    @property
    def across(self) -> Float[Array, "..."]:
        """The diameter along y, m."""
        return self.diameter if self.width is None else self.width

    @property
    def area(self) -> Float[Array, "..."]:
        """The area of the ellipse, m²."""
        return jnp.pi / 4 * self.diameter * self.across

    @property
    def volume(self) -> Float[Array, "..."]:
        """The volume, m³."""
        return self.area * self.thickness

    @property
    def factors(self) -> Float[Array, "*lanes 3"]:
        """The demagnetising factors along x, y and z, as given or of the shape."""
        if self.demagnetising is not None:
            return self.demagnetising
        found = demagnetisation.elliptic_cylinder(self.diameter, self.across, self.thickness)
        return stacked(found)

    @property
    def energy_unit(self) -> Float[Array, "..."]:
        r"""The energy that others are counted in, $\mu_0M_s^2V$, J."""
        # In this order every product stays in float32's range.
        return llgs.VACUUM_PERMEABILITY * self.magnetisation * self.volume * self.magnetisation

    @property
    def reduced_factors(self) -> Vector:
        """The demagnetising factors, less what the interface anisotropy takes from the last one."""
        x, y, z = components(self.factors)
        field = llgs.anisotropy_field(
            self.interface_anisotropy / self.thickness, self.magnetisation
        )
        return x, y, z - field / self.magnetisation

    def planar_system(
        self, start: VectorLike | None, field: VectorLike, current: ArrayLike
    ) -> tuple[Uniform, Float[Array, " lanes"], tuple[int, ...]]:
        """See `AbstractPlanarDevice.planar_system`."""
        if start is None:
            raise InvalidInput(
                "start is missing: give the direction from which the equilibrium is sought, as "
                "(0, 0, 1)"
            )
        return Uniform.of(self, field, current, start)

    def torque_fields(
        self, current: ArrayLike, cosine: ArrayLike = 0.0
    ) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        r"""The damping-like and the field-like field of a current, A/m.

        **Arguments:** `current` in A, positive where electrons polarised along the polariser enter
        the layer; `cosine` of the angle to the polariser.

        **Returns:** $a$ and $b$, zero for a layer without torque.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        current, cosine = finite("current", current), finite("cosine", cosine)
        broadcast_shape(layers=self.shape, current=current.shape, cosine=cosine.shape)
        if self.torque is None:
            nothing = jnp.zeros_like(current * self.magnetisation)
            return nothing, nothing
        whole = llgs.damping_like_field(current / self.area, self.magnetisation, self.thickness)
        damping_like = whole * llgs.spin_efficiency(
            cosine, self.torque.polarisation, self.torque.asymmetry
        )
        return damping_like, self.torque.field_like * damping_like

    def each(self, function: Callable[["FreeLayer"], Any], rank: int) -> Any:
        """What a function gives for the one layer."""
        return function(self)

    def equation_of_motion(self, field: Float[Array, "*lanes 3"], rank: int) -> EquationOfMotion:
        """The equation of layers at a field in A/m."""
        size, torque = self.magnetisation, self.torque
        none = jnp.zeros_like(size)
        whole = llgs.damping_like_field(1 / self.area, size, self.thickness) / size
        return EquationOfMotion(
            rate=self.gyromagnetic_ratio * size,
            field=times(1 / size, components(field)),
            demagnetising=self.reduced_factors,
            uniaxial=llgs.anisotropy_field(self.uniaxial_anisotropy, size) / size,
            easy_axis=components(self.easy_axis),
            damping=self.damping,
            polariser=(none, none, none) if torque is None else components(torque.polariser),
            spin_torque=none if torque is None else whole,
            polarisation=none if torque is None else torque.polarisation,
            asymmetry=none if torque is None else torque.asymmetry,
            field_like=none if torque is None else torque.field_like,
            oersted=times(1 / size, components(self.oersted)),
        )
