"""Devices that are not all alike: the spread of any of their fields."""

import dataclasses
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import InvalidInput, instance_of, non_negative, one_of
from rfjax.devices import Resonator
from rfjax.hardware.correlation import Correlation
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.laws.variability import (
    broadened_detuning,
    lognormal_change,
    lognormal_factor,
    shifted_detuning,
)

FIELDS = tuple(field.name for field in dataclasses.fields(Resonator) if field.init)[:-1]
SIGNED = ("nonlinear_shift", "antisymmetric", "symmetric")


class Spread(AbstractEffect):
    r"""The spread of a field from device to device: $v'=v\,e^{\sigma g}+\sigma_ag'$, $g$ Gaussian.

    A relative spread is lognormal about the value that was meant, so that none changes its sign: of
    small ones $\sigma$ is the standard deviation as a share. Resonances that spread detune the
    resonators, which stand at their tones; a damping that spreads leaves resonances where they are,
    and so changes detunings in linewidths.

    **Arguments:**

    - `field` of `Resonator`: "frequency", "damping", "rectification", …
    - `relative` $\sigma$, without unit; of the resonance that is reached, for a frequency.
    - `absolute` $\sigma_a$ in the unit of the field: of `nonlinear_shift`, `antisymmetric` and
      `symmetric`, which may have any sign.
    - `correlation` of neighbours; None for independent devices.

    Spreads are numbers, or arrays that broadcast to (chains, tones).

    **Raises:** `InvalidInput` for a field that there is not, spreads below zero, or an absolute
    spread where values may not pass zero.
    """

    field: str = eqx.field(static=True)
    relative: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "relative"), default=0.0
    )
    absolute: Float[Array, "..."] | None = eqx.field(
        converter=lambda value: None if value is None else non_negative("absolute", value),
        default=None,
        kw_only=True,
    )
    correlation: Correlation | None = eqx.field(default=None, kw_only=True)

    def __check_init__(self):
        one_of("field", self.field, FIELDS)
        if self.absolute is not None and self.field not in SIGNED:
            raise InvalidInput(
                f"absolute is given for {self.field}, which may not pass zero; give relative"
            )
        if self.correlation is not None:
            what = "a Correlation, or None"
            instance_of("correlation", self.correlation, Correlation, what)

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`."""
        if absent(self.relative, self.absolute):
            return array
        shape, dtype = array.detuning.shape, array.detuning.dtype
        of_share, of_rest = jax.random.split(key)
        drawn = (self.correlation or Correlation()).draws(shape, dtype, key=of_share)
        if self.field == "frequency":
            return shifted(array, lognormal_change(self.relative, drawn))
        value = getattr(array.resonators, self.field) * lognormal_factor(self.relative, drawn)
        if self.absolute is not None:
            other = (self.correlation or Correlation()).draws(shape, dtype, key=of_rest)
            value = value + self.absolute * other
        return with_field(array, self.field, value)


def shifted(array: ResonatorArray, shift: Float[Array, "..."]) -> ResonatorArray:
    """An array whose resonances are moved by shares of themselves, which broadcast."""
    detuning = shifted_detuning(array.detuning, array.resonators.damping, shift)
    return eqx.tree_at(lambda array: array.detuning, array, detuning)


def with_field(array: ResonatorArray, field: str, value: Float[Array, "..."]) -> ResonatorArray:
    """An array whose devices have other values of a field, at the resonances that they had.

    **Arguments:** `array`; `field` of its resonators; `value`, which broadcasts.
    """
    value = jnp.broadcast_to(value, array.detuning.shape)
    if field == "damping":
        detuning = broadened_detuning(array.detuning, array.resonators.damping, value)
        array = eqx.tree_at(lambda array: array.detuning, array, detuning)
    return eqx.tree_at(lambda array: getattr(array.resonators, field), array, value)
