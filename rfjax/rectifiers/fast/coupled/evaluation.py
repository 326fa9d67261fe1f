"""The fast evaluation of coupled tones, as an array of resonators calls it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Resonator
from rfjax.lines import Line
from rfjax.rectifiers.cross_coupled import CrossCoupled
from rfjax.rectifiers.fast.base import AbstractEvaluation, Circumstances, NotPrepared
from rfjax.rectifiers.fast.coupled.expansion import CoupledExpansion
from rfjax.rectifiers.fast.coupled.planning import planned_coupled


class CoupledEvaluation(AbstractEvaluation):
    """The voltages of chains by an expansion that was made for some devices.

    **Arguments:** `expansion`; `frequencies` of the tones, (tones,), Hz.
    """

    expansion: CoupledExpansion
    frequencies: Float[Array, " tones"]

    def covers(
        self, resonators: Resonator, detuning: Float[Array, "*seeds chains tones"], line: Line
    ) -> Bool[Array, ""]:
        """See `AbstractEvaluation.covers`."""
        there = jnp.all(line.frequencies == self.frequencies)
        tuned = jnp.all(1 + resonators.damping * detuning > 0)
        covered = self.expansion.covers(detuning, line.peak_powers)
        return covered & there & tuned & self.expansion.made_for(resonators)

    def __call__(
        self,
        resonators: Resonator,
        detuning: Float[Array, "chains tones"],
        line: Line,
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "*b chains"]:
        """See `AbstractEvaluation.__call__`."""
        constants = [_without_derivative(leaf) for leaf in jax.tree.leaves((resonators, line))]
        zero = sum((0 * jnp.ravel(each)[0] for each in constants), jnp.zeros((), detuning.dtype))
        return self.expansion(detuning, powers) + zero


def coupled_evaluation(rectifier: CrossCoupled, wanted: Circumstances) -> CoupledEvaluation:
    """The expansion that is estimated to keep a tolerance.

    **Arguments:** `rectifier`; `wanted`: for what.

    **Returns:** the evaluation.

    **Raises:** `NotPrepared` for another branch than the lower one, for devices that differ from
    chain to chain, and where the steady state may not be unique or is too far from linear.
    """
    if rectifier.branch != "lower":
        raise NotPrepared(f"the branch is {rectifier.branch!r}")
    if len(wanted.resonators.shape) > 1:
        raise NotPrepared("devices differ from chain to chain")
    expansion = planned_coupled(
        wanted.resonators,
        wanted.line.peak_powers,
        wanted.signs,
        half_width=wanted.half_width,
        tolerance=wanted.tolerance,
    )
    if expansion is None:
        raise NotPrepared("the steady state may not be unique, or is too far from linear")
    return CoupledEvaluation(expansion, jnp.copy(wanted.line.frequencies))


@jax.custom_jvp
def _without_derivative(value: Float[Array, "..."]) -> Float[Array, "..."]:
    """A device or a tone of an expansion, which is made for its value."""
    return value


@_without_derivative.defjvp
def _without_derivative_jvp(primals, tangents):
    raise InvalidInput(
        "the fast evaluation of CrossCoupled has no derivative to devices and tones; give the "
        "array tolerance=None"
    )
