"""How long do driven resonators take to integrate, beside others at the same error?"""

import functools
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import driven_peers as peers
from benchmarks.row import Row
from benchmarks.timing import in_fresh_process, median_seconds
from rfjax.devices import Resonator
from rfjax.dynamics import Tones, Trajectory, simulate
from rfjax.laws.auto_oscillator import force

LANES = (1, 1024, 65536)
TOLERANCE = 1e-6
TORCH_IN_REACH = 1024  # lanes
SPAN = (198e6, 214e6)  # Hz, of the resonances
COMPARED = 64  # resonators, of which the error is the largest
EXACT = 1e-12  # tolerance of what all are compared with: SciPy's DOP853
TRIED = 10.0 ** -np.arange(3, 10, 0.5)  # tolerances of peers, the loosest first


class Speed(NamedTuple):
    """Of one integration of many lanes: seconds, and the largest error of an amplitude.

    The error is relative to the largest amplitude.
    """

    seconds: float
    error: float


def rows(quick: bool) -> Iterator[Row]:
    """A trajectory beside SciPy, diffrax, a scan by hand and torchdiffeq; in float64."""
    spend = 0.3 if quick else 2.0
    for lanes in LANES[:2] if quick else LANES:
        ours = forward_speed(lanes, spend)
        case = f"{lanes} resonator{'s' * (lanes > 1)}, four tones, 6 µs, error {ours.error:.0e}"
        others: dict[str, Callable[..., Speed]] = {
            "SciPy DOP853, all resonators as one array": scipy_speed,
            "diffrax Dopri8, all resonators as one system": diffrax_speed,
            "scan by hand, Dormand-Prince 8": scan_speed,
        }
        if lanes <= TORCH_IN_REACH and torch_is_there():
            others["torchdiffeq dopri5, all resonators as one system"] = torch_speed
        for name, measure in others.items():
            theirs = in_fresh_process(measure, lanes, spend, ours.error)
            note = f"{name}, error {theirs.error:.0e}"
            what = "forward, a trajectory"
            yield Row(case, what, ours.seconds / lanes, theirs.seconds / lanes, "s", note)


def forward_speed(
    lanes: int, spend: float, length: int = 1, tones: int = 4, carrier: float = 1.0
) -> Speed:
    """The `speed` of rfjax in a process of its own; measured once for each program."""
    return _measured(lanes, spend, length, tones, carrier)


@functools.cache  # all arguments given: keys go by how a call is written
def _measured(*settings: Any) -> Speed:
    return in_fresh_process(speed, *settings)


def speed(lanes: int, spend: float, length: int = 1, tones: int = 4, carrier: float = 1.0) -> Speed:
    """rfjax, compiled; the error of a single length under four tones at the base carrier."""
    jax.config.update("jax_enable_x64", True)
    frequency, tone, step, count = setting(lanes, tones, carrier)
    program = jax.jit(end, static_argnums=(2, 3, 4))
    call = lambda: program(frequency, tone, step, count * length, carrier)  # noqa: E731
    comparable = (length, tones, carrier) == (1, 4, 1.0)
    error = _error(np.asarray(frequency), _complex(call())) if comparable else float("nan")
    return Speed(median_seconds(call, spend), error)


def scan_speed(lanes: int, spend: float, wanted: float) -> Speed:
    """The scan by hand at the same steps."""
    jax.config.update("jax_enable_x64", True)
    frequency, _, step, count = setting(lanes, 4, 1.0)
    program = jax.jit(peers.scanned_end, static_argnums=(1, 2))
    call = lambda: program(frequency, step, count)  # noqa: E731
    return Speed(median_seconds(call, spend), _error(np.asarray(frequency), _complex(call())))


def diffrax_speed(lanes: int, spend: float, wanted: float) -> Speed:
    """diffrax at the loosest tolerance that gives the wanted error."""
    jax.config.update("jax_enable_x64", True)
    frequency = np.asarray(setting(lanes, 4, 1.0)[0])
    program = jax.jit(peers.diffrax_end)
    at = jnp.asarray(frequency)
    return _at_error(lambda tolerance: program(at, tolerance), frequency, wanted, spend)


def scipy_speed(lanes: int, spend: float, wanted: float) -> Speed:
    """SciPy at the loosest tolerance that gives the wanted error."""
    frequency = np.linspace(*SPAN, lanes)
    return _at_error(lambda tol: peers.scipy_end(frequency, tol), frequency, wanted, spend)


def torch_speed(lanes: int, spend: float, wanted: float) -> Speed:
    """torchdiffeq at the loosest tolerance that gives the wanted error."""
    frequency = np.linspace(*SPAN, lanes)
    return _at_error(lambda tol: peers.torch_end(frequency, tol), frequency, wanted, spend)


def torch_is_there() -> bool:
    """Whether PyTorch and torchdiffeq are installed."""
    return all(importlib.util.find_spec(name) for name in ("torch", "torchdiffeq"))


def setting(lanes: int, tones: int, carrier: float):
    """Resonances, tones, and step and number of steps that `simulate` takes by itself."""
    frequency = np.linspace(*SPAN, lanes)
    tone = peers.TONES if tones == 4 else np.linspace(peers.TONES[0], peers.TONES[-1], tones)
    # The step depends only on the outermost resonances.
    count = _simulated(frequency[[0, -1]], tone, 1.0, duration=peers.DURATION).steps
    raised = (carrier - 1) * peers.REFERENCE
    return (
        jnp.asarray(frequency + raised),
        jnp.asarray(tone + raised),
        peers.DURATION / count,
        count,
    )


def end(frequency, tone, step: float, count: int, carrier: float, scale=1.0):
    """The amplitudes in the end; a higher carrier keeps linewidths and detunings in Hz."""
    found = _simulated(frequency, tone, carrier, scale, duration=step * count, step=step)
    return found.real[..., -1], found.imaginary[..., -1]


def _simulated(frequency, tone, carrier: float, scale=1.0, **settings: Any) -> Trajectory:
    resonators = Resonator(
        frequency,
        damping=peers.DAMPING / carrier,
        nonlinear_shift=peers.SHIFT / carrier,
        nonlinear_damping=peers.NONLINEAR_DAMPING,
    )
    powers = jnp.full(tone.shape, 4 * peers.POWER / tone.shape[0])
    return simulate(
        resonators,
        forces=Tones(scale * force(powers, peers.DRIVE), tone),
        saves=2,
        reference=peers.REFERENCE * carrier,
        **settings,
    )


def _at_error(solve: Callable[[float], Any], frequency, wanted: float, spend: float) -> Speed:
    """A peer at the loosest of the tolerances `TRIED` at which its error is not above ours."""
    for tolerance in map(float, TRIED):
        error = _error(frequency, _complex(solve(tolerance)))
        if error <= wanted:
            return Speed(median_seconds(lambda: solve(tolerance), spend), error)  # noqa: B023
    raise RuntimeError(f"no tolerance gives an error of {wanted:.0e}")


def _complex(found: Any) -> np.ndarray:
    if isinstance(found, np.ndarray):
        return found
    re, im = map(np.asarray, found)
    return re + 1j * im


def _error(frequency: np.ndarray, found: np.ndarray) -> float:
    some = np.unique(np.linspace(0, len(frequency) - 1, COMPARED).astype(int))
    exact = peers.scipy_end(frequency[some], EXACT)
    return float(np.abs(found[some] - exact).max() / np.abs(exact).max())
