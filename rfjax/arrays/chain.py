"""Chains of resonators on one shared line."""

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays.polarity import head_to_tail
from rfjax.checks import InvalidInput, instance_of
from rfjax.devices import Resonator
from rfjax.printing import described
from rfjax.rectifiers import AbstractRectifier


class Chain(eqx.Module):
    r"""Chains of resonators in series, head to tail; every resonator receives every tone.

    $U_j=\sum_k(-1)^k\sum_iV_{kji}$ (5.4): one multiply-accumulate over all tones a chain.

    **Arguments:** `resonators` of shape (chains, per_chain); `rectifier`: a rectifier model.

    **Raises:** `InvalidInput` if the resonators do not have two axes.
    """

    resonators: Resonator
    rectifier: AbstractRectifier

    __repr__ = described

    def __check_init__(self):
        instance_of("resonators", self.resonators, Resonator, "a Resonator")
        instance_of("rectifier", self.rectifier, AbstractRectifier, "a rectifier, as Independent()")
        if len(self.resonators.shape) != 2:
            raise InvalidInput(
                f"resonators have shape {self.resonators.shape}; a Chain needs "
                "(chains, per_chain): for a single chain, give frequencies[None, :]"
            )

    def __call__(self, powers: ArrayLike, frequencies: ArrayLike) -> Float[Array, "*b chains"]:
        """The voltage of every chain.

        **Arguments:** `powers` (*b, tones) in W into one resonator; `frequencies` (tones,) in Hz.

        **Returns:** volts, (*b, chains).

        **Raises:** `InvalidInput` for tones that the rectifier cannot take.
        """
        return head_to_tail(self.rectifier(self.resonators, powers, frequencies))
