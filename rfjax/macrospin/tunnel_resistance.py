"""How the resistance of a tunnel junction follows the magnetisation of its free layer."""

from functools import partial
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import broadcast_shape, instance_of
from rfjax.devices import Junction
from rfjax.macrospin.magnetoresistance import AbstractMagnetoresistance
from rfjax.macrospin.vectors import direction
from rfjax.printing import described


class TunnelResistance(AbstractMagnetoresistance):
    r"""A junction whose conductance is linear in the cosine of the angle to a reference layer.

    A microwave current on top of a direct one meets $\partial V/\partial I$ at its bias; how that
    follows the angle, $\partial^2V/\partial I\,\partial\cos\theta$, mixes both into the rectified
    voltage.

    **Arguments:** `junction`: a `rfjax.devices.Junction`, (*lanes,); `reference`: the direction of
    the other layer, of any length, (*lanes, 3).

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    vectors: ClassVar[tuple[str, ...]] = ("reference",)

    junction: Junction
    reference: Float[Array, "... 3"] = eqx.field(converter=partial(direction, "reference"))

    __repr__ = described

    def __check_init__(self):
        instance_of("junction", self.junction, Junction, "a Junction")
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        return broadcast_shape(junction=self.junction.shape, reference=self.reference.shape[:-1])

    def voltage(
        self, m: Float[Array | np.ndarray, "... 3"], current: ArrayLike
    ) -> Float[Array, "..."]:
        return self.junction.bias(current, jnp.sum(m * self.reference, -1))
