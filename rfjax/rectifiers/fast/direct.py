"""The direct evaluation of chains: every resonator under every tone that it receives."""

import equinox as eqx
import jax
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.numerics.batched_map import in_parts
from rfjax.rectifiers.base import AbstractRectifier

_PAIRS_AT_ONCE = 2**22


def voltages(
    rectifier: AbstractRectifier,
    resonators: Resonator,
    detuning: Float[Array, "chains tones"],
    signs: Float[Array, " tones"],
    powers: Float[Array, "b tones"],
    frequencies: Float[Array, " tones"] | Float[Array, "b tones"],
    *,
    shared: bool,
) -> Float[Array, "b chains"]:
    """The voltages of all chains.

    Batches too large for memory are computed part after part, forward and backward.

    **Arguments:** `rectifier`; `resonators` at their own tones; `detuning` from them in linewidths;
    `signs` of the wiring; `powers` in W; `frequencies` of the tones in Hz, for all rows or for
    each; `shared`: whether a resonator receives all tones, or its own alone.

    **Returns:** volts.
    """
    of_wiring = _on_shared_line if shared else _on_own_tones
    tuned = resonators.detuned(detuning)
    return of_wiring(rectifier, resonators, tuned, detuning, signs, powers, frequencies)


# Programs also where the caller is none: one by one their operations take long to compile.
@eqx.filter_jit
def _on_shared_line(rectifier, resonators, tuned, detuning, signs, powers, frequencies):
    def of_rows(powers, tones):
        each = detunings_of_tones(resonators, detuning, tones)
        return (rectifier.rectify(tuned, each, powers) * signs).sum(-1)

    at_once = max(1, _PAIRS_AT_ONCE // (detuning.size * powers.shape[1]))
    if frequencies.ndim == 1:
        part = jax.checkpoint(lambda powers: of_rows(powers, frequencies))
        return in_parts(part, (powers,), at_once)
    one = jax.checkpoint(lambda row: of_rows(row[0][None], row[1])[0])
    return jax.lax.map(one, (powers, frequencies), batch_size=min(at_once, len(powers)))


@eqx.filter_jit
def _on_own_tones(rectifier, resonators, tuned, detuning, signs, powers, frequencies):
    def of_rows(powers, *tones):
        tones = tones[0][:, None, :] if tones else frequencies
        each = spin_diode.detuning_from_own_tone(
            tones, resonators.frequency, detuning, resonators.damping
        )
        return (rectifier.rectify_own_tones(tuned, each, powers) * signs).sum(-1)

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
