"""Tones and resonators as seen from a frame that rotates with one of the tones."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Resonator
from rfjax.laws.frequency_comb import common_spacing


class RotatingFrame(NamedTuple):
    """Frequencies less that of the tone in the middle of the list, Hz.

    They are found from the detunings, in which no digits are lost. Their derivatives are taken for
    tones that stay where they are: those of the resonators are the derivatives of `frequency`.

    **Arguments:** `tones`: (tones,); `resonators`: at rest, (*r,).
    """

    tones: Float[Array, " tones"]
    resonators: Float[Array, "*r"]


def rotating_frame(resonators: Resonator, detuning: Float[Array, "*r tones"]) -> RotatingFrame:
    r"""The frame in which the slow dynamics of resonators under shared tones is computed.

    $f_i-f_r=\alpha f_0(x_i-x_r)$, the same for all resonators, and $f_0-f_r=-\alpha f_0x_r$.

    **Arguments:** `resonators` of shape (*r); `detuning` of every tone in linewidths.

    **Returns:** the frame.
    """
    width = jnp.broadcast_to(resonators.linewidth_frequency, resonators.shape)
    reference = detuning[..., detuning.shape[-1] // 2]
    seen = width[..., None] * (detuning - reference[..., None])
    tones = jax.lax.stop_gradient(seen.reshape(-1, detuning.shape[-1])[0])
    at_rest = jax.lax.stop_gradient(-width * reference)
    return RotatingFrame(tones, following(at_rest, resonators))


def following(offset: Float[Array, "*r"], resonators: Resonator) -> Float[Array, "*r"]:
    """Offsets from a frame, Hz, that move as the frequencies of the resonators do."""
    held = jax.lax.stop_gradient(resonators.frequency)
    return offset + (resonators.frequency - held)


def beat_spacing(tones: np.ndarray, resolution: float) -> float | None:
    """The spacing of which all differences of the tones of a frame, Hz, are multiples.

    All beats repeat after one over it; None if there are none.

    **Arguments:** `tones`, Hz; `resolution` in Hz: by how much rounding may have changed their
    differences.

    **Raises:** `InvalidInput` where the beats never repeat.
    """
    extent = float(np.ptp(tones))
    if not extent:
        return None
    # Differences alone matter; frequencies are above zero.
    spacing = common_spacing(tones - tones.min() + extent, resolution)
    if spacing is None:
        raise InvalidInput(
            "the beats of these tones never repeat; round their frequencies to a common grid, or "
            "give Dynamic a window in s: some ten times the longest beat that matters"
        )
    return spacing


def rounding(frequency: ArrayLike, dtype: DTypeLike) -> float:
    """By how much the differences of tones near a frequency may be rounded, Hz.

    Both tones are rounded to the `dtype`, and then once more, finer, on the way through detunings.
    """
    return 1.5 * float(jnp.finfo(dtype).eps) * float(np.max(frequency))
