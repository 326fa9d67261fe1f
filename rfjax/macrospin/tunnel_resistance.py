"""How the resistance of a tunnel junction follows the magnetisation of its free layer."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.checks import broadcast_shape, finite, instance_of
from rfjax.devices import Junction
from rfjax.macrospin.magnetoresistance import AbstractMagnetoresistance
from rfjax.macrospin.vectors import direction
from rfjax.printing import described


class TunnelResistance(AbstractMagnetoresistance):
    r"""The differential resistance $\partial V/\partial I$ of a junction at a direct current.

    That of a microwave current on top of it: how it follows the angle, $\partial^2V/\partial
    I\,\partial\cos\theta$, mixes both into the rectified voltage. Without a current it is the
    resistance of the junction.

    **Arguments:** `junction`: a `rfjax.devices.Junction`, (*lanes,); `reference`: the direction of
    the other layer, of any length, (*lanes, 3); `current` in A, (*lanes,).

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    junction: Junction
    reference: Float[Array, "... 3"] = eqx.field(converter=partial(direction, "reference"))
    current: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "current"), default=0.0, metadata={"unit": "A"}
    )

    __repr__ = described

    def __check_init__(self):
        instance_of("junction", self.junction, Junction, "a Junction")
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        reference = self.reference.shape[:-1]
        return broadcast_shape(
            junction=self.junction.shape, reference=reference, current=self.current.shape
        )

    def resistance(self, m: Float[Array | np.ndarray, "... 3"]) -> Float[Array, "..."]:
        """The differential resistance at a mean direction of the magnetisation, Ω."""
        cosine = jnp.sum(m * self.reference, -1)
        shape = broadcast_shape(junction=self.shape, m=cosine.shape)
        current = jnp.broadcast_to(self.current, shape).astype(cosine.dtype)
        return jax.jvp(
            lambda current: self.junction.bias(current, cosine),
            (current,),
            (jnp.ones_like(current),),
        )[1]
