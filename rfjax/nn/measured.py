"""How far the fast evaluation of a layer is from the direct one."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.devices import Resonator
from rfjax.laws.spin_diode import voltage_scale


def measured_error(
    fast: Callable[..., Float[Array, "b chains"]],
    directly: Callable[..., Float[Array, "b chains"]],
    resonators: Resonator,
    detuning: Float[np.ndarray, "chains tones"],
    peak_powers: Float[Array, " tones"],
) -> float:
    """The largest difference from the direct evaluation in float64, on samples of the range.

    **Arguments:** `fast` and `directly`, called with resonators, detunings in linewidths and
    powers in W; `resonators` (tones,); `detuning`, of which two chains are taken, one of them the
    farthest; `peak_powers` in W.

    **Returns:** relative to the largest voltage of a chain or, where chains give less, to what one
    resonator gives at most: resonators near zero weight are no reason to compute to no end.
    """
    farthest = int(np.argmax(np.max(np.abs(detuning), axis=1)))
    sample = detuning[[0, farthest]]
    draw = np.random.default_rng(0).random((2, detuning.shape[1]))
    shares = np.stack([np.ones(detuning.shape[1]), draw[0], draw[1] ** 4])
    powers = shares.astype(detuning.dtype) * np.asarray(peak_powers)
    found = np.asarray(_evaluated(fast, resonators, sample, powers))
    with jax.enable_x64(True):
        exact = (resonators, sample, powers)
        exact = jax.tree.map(lambda array: np.asarray(array, np.float64), exact)
        slow = np.asarray(_evaluated(directly, *exact))
    scale = max(np.max(np.abs(slow)), _largest_alone(resonators, peak_powers), np.finfo(float).tiny)
    return float(np.max(np.abs(found - slow)) / scale)


def allowed(
    tolerance: float,
    error: float,
    directly: Callable[..., Float[Array, "b chains"]],
    resonators: Resonator,
    detuning: Float[np.ndarray, "chains tones"],
    peak_powers: Float[Array, " tones"],
) -> float:
    """The error that is allowed: a tolerance, or what rounding costs directly where that is more.

    **Arguments:** `tolerance`; `error`: a `measured_error`, which decides whether rounding has to
    be looked at; all others as there.
    """
    if error <= tolerance:
        return tolerance
    rounding = measured_error(directly, directly, resonators, detuning, peak_powers)
    return max(tolerance, rounding)


def _largest_alone(resonators: Resonator, peak_powers: Float[Array, " tones"]) -> float:
    """The largest voltage that one resonator can give for its own tone, V."""
    per_watt = voltage_scale(resonators.frequency, resonators.damping, resonators.rectification)
    torque = jnp.hypot(resonators.antisymmetric, resonators.symmetric)
    return float(jnp.max(per_watt * torque * peak_powers))


@eqx.filter_jit
def _evaluated(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)
