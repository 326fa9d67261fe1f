"""The shift and the broadening of resonances by their thermal power."""

import warnings
from functools import partial

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from rfjax.arrays import ResonatorArray
from rfjax.checks import InvalidInput, known, non_negative, positive
from rfjax.devices import Resonator
from rfjax.hardware.effect import AbstractEffect, absent
from rfjax.hardware.spread import shifted, with_field
from rfjax.laws.thermal_noise import equilibrium_power
from rfjax.laws.thermal_reading import RELIABLE, warm_device


class ThermalShift(AbstractEffect):
    r"""Resonators as their thermal power leaves them: shifted by $2Np_T$ and wider.

    What a mean over many readings shows, for every rectifier model; nothing is drawn. See
    `rfjax.laws.thermal_reading.warm_device`, and `ThermalScatter` for single readings. Networks
    that are trained at the temperature have it in their detunings already. A warning says where
    fluctuations are too large for it, $|n+iQ|\,p_T>0.2$: there means are off by more than 2 %.

    **Arguments:** `temperature` in K; `energy` $E_0$ of a device at $p=1$, J: one number, or arrays
    that broadcast to (chains, tones).

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    temperature: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "temperature"), metadata={"unit": "K"}
    )
    energy: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "energy"), metadata={"unit": "J"}
    )

    def __call__(self, array: ResonatorArray, *, key: Key[Array, ""]) -> ResonatorArray:
        """See `AbstractEffect.__call__`; raises `InvalidInput` for resonators that are biased."""
        if absent(self.temperature):
            return array
        check_unbiased(array)
        devices = array.resonators
        power = equilibrium_power(self.temperature, self.energy)
        _notice(devices, power)
        shift, damping, nonlinear_shift, nonlinear_damping = warm_device(
            devices.damping, devices.nonlinear_shift, devices.nonlinear_damping, power
        )
        array = with_field(shifted(array, shift), "damping", damping)
        array = with_field(array, "nonlinear_shift", nonlinear_shift)
        return with_field(array, "nonlinear_damping", nonlinear_damping)


def check_unbiased(array: ResonatorArray) -> None:
    """Refuse resonators whose damping is that under a current."""
    if array.resonators.under_current:
        raise InvalidInput(
            "these resonators are biased, and thermal noise belongs to their damping without the "
            "current; see supercriticality of rfjax.laws.thermal_reading.thermal_reading"
        )


def _notice(devices: Resonator, power: Float[Array, "..."]) -> None:
    strength = jnp.hypot(devices.reduced_shift, devices.nonlinear_damping) * power
    if known(strength) and jnp.max(strength) > RELIABLE:
        warnings.warn(
            f"|Q + iN/α| times the thermal power is {float(jnp.max(strength)):.2g}, more than the "
            f"{RELIABLE:g} up to which thermal noise is computed reliably; take devices of more "
            "energy, or a lower temperature",
            stacklevel=3,
        )
