"""Three ways to build a convolution from chains of resonators on field lines (6.2.3)."""

import math
from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from rfjax.arrays.polarity import signs
from rfjax.arrays.windows import Padding, Windows
from rfjax.checks import (
    InvalidInput,
    finite,
    non_negative,
    positive_integers,
    positive_number,
    shown,
)

_exactly = jax.lax.Precision.HIGHEST


class AbstractConvolutionArray(eqx.Module):
    r"""An array of resonators that convolves, each with one tone on its own field line.

    $U_{fo}=\sum_k(-1)^kw_{fk}P_{k+so}$ (6.2, 6.4): the voltage of filter $f$ at the output $o$, a
    stride $s$ apart, with a weight in volts per watt for each element $k$ of the kernel,
    counted over (channels, *kernel), the last axis first. A resonator is turned round by its place
    in the kernel, wherever it stands, so that all that hold one weight can share a write line.

    **Arguments:** `kernel_shape`: (filters, channels, *kernel), one or two axes of kernel;
    `space`: pixels along each axis; `stride` and `padding` as those of `Windows`.

    **Raises:** `InvalidInput` where values are not allowed or no window fits.
    """

    kernel_shape: tuple[int, ...] = eqx.field(static=True)
    space: tuple[int, ...] = eqx.field(static=True)
    windows: Windows

    def __init__(
        self,
        kernel_shape: tuple[int, ...],
        space: tuple[int, ...],
        *,
        stride: int | tuple[int, ...] = 1,
        padding: Padding = "VALID",
    ):
        self.kernel_shape = positive_integers("kernel_shape", kernel_shape)
        if len(self.kernel_shape) not in (3, 4):
            raise InvalidInput(
                f"kernel_shape is {shown(self.kernel_shape)}; give (filters, channels, *kernel) "
                "with one or two axes of kernel"
            )
        self.space = positive_integers("space", space)
        self.windows = Windows(self.kernel_shape[2:], stride, padding)
        self.windows.outputs(space)

    @property
    @abstractmethod
    def weights_index(self) -> Int[np.ndarray, "chains per_chain"]:
        """The weight that each resonator of a filter holds; all filters are wired alike.

        **Returns:** for every chain of a filter and every resonator of the chain the place of its
        weight in the kernel, counted over (channels, *kernel); −1 for a weight of zero.
        """

    @abstractmethod
    def _wired(
        self, weights: Float[Array, "filters places"], powers: Float[Array, "b channels *space"]
    ) -> Float[Array, "b filters outputs"]:
        """The voltages, from signed weights, along the wires of this array."""

    @property
    def resonators(self) -> int:
        """How many resonators there are, in all filters."""
        return self.kernel_shape[0] * self.weights_index.size

    @property
    def write_lines(self) -> int:
        """How many lines write weights: one for each that some resonator holds, in all filters.

        Resonators of weight zero stay on the tone they were made for, and are not written.
        """
        positions = self.weights_index
        return self.kernel_shape[0] * np.unique(positions[positions >= 0]).size

    @property
    def presentations(self) -> int:
        """How many patches are presented one after the other: the time that a layer takes."""
        return math.prod(self.windows.outputs(self.space)) // self.weights_index.shape[0]

    def area(self, pitch: float) -> float:
        """The area of all resonators, on a square grid.

        **Arguments:** `pitch`: distance of neighbours, m.

        **Returns:** m².

        **Raises:** `InvalidInput` if the pitch is not above zero.
        """
        pitch = positive_number("pitch", pitch)
        return positive_number("the area", self.resonators * pitch * pitch)

    def volts(self, kernel: ArrayLike, powers: ArrayLike) -> Float[Array, "..."]:
        """The voltages of all filters at all outputs, along the wires of this array.

        **Arguments:** `kernel` (filters, channels, *kernel): V/W of the resonators, before any
        is turned round; `powers` (*b, channels, *space) in W.

        **Returns:** volts, (*b, filters, *out).

        **Raises:** `InvalidInput` for values or shapes that do not fit.
        """
        kernel, powers = finite("kernel", kernel), non_negative("powers", powers)
        pixels = (self.kernel_shape[1], *self.space)
        if kernel.shape != self.kernel_shape:
            raise InvalidInput(f"kernel has shape {kernel.shape}; give {self.kernel_shape}")
        if powers.shape[-len(pixels) :] != pixels:
            raise InvalidInput(f"powers have shape {powers.shape}; give (..., {str(pixels)[1:-1]})")
        weights = kernel.reshape(kernel.shape[0], -1)
        weights = weights * signs(weights.shape[1], weights.dtype)
        batch = powers.shape[: -len(pixels)]
        volts = self._wired(weights, powers.reshape(math.prod(batch), *pixels))
        return volts.reshape(*batch, kernel.shape[0], *self.windows.outputs(self.space))


