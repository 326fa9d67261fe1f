"""Systems with two degrees of freedom about an equilibrium, which reduce to oscillators."""

from abc import abstractmethod
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.macrospin.vectors import VectorLike


class PlanarSystem(eqx.Module):
    r"""One device that moves in a plane, in coordinates whose area is an action.

    A uniform magnetisation on its sphere is one, the core of a vortex another. What has this face
    can be linearised, rectifies, and reduces to `rfjax.Resonator` and `rfjax.Oscillator`.
    Coordinates $w$ are zero at the equilibrium, and $w^2$ is the oscillation power $p$ of a circle.
    """

    unstable: ClassVar[str]  # why nothing oscillates, and what to do
    undamped: ClassVar[str]  # why there is no threshold current, and what to do

    @property
    @abstractmethod
    def rate(self) -> Float[Array, "..."]:
        """The unit of velocities, rad/s, so that they are of order one."""

    @abstractmethod
    def equilibrium(self, current: Float[Array, ""]) -> Any:
        """Where it rests at a current in A, as `velocity` takes it; differentiable."""

    @abstractmethod
    def velocity(
        self, w: Float[Array, "2"], current: Float[Array, ""], origin: Any
    ) -> Float[Array, "2"]:
        """How fast coordinates about an origin move, in units of `rate`."""

    @abstractmethod
    def energy(
        self, w: Float[Array, "2"], current: Float[Array, ""], origin: Any
    ) -> Float[Array, ""]:
        """The energy, J."""

    @abstractmethod
    def observed(self, w: Float[Array, "2"], origin: Any) -> Float[Array, " components"]:
        """What its resistance is a function of, as the direction of the magnetisation."""

    @abstractmethod
    def rests(self, current: Float[Array, ""], origin: Any) -> Bool[Array, ""]:
        """Whether it rests at an origin, but for rounding, where the model holds."""


class AbstractPlanarDevice(eqx.Module):
    """A device that oscillates in a plane about its equilibrium: what `reduction` takes."""

    @abstractmethod
    def planar_system(
        self, start: VectorLike | None, field: VectorLike, current: ArrayLike
    ) -> tuple[PlanarSystem, Float[Array, " lanes"], tuple[int, ...]]:
        """The device at a field and a current, checked, as one axis of systems.

        **Arguments:** as those of `rfjax.macrospin.reduction`.

        **Returns:** the systems, the currents, and the shape of the lanes.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
