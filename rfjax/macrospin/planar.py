"""Systems with two degrees of freedom about an equilibrium, which reduce to oscillators."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float


class PlanarSystem(eqx.Module):
    r"""One device that moves in a plane, in coordinates whose area is an action.

    A uniform magnetisation on its sphere is one, the core of a vortex another. What has this face
    can be linearised, rectifies, and reduces to `rfjax.Resonator` and `rfjax.Oscillator`.
    Coordinates $w$ are zero at the equilibrium, and $w^2$ is the oscillation power $p$ of a circle.
    """

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
