"""The spectrum of resonators: one tone at a time."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, instance_of, non_negative, positive
from rfjax.devices import Resonator
from rfjax.rectifiers.base import AbstractRectifier, detuned_tones
from rfjax.rectifiers.independent import Independent


def spectrum(
    resonators: Resonator,
    powers: ArrayLike,
    frequencies: ArrayLike,
    rectifier: AbstractRectifier | None = None,
) -> Float[Array, "..."]:
    """The rectified voltage of resonators under one tone after the other.

    A rectifier model that is called takes all frequencies as tones at the same time, and gives one
    voltage for them; here each stands alone.

    **Arguments:**

    - `resonators` of shape (*r).
    - `powers` of the tone in W into one resonator, one or several, (*powers).
    - `frequencies` (n,) in Hz.
    - `rectifier`: any model; `Independent` if none is given.

    **Returns:** volts, (*powers, n, *r).

    **Raises:** `InvalidInput` as a model does that is called.
    """
    rectifier = Independent() if rectifier is None else rectifier
    instance_of("rectifier", rectifier, AbstractRectifier, "a rectifier model, as Independent()")
    powers = non_negative("powers", powers)
    frequencies = positive("frequencies", frequencies)
    if frequencies.ndim != 1:
        raise InvalidInput(
            f"frequencies have shape {frequencies.shape}; give one axis of them, (n,)"
        )
    tones = jnp.broadcast_to(powers[..., None], (*powers.shape, frequencies.size))
    resonators, detuning, tones = detuned_tones(resonators, tones, frequencies)
    # Each frequency has resonators of its own, which receive one tone.
    detuning = jnp.moveaxis(detuning, -1, 0)
    repeated = jax.tree.map(lambda field: jnp.broadcast_to(field, detuning.shape), resonators)
    return rectifier.rectify(repeated, detuning[..., None], tones[..., :1])
