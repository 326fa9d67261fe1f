"""The convolution of field lines: filters of resonators, each of which sees one tone."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays import Windows
from rfjax.arrays.windows import Padding
from rfjax.checks import InvalidInput, broadcast_shape, finite, non_negative
from rfjax.devices import Resonator
from rfjax.nn.checked import checked_frequencies
from rfjax.nn.field_line import FieldLineDense, linear_weights
from rfjax.rectifiers import AbstractLinearInPower, AbstractRectifier


class FieldLineConv(eqx.Module):
    r"""Filters of resonators that slide over tones: volts out of tone powers in.

    $U_{fo}=\sum_k(-1)^kV_{fk}(P_{k+so})$ (6.2, 6.4) at the output $o$, a stride $s$ apart. Filter
    $f$ is a chain with one resonator for each element $k$ of its kernel, counted over
    (channels, *kernel), the last axis first; what trains is the detuning of each from its tone, in
    linewidths (6.5), held by `chains`. `SequentialChain`, `ParallelCrossbar` and `CompactCrossbar`
    are arrays that give these voltages.

    The chains of a `FieldLineDense` see one patch after the other.

    **Arguments:**

    - `detuning`: (filters, channels, *kernel), one or two axes of kernel, in linewidths of the
      resonator.
    - `resonators`: the devices; their frequencies are those of their own tones, Hz. They broadcast
      to (channels, *kernel), as does `peak_power`: one for all, or one for each channel.
    - `peak_power`: the largest power of a tone into one resonator, W.
    - `rectifier`: the rung of the ladder, `Independent` if none is given. A `Frozen` one holds the
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
        detuning = finite("detuning", detuning)
        peak_power = non_negative("peak_power", peak_power)
        if detuning.ndim not in (3, 4) or detuning.size == 0:
            raise InvalidInput(
                f"detuning has shape {detuning.shape}; give (filters, channels, *kernel), one or "
                "two axes of kernel, none of them empty"
            )
        self.places = detuning.shape[1:]
        self.windows = Windows(self.places[1:], stride, padding)
        resonators, peak_powers = in_a_row(self.places, resonators, peak_power)
        self.chains = FieldLineDense(
            detuning.reshape(detuning.shape[0], -1),
            resonators,
            peak_powers,
            rectifier,
            tolerance=tolerance,
        )

    @property
    def detuning(self) -> Float[Array, "..."]:
        """The detunings of all resonators from their tones, (filters, channels, *kernel)."""
        return self._unfolded(self.chains.detuning)

    @property
    def resonators(self) -> Resonator:
        """The devices, (channels, *kernel), at the frequencies of their own tones."""
        return jax.tree.map(self._unfolded, self.chains.resonators)

    @property
    def frequencies(self) -> Float[Array, "..."]:
        """The tones of each channel, Hz, which broadcast with all pixels: those of its first."""
        first = (slice(None), *(slice(1) for _ in self.places[1:]))
        return self.resonators.frequency[first]

    @property
    def peak_powers(self) -> Float[Array, "..."]:
        """The largest power of the tones of each channel, W, which broadcasts with all pixels.

        What every element of the kernel bears.
        """
        axes = tuple(range(1, len(self.places)))
        return jnp.min(self._unfolded(self.chains.peak_powers), axis=axes, keepdims=True)

    def _unfolded(self, values: Float[Array, "*filters tones"]) -> Float[Array, "..."]:
        return values.reshape(*values.shape[:-1], *self.places)

    @property
    def kernel(self) -> Float[Array, "..."]:
        """The volts per watt of all resonators, before any is turned round.

        **Returns:** V/W, (filters, channels, *kernel).

        **Raises:** `InvalidInput` on a rung that is not linear in the power, which has none.
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
        powers, axes = non_negative("powers", powers), len(self.places)
        if powers.ndim < axes or powers.shape[-axes] != self.places[0]:
            raise InvalidInput(
                f"powers have shape {powers.shape}; give (..., {self.places[0]}, *space) with "
                f"{axes - 1} axes of space, one channel for each of the kernel"
            )
        tones = [powers]
        if frequencies is not None:
            tones.append(checked_frequencies(frequencies, powers))
        patches = [jnp.moveaxis(self.windows.patches(each), 0, -1) for each in tones]
        return jnp.moveaxis(self.chains.volts(*patches), -1, -axes)

    def adapted(self) -> "FieldLineConv":
        """The same layer with a fast evaluation that suits its present detunings."""
        chains = self.chains.adapted()
        if chains is self.chains:
            return self
        return eqx.tree_at(lambda layer: layer.chains, self, chains)


def in_a_row(
    places: tuple[int, ...], resonators: Resonator, peak_power: Float[Array, "..."]
) -> tuple[Resonator, Float[Array, " tones"]]:
    """One resonator and one peak power for each element of a kernel, the last axis first.

    **Arguments:** `places`: (channels, *kernel); `resonators` and `peak_power`, which broadcast to
    it.

    **Raises:** `InvalidInput` where they do not.
    """
    for name, shape in {"resonators": resonators.shape, "peak_power": peak_power.shape}.items():
        if broadcast_shape(**{name: shape, "kernel": places}) != places:
            raise InvalidInput(
                f"{name} has shape {shape}; give one that broadcasts to (channels, *kernel), "
                f"{places}"
            )
    return jax.tree.map(
        lambda values: jnp.broadcast_to(values, places).ravel(), (resonators, peak_power)
    )
