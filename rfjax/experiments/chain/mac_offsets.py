r"""Which resonances and constants could lie behind Figs 46 and 47: a scan.

The thesis gives each resonator three resonances and does not print them. A rule is three offsets
from the tone, in linewidths, in rising order, and a reading of $p^{max}$ (5.11): the largest
oscillation power of the same resonance, or of the resonator whatever its resonance.

No rule fits with the printed constants. These, $\gamma=2\cdot10^8$ and $\beta=6\cdot10^7$, are
printed to one digit: other constants that round to them, with resonances to either side of the tone
and at it, do give the deviations, though not the last correlation. That is an inference, of three
numbers from five.

Resonators do not act on each other in this model: twelve resonances under four tones of three
powers make up all products of a rule.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.arrays import head_to_tail
from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.rectifiers import Independent
from rfjax.rectifiers.base import volts_per_watt, with_tone_axis

OFFSETS = np.arange(-2.0, 2.01, 0.25)  # linewidths, out of which a rule takes three
SIDES = np.arange(0.8, 1.21, 0.05)  # linewidths, of symmetric rules
DRIVES = np.arange(1.5e8, 2.501e8, 0.02e8)  # rad·Hz·W^(−1/2), which round to 2e8
RECTIFICATIONS = np.arange(5.5e7, 6.501e7, 0.05e7)  # rad·C⁻¹, which round to 6e7
READINGS = ("at each resonance", "over all resonances")  # of the largest oscillation power


class Rule(NamedTuple):
    """The rule that comes closest to the published deviations.

    **Arguments:** `offsets` in linewidths; `reading`: one of `READINGS`; `away`: the root mean
    square of the relative differences of all deviations; `tried`: how many rules there were.
    """

    offsets: tuple[float, ...]
    reading: str
    away: float
    tried: int


class Constants(NamedTuple):
    r"""The constants, of those that round to the printed ones, that come closest.

    **Arguments:** `side`: how far the outer resonances lie from the tone, linewidths; `drive`
    $\gamma$; `rectification` $\beta$; `away` and `tried` as for `Rule`.
    """

    side: float
    drive: float
    rectification: float
    away: float
    tried: int


def closest_rule(
    tones: Float[np.ndarray, " tones"],
    powers: Float[np.ndarray, "settings levels"],
    devices: Sequence[Resonator],
    published: Float[np.ndarray, " settings"],
    every: int = 1,
) -> Rule:
    """Try all rules, and compare their deviations with the published ones.

    **Arguments:** `tones` in Hz; `powers` of each tone, W; `devices`: a resonator for each setting,
    wherever its resonance; `published` deviations, V; `every`: leave out all rules but one in so
    many.

    **Returns:** the closest one.
    """
    rules = np.array(list(itertools.combinations(OFFSETS, 3)))[::every]
    found = _all_deviations(rules, tones, powers, devices)
    away = _away(found, published)
    rule, reading = np.unravel_index(away.argmin(), away.shape)
    offsets = tuple(float(offset) for offset in rules[rule])
    return Rule(offsets, READINGS[reading], float(away.min()), away.size)


def closest_constants(
    tones: Float[np.ndarray, " tones"],
    powers: Float[np.ndarray, "settings levels"],
    devices: Sequence[Resonator],
    published: Float[np.ndarray, " settings"],
    every: int = 1,
) -> Constants:
    """Try constants that round to the printed ones, with symmetric rules.

    **Arguments:** as for `closest_rule`; `every`: leave out all drives but one in so many.

    **Returns:** the closest ones.
    """
    rules, drives = SIDES[:, None] * np.array([-1.0, 0.0, 1.0]), DRIVES[::every]
    found = []
    for drive in drives:
        driven = [
            eqx.tree_at(lambda each: each.drive, device, jnp.asarray(drive, float))
            for device in devices
        ]
        found.append(_all_deviations(rules, tones, powers, driven)[:, 1])
    # Voltages are proportional to the rectification.
    gains = RECTIFICATIONS / float(devices[0].rectification)
    away = _away(gains[:, None, None, None] * np.stack(found), published)
    gain, drive, side = np.unravel_index(away.argmin(), away.shape)
    return Constants(
        float(SIDES[side]),
        float(drives[drive]),
        float(RECTIFICATIONS[gain]),
        float(away.min()),
        away.size,
    )


def _all_deviations(rules, tones, powers, devices) -> Float[np.ndarray, "rules readings settings"]:
    tried, on = jnp.asarray(rules, float), jnp.asarray(tones, float)
    found = [
        np.asarray(rule_deviations(tried, on, jnp.asarray(levels, float), device), np.float64)
        for levels, device in zip(powers, devices, strict=True)
    ]
    return np.stack(found, axis=-1)


def _away(found, published) -> Float[np.ndarray, "..."]:
    """The root mean square over all settings of relative differences."""
    return np.sqrt(np.mean((found / published - 1) ** 2, axis=-1))


@eqx.filter_jit
def rule_deviations(
    rules: Float[Array, "rules choices"],
    tones: Float[Array, " tones"],
    powers: Float[Array, " levels"],
    device: Resonator,
) -> Float[Array, "rules readings"]:
    """The deviation of every rule from ideal products, for both readings.

    **Arguments:** `rules`: offsets of resonances from the tones, in linewidths; `tones` in Hz;
    `powers` of each tone, W; `device`: a resonator with the other parameters.

    **Returns:** V.
    """

    def deviations(offsets: Float[Array, " choices"]) -> Float[Array, " readings"]:
        resonances = tones * (1 + device.damping * offsets[:, None])
        resonators = eqx.tree_at(lambda each: each.frequency, device, resonances)
        each = with_tone_axis(
            jax.tree.map(lambda field: jnp.broadcast_to(field, resonances.shape), resonators)
        )
        detuning = spin_diode.reduced_detuning(tones, each.frequency, each.damping)
        reached = jax.vmap(
            lambda power: Independent().oscillation_powers(
                each, detuning, jnp.broadcast_to(power, tones.shape)
            )
        )(powers)
        largest = reached.max(axis=0)
        output = _products(powers, volts_per_watt(each, detuning, reached))
        rms = []
        for limit in (largest, largest.max(axis=0)):
            weights = jnp.broadcast_to(volts_per_watt(each, detuning, limit), reached.shape)
            rms.append(jnp.sqrt(jnp.mean((output - _products(powers, weights)) ** 2)))
        return jnp.stack(rms)

    return jax.lax.map(deviations, rules)


def _products(
    powers: Float[Array, " levels"], weights: Float[Array, "levels choices resonators tones"]
) -> Float[Array, "settings chains"]:
    """The voltages of all chains, for all powers of the tones, from those of single tones."""
    volts = powers[:, None, None, None] * weights
    levels, choices, resonators, tones = volts.shape
    given = np.array(list(itertools.product(range(levels), repeat=tones)))
    summed = sum(volts[given[:, tone], :, :, tone] for tone in range(tones))
    chosen = np.array(list(itertools.product(range(choices), repeat=resonators)))
    return head_to_tail(jnp.asarray(summed)[:, chosen, np.arange(resonators)])
