"""What all fast evaluations share: the devices and the range for which they are valid."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from rfjax.devices import Resonator
from rfjax.rectifiers.base import AbstractRectifier

# Planning fills in numpy's float64, whatever precision JAX is set to, and casts last.
Constant = Array | np.ndarray


class AbstractFastEvaluation(eqx.Module):
    """A fast evaluation of some resonators at their own tones, valid in a range.

    **Arguments:**

    - `rectifier`: the model that is evaluated.
    - `resonators`: (tones,), or alike in some fields.
    - `half_width`: largest detuning in linewidths.
    - `peak_powers`: (tones,), W.
    """

    rectifier: AbstractRectifier
    resonators: Resonator
    half_width: Float[Constant, ""]
    peak_powers: Float[Constant, " tones"]

    def covers(
        self, detuning: Float[Array, "chains tones"], powers: Float[Array, "*b tones"]
    ) -> Bool[Array, ""]:
        """Whether all detunings and, to rounding, all powers lie where the evaluation is valid.

        **Arguments:** `detuning` in linewidths; `powers` in W.
        """
        rounding = 1 + 8 * jnp.finfo(powers.dtype).eps
        tuned = jnp.all(jnp.abs(detuning) <= self.half_width)
        return tuned & jnp.all((powers >= 0) & (powers <= self.peak_powers * rounding))

    def made_for(self, resonators: Resonator) -> Bool[Array, ""]:
        """Whether these are the resonators that it was made for, the same in every field."""
        (own, kind), (others, other) = map(jax.tree.flatten, (self.resonators, resonators))
        if kind != other:
            return jnp.asarray(False)
        fields = list(zip(own, others, strict=True))
        try:  # one number stands for that of all resonators
            for a, b in fields:
                jnp.broadcast_shapes(jnp.shape(a), jnp.shape(b))
        except ValueError:
            return jnp.asarray(False)
        return jnp.all(jnp.stack([jnp.all(a == b) for a, b in fields]))
