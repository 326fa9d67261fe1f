"""Tones and resonators as seen from a frame that rotates with one of the tones."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

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


def beat_spacing(tones: np.ndarray) -> float | None:
    """The spacing of which all differences of the tones of a frame, Hz, are multiples.

    All beats repeat after one over it; None if there are none.
    """
    extent = float(np.ptp(tones))
    return common_spacing(tones - tones.min() + 1.0, 1e-6 * extent) if extent else None
