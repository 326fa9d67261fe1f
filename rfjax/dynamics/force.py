"""What acts on the complex amplitude from outside: one interface for tones, coupling, feedback."""

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float, Int

from rfjax.dynamics.clock import Clock

Amplitude = tuple[Float[Array, "..."], Float[Array, "..."]]  # real and imaginary part


class AbstractAction(eqx.Module):
    """A force made ready for one step and one rotating frame.

    It `begins` with what it remembers, `held` is what it computes once a step, and it is called at
    every stage of the solver within that step.
    """

    def begins(self, amplitude: Amplitude) -> Any:
        """What it remembers at the start; None for most."""
        return None

    @abstractmethod
    def held(self, number: Int[Array, ""], memory: Any) -> Any:
        """What stays the same during step `number`."""

    @abstractmethod
    def __call__(self, held: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        """The force, rad/s, at an offset, s, from the start of the step."""

    def remembered(self, memory: Any, number: Int[Array, ""], amplitude: Amplitude) -> Any:
        """The memory after step `number`, which ended in an amplitude."""
        return memory


class Bound(NamedTuple):
    """What a force cannot exceed: a constant, and a rate times the largest amplitude, rad/s."""

    constant: ArrayLike = 0.0
    rate: ArrayLike = 0.0


class AbstractForce(eqx.Module):
    """A force on the amplitude of devices.

    `apart` says whether each lane feels it no matter what the other lanes do.
    """

    apart: ClassVar[bool] = True

    @abstractmethod
    def frequencies(self) -> ArrayLike | None:
        """The frequencies that it drives at, Hz, if any: they decide about frame and step."""

    @abstractmethod
    def bound(self) -> Bound:
        """How strong it can be, (*lanes,): this decides about the step too."""

    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of the lanes that it acts on, to be broadcast."""

    @abstractmethod
    def prepared(self, clock: Clock) -> AbstractAction:
        """The force made ready for one step and one frame."""
