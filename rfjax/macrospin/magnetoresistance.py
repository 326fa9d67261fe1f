"""How a resistance follows the magnetisation of a stack."""

from abc import abstractmethod
from functools import partial
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, positive
from rfjax.laws import magnetoresistance
from rfjax.macrospin.vectors import direction, lanes_of
from rfjax.printing import described


class AbstractMagnetoresistance(eqx.Module):
    """A resistance that depends on the direction of the magnetisation of a stack.

    `bodies`: the shape of the layers that it reads, () of one; `vectors`: the names of fields with
    components along their last axis.
    """

    bodies: ClassVar[tuple[int, ...]] = ()
    vectors: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to, without the axis of components."""

    @abstractmethod
    def voltage(
        self, m: Float[Array | np.ndarray, "... 3"], current: ArrayLike
    ) -> Float[Array, "..."]:
        """The voltage of a direct current.

        **Arguments:** `m`: the direction of the magnetisation; `current` in A, (*lanes,).

        **Returns:** V.
        """

    def resistance(
        self, m: Float[Array | np.ndarray, "... 3"], current: ArrayLike = 0.0
    ) -> Float[Array, "..."]:
        r"""The resistance of a small current on top of a direct one, $\partial V/\partial I$.

        **Arguments:** those of `voltage`.

        **Returns:** Ω.
        """
        # A current of its own for each voltage, so that one derivative gives all.
        shape = jax.eval_shape(self.voltage, m, current)
        currents = jnp.broadcast_to(jnp.asarray(current), shape.shape).astype(shape.dtype)
        along = partial(self.voltage, m)
        return jax.jvp(along, (currents,), (jnp.ones_like(currents),))[1]

    def check_read(self, bodies: tuple[int, ...]) -> None:
        """**Raises:** `InvalidInput` unless it reads as many layers as a stack has."""
        if bodies != self.bodies:
            few, many = "one layer: give a Magnetoresistance", "two: give a MutualResistance"
            raise InvalidInput(
                f"junction is a {type(self).__name__}, and the stack has {many if bodies else few}"
            )


class Magnetoresistance(AbstractMagnetoresistance):
    r"""A resistance that is linear in the cosine of the angle to a reference layer.

    $R=R_P+(R_{AP}-R_P)\,(1-\cos\theta)/2$; see `rfjax.laws.magnetoresistance.resistance`.

    **Arguments:** `parallel` $R_P$ and `antiparallel` $R_{AP}$ in Ω, (*lanes,); `reference`: the
    direction of the other layer, of any length, (*lanes, 3).

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    vectors: ClassVar[tuple[str, ...]] = ("reference",)

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
        return lanes_of(self, *self.vectors)

    def voltage(
        self, m: Float[Array | np.ndarray, "... 3"], current: ArrayLike
    ) -> Float[Array, "..."]:
        cosine = jnp.sum(m * self.reference, -1)
        resistance = magnetoresistance.resistance_of_cosine(
            cosine, self.parallel, self.antiparallel
        )
        return jnp.asarray(current) * resistance


class MutualResistance(AbstractMagnetoresistance):
    r"""A resistance that is linear in the cosine of the angle between two coupled layers.

    $R=R_P+(R_{AP}-R_P)\,(1-\mathbf m_1\cdot\mathbf m_2)/2$.

    **Arguments:** `parallel` $R_P$ and `antiparallel` $R_{AP}$ in Ω, (*lanes,).

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    bodies: ClassVar[tuple[int, ...]] = (2,)

    parallel: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "parallel"), metadata={"unit": "Ω"}
    )
    antiparallel: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "antiparallel"), metadata={"unit": "Ω"}
    )

    __repr__ = described

    def __check_init__(self):
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        return lanes_of(self)

    def voltage(
        self, m: Float[Array | np.ndarray, "... 2 3"], current: ArrayLike
    ) -> Float[Array, "..."]:
        cosine = jnp.sum(m[..., 0, :] * m[..., 1, :], -1)
        resistance = magnetoresistance.resistance_of_cosine(
            cosine, self.parallel, self.antiparallel
        )
        return jnp.asarray(current) * resistance
