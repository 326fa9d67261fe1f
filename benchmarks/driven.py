"""How long do driven resonators take to integrate, beside SciPy, torchdiffeq and a plain scan?"""

import importlib.util
import time
from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import driven_peers as peers
from benchmarks.row import Row
from benchmarks.timing import in_fresh_process, median_seconds, peak_mebibytes, seconds_once
from rfjax.devices import Resonator
from rfjax.dynamics import Tones, simulate
from rfjax.dynamics.integrate import default_solver, step_for
from rfjax.laws.auto_oscillator import force
from rfjax.rectifiers import Dynamic

LANES = (1, 1024, 65536)
TOLERANCE = 1e-6
TORCH_IN_REACH = 1024  # lanes
SPAN = (198e6, 214e6)  # Hz, of the resonances


class Speed(NamedTuple):
    """Of one integration of many lanes: seconds, and the largest error of an amplitude."""

    seconds: float
    error: float


def rows(quick: bool) -> Iterator[Row]:
    """Forward, gradients, memory, carrier frequency and number of tones; in float64."""
    spend = 0.3 if quick else 2.0
    reference = {name: in_fresh_process(scipy_speed, name) for name in ("DOP853", "RK45 lab")}
    for lanes in LANES[:2] if quick else LANES:
        case, what = f"{lanes} resonators, four tones, 6 µs", "forward, a trajectory"
        ours = in_fresh_process(speed, lanes, spend)
        each = ours.seconds / lanes
        said = f"error {ours.error:.0e} of the largest"
        for name, theirs in reference.items():
            note = f"SciPy {name}, error {theirs.error:.0e}; ours {said}"
            yield Row(case, what, each, theirs.seconds, "s", note)
        scan = in_fresh_process(scan_speed, lanes, spend)
        note = f"scan by hand, same scheme and step, error {scan.error:.0e}"
        yield Row(case, what, each, scan.seconds / lanes, "s", note)
        slopes = in_fresh_process(simulate_gradient_seconds, lanes, spend) / lanes
        yield Row(
            case, "simulate, forward and gradient to frequencies", slopes, each, "s", "its forward"
        )
        if lanes <= TORCH_IN_REACH:
            yield from _torch_rows(case, lanes, each, slopes)
            back = in_fresh_process(reverse_seconds, lanes, spend) / lanes
            what = "simulate, forward and gradient to all forces, in reverse"
            yield Row(case, what, back, each, "s", "its forward")
        gradient = in_fresh_process(dynamic_seconds, lanes, spend)
        yield Row(
            case,
            "Dynamic, forward and gradient to detunings",
            gradient[1],
            gradient[0],
            "s",
            "its forward",
        )
    short, long = (in_fresh_process(gradient_memory, factor) for factor in (1, 16))
    case, what = "1024 resonators, 96 µs", "memory of a gradient in reverse"
    yield Row(case, what, long, short, "MiB", "a sixteenth of the length")
    slow, fast = (in_fresh_process(speed, 1024, spend, 1, 4, carrier) for carrier in (1.0, 100.0))
    yield Row("1024 resonators at 20 GHz", "forward", fast.seconds, slow.seconds, "s", "at 200 MHz")
    base = in_fresh_process(speed, 1024, spend, 1, 1)
    for tones in (4, 16, 64):
        many = in_fresh_process(speed, 1024, spend, 1, tones)
        yield Row(
            f"1024 resonators, {tones} tones", "forward", many.seconds, base.seconds, "s", "1 tone"
        )


def speed(lanes: int, spend: float, length: int = 1, tones: int = 4, carrier: float = 1.0) -> Speed:
    """rfjax, compiled: time, and the error beside a tight tolerance."""
    jax.config.update("jax_enable_x64", True)
    frequency, tone, step, count = _setting(lanes, tones, carrier)
    program = jax.jit(_end, static_argnums=(2, 3, 4))
    found = program(frequency, tone, step, count * length, carrier)
    exact = program(frequency, tone, step / 8, 8 * count * length, carrier)
    apart = np.hypot(*(np.asarray(one) - np.asarray(two) for one, two in zip(found, exact)))
    error = apart.max() / np.hypot(*map(np.asarray, exact)).max()
    seconds = median_seconds(lambda: program(frequency, tone, step, count * length, carrier), spend)
    return Speed(seconds, float(error))


def scan_speed(lanes: int, spend: float) -> Speed:
    """The scan by hand at the same steps."""
    jax.config.update("jax_enable_x64", True)
    frequency, _, step, count = _setting(lanes, 4, 1.0)
    program = jax.jit(peers.scanned_end, static_argnums=(1, 2))
    exact = program(frequency, step / 8, 8 * count)
    found = program(frequency, step, count)
    apart = np.hypot(*(np.asarray(one) - np.asarray(two) for one, two in zip(found, exact)))
    error = apart.max() / np.hypot(*map(np.asarray, exact)).max()
    return Speed(median_seconds(lambda: program(frequency, step, count), spend), float(error))


