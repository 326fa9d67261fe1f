"""Two layers of a stack that act on each other across a spacer."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.checks import broadcast_shape, finite, instance_of, positive, where_valid
from rfjax.laws import demagnetisation, interlayer, llgs
from rfjax.macrospin.coupled_equation import CoupledEquation
from rfjax.macrospin.free_layer import FreeLayer
from rfjax.macrospin.stack import AbstractStack
from rfjax.macrospin.torque import MutualTorque
from rfjax.numerics.vectors import times
from rfjax.printing import described


class CoupledLayers(AbstractStack):
    r"""A free and a reference layer, or any two, coupled by exchange, dipolar field and current.

    $E=-A\,[J_1\,\mathbf m_1\cdot\mathbf m_2+J_2\,(\mathbf m_1\cdot\mathbf m_2)^2]
    +\mu_0M_1M_2V_1\,\mathbf m_1\cdot N_{12}\mathbf m_2$ beside what each layer has by itself; see
    `rfjax.laws.interlayer`. Directions of the magnetisation are (*lanes, 2, 3), the free layer's
    first.

    **Arguments:**

    - `free` and `reference`: a `FreeLayer` each, of the same diameter and width. Torques of theirs
      have polarisers that do not move.
    - `bilinear` $J_1$, J/m², negative where it makes the layers antiparallel, and `biquadratic`
      $J_2$, J/m², negative where it makes them perpendicular.
    - `spacer`: its thickness, m, from which the dipolar field follows exactly, that of coaxial
      cylinders; None for layers without one.
    - `torque`: a `MutualTorque`, or None.

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    bodies: ClassVar[tuple[int, ...]] = (2,)

    free: FreeLayer
    reference: FreeLayer
    bilinear: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "bilinear"),
        default=0.0,
        kw_only=True,
        metadata={"unit": "J/m²"},
    )
    biquadratic: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "biquadratic"),
        default=0.0,
        kw_only=True,
        metadata={"unit": "J/m²"},
    )
    spacer: Float[Array, "..."] | None = eqx.field(
        converter=lambda value: None if value is None else positive("spacer", value),
        default=None,
        kw_only=True,
        metadata={"unit": "m"},
    )
    torque: MutualTorque | None = eqx.field(default=None, kw_only=True)

    __repr__ = described

    def __check_init__(self):
        instance_of("free", self.free, FreeLayer, "a FreeLayer")
        instance_of("reference", self.reference, FreeLayer, "a FreeLayer")
        if self.torque is not None:
            instance_of("torque", self.torque, MutualTorque, "a MutualTorque, or None")
        _ = self.shape, self.sizes

    @property
    def shape(self) -> tuple[int, ...]:
        given = {name: value.shape for name, value in vars(self).items() if value is not None}
        return broadcast_shape(**given)

    @property
    def sizes(self) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """The diameters of both along x and y, m."""
        along, across = self.free.diameter, self.free.across
        same = _same(along, self.reference.diameter) & _same(across, self.reference.across)
        message = (
            "free and reference have different diameters; give both the same diameter and width, "
            "as layers that are etched together have"
        )
        return where_valid(along, same, message), across

    @property
    def mutual_factors(self) -> tuple[Float[Array, "*lanes 3"], Float[Array, "*lanes 3"]]:
        r"""The mutual demagnetising factors as they act on the free layer and on the reference:
        the mean field on the first is $-N_{12}\mathbf M_2$."""
        one, two = self.free.thickness, self.reference.thickness
        if self.spacer is None:
            nothing = jnp.zeros((*broadcast_shape(one=one.shape, two=two.shape), 3), one.dtype)
            return nothing, nothing
        along, across = self.sizes
        factors = demagnetisation.of_coaxial_cylinders(along, across, one, two, self.spacer)
        found = jnp.stack(jnp.broadcast_arrays(*factors), -1)
        return found, found * (one / two)[..., None]

    def each(self, function: Callable[[FreeLayer], Any], rank: int) -> Any:
        """What a function gives for both layers, in front of `rank` axes of lanes."""
        return _both(function(self.free), function(self.reference), rank)

    def equation_of_motion(self, field: Float[Array, "*lanes 3"], rank: int) -> CoupledEquation:
        """What both obey at a field in A/m, with `rank` axes of lanes."""
        one, two = self.free, self.reference
        torque = MutualTorque(0.0) if self.torque is None else self.torque
        ratio = two.magnetisation / one.magnetisation
        forward, backward = self.mutual_factors

        def reduced(coupling):
            return self.each(
                lambda layer: interlayer.exchange(coupling, layer.magnetisation, layer.thickness),
                rank,
            )

        def pulled(layer):
            whole = llgs.damping_like_field(1 / layer.area, layer.magnetisation, layer.thickness)
            return whole / layer.magnetisation

        layers = self.each(lambda layer: layer.equation_of_motion(field, rank), rank)
        return CoupledEquation(
            rate=layers.rate,
            layers=layers,
            bilinear=reduced(self.bilinear),
            biquadratic=reduced(self.biquadratic),
            mutual=_both(
                times(ratio, tuple(jnp.moveaxis(forward, -1, 0))),
                times(1 / ratio, tuple(jnp.moveaxis(backward, -1, 0))),
                rank,
            ),
            # What pulls one layer towards the other pushes the other one away.
            spin_torque=_both(pulled(one), -pulled(two), rank),
            polarisation=_both(*torque.polarisations, rank),
            asymmetry=_both(torque.asymmetry, torque.asymmetry, rank),
            field_like=_both(torque.field_like, -torque.field_like, rank),
        )


def _both(free: Any, reference: Any, rank: int) -> Any:
    """Numbers of both layers, in front of `rank` axes of lanes."""

    def stacked(one, two):
        found = jnp.stack(jnp.broadcast_arrays(one, two))
        return found.reshape(2, *(1,) * (rank + 1 - found.ndim), *found.shape[1:])

    return jax.tree.map(stacked, free, reference)


def _same(one: Float[Array, "..."], two: Float[Array, "..."]):
    return jnp.abs(one - two) <= 1e-5 * one
