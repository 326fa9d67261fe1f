"""Convolutions: filters of resonators, each a chain to which patch after patch is played."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import AbstractReading, AbstractWiring, OwnTone, ResonatorArray, Windows
from rfjax.arrays.resonator_array import checked_frequencies
from rfjax.arrays.windows import Padding
from rfjax.checks import InvalidInput, finite, instance_of, known, non_negative
from rfjax.devices import Resonator
from rfjax.lines import Line
from rfjax.printing import described
from rfjax.rectifiers import AbstractRectifier


class Convolution(eqx.Module):
    r"""Filters of resonators that slide over tones: volts out of tone powers in.

    $U_{fo}=\sum_k(-1)^kV_{fk}$ (6.2, 6.4) at the output $o$, a stride apart. Each filter is a chain
    with one resonator for each element of its kernel, counted over (channels, *kernel), the last
    axis first, to which a patch after the other is played. `SequentialChain`, `ParallelCrossbar`
    and `CompactCrossbar` are arrays that give these voltages.

    **Arguments:**

    - `detuning`: (filters, channels, *kernel), one or two axes of kernel, in linewidths.
    - `resonators`: the devices, as for a `ResonatorArray`, at the tones of the line: one for each
      tone or for each filter and tone, elements of a kernel in a row.
    - `line`: its tones belong to the elements of a kernel in a row; or, where each resonator
      receives its own tone alone, to the channels, and all elements of a channel have one.
    - `rectifier`, `gradient`, `tolerance`, `readings`: as for a `ResonatorArray`.
    - `wiring`: `OwnTone()` if none is given, or `SharedLine()`.
    - `stride`, `padding`: as those of `Windows`; no tone comes from padding.

    **Raises:** `InvalidInput` where shapes or values do not fit, or tones on a shared line are
    alike.
    """

    array: ResonatorArray
    places: tuple[int, ...] = eqx.field(static=True)
    windows: Windows

    __repr__ = described

    def __init__(
        self,
        detuning: ArrayLike,
        resonators: Resonator,
        line: Line,
        rectifier: AbstractRectifier | None = None,
        wiring: AbstractWiring | None = None,
        *,
        stride: int | Sequence[int] = 1,
        padding: Padding = "VALID",
        gradient: AbstractRectifier | None = None,
        tolerance: float | None = 1e-5,
        readings: Sequence[AbstractReading] = (),
    ):
        rows, self.places = in_rows("detuning", detuning)
        self.windows = Windows(self.places[1:], stride, padding)
        wiring = OwnTone() if wiring is None else wiring
        resonators, line = _for_elements(resonators, line, self.places, wiring)
        self.array = ResonatorArray(
            rows,
            resonators,
            line,
            rectifier,
            wiring,
            gradient=gradient,
            tolerance=tolerance,
            readings=readings,
        )

    @property
    def detuning(self) -> Float[Array, "..."]:
        """The detunings of all resonators from their tones, (filters, channels, *kernel)."""
        return self._unfolded(self.array.detuning)

    @property
    def resonators(self) -> Resonator:
        """The devices, at the tones of the elements of a kernel in a row."""
        return self.array.resonators

    @property
    def line(self) -> Line:
        """The tones of the elements of a kernel, in a row."""
        return self.array.line

    @property
    def peak_powers(self) -> Float[Array, "..."]:
        """The largest power of the tones of each channel, W, which broadcasts with all pixels.

        What every element of the kernel bears.
        """
        axes = tuple(range(1, len(self.places)))
        return jnp.min(self._unfolded(self.array.peak_powers), axis=axes, keepdims=True)

    @property
    def frequencies(self) -> Float[Array, "..."]:
        """The tones of each channel, Hz, which broadcast with all pixels: those of its first."""
        first = (slice(None), *(slice(1) for _ in self.places[1:]))
        return self._unfolded(self.array.frequencies)[first]

    def __call__(
        self,
        powers: ArrayLike,
        frequencies: ArrayLike | None = None,
        *,
        key: Key[Array, "..."] | None = None,
    ) -> Float[Array, "..."]:
        """The voltages of all filters at all outputs.

        **Arguments:** `powers` of the tones, (*b, channels, *space), in W into one resonator;
        `frequencies` of the tones, of the same shape, in Hz, where they are not those of the line;
        `key` of what readings draw, one or one a row, (*b,): every patch is a reading of its own.

        **Returns:** volts, (*b, filters, *out).

        **Raises:** `InvalidInput` for negative powers, frequencies not above zero or on a shared
        line, another number of channels, or less space than the kernel needs.
        """
        powers = non_negative("powers", powers)
        self.check_shape("powers", powers.shape)
        if frequencies is None:
            return self.volts(powers, key=key)
        return self.volts(powers, checked_frequencies(frequencies, powers), key=key)

    def with_devices(self, **fields: Any) -> "Convolution":
        """The same filters with other devices; see `ResonatorArray.with_devices`.

        **Arguments:** `fields` of the resonators, at the tones of the elements of a kernel in a
        row.

        **Raises:** `InvalidInput` where values or shapes do not fit, and for an ensemble.
        """
        array = self.array.with_devices(**fields)
        return eqx.tree_at(
            lambda filters: filters.array, self, array, is_leaf=lambda part: part is self.array
        )

    def check_shape(self, name: str, shape: tuple[int, ...]) -> None:
        """Refuse a shape that powers of the tones do not have; raises `InvalidInput`."""
        axes = len(self.places)
        if len(shape) < axes or shape[-axes] != self.places[0]:
            raise InvalidInput(
                f"{name} have shape {shape}; give (..., {self.places[0]}, *space) with "
                f"{axes - 1} axes of space, one channel for each of the kernel"
            )

    def volts(
        self,
        powers: Float[Array, "..."],
        frequencies: Float[Array, "..."] | None = None,
        *,
        key: Key[Array, "..."] | None = None,
    ) -> Float[Array, "..."]:
        """The voltages for powers, and frequencies if there are any, that have been checked.

        **Raises:** `InvalidInput` for frequencies on a shared line, and where readings need a key
        that is not given.
        """
        tones = [powers] if frequencies is None else [powers, frequencies]
        if frequencies is not None and self.array.wiring.shared:
            raise InvalidInput(
                "on a shared line each pixel is played on the tone of its place in a patch, which "
                "does not move; take OwnTone(), or oscillators whose tones stay"
            )
        weights = self._weights() if frequencies is None else None
        if weights is not None:
            return self.windows.products(powers, weights)
        patches = [jnp.moveaxis(self.windows.patches(each), 0, -1) for each in tones]
        return jnp.moveaxis(self.array.volts(*patches, key=key), -1, -len(self.places))

    def _weights(self) -> Float[Array, "filters elements"] | None:
        """The volts per watt of each element, where all that is to be known of it is one number."""
        array = self.array
        if array.gradient is not None or array.readings or array.detuning.ndim != 2:
            return None
        return array.wiring.weights(array.rectifier, array.resonators, array.detuning, array.line)

    def _unfolded(self, values: Float[Array, "*filters tones"]) -> Float[Array, "..."]:
        return values.reshape(*values.shape[:-1], *self.places)


def in_rows(name: str, values: ArrayLike) -> tuple[Float[Array, "filters tones"], tuple[int, ...]]:
    """Values of filters (filters, channels, *kernel) with each filter in a row, and its shape.

    **Raises:** `InvalidInput`, with the `name`, where they do not have such a shape.
    """
    values = finite(name, values)
    if values.ndim not in (3, 4) or values.size == 0:
        raise InvalidInput(
            f"{name} has shape {values.shape}; give (filters, channels, *kernel), one or two axes "
            "of kernel, none of them empty"
        )
    return values.reshape(values.shape[0], -1), values.shape[1:]


def _for_elements(
    resonators: Resonator, line: Line, places: tuple[int, ...], wiring: AbstractWiring
) -> tuple[Resonator, Line]:
    """Devices and tones for all elements of a kernel in a row."""
    instance_of("line", line, Line, "a Line")
    instance_of("resonators", resonators, Resonator, "a Resonator")
    instance_of("wiring", wiring, AbstractWiring, "SharedLine() or OwnTone()")
    elements = int(np.prod(places))
    if line.tones == places[0] != elements:
        # Copies of each channel's, one for each of its elements.
        repeat = elements // places[0]
        tones, peaks = (jnp.repeat(each, repeat) for each in (line.frequencies, line.peak_powers))
        line = Line(tones, peaks)
        resonators = jax.tree.map(
            lambda field: jnp.repeat(field, repeat, axis=-1) if field.ndim else field, resonators
        )
    if line.tones != elements:
        raise InvalidInput(
            f"the line has {line.tones} tones for a kernel {places}; give one for each channel, "
            f"{places[0]}, or one for each element, {elements}"
        )
    if wiring.shared and known(line.frequencies):
        different = len(np.unique(line.frequencies))
        if different < elements:
            raise InvalidInput(
                f"the {elements} elements of a kernel have {different} tones; on a shared line "
                "each needs one of its own"
            )
    return resonators, line
