"""Tones and resonators as seen from a frame that rotates with one of the tones."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.devices import Resonator


class RotatingFrame(NamedTuple):
    """Frequencies less that of the tone in the middle of the list, Hz.

    They are found from the detunings, in which no digits are lost. Derivatives reach the resonators
    alone: how fast tones beat with each other is a constant of the line.

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
    width = jnp.broadcast_to(resonators.damping * resonators.frequency, resonators.shape)
    reference = detuning[..., detuning.shape[-1] // 2]
    seen = width[..., None] * (detuning - reference[..., None])
    tones = jax.lax.stop_gradient(seen.reshape(-1, detuning.shape[-1])[0])
    return RotatingFrame(tones, -width * reference)
