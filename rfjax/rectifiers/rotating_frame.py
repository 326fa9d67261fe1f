"""Tones and resonators in a frame that rotates with one of the tones."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import DTypeLike
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import InvalidInput, instance_of, positive, where_valid
from rfjax.devices import Resonator
from rfjax.laws.frequency_comb import common_spacing

BEATS = 20  # that a smooth window holds, of the longest: it leaves 5e-7 of one; 14 leave 1e-5


class RotatingFrame(NamedTuple):
    """Frequencies less that of the tone in the middle of the list, Hz.

    They are found from the detunings, in which no digits are lost. Their derivatives are taken for
    tones that stay where they are: those of the resonators are the derivatives of `frequency`.

    **Arguments:** `tones`: (tones,); `resonators`: at rest, (*r,).
    """

    tones: Float[Array | np.ndarray, " tones"]
    resonators: Float[Array | np.ndarray, "*r"]


@partial(jax.jit, inline=True)
def rotating_frame(resonators: Resonator, detuning: Float[Array, "*r tones"]) -> RotatingFrame:
    r"""The frame in which the slow dynamics of resonators under shared tones is computed.

    $f_i-f_r=\alpha f_0(x_i-x_r)$, the same for all resonators, and $f_0-f_r=-\alpha f_0x_r$.

    **Arguments:** `resonators` of shape (*r); `detuning` of every tone in linewidths.

    **Returns:** the frame.
    """
    width = jnp.broadcast_to(resonators.linewidth_frequency, resonators.shape)
    reference = detuning[..., detuning.shape[-1] // 2]
    known_detuning = width[..., None] * (detuning - reference[..., None])
    tones = jax.lax.stop_gradient(known_detuning.reshape(-1, detuning.shape[-1])[0])
    at_rest = jax.lax.stop_gradient(-width * reference)
    return RotatingFrame(tones, following(at_rest, resonators))


def following(offset: Float[Array, "*r"], resonators: Resonator) -> Float[Array, "*r"]:
    """Offsets from a frame, Hz, that move as the frequencies of the resonators do."""
    constant = jax.lax.stop_gradient(resonators.frequency)
    return offset + (resonators.frequency - constant)


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
            f"give Dynamic a window in s that holds the longest beat that matters {BEATS} times"
        )
    return spacing


def rounding(frequency: ArrayLike, dtype: DTypeLike) -> float:
    """By how much the differences of tones near a frequency may be rounded, Hz.

    Both tones are rounded to the `dtype`, and then once more, finer, on the way through detunings.
    """
    return 1.5 * float(jnp.finfo(dtype).eps) * float(np.max(frequency))


def scheduled_tones(
    resonators: Resonator, frequencies: ArrayLike
) -> tuple[Float[np.ndarray, " tones"], np.dtype]:
    """The tones that a schedule is made for, Hz, and the type that they are rounded to.

    **Raises:** `InvalidInput` unless frequencies are (tones,), one or more, above zero and known.
    """
    instance_of("resonators", resonators, Resonator, "a Resonator")
    tones = positive("frequencies", frequencies)
    if isinstance(tones, Tracer):
        raise InvalidInput("frequencies are not known before compilation; schedule outside of it")
    if tones.ndim != 1 or not tones.size:
        raise InvalidInput(f"frequencies have shape {tones.shape}; give (tones,), one or more")
    given = getattr(frequencies, "dtype", tones.dtype)
    return np.asarray(frequencies, np.float64), np.result_type(given, np.float32)


def same_tones(
    detuning: Float[Array, "*r tones"],
    resonators: Resonator,
    scheduled: tuple[float, ...],
    name: str,
) -> Float[Array, "*r tones"]:
    """The detunings, if their tones are those that a schedule was made for, up to rounding.

    **Arguments:** `detuning` of every tone from the `resonators` of shape (*r); `scheduled`: the
    tones of the schedule less the one in the middle, Hz; `name` of the model.

    **Raises:** `InvalidInput` for other tones; inside of compiled functions detunings are NaN
    instead.
    """
    again = f"use {name}().scheduled(resonators, frequencies) with the frequencies of these tones"
    count = detuning.shape[-1]
    if len(scheduled) != count:
        raise InvalidInput(f"there are {count} tones for {len(scheduled)} scheduled tones; {again}")
    fits = _fits(*jax.lax.stop_gradient((detuning, resonators)), np.asarray(scheduled))
    message = f"the schedule of {name} was made for other tones; {again}"
    return where_valid(detuning, fits[..., None], message)


@partial(jax.jit, inline=True)
def _fits(known_detuning, device: Resonator, scheduled) -> Bool[Array, "*r"]:
    """Whether tones are those that were scheduled, up to rounding."""
    count = known_detuning.shape[-1]
    reference, width = known_detuning[..., count // 2], device.linewidth_frequency
    tones = width[..., None] * (known_detuning - reference[..., None])
    # Rounded once where they were scheduled and once here, each against a tone that was, too, and
    # on the way through detunings from a resonator that may be higher.
    highest = device.frequency + width * jnp.maximum(reference, 0) + jnp.max(tones, axis=-1)
    difference = jnp.max(jnp.abs(tones - jnp.asarray(scheduled, tones.dtype)), axis=-1)
    return difference <= 4 * 1.5 * jnp.finfo(tones.dtype).eps * highest
