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


def _below_one(name, value) -> Float[Array, "..."]:
    value = finite(name, value)
    allowed = f"{name} has a value outside what is allowed: between -1 and 1, both excluded"
    return where_valid(value, jnp.abs(value) < 1, allowed)
