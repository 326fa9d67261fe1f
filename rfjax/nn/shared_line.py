"""The dense layer of a shared line: chains in which every resonator sees every tone."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from rfjax.arrays import head_to_tail
from rfjax.checks import InvalidInput, finite, non_negative
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers import AbstractRectifier, Independent
from rfjax.rectifiers.base import checked_peaks

_PAIRS_AT_ONCE = 2**22


class SharedLineDense(eqx.Module):
    r"""Chains of resonators on one line of tones: volts out of tone powers in.

    $U_j=\sum_k(-1)^k\sum_iV_{kji}$ (5.4). Chain $j$ has one resonator $k$ for every tone, its
    *own*; what trains is the detuning of each from its own tone, in linewidths.

    **Arguments:**

    - `detuning`: (chains, tones), in linewidths of the resonator.
    - `resonators`: the devices; their frequencies are those of their own tones, (tones,) in Hz,
      and every other field is a number or (tones,).
    - `rectifier`: the rung of the ladder.
    - `peak_powers`: (tones,), the largest power of each tone into one resonator, W.

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """

    detuning: Float[Array, "*seeds chains tones"]
    resonators: Resonator
    rectifier: AbstractRectifier
    peak_powers: Float[Array, " tones"]

    def __init__(
        self,
        detuning: ArrayLike,
        resonators: Resonator,
        peak_powers: ArrayLike,
        rectifier: AbstractRectifier | None = None,
    ):
        self.detuning = finite("detuning", detuning)
        self.resonators = resonators
        self.peak_powers = checked_peaks(peak_powers)
        self.rectifier = Independent() if rectifier is None else rectifier
        tones = self.peak_powers.shape
        if resonators.frequency.shape != tones or resonators.shape != tones:
            raise InvalidInput(
                f"resonators have shape {resonators.shape} with frequencies "
                f"{resonators.frequency.shape}, peak_powers {tones}; give one resonator frequency "
                "and one peak power for each tone"
            )
        if self.detuning.ndim != 2 or self.detuning.shape[1:] != tones:
            raise InvalidInput(
                f"detuning has shape {self.detuning.shape}; give (chains, {tones[0]})"
            )

    @property
    def frequencies(self) -> Float[Array, " tones"]:
        """The tones on the line, Hz: each is some resonators' own."""
        return self.resonators.frequency

    def __call__(self, powers: Float[Array, "*b tones"]) -> Float[Array, "*b chains"]:
        """The voltages of all chains.

        **Arguments:** `powers` of the tones, (*b, tones), in W into one resonator.

        **Returns:** volts, (*b, chains).

        **Raises:** `InvalidInput` for negative powers or another number of tones.
        """
        powers = non_negative("powers", powers)
        if powers.ndim < 1 or powers.shape[-1] != self.frequencies.shape[0]:
            raise InvalidInput(
                f"powers have shape {powers.shape}; give (..., {self.frequencies.shape[0]}), "
                "one power for each tone"
            )
        return directly(self.rectifier, self.resonators, self.detuning, powers)


def directly(
    rectifier: AbstractRectifier,
    resonators: Resonator,
    detuning: Float[Array, "chains tones"],
    powers: Float[Array, "*b tones"],
) -> Float[Array, "*b chains"]:
    """The voltages of all chains with every tone in every resonator computed on its own.

    Batches too large for memory are computed part after part, forward and backward.
    """
    tones, own, damping = resonators.frequency, resonators.frequency[:, None], resonators.damping
    detunings = spin_diode.detuning_from_own_tone(
        tones, own, detuning[..., None], jnp.broadcast_to(damping, tones.shape)[:, None]
    )
    tuned = eqx.tree_at(
        lambda device: device.frequency,
        resonators,
        spin_diode.resonance_frequency(tones, detuning, damping),
    )

    @jax.checkpoint
    def volts(some: Float[Array, "b tones"]) -> Float[Array, "b chains"]:
        return head_to_tail(rectifier.rectify(tuned, detunings, some))

    flat = powers.reshape(-1, powers.shape[-1])
    at_once = max(1, _PAIRS_AT_ONCE // detunings.size)
    if at_once >= flat.shape[0]:
        return volts(flat).reshape(*powers.shape[:-1], -1)
    parts = jax.lax.map(lambda one: volts(one[None])[0], flat, batch_size=at_once)
    return parts.reshape(*powers.shape[:-1], -1)