def scipy_speed(name: str) -> Speed:
    """SciPy, one trajectory: in the rotating frame, or in the laboratory as one usually would."""
    method, reference = {"DOP853": ("DOP853", peers.REFERENCE), "RK45 lab": ("RK45", 0.0)}[name]
    frequency = 205e6
    exact = peers.scipy_end(frequency, "DOP853", 1e-12, peers.REFERENCE)
    start = time.perf_counter()
    found = peers.scipy_end(frequency, method, TOLERANCE, reference)
    seconds = time.perf_counter() - start
    found *= np.exp(2j * np.pi * (peers.REFERENCE - reference) * peers.DURATION)
    return Speed(seconds, abs(found - exact) / abs(exact))


def dynamic_seconds(lanes: int, spend: float) -> tuple[float, float]:
    """The rung `Dynamic`: forward, and forward with the gradient to all detunings."""
    jax.config.update("jax_enable_x64", True)
    rest = jnp.linspace(*SPAN, lanes)
    tones = jnp.asarray(peers.TONES)
    powers = jnp.full(4, peers.POWER)
    rung = Dynamic().scheduled(Resonator(rest), peers.TONES, widest=0.1)

    def total(detuning):
        return jnp.sum(rung(Resonator(rest / (1 + peers.DAMPING * detuning)), powers, tones) ** 2)

    at = jnp.zeros(lanes)
    forward, gradient = jax.jit(total), jax.jit(jax.value_and_grad(total))
    return (
        median_seconds(lambda: forward(at), spend),
        median_seconds(lambda: gradient(at), spend),
    )


def gradient_memory(length: int) -> float:
    """What a gradient of `simulate` in reverse holds beyond the libraries, MiB."""
    jax.config.update("jax_enable_x64", True)
    program, scale = _reverse(1024, length)
    compiled = program.lower(scale).compile()
    before = peak_mebibytes()
    jax.block_until_ready(compiled(scale))
    return peak_mebibytes() - before


def torch_seconds(lanes: int, gradient: bool) -> float:
    """torchdiffeq, all lanes as one system."""
    frequency = np.linspace(*SPAN, lanes)
    peers.torch_end(frequency[:1], 1e-3, gradient)
    return seconds_once(lambda: peers.torch_end(frequency, TOLERANCE, gradient))


def simulate_gradient_seconds(lanes: int, spend: float) -> float:
    """`simulate` forward with its gradient to the frequencies, carried along."""
    jax.config.update("jax_enable_x64", True)
    frequency, tone, step, count = _setting(lanes, 4, 1.0)

    def loss(frequency):
        re, im = _end(frequency, tone, step, count, 1.0)
        return jnp.mean(re**2 + im**2)

    program = jax.jit(jax.value_and_grad(loss))
    return median_seconds(lambda: program(frequency), spend)


def reverse_seconds(lanes: int, spend: float) -> float:
    """`simulate` forward with its gradient to the force of every tone on every lane."""
    jax.config.update("jax_enable_x64", True)
    program, scale = _reverse(lanes, 1)
    return median_seconds(lambda: program(scale), spend)


def _reverse(lanes: int, length: int):
    frequency, tone, step, count = _setting(lanes, 4, 1.0)

    def loss(scale):
        re, im = _end(frequency, tone, step, count * length, 1.0, scale)
        return jnp.mean(re**2 + im**2)

    return jax.jit(jax.value_and_grad(loss)), jnp.ones((lanes, 4))


def _torch_rows(case: str, lanes: int, each: float, slopes: float) -> Iterator[Row]:
    missing = [name for name in ("torch", "torchdiffeq") if not importlib.util.find_spec(name)]
    for what, mine, gradient in (
        ("forward, a trajectory", each, False),
        ("forward and gradient to frequencies", slopes, True),
    ):
        theirs, note = None, f"torchdiffeq: {' and '.join(missing)} not installed"
        if not missing:
            theirs = in_fresh_process(torch_seconds, lanes, gradient) / lanes
            note = "torchdiffeq dopri5, rtol 1e-6"
        yield Row(case, what, mine, theirs, "s", note)


def _setting(lanes: int, tones: int, carrier: float):
    """Resonances, tones, step and number of steps, for the tolerance; on the host."""
    frequency = np.linspace(*SPAN, lanes)
    tone = peers.TONES if tones == 4 else np.linspace(peers.TONES[0], peers.TONES[-1], tones)
    offset = max(np.abs(frequency - peers.REFERENCE).max(), np.abs(tone - peers.REFERENCE).max())
    step = step_for(2 * np.pi * 1.2 * float(offset), TOLERANCE, default_solver(False))
    count = int(np.ceil(peers.DURATION / step))
    raised = (carrier - 1) * peers.REFERENCE
    return (
        jnp.asarray(frequency + raised),
        jnp.asarray(tone + raised),
        peers.DURATION / count,
        count,
    )


def _end(frequency, tone, step: float, count: int, carrier: float, scale=1.0):
    """The amplitudes in the end; a higher carrier keeps linewidths and detunings in Hz."""
    resonators = Resonator(
        frequency,
        damping=peers.DAMPING / carrier,
        nonlinear_shift=peers.SHIFT / carrier,
        nonlinear_damping=peers.NONLINEAR_DAMPING,
    )
    powers = jnp.full(tone.shape, 4 * peers.POWER / tone.shape[0])
    found = simulate(
        resonators,
        step * count,
        Tones(scale * force(powers, peers.DRIVE), tone),
        saves=2,
        step=step,
        reference=peers.REFERENCE * carrier,
    )
    return found.real[..., -1], found.imaginary[..., -1]
