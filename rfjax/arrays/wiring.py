"""How resonators are wired: which tones reach which, and with what sign each counts."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.numerics.batched_map import in_parts
from rfjax.rectifiers import AbstractRectifier
from rfjax.rectifiers.fast import AbstractEvaluation, Circumstances

_PAIRS_AT_ONCE = 2**22


def head_to_tail(volts: Float[Array, "... per_chain"]) -> Float[Array, "..."]:
    r"""The voltage of chains wired head to tail: $U_j=\sum_k(-1)^kV_{kj}$ (5.4).

    Every other resonator is turned round, so that the voltages that all resonators share cancel;
    the first counts as positive.

    **Arguments:** `volts` of the resonators, along the last axis.

    **Returns:** volts of the chains.
    """
    return jnp.sum(volts * signs(volts.shape[-1], volts.dtype), axis=-1)


def signs(per_chain: int, dtype: jnp.dtype) -> Float[Array, " per_chain"]:
    """+1 for the first resonator of a chain, then alternating."""
    return (1 - 2 * (jnp.arange(per_chain) % 2)).astype(dtype)


class AbstractWiring(eqx.Module):
    """Which tones of a line reach which resonators of a chain."""

    @abstractmethod
    def prepared(
        self, rectifier: AbstractRectifier, wanted: Circumstances
    ) -> AbstractEvaluation | None:
        """What a rectifier model prepares for chains that are wired so.

        **Arguments:** `rectifier`; `wanted`: for what.

        **Returns:** the evaluation; None to compute every resonator directly.
        """

    @abstractmethod
    def directly(
        self,
        rectifier: AbstractRectifier,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, " tones"] | Float[Array, "b tones"],
    ) -> Float[Array, "b chains"]:
        """The voltages of all chains with every resonator computed under every tone it sees.

        Batches too large for memory are computed part after part, forward and backward.

        **Arguments:** `rectifier`; `resonators` at their own tones; `detuning` from them in
        linewidths; `powers` in W; `frequencies` of the tones in Hz, for all rows or for each.

        **Returns:** volts.
        """


class SharedLine(AbstractWiring):
    """Every resonator of a chain sees every tone (chapter V)."""

    def prepared(
        self, rectifier: AbstractRectifier, wanted: Circumstances
    ) -> AbstractEvaluation | None:
        """See `AbstractWiring.prepared`."""
        return rectifier.on_shared_line(wanted)

    def directly(
        self,
        rectifier: AbstractRectifier,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, " tones"] | Float[Array, "b tones"],
    ) -> Float[Array, "b chains"]:
        """See `AbstractWiring.directly`."""
        tuned = resonators.detuned(detuning)

        def of_rows(powers, tones):
            each = detunings_of_tones(resonators, detuning, tones)
            return head_to_tail(rectifier.rectify(tuned, each, powers))

        at_once = max(1, _PAIRS_AT_ONCE // (detuning.size * powers.shape[1]))
        if frequencies.ndim == 1:
            part = jax.checkpoint(lambda powers: of_rows(powers, frequencies))
            return in_parts(part, (powers,), at_once)
        one = jax.checkpoint(lambda row: of_rows(row[0][None], row[1])[0])
        return jax.lax.map(one, (powers, frequencies), batch_size=min(at_once, len(powers)))


class OwnTone(AbstractWiring):
    """Each resonator of a chain sees its own tone alone (chapter VI)."""

    def prepared(
        self, rectifier: AbstractRectifier, wanted: Circumstances
    ) -> AbstractEvaluation | None:
        """See `AbstractWiring.prepared`."""
        return rectifier.on_own_tones(wanted)

    def directly(
        self,
        rectifier: AbstractRectifier,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        powers: Float[Array, "b tones"],
        frequencies: Float[Array, " tones"] | Float[Array, "b tones"],
    ) -> Float[Array, "b chains"]:
        """See `AbstractWiring.directly`."""
        tuned = resonators.detuned(detuning)

        def of_rows(powers, *tones):
            tones = tones[0][:, None, :] if tones else frequencies
            each = spin_diode.detuning_from_own_tone(
                tones, resonators.frequency, detuning, resonators.damping
            )
            return head_to_tail(rectifier.rectify_own_tones(tuned, each, powers))

        rows = (powers,) if frequencies.ndim == 1 else (powers, frequencies)
        return in_parts(jax.checkpoint(of_rows), rows, max(1, _PAIRS_AT_ONCE // detuning.size))


def detunings_of_tones(
    resonators: Resonator, detuning: Float[Array, "*chains own"], tones: Float[Array, " tones"]
) -> Float[Array, "*chains own tones"]:
    """The detunings, in linewidths, of all tones, in Hz, from resonators detuned from their own.

    **Arguments:** `resonators` at their own tones; `detuning` in linewidths; `tones` in Hz.
    """
    own, damping = resonators.frequency[..., None], resonators.damping[..., None]
    return spin_diode.detuning_from_own_tone(tones, own, detuning[..., None], damping)