class SequentialChain(AbstractConvolutionArray):
    r"""One chain for each filter, to which the patches of the input come one after the other.

    $C\,k^2$ resonators and as many write lines a filter; as many presentations as outputs.
    """

    @property
    def weights_index(self) -> Int[np.ndarray, "1 per_chain"]:
        """See `AbstractConvolutionArray.weights_index`."""
        return _places(self)[None]

    def _wired(self, weights, powers):
        size, pads = self.windows.size, self.windows.pads(self.space)
        padded = jnp.pad(powers, ((0, 0), (0, 0), *pads))
        counted = np.indices(self.windows.outputs(self.space)).reshape(len(size), -1).T

        def presented(start):
            patch = jax.lax.dynamic_slice(padded, (0, 0, *start), (*powers.shape[:2], *size))
            patch = patch.reshape(powers.shape[0], weights.shape[1])
            return jnp.einsum("bk,fk->bf", patch, weights, precision=_exactly)

        return jnp.moveaxis(jax.lax.map(presented, counted * np.array(self.windows.stride)), 0, -1)


class ParallelCrossbar(AbstractConvolutionArray):
    r"""One chain for each output, with a resonator on every pixel of the input.

    $C\,(N_hN_w)^2$ resonators a filter where there are as many outputs as pixels. Those outside
    of the kernel keep a weight of zero: on its own tone, at a detuning of zero, a resonator with
    $\xi_S=0$ gives no voltage at all (3.15).
    """

    @property
    def weights_index(self) -> Int[np.ndarray, "outputs per_chain"]:
        """See `AbstractConvolutionArray.weights_index`."""
        reads = self.windows.reads(self.space)
        channels, pixels = self.kernel_shape[1], math.prod(self.space)
        index = np.full((len(reads), channels, pixels), -1)
        output, element = np.nonzero(reads >= 0)
        places = _places(self).reshape(channels, -1)
        index[output, :, reads[output, element]] = places[:, element].T
        return index.reshape(len(reads), -1)

    def _wired(self, weights, powers):
        index = self.weights_index
        crossbar = jnp.where(index >= 0, weights[:, index], 0)
        tones = powers.reshape(powers.shape[0], index.shape[1])
        return jnp.einsum("for,br->bfo", crossbar, tones, precision=_exactly)


class CompactCrossbar(AbstractConvolutionArray):
    r"""One chain for each output, with only the resonators of the kernel, each on its pixel.

    $C\,k^2$ resonators an output, $C\,k^2N_hN_w$ a filter where there are as many outputs as
    pixels; $C\,k^2$ write lines a filter. Resonators that lie on padding receive no tone.
    """

    @property
    def weights_index(self) -> Int[np.ndarray, "outputs per_chain"]:
        """See `AbstractConvolutionArray.weights_index`."""
        outputs = math.prod(self.windows.outputs(self.space))
        return np.tile(_places(self), (outputs, 1))

    def _wired(self, weights, powers):
        reads = self.windows.reads(self.space)
        pixels = powers.reshape(*powers.shape[:2], math.prod(self.space))
        tones = jnp.where(reads >= 0, pixels[..., reads], 0)
        by_channel = weights.reshape(*self.kernel_shape[:2], reads.shape[1])
        return jnp.einsum("bcok,fck->bfo", tones, by_channel, precision=_exactly)


def _places(array: AbstractConvolutionArray) -> Int[np.ndarray, " places"]:
    """The places of a filter's weights."""
    return np.arange(math.prod(array.kernel_shape[1:]))
