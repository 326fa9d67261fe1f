"""How a resistance follows the magnetisation of a free layer."""

from abc import abstractmethod
from functools import partial

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.checks import positive
from rfjax.laws import magnetoresistance
from rfjax.macrospin.vectors import direction, lanes_of
from rfjax.printing import described


class AbstractMagnetoresistance(eqx.Module):
    """A resistance that depends on the direction of the magnetisation of a free layer."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to, without the axis of components."""

    @abstractmethod
    def resistance(self, m: Float[Array | np.ndarray, "... 3"]) -> Float[Array, "..."]:
        """The resistance at a direction of the magnetisation, Ω."""


class Magnetoresistance(AbstractMagnetoresistance):
    r"""A resistance that is linear in the cosine of the angle to a reference layer.

    $R=R_P+(R_{AP}-R_P)\,(1-\cos\theta)/2$; see `rfjax.laws.magnetoresistance.resistance`.

    **Arguments:** `parallel` $R_P$ and `antiparallel` $R_{AP}$ in Ω, (*lanes,); `reference`: the
    direction of the other layer, of any length, (*lanes, 3).

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    parallel: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "parallel"), metadata={"unit": "Ω"}
    )
    antiparallel: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "antiparallel"), metadata={"unit": "Ω"}
    )
    reference: Float[Array, "... 3"] = eqx.field(converter=partial(direction, "reference"))

    __repr__ = described

    def __check_init__(self):
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        return lanes_of(self, "reference")

    def resistance(self, m: Float[Array | np.ndarray, "... 3"]) -> Float[Array, "..."]:
        cosine = jnp.sum(m * self.reference, -1)
        return magnetoresistance.resistance_of_cosine(cosine, self.parallel, self.antiparallel)
