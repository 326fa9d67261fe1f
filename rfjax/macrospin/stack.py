"""What moves in a stack: one uniform layer, or several that act on each other."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, broadcast_shape
from rfjax.macrospin.vectors import VectorLike, direction, vector
from rfjax.numerics.vectors import Components, Vector


class AbstractEquation(eqx.Module):
    r"""What the magnetisations of a stack at a field obey, in reduced variables.

    Vectors are three components, each (*bodies, *lanes).

    **Arguments:** `rate` $\gamma_0M_s$ of each layer, rad/s: each has a time $\tau$ of its own.
    """

    rate: eqx.AbstractVar[Float[Array, "..."]]

    @abstractmethod
    def velocity(
        self, m: Components, current: ArrayLike, further: Components = (0.0, 0.0, 0.0)
    ) -> Vector:
        r"""How fast the magnetisation moves, $d\mathbf m/d\tau$.

        **Arguments:** `m`: the direction of the magnetisation; `current` in A; `further`: a field
        beside all others, over $M_s$.
        """

    @abstractmethod
    def energy(self, m: Components, current: ArrayLike = 0.0) -> Float[Array, "..."]:
        r"""The energy of each body over its $\mu_0M_s^2V$, with its part of what it shares."""

    @abstractmethod
    def fastest(self, current: ArrayLike) -> Float[Array, "..."]:
        """A bound of how fast the magnetisation can turn, rad/s, at a current of this size in A."""


class AbstractStack(eqx.Module):
    """Uniform magnetic bodies that `simulate`, `equilibrium` and all others take.

    Directions of their magnetisation have the shape (*lanes, *bodies, 3); `bodies` is () of one
    layer.
    """

    bodies: ClassVar[tuple[int, ...]] = ()

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to, without the axis of components."""

    @abstractmethod
    def each(self, function: Callable[[Any], Any], rank: int) -> Any:
        """What a function gives for each layer, of `rank` axes of lanes behind that of bodies."""

    @abstractmethod
    def equation_of_motion(self, field: Float[Array, "*lanes 3"], rank: int) -> AbstractEquation:
        """What they obey at a field in A/m, with `rank` axes of lanes."""

    def energy(self, m: VectorLike, field: VectorLike = (0.0, 0.0, 0.0)) -> Float[Array, "..."]:
        r"""The energy in a field from outside, J; see `rfjax.laws.llgs.energy`.

        **Arguments:** `m`: the direction of the magnetisation, of any length, (*lanes, *bodies, 3);
        `field` in A/m, (*lanes, 3).

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        m, field = self.directions("m", m), vector("field", field)
        shape = broadcast_shape(layers=self.shape, m=self.lanes(m), field=field.shape[:-1])
        equation = self.equation_of_motion(field, len(shape))
        unit = self.each(lambda layer: layer.energy_unit, len(shape))
        found = unit * equation.energy(self.to_front(m, shape))
        return found.sum(tuple(range(len(self.bodies))))

    def directions(self, name: str, value: Any) -> Float[Array, "..."]:
        """`value` as unit vectors of every body, (*lanes, *bodies, 3).

        **Raises:** `InvalidInput` for anything else.
        """
        found = direction(name, value)
        if found.shape[-1 - len(self.bodies) : -1] != self.bodies:
            raise InvalidInput(
                f"{name} has shape {found.shape}; give a direction for each layer: the last axes "
                f"are {(*self.bodies, 3)}"
            )
        return found

    def lanes(self, m: Float[Array, "..."]) -> tuple[int, ...]:
        """The shape of the lanes of vectors (*lanes, *bodies, 3)."""
        return m.shape[: m.ndim - 1 - len(self.bodies)]

    def to_front(self, m: Float[Array, "..."], shape: tuple[int, ...]) -> Float[Array, "3 ..."]:
        """Vectors (*lanes, *bodies, 3) as (3, *bodies, *shape)."""
        inner = len(self.bodies)
        m = jnp.broadcast_to(m, (*shape, *self.bodies, 3))
        last = range(m.ndim - inner - 1, m.ndim - 1)
        return jnp.moveaxis(m, (-1, *last), tuple(range(inner + 1)))

    def flat(
        self, leaf: Float[Array, "..."], shape: tuple[int, ...], dtype: Any, *first: int
    ) -> Float[Array, "..."]:
        """(*first, *bodies, *lanes) as (lanes, *first, *bodies), lanes of a shape on one axis."""
        inner = *first, *self.bodies
        leaf = jnp.broadcast_to(leaf, (*inner, *shape)).reshape(*inner, -1)
        return jnp.moveaxis(leaf, -1, 0).astype(dtype)
