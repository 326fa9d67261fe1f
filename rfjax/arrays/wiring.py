"""How resonators are wired: which tones reach which, and with what sign each counts."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays.polarity import signs
from rfjax.arrays.weights import Mapped, own_tone_detuning, shared_line_detuning
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.lines import Line
from rfjax.printing import described
from rfjax.rectifiers import AbstractRectifier
from rfjax.rectifiers.fast import direct


class AbstractWiring(eqx.Module):
    """Which tones of a line reach which resonators of a chain."""

    __repr__ = described

    # Whether every resonator of a chain receives every tone, or its own alone.
    shared: eqx.AbstractClassVar[bool]

    def weights(
        self,
        rectifier: AbstractRectifier,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        line: Line,
    ) -> Float[Array, "chains tones"] | None:
        """The volts per watt of every tone in every chain, where nothing has to be prepared.

        **Arguments:** as for `directly`; `line` of the tones.

        **Returns:** V/W, with the signs of the wiring; None where there is no such number for each
        tone, or only at the cost of `directly`.
        """
        if self.shared or not rectifier.linear_in_power:
            return None
        received = spin_diode.detuning_from_own_tone(
            line.frequencies, resonators.frequency, detuning, resonators.damping
        )
        of_a_watt = jnp.ones((1, line.tones), detuning.dtype)
        volts = rectifier.rectify_own_tones(resonators.detuned(detuning), received, of_a_watt)[0]
        return volts * signs(line.tones, detuning.dtype)

    @abstractmethod
    def mapped(
        self,
        weight: Float[Array, "chains tones"],
        resonators: Resonator,
        line: Line,
        inverse: Callable[..., Float[Array, "..."]],
    ) -> Mapped:
        """The detunings that stand for weights.

        **Arguments:** `weight`; `resonators` and `line` of the array; `inverse` from weight and
        damping to detuning, where a resonator has a weight of its own.
        """

    @abstractmethod
    def line_of_kernel(
        self, lowest: ArrayLike, highest: ArrayLike, places: tuple[int, ...], power: ArrayLike
    ) -> Line:
        """A line for the filters of a convolution.

        **Arguments:** `lowest` and `highest` tone, Hz; `places`: (channels, *kernel); `power` of
        the first tone, W.
        """

    def directly(
        self,
        rectifier: AbstractRectifier,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, " tones"] | Float[Array, "b tones"],
    ) -> Float[Array, "b chains"]:
        """The voltages of all chains with every resonator computed under every tone it receives.

        Batches too large for memory are computed part after part, forward and backward.

        **Arguments:** `rectifier`; `resonators` at their own tones; `detuning` from them in
        linewidths; `powers` in W; `frequencies` of the tones in Hz, for all rows or for each.

        **Returns:** volts.
        """
        sign = signs(detuning.shape[-1], detuning.dtype)
        asked = rectifier, resonators, detuning, sign, powers, frequencies
        return direct.voltages(*asked, shared=self.shared)


class SharedLine(AbstractWiring):
    """Every resonator of a chain receives every tone (chapter V)."""

    shared: ClassVar[bool] = True

    def mapped(
        self,
        weight: Float[Array, "chains tones"],
        resonators: Resonator,
        line: Line,
        inverse: Callable[..., Float[Array, "..."]],
    ) -> Mapped:
        """See `AbstractWiring.mapped`."""
        return shared_line_detuning(weight, resonators, line)

    def line_of_kernel(
        self, lowest: ArrayLike, highest: ArrayLike, places: tuple[int, ...], power: ArrayLike
    ) -> Line:
        """See `AbstractWiring.line_of_kernel`: a tone for each element, all of one power."""
        comb = Line.geometric(lowest, highest, math.prod(places), power)
        return Line(comb.frequencies, power)


class OwnTone(AbstractWiring):
    """Each resonator of a chain receives its own tone alone (chapter VI)."""

    shared: ClassVar[bool] = False

    def mapped(
        self,
        weight: Float[Array, "chains tones"],
        resonators: Resonator,
        line: Line,
        inverse: Callable[..., Float[Array, "..."]],
    ) -> Mapped:
        """See `AbstractWiring.mapped`."""
        return own_tone_detuning(weight, resonators, line, inverse=inverse)

    def line_of_kernel(
        self, lowest: ArrayLike, highest: ArrayLike, places: tuple[int, ...], power: ArrayLike
    ) -> Line:
        """See `AbstractWiring.line_of_kernel`: a tone for each channel."""
        return Line.geometric(lowest, highest, places[0], power)
