"""A microwave current through a layer."""

from functools import partial

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.checks import broadcast_shape, finite, non_negative, positive
from rfjax.dynamics.carrier_frame import Rotation, split
from rfjax.printing import described


class Microwave(eqx.Module):
    r"""A current $I\cos(\omega t-\psi)$ on top of the direct one.

    **Arguments:** `amplitude` $I$ in A; `frequency` in Hz; `phase` $\psi$ in rad; all (*lanes,).

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    amplitude: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "amplitude"), metadata={"unit": "A"}
    )
    frequency: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "frequency"), metadata={"unit": "Hz"}
    )
    phase: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "phase"), default=0.0, metadata={"unit": "rad"}
    )

    __repr__ = described

    def __check_init__(self):
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to."""
        return broadcast_shape(**{name: value.shape for name, value in vars(self).items()})

    def rotation(self, step: float) -> Rotation:
        """How far its phase goes in steps of a length in s, without loss of digits."""
        none = jnp.zeros_like(self.frequency)
        parts = split(np.asarray(step), np.dtype(self.frequency.dtype))
        return Rotation.of(self.frequency, none, *map(jnp.asarray, parts))

    def at(self, phase: Float[Array, "..."]) -> Float[Array, "..."]:
        """The current when its carrier has turned by a phase in rad, A."""
        return self.amplitude * jnp.cos(phase - self.phase)
