"""What acts on the complex amplitude from outside: one interface for tones, coupling, feedback."""

from abc import abstractmethod
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from rfjax.dynamics.dense_output import Passed
from rfjax.dynamics.steps import Steps
from rfjax.printing import described

Amplitude = tuple[Float[Array, "..."], Float[Array, "..."]]  # real and imaginary part


class AbstractAction(eqx.Module):
    """A force made ready for the steps and the rotating frame of one integration.

    It `begins` with a memory, `at_step` is what it computes once a step, and it is called
    at every stage of the solver within that step.
    """

    def begins(self, amplitude: Amplitude) -> Any:
        """Its memory at the start; None for most."""
        return None

    @abstractmethod
    def at_step(self, number: Int[Array, ""], memory: Any) -> Any:
        """What stays the same during step `number`."""

    @abstractmethod
    def __call__(self, constants: Any, offset: ArrayLike, amplitude: Amplitude) -> Amplitude:
        """The force, rad/s, at an offset, s, from the start of the step."""

    def strengths(self) -> Float[Array, "n *lanes"] | None:
        """What it is proportional to in each lane; None where that is not known.

        Derivatives to them are carried along in time.
        """
        return None

    def of_strengths(self, strengths: Float[Array, "n *lanes"] | None) -> "AbstractAction":
        """The same action with such strengths, or None for those that come later."""
        return self

    def next_memory(self, memory: Any, number: Int[Array, ""], passed: Passed) -> Any:
        """The memory after step `number`."""
        return memory


class AbstractForce(eqx.Module):
    """A force on the amplitude of devices.

    `couples` says whether the force on a lane depends on other lanes.
    """

    couples: ClassVar[bool] = False
    __repr__ = described

    @abstractmethod
    def frequencies(self) -> ArrayLike | None:
        """The frequencies that it drives at, Hz, if any: they decide about frame and step."""

    @abstractmethod
    def bound(self, amplitude: Float[np.ndarray, "*lanes"]) -> ArrayLike:
        """The largest that it can be while no amplitude exceeds `amplitude`, rad/s, (*lanes,).

        Without what only damps or feeds each lane by itself, the middle of `gains`. It decides
        about the step too, and is known on the host.
        """

    def gains(self) -> tuple[ArrayLike, ArrayLike]:
        """The least and the largest rate at which oscillations of all lanes grow, rad/s, (*lanes,).

        Coupling that only passes energy to and fro has none.
        """
        return 0.0, 0.0

    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of the lanes that it acts on, to be broadcast."""

    def switches(self) -> Float[np.ndarray, " switches"]:
        """The times at which it jumps or bends, s: no step goes across one."""
        return np.zeros(0)

    def echoes(self, switches: Float[np.ndarray, " n"]) -> Float[np.ndarray, " switches"]:
        """The times at which it repeats what happened when others switched, s."""
        return np.zeros(0)

    def longest_step(self) -> float:
        """The longest step that it can be used with, s."""
        return np.inf

    def exact_step(self, fastest: float, tolerance: float) -> float:
        """The longest step that keeps a tolerance, s.

        **Arguments:** `fastest` angular frequency of an amplitude in the frame, rad/s; `tolerance`.
        """
        return np.inf

    @abstractmethod
    def prepared(self, steps: Steps) -> AbstractAction:
        """The force made ready for the steps and the frame of one integration."""
