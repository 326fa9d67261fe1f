"""A free layer whose magnetisation is a vortex."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    instance_of,
    known,
    positive,
    where_valid,
)
from rfjax.laws import demagnetisation, llgs, vortex_charges
from rfjax.macrospin.core import Core
from rfjax.macrospin.planar import AbstractPlanarDevice
from rfjax.macrospin.plausible import check_plausible
from rfjax.macrospin.torque import SpinTorque
from rfjax.macrospin.vectors import VectorLike, lanes_of, vector
from rfjax.printing import described


def _sign(name, value) -> Float[Array, "..."]:
    value = finite(name, value)
    allowed = f"{name} has a value outside what is allowed: 1 or -1"
    return where_valid(value, jnp.abs(value) == 1, allowed)


class Vortex(AbstractPlanarDevice):
    r"""A circular free layer with a vortex, whose core moves by Thiele's equation.

    See `rfjax.laws.vortex`. Every field may be a number or an array; they broadcast to the shape of
    the layers.

    **Arguments:**

    - `magnetisation`: of saturation, $M_s$, A/m.
    - `thickness` $L$ and `diameter` $2R$, m, with $L/R$ from 0.001 to 2.
    - `exchange`: the exchange stiffness $A$, J/m.
    - `damping`: Gilbert damping $\alpha$, above zero.
    - `polarity` $P$: 1 or -1, the sign of the magnetisation along z in the core; `chirality` $C$: 1
      where it circulates in the plane from x to y, -1 the other way round.
    - `torque`: a `SpinTorque` without asymmetry, or None. A damping-like torque along z drives the
      core where $aPp_z<0$; torques in the plane act as fields and forces do.
    - `oersted`: the field of the current in the pillar as a share of that of a uniform density. A
      positive current flows along +z, so that its field has the chirality 1: say by the sign of the
      polariser where its electrons come from.
    - `core_radius` $b$ without a field, m, if not that of `rfjax.laws.vortex_charges.core_radius`.
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
    exchange: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "exchange"),
        default=1.3e-11,
        kw_only=True,
        metadata={"unit": "J/m"},
    )
    damping: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "damping"), default=0.01, kw_only=True
    )
    polarity: Float[Array, "..."] = eqx.field(
        converter=partial(_sign, "polarity"), default=1.0, kw_only=True
    )
    chirality: Float[Array, "..."] = eqx.field(
        converter=partial(_sign, "chirality"), default=1.0, kw_only=True
    )
    torque: SpinTorque | None = eqx.field(default=None, kw_only=True)
    oersted: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "oersted"), default=1.0, kw_only=True
    )
    core_radius: Float[Array, "..."] | None = eqx.field(
        converter=lambda value: None if value is None else positive("core_radius", value),
        default=None,
        kw_only=True,
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
            if known(self.torque.asymmetry) and np.any(np.asarray(self.torque.asymmetry)):
                raise InvalidInput(
                    "torque has an asymmetry, which the force on a vortex does not have; give 0"
                )
        check_plausible(self.magnetisation, self.thickness, diameter=self.diameter)
        _ = self.shape
        low, high = vortex_charges.ASPECTS
        self._within("thickness over the radius", self.aspect, low, high)
        low, high = vortex_charges.THICKNESSES
        relative = self.thickness / self.exchange_length
        self._within("thickness over the exchange length", relative, low, high)
        self._within("core_radius over the radius", self.core / self.radius, 0.0, 0.5)

    def _within(self, what, value, low, high):
        if known(value) and not np.all((value >= low) & (value <= high)):
            raise InvalidInput(
                f"{what} is {np.min(value):.3g} to {np.max(value):.3g}; a vortex has it from "
                f"{low:g} to {high:g}"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to."""
        return lanes_of(self)

    @property
    def radius(self) -> Float[Array, "..."]:
        """The radius $R$ of the disc, m."""
        return self.diameter / 2

    @property
    def aspect(self) -> Float[Array, "..."]:
        r"""Thickness over radius, $\beta=L/R$."""
        return self.thickness / self.radius

    @property
    def area(self) -> Float[Array, "..."]:
        """The area of the disc, m²."""
        return jnp.pi * self.radius**2

    @property
    def exchange_length(self) -> Float[Array, "..."]:
        r"""The exchange length $\ell=\sqrt{2A/(\mu_0M_s^2)}$, m."""
        root = jnp.sqrt(2 / llgs.VACUUM_PERMEABILITY * self.exchange)
        return root / self.magnetisation

    @property
    def core(self) -> Float[Array, "..."]:
        """The radius of the core without a field, as given or of least energy, m."""
        if self.core_radius is not None:
            return self.core_radius
        length = self.exchange_length
        return length * vortex_charges.core_radius(self.thickness / length)

    @property
    def saturation_field(self) -> Float[Array, "..."]:
        r"""The field along z that erects the magnetisation, $N_zM_s$, A/m; exchange left out."""
        factors = demagnetisation.elliptic_cylinder(self.diameter, self.diameter, self.thickness)
        return factors[2] * self.magnetisation

    @property
    def energy_unit(self) -> Float[Array, "..."]:
        r"""The energy that others are counted in, $\mu_0M_s^2L^2R$, J."""
        # In this order every product stays in float32's range.
        size = self.magnetisation * self.thickness
        return llgs.VACUUM_PERMEABILITY * size * size * self.radius

    def planar_system(
        self, start: VectorLike | None, field: VectorLike, current: ArrayLike
    ) -> tuple[Core, Float[Array, " lanes"], tuple[int, ...]]:
        """See `AbstractPlanarDevice.planar_system`."""
        if start is not None:
            raise InvalidInput(
                "start is given of a vortex, whose core is found next to the middle; leave it out"
            )
        field, current = vector("field", field), finite("current", current)
        shape = broadcast_shape(disc=self.shape, field=field.shape[:-1], current=current.shape)
        numbers, vectors = _reduced(self, field)
        dtype = jnp.result_type(*jax.tree.leaves((numbers, vectors, current)))

        def flat(leaf, *last):
            return jnp.broadcast_to(leaf, shape + last).reshape(-1, *last).astype(dtype)

        found = {name: jax.tree.map(flat, value) for name, value in numbers.items()}
        found |= {name: flat(value, 3) for name, value in vectors.items()}
        return Core(**found), flat(current), shape


@jax.jit
def _reduced(disc: Vortex, field: Float[Array, "... 3"]):
    """What a `Core` is made of, numbers and vectors."""
    size, torque = disc.magnetisation, disc.torque
    none = jnp.zeros_like(size)
    whole = llgs.damping_like_field(1 / disc.area, size, disc.thickness) / size
    vectors = {
        "field": field / size[..., None],
        "polariser": jnp.zeros(3) if torque is None else torque.polariser,
    }
    numbers = {
        "speed": disc.gyromagnetic_ratio * size * disc.aspect,
        "unit": disc.energy_unit,
        "saturation": disc.saturation_field / size,
        "magnetostatic": vortex_charges.stiffness(disc.aspect),
        "exchange": jnp.pi * (disc.exchange_length / disc.radius) ** 2 / disc.aspect,
        "oersted": disc.oersted / size / disc.thickness,
        "spin_torque": none if torque is None else whole * torque.polarisation,
        "field_like": none if torque is None else torque.field_like,
        "damping": disc.damping,
        "slenderness": 1 / disc.aspect,
        "core": disc.core / disc.radius,
        "polarity": disc.polarity,
        "chirality": disc.chirality,
    }
    return numbers, vectors
