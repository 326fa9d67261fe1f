"""The spin torques of a current, as a stack has them."""

from functools import partial

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.checks import finite, non_negative, where_valid
from rfjax.macrospin.vectors import direction, lanes_of
from rfjax.printing import described


class SpinTorque(eqx.Module):
    r"""The damping-like and the field-like torque of a current that a polariser has polarised.

    The damping-like field is $a=\frac{\hbar J}{2e\mu_0M_st}\,\frac P{1+\lambda\cos\theta}$, the
    field-like one $b=\xi a$; see `rfjax.laws.llgs`. A positive current pulls the magnetisation
    towards the polariser.

    **Arguments:**

    - `polariser`: its direction $\mathbf p$, of any length, (*lanes, 3).
    - `polarisation`: $P\ge0$; of a spin Hall line, the ratio of spin to charge current, times that
      of the areas that both cross.
    - `asymmetry`: $\lambda$ between −1 and 1; see `rfjax.laws.llgs.spin_efficiency`.
    - `field_like`: $\xi$, of either sign.

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    polariser: Float[Array, "... 3"] = eqx.field(converter=partial(direction, "polariser"))
    polarisation: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "polarisation"), default=0.5
    )
    asymmetry: Float[Array, "..."] = eqx.field(
        converter=lambda value: _below_one("asymmetry", value), default=0.0
    )
    field_like: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "field_like"), default=0.0
    )

    __repr__ = described

    def __check_init__(self):
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to, without the axis of components."""
        return lanes_of(self, "polariser")


class MutualTorque(eqx.Module):
    r"""The torques of a current that two layers polarise for each other.

    Both follow from `SpinTorque`'s, with the direction of the other layer in place of a polariser
    that stays. A positive current pulls the free layer towards the reference and pushes the
    reference away from the free layer, with the same torque per area where the polarisation is the
    same: alone, it drives both round in the same sense (Slonczewski, J. Magn. Magn. Mater. 159, L1,
    1996). The field-like torques are action and reaction, as those of an exchange.

    **Arguments:**

    - `polarisation` $P\ge0$ by the reference, which acts on the free layer.
    - `returned`: that by the free layer, which acts on the reference; the same if none is given.
    - `asymmetry` $\lambda$ between −1 and 1 of both.
    - `field_like` $\xi$ of both, of either sign.

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    polarisation: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "polarisation"), default=0.5
    )
    returned: Float[Array, "..."] | None = eqx.field(
        converter=lambda value: None if value is None else non_negative("returned", value),
        default=None,
        kw_only=True,
    )
    asymmetry: Float[Array, "..."] = eqx.field(
        converter=lambda value: _below_one("asymmetry", value), default=0.0, kw_only=True
    )
    field_like: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "field_like"), default=0.0, kw_only=True
    )

    __repr__ = described

    def __check_init__(self):
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to."""
        return lanes_of(self)

    @property
    def polarisations(self) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """What acts on the free layer, and on the reference."""
        return self.polarisation, self.polarisation if self.returned is None else self.returned


def _below_one(name, value) -> Float[Array, "..."]:
    value = finite(name, value)
    allowed = f"{name} has a value outside what is allowed: between -1 and 1, both excluded"
    return where_valid(value, jnp.abs(value) < 1, allowed)
