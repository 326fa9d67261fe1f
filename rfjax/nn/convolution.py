"""Convolutions: filters of resonators, each a chain that sees one patch of tones after another."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays import Windows
from rfjax.arrays.windows import Padding
from rfjax.checks import InvalidInput, broadcast_shape, finite, instance_of, non_negative
from rfjax.devices import Resonator
from rfjax.nn.checked import checked_frequencies
from rfjax.nn.field_line import FieldLineDense, linear_weights
from rfjax.nn.shared_line import SharedLineDense
from rfjax.rectifiers import AbstractLinearInPower, AbstractRectifier


class AbstractConvolution(eqx.Module):
    """Filters that slide over tones: volts out of tone powers in.

    Each filter is a chain with one resonator for each element of its kernel, counted over
    (channels, *kernel), the last axis first.

    **Arguments:** `chains`: the filters as a dense layer, which sees one patch after the other;
    `places`: (channels, *kernel); `windows`: where patches lie.
    """

    chains: eqx.AbstractVar[FieldLineDense | SharedLineDense]
    places: eqx.AbstractVar[tuple[int, ...]]
    windows: eqx.AbstractVar[Windows]

    @abstractmethod
    def __call__(self, powers: Float[Array, "..."]) -> Float[Array, "..."]:
        """The voltages of all filters at all outputs.

        **Arguments:** `powers` of the tones, (*b, channels, *space), in W into one resonator.

        **Returns:** volts, (*b, filters, *out).
        """

    @property
    def detuning(self) -> Float[Array, "..."]:
        """The detunings of all resonators from their tones, (filters, channels, *kernel)."""
        return self._unfolded(self.chains.detuning)

    @property
    def resonators(self) -> Resonator:
        """The devices, (channels, *kernel), at the frequencies of their own tones."""
        return jax.tree.map(self._unfolded, self.chains.resonators)

    @property
    def peak_powers(self) -> Float[Array, "..."]:
        """The largest power of the tones of each channel, W, which broadcasts with all pixels.

        What every element of the kernel bears.
        """
        axes = tuple(range(1, len(self.places)))
        return jnp.min(self._unfolded(self.chains.peak_powers), axis=axes, keepdims=True)

    def adapted(self) -> "AbstractConvolution":
        """The same layer with a fast evaluation that suits its present detunings."""
        chains = self.chains.adapted()
        if chains is self.chains:
            return self
        return eqx.tree_at(lambda layer: layer.chains, self, chains)

    def _unfolded(self, values: Float[Array, "*filters tones"]) -> Float[Array, "..."]:
        return values.reshape(*values.shape[:-1], *self.places)

    def _checked(self, powers: ArrayLike) -> Float[Array, "..."]:
        powers = non_negative("powers", powers)
        self.check_shape("powers", powers.shape)
        return powers

    def check_shape(self, name: str, shape: tuple[int, ...]) -> None:
        """Refuse a shape that powers of the tones do not have; raises `InvalidInput`."""
        axes = len(self.places)
        if len(shape) < axes or shape[-axes] != self.places[0]:
            raise InvalidInput(
                f"{name} have shape {shape}; give (..., {self.places[0]}, *space) with "
                f"{axes - 1} axes of space, one channel for each of the kernel"
            )

    def volts(self, *tones: Float[Array, "..."]) -> Float[Array, "..."]:
        """The voltages for powers, and frequencies if there are any, that have been checked."""
        patches = [jnp.moveaxis(self.windows.patches(each), 0, -1) for each in tones]
        return jnp.moveaxis(self.chains.volts(*patches), -1, -len(self.places))


class FieldLineConv(AbstractConvolution):
    r"""Filters of resonators, each of which sees its own tone alone.

    $U_{fo}=\sum_k(-1)^kV_{fk}(P_{k+so})$ (6.2, 6.4) at the output $o$, a stride $s$ apart. What
    trains is the detuning of each resonator $k$ of filter $f$ from its tone, in linewidths (6.5),
    held by `chains`. `SequentialChain`, `ParallelCrossbar` and `CompactCrossbar` are arrays that
    give these voltages.

    **Arguments:**

    - `detuning`: (filters, channels, *kernel), one or two axes of kernel, in linewidths of the
      resonator.
    - `resonators`: the devices; their frequencies are those of their own tones, Hz. They broadcast
      to (channels, *kernel), as does `peak_power`: one for all, or one for each channel.
    - `peak_power`: the largest power of a tone into one resonator, W.
    - `rectifier`: the rectifier model, `Independent` if none is given. A `Linearised` one holds the
      peak powers of all elements of the kernel, in a row.
    - `stride`, `padding`: as those of `Windows`; no tone comes from padding.
    - `tolerance`: as that of `FieldLineDense`.

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """

    chains: FieldLineDense
    places: tuple[int, ...] = eqx.field(static=True)
    windows: Windows

    def __init__(
        self,
        detuning: ArrayLike,
        resonators: Resonator,
        peak_power: ArrayLike,
        rectifier: AbstractRectifier | None = None,
        *,
        stride: int | tuple[int, ...] = 1,
        padding: Padding = "VALID",
        tolerance: float | None = 1e-5,
    ):
        rows, self.places = in_rows("detuning", detuning)
        self.windows = Windows(self.places[1:], stride, padding)
        place = in_a_row(self.places, resonators, non_negative("peak_power", peak_power))
        self.chains = FieldLineDense(rows, *place, rectifier, tolerance=tolerance)

    @property
    def frequencies(self) -> Float[Array, "..."]:
        """The tones of each channel, Hz, which broadcast with all pixels: those of its first."""
        first = (slice(None), *(slice(1) for _ in self.places[1:]))
        return self.resonators.frequency[first]

    @property
    def kernel(self) -> Float[Array, "..."]:
        """The volts per watt of all resonators, before any is turned round.

        **Returns:** V/W, (filters, channels, *kernel).

        **Raises:** `InvalidInput` for a model that is not linear in the power, which has none.
        """
        rectifier, detuning = self.chains.rectifier, self.chains.detuning
        if not isinstance(rectifier, AbstractLinearInPower):
            raise InvalidInput(
                f"the volts per watt of {type(rectifier).__name__} depend on the power; only a "
                "layer whose rectifier is linear in the power has a kernel"
            )
        return self._unfolded(linear_weights(rectifier, self.chains.resonators, detuning))

    def __call__(
        self, powers: Float[Array, "..."], frequencies: Float[Array, "..."] | None = None
    ) -> Float[Array, "..."]:
        """The voltages of all filters at all outputs.

        **Arguments:** `powers` of the tones, (*b, channels, *space), in W into one resonator;
        `frequencies` of the tones, of the same shape, in Hz, where they are not those of the line:
        see `FieldLineDense`.

        **Returns:** volts, (*b, filters, *out).

        **Raises:** `InvalidInput` for negative powers, frequencies not above zero, another number
        of channels, or less space than the kernel needs.
        """
        powers = self._checked(powers)
        if frequencies is None:
            return self.volts(powers)
        return self.volts(powers, checked_frequencies(frequencies, powers))


class SharedLineConv(AbstractConvolution):
    r"""Filters of resonators, every one of which sees all tones of a patch.

    $U_{fo}=\sum_k(-1)^k\sum_iV_{fki}(P_{i+so})$ at the output $o$, a stride $s$ apart: the
    sequential array of (6.2) on one line, to which a patch after the other is played, each pixel
    of it on the tone of its place in the kernel.

    **Arguments:**

    - `detuning`: (filters, channels, *kernel), one or two axes of kernel, in linewidths of the
      resonator.
    - `resonators`: the devices, (channels, *kernel); their frequencies are those of their own
      tones, Hz, no two alike.
    - `peak_power`: the largest power of a tone into one resonator, W, which broadcasts to
      (channels, *kernel).
    - `rectifier`, `tolerance`: as those of `SharedLineDense`.
    - `stride`, `padding`: as those of `Windows`; no tone comes from padding.

    **Raises:** `InvalidInput` where shapes or values do not fit, or tones are alike.
    """

    chains: SharedLineDense
    places: tuple[int, ...] = eqx.field(static=True)
    windows: Windows

    def __init__(
        self,
        detuning: ArrayLike,
        resonators: Resonator,
        peak_power: ArrayLike,
        rectifier: AbstractRectifier | None = None,
        *,
        stride: int | tuple[int, ...] = 1,
        padding: Padding = "VALID",
        tolerance: float | None = 1e-5,
    ):
        rows, self.places = in_rows("detuning", detuning)
        self.windows = Windows(self.places[1:], stride, padding)
        place = in_a_row(self.places, resonators, non_negative("peak_power", peak_power))
        tones = place[0].frequency
        if not isinstance(tones, Tracer) and len(np.unique(tones)) < tones.size:
            raise InvalidInput(
                f"the {tones.size} elements of a kernel {self.places} have "
                f"{len(np.unique(tones))} tones; on a shared line each needs one of its own"
            )
        self.chains = SharedLineDense(rows, *place, rectifier, tolerance=tolerance)

    def __call__(self, powers: Float[Array, "..."]) -> Float[Array, "..."]:
        """The voltages of all filters at all outputs.

        **Arguments:** `powers` of the pixels, (*b, channels, *space), in W into one resonator.

        **Returns:** volts, (*b, filters, *out).

        **Raises:** `InvalidInput` for negative powers, another number of channels, or less space
        than the kernel needs.
        """
        return self.volts(self._checked(powers))


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


def in_a_row(
    places: tuple[int, ...], resonators: Resonator, peak_power: Float[Array, "..."]
) -> tuple[Resonator, Float[Array, " tones"]]:
    """One resonator and one peak power for each element of a kernel, the last axis first.

    **Arguments:** `places`: (channels, *kernel); `resonators` and `peak_power`, which broadcast to
    it.

    **Raises:** `InvalidInput` where they do not.
    """
    instance_of("resonators", resonators, Resonator, "a Resonator")
    for name, shape in {"resonators": resonators.shape, "peak_power": peak_power.shape}.items():
        if broadcast_shape(**{name: shape, "kernel": places}) != places:
            raise InvalidInput(
                f"{name} has shape {shape}; give one that broadcasts to (channels, *kernel), "
                f"{places}"
            )
    return jax.tree.map(
        lambda values: jnp.broadcast_to(values, places).ravel(), (resonators, peak_power)
    )
