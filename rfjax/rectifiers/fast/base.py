"""What all prepared evaluations of an array of resonators share."""

from abc import abstractmethod
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from rfjax.devices import Resonator
from rfjax.laws import spin_diode
from rfjax.lines import Line


class Circumstances(NamedTuple):
    """For what an evaluation is prepared: values that are known, on the host.

    **Arguments:**

    - `line`: the tones and their largest powers.
    - `resonators` at their own tones; other fields of shape (), (tones,) or (chains, tones).
    - `signs` of the wiring, (tones,).
    - `half_width`: the largest detuning from the own tone, in linewidths.
    - `tolerance`, relative to the largest voltage of a chain.
    - `chains`: how many share the tones.
    - `shared`: whether a resonator receives all tones of the line, or its own alone.
    """

    line: Line
    resonators: Resonator
    signs: Float[Array, " tones"]
    half_width: float
    tolerance: float
    chains: int
    shared: bool = True


def full_volts(resonators: Resonator, line: Line) -> Float[Array, "..."]:
    """The volts of resonators for a reduced response of one to their own tones, at peak powers.

    **Arguments:** `resonators` at their own tones, those of the `line`.

    **Returns:** V, of shape (tones,) or (chains, tones), zero or above.
    """
    per_watt = spin_diode.voltage_scale(
        line.frequencies, resonators.damping, jnp.abs(resonators.rectification)
    )
    torque = jnp.hypot(resonators.antisymmetric, resonators.symmetric)
    return per_watt * torque * line.peak_powers


class NotPrepared(Exception):
    """Nothing fast can be prepared for some circumstances; the message says why."""


class AbstractEvaluation(eqx.Module):
    """A way to compute the voltages of chains that was prepared for some circumstances."""

    @property
    def is_exact(self) -> bool:
        """Whether it is what the model does directly, so that there is no error to measure."""
        return False

    def following(self) -> "AbstractEvaluation":
        """The same for tones that move within a program; itself where it knows no way."""
        return self

    @abstractmethod
    def __call__(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        line: Line,
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains, where `covers` holds and powers are up to their peaks.

        **Arguments:** `resonators` at their own tones; `detuning` from them in linewidths; `line`
        of the tones; `powers` in W.

        **Returns:** volts, (*b, chains).
        """

    @abstractmethod
    def covers(
        self, resonators: Resonator, detuning: Float[Array, "*seeds chains tones"], line: Line
    ) -> Bool[Array, ""]:
        """Whether it was prepared for such devices, detunings and tones.

        **Arguments:** as for the call.
        """
