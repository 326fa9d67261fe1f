"""How fast devices move: what the frame and the step of an integration are chosen from."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import ArrayLike, Float

from rfjax.checks import InvalidInput
from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.force import AbstractForce, Amplitude

_ROOM = 1.2  # for frequencies that move further


class Pace(NamedTuple):
    """How fast devices move.

    **Arguments:** `reference`: the frequency of the frame, Hz; `fastest`: the largest angular
    frequency or rate of an amplitude in that frame, rad/s.
    """

    reference: float
    fastest: float


def pace(
    devices: Resonator | Oscillator,
    forces: Sequence[AbstractForce],
    current: ArrayLike,
    start: Amplitude,
    reference: float | None = None,
) -> Pace:
    """How fast devices move under forces.

    **Arguments:** `devices`, `forces`, and the amplitude at the `start`; `current`: the largest
    current through each, A, (*lanes,); `reference`: that of the frame in Hz, where it is given.

    **Returns:** the pace, with the middle of all frequencies as reference where none is given.

    **Raises:** `InvalidInput` inside of compiled functions, where values are not known.
    """
    try:
        rest, damping, shift, nonlinear_damping, current = map(
            _known,
            (
                devices.frequency,
                devices.damping,
                devices.nonlinear_shift,
                devices.nonlinear_damping,
                current,
            ),
        )
        efficiency = devices.spin_torque_efficiency if isinstance(devices, Oscillator) else 0.0
        gain = np.abs(_known(efficiency) * current)
        bounds = [tuple(map(_known, force.bound())) for force in forces]
        driven = [force.frequencies() for force in forces]
        tones = [_known(each) for each in driven if each is not None]
        begins = _known(start[0]) ** 2 + _known(start[1]) ** 2
    except jax.errors.TracerArrayConversionError:
        raise InvalidInput(
            "not all values are known inside of a compiled function or of a derivative; "
            "give simulate both step and reference there"
        ) from None
    width = 2 * np.pi * damping * rest
    push, coupling = sum(bound[0] for bound in bounds), sum(np.max(bound[1]) for bound in bounds)
    power = np.maximum(begins, _largest_power(width, gain, nonlinear_damping, push))
    moved = rest * (1 + shift * power)
    spectrum = np.concatenate([np.ravel(each) for each in (rest, moved, *tones)])
    if reference is None:
        reference = float((spectrum.min() + spectrum.max()) / 2)
    turning = 2 * np.pi * (_ROOM * np.abs(spectrum - reference).max() + np.abs(moved - rest).max())
    growing = np.max(width * (1 + 3 * nonlinear_damping * power) + gain)
    return Pace(reference, float(max(turning, growing) + coupling))


def _largest_power(
    width: ArrayLike, gain: ArrayLike, nonlinear_damping: ArrayLike, push: ArrayLike
) -> ArrayLike:
    r"""A bound of the power at which forces in step and on resonance make up for the damping.

    $(\delta+Sp)\sqrt p=F$ with the net damping at rest $\delta=\Gamma_0-\sigma I$ and its growth
    $S=\Gamma_0Q+\sigma I$ cannot hold beyond $\max(0,-\delta/S)+\min[(F/S)^{2/3},(F/\delta)^2]$.
    """
    stiffness, net = width * nonlinear_damping + gain, width - gain
    with np.errstate(divide="ignore", invalid="ignore"):
        free = np.where(net < 0, -net / stiffness, 0)
        stiff = np.where(stiffness > 0, (push / stiffness) ** (2 / 3), np.inf)
        damped = np.where(net > 0, (push / net) ** 2, np.inf)
    return np.minimum(free + np.minimum(stiff, damped), 1)


def _known(value: ArrayLike) -> Float[np.ndarray, "..."]:
    return np.asarray(value, np.float64)
