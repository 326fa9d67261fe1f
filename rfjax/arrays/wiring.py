"""How resonators are wired: which tones reach which, and with what sign each counts."""

import math
from abc import abstractmethod
from collections.abc import Callable

import equinox as eqx
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays.polarity import signs
from rfjax.arrays.weights import Mapped, own_tone_detuning, shared_line_detuning
from rfjax.checks import InvalidInput
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.lines import Line
from rfjax.printing import described
from rfjax.rectifiers import AbstractRectifier
from rfjax.rectifiers.fast import AbstractEvaluation, Circumstances, direct


class AbstractWiring(eqx.Module):
    """Which tones of a line reach which resonators of a chain."""

    __repr__ = described

    @abstractmethod
    def prepared(
        self, rectifier: AbstractRectifier, wanted: Circumstances
    ) -> AbstractEvaluation | None:
        """What a rectifier model prepares for chains that are wired so.

        **Arguments:** `rectifier`; `wanted`: for what.

        **Returns:** the evaluation; None to compute every resonator directly.
        """

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
        return None

    def check_tones(self, line: Line) -> None:
        """Refuse tones that resonators could not tell apart; raises `InvalidInput`."""

    def check_patches(self) -> None:
        """Refuse tones of a patch that move with the pixels; raises `InvalidInput`."""

    def check_moved(self, rectifier: AbstractRectifier) -> None:
        """Refuse tones that are not those of the line where a model cannot take them.

        **Raises:** `InvalidInput`.
        """

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

    @abstractmethod
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


class SharedLine(AbstractWiring):
    """Every resonator of a chain receives every tone (chapter V)."""

    def prepared(
        self, rectifier: AbstractRectifier, wanted: Circumstances
    ) -> AbstractEvaluation | None:
        """See `AbstractWiring.prepared`."""
        return rectifier.on_shared_line(wanted)

    def check_tones(self, line: Line) -> None:
        """See `AbstractWiring.check_tones`."""
        different = len(np.unique(line.frequencies))
        if different < line.tones:
            raise InvalidInput(
                f"the {line.tones} elements of a kernel have {different} tones; on a shared line "
                "each needs one of its own"
            )

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

    def check_moved(self, rectifier: AbstractRectifier) -> None:
        """See `AbstractWiring.check_moved`."""
        rectifier.check_moving()

    def check_patches(self) -> None:
        """See `AbstractWiring.check_patches`."""
        raise InvalidInput(
            "on a shared line each pixel is played on the tone of its place in a patch, which does "
            "not move; take OwnTone(), or oscillators whose tones stay"
        )

    def directly(
        self,
        rectifier: AbstractRectifier,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, " tones"] | Float[Array, "b tones"],
    ) -> Float[Array, "b chains"]:
        """See `AbstractWiring.directly`."""
        sign = signs(detuning.shape[-1], detuning.dtype)
        return direct.on_shared_line(rectifier, resonators, detuning, sign, powers, frequencies)


class OwnTone(AbstractWiring):
    """Each resonator of a chain receives its own tone alone (chapter VI)."""

    def prepared(
        self, rectifier: AbstractRectifier, wanted: Circumstances
    ) -> AbstractEvaluation | None:
        """See `AbstractWiring.prepared`."""
        return rectifier.on_own_tones(wanted)

    def weights(
        self,
        rectifier: AbstractRectifier,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        line: Line,
    ) -> Float[Array, "chains tones"] | None:
        """See `AbstractWiring.weights`."""
        from_own = spin_diode.detuning_from_own_tone(
            line.frequencies, resonators.frequency, detuning, resonators.damping
        )
        weights = rectifier.weights_of_own_tones(resonators.detuned(detuning), from_own)
        return None if weights is None else weights * signs(detuning.shape[-1], detuning.dtype)

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

    def directly(
        self,
        rectifier: AbstractRectifier,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, " tones"] | Float[Array, "b tones"],
    ) -> Float[Array, "b chains"]:
        """See `AbstractWiring.directly`."""
        sign = signs(detuning.shape[-1], detuning.dtype)
        return direct.on_own_tones(rectifier, resonators, detuning, sign, powers, frequencies)
