r"""The model of a measured spectrum: resonators in series under one tone, at several powers.

Per resonator six parameters, all of order one: resonance, damping, nonlinear shift and damping, and
the antisymmetric and the symmetric part of the rectification, $\beta\xi_A$ and $\beta\xi_S$, which
have the signs of the wiring in them. The voltage depends on $N$, $Q$ and $\gamma$ through
$N\gamma^2$ and $Q\gamma^2$ alone: an oscillation power of twice the size with half the
nonlinearity rectifies the same. $\gamma$ is therefore given, and $N$ and $Q$ are those that belong
to it.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from rfjax.laws import auto_oscillator, spin_diode
from rfjax.numerics.least_squares import Numbers

PARAMETERS = (
    "frequency",
    "damping",
    "nonlinear_shift",
    "nonlinear_damping",
    "antisymmetric_rectification",
    "symmetric_rectification",
)


class Sweep(NamedTuple):
    r"""What a spectrum was measured with, and what scales its parameters.

    **Arguments:** `offsets` of the tones from `centre` (powers, n) and `centre`, in units of
    `unit`, Hz; `powers` in W; `drive` $\gamma$; `scale` of the parameters but the first two:
    $N$, $Q$, $\beta\xi_A$, $\beta\xi_S$; `volts`: the unit of the voltage; `upper`: 1 on the
    upper branch where the response folds, 0 on the lower one.
    """

    offsets: Float[Numbers, "powers n"]
    centre: Float[Numbers, ""]
    unit: Float[Numbers, ""]
    powers: Float[Numbers, " powers"]
    drive: Float[Numbers, ""]
    scale: Float[Numbers, "4"]
    volts: Float[Numbers, ""]
    upper: Int[Numbers, ""]


def physical(parameters: Float[Numbers, "resonators 6"], sweep: Sweep) -> Float[Array, "..."]:
    """Parameters of resonators in SI, the frequency as its offset from the centre in units."""
    offset, log_damping = parameters[:, :2].T
    rest = parameters[:, 2:] * sweep.scale
    return jnp.concatenate([offset[:, None], jnp.exp(log_damping)[:, None], rest], axis=1)


def voltage(parameters: Float[Numbers, " parameters"], sweep: Sweep) -> Float[Array, "powers n"]:
    """The rectified voltage of resonators in series, one tone at a time, in units of `volts`.

    **Arguments:** `parameters`, six a resonator; `sweep`.

    **Returns:** the voltage at every power and tone.
    """
    law, antisymmetric, symmetric, scale = _reduced(parameters, sweep)
    excited = spin_diode.oscillation_power_on(*law, sweep.upper)
    detuning, _, shift, growth = law
    response = spin_diode.response(detuning, excited, shift, growth, antisymmetric, symmetric)
    return jnp.sum(scale * response, axis=0)


def _reduced(parameters, sweep: Sweep):
    """Detuning, drive, shift and damping; parts of the rectification; volts of a response."""
    each = physical(parameters.reshape(-1, len(PARAMETERS)), sweep)[:, :, None, None]
    offset, damping, nonlinear_shift, nonlinear_damping, antisymmetric, symmetric = jnp.moveaxis(
        each, 1, 0
    )
    # The resonance in units: a difference of frequencies in Hz would lose digits.
    place = sweep.centre + offset
    detuning = (sweep.offsets - offset) / auto_oscillator.linewidth_frequency(place, damping)
    frequency = place * sweep.unit
    powers = sweep.powers[:, None]
    drive = spin_diode.reduced_drive(powers, frequency, damping, sweep.drive)
    shift = spin_diode.reduced_shift(nonlinear_shift, damping)
    drive, shift, growth = (
        jnp.broadcast_to(value, detuning.shape) for value in (drive, shift, nonlinear_damping)
    )
    scale = powers / sweep.volts * spin_diode.voltage_scale(frequency, damping, 1.0)
    return (detuning, drive, shift, growth), antisymmetric, symmetric, scale
