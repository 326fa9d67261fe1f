"""What do derivatives of driven resonators cost, in time and memory?"""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import driven_peers as peers
from benchmarks.driven import (
    LANES,
    SPAN,
    TOLERANCE,
    TORCH_IN_REACH,
    end,
    forward_speed,
    setting,
    torch_is_there,
)
from benchmarks.row import Row
from benchmarks.timing import in_fresh_process, median_seconds
from rfjax.devices import Resonator
from rfjax.rectifiers import Dynamic


def rows(quick: bool) -> Iterator[Row]:
    """Gradients beside their forward pass and beside torchdiffeq, and their memory; float64."""
    spend = 0.3 if quick else 2.0
    for lanes in LANES[:2] if quick else LANES:
        case = f"{lanes} resonator{'s' * (lanes > 1)}, four tones, 6 µs"
        forward = forward_speed(lanes, spend).seconds / lanes
        carried = in_fresh_process(carried_seconds, lanes, spend) / lanes
        what = "forward and gradient to frequencies, a trajectory"
        yield Row(case, what, carried, forward, "s", "its forward")
        if lanes <= TORCH_IN_REACH:
            if torch_is_there():
                theirs = in_fresh_process(torch_gradient_seconds, lanes, spend) / lanes
                yield Row(case, what, carried, theirs, "s", "torchdiffeq dopri5, rtol 1e-6")
            back = in_fresh_process(reverse_seconds, lanes, spend) / lanes
            what = "forward and gradient to the force of every tone, in reverse, a trajectory"
            yield Row(case, what, back, forward, "s", "its forward")
        alone, both = in_fresh_process(dynamic_seconds, lanes, spend)
        what = "Dynamic, forward and gradient to detunings"
        yield Row(case, what, both, alone, "s", "its forward")
    short, long = (in_fresh_process(gradient_memory, factor) for factor in (16, 256))
    case, what = "1024 resonators, four tones, 1.5 ms", "memory of a gradient in reverse"
    yield Row(case, what, long, short, "MiB", "a sixteenth of the length")


def carried_seconds(lanes: int, spend: float) -> float:
    """`simulate` forward with its gradient to the frequencies, carried along."""
    jax.config.update("jax_enable_x64", True)
    frequency, tone, step, count = setting(lanes, 4, 1.0)

    def loss(frequency):
        re, im = end(frequency, tone, step, count, 1.0)
        return jnp.mean(re**2 + im**2)

    program = jax.jit(jax.value_and_grad(loss))
    return median_seconds(lambda: program(frequency), spend)


def reverse_seconds(lanes: int, spend: float) -> float:
    """`simulate` forward with its gradient to the force of every tone on every lane."""
    jax.config.update("jax_enable_x64", True)
    program, scale = _reverse(lanes, 1)
    return median_seconds(lambda: program(scale), spend)


def torch_gradient_seconds(lanes: int, spend: float) -> float:
    """torchdiffeq forward with its gradient to the frequencies."""
    frequency = np.linspace(*SPAN, lanes)
    return median_seconds(lambda: peers.torch_end(frequency, TOLERANCE, gradient=True), spend)


def dynamic_seconds(lanes: int, spend: float) -> tuple[float, float]:
    """The rectifier `Dynamic`: forward, and forward with the gradient to all detunings."""
    jax.config.update("jax_enable_x64", True)
    rest = jnp.linspace(*SPAN, lanes)
    tones = jnp.asarray(peers.TONES)
    powers = jnp.full(4, peers.POWER)
    dynamic = Dynamic().scheduled(Resonator(rest), peers.TONES, widest=0.1)

    def total(detuning):
        resonators = Resonator(rest / (1 + peers.DAMPING * detuning))
        return jnp.sum(dynamic(resonators, powers, tones) ** 2)

    at = jnp.zeros(lanes)
    forward, gradient = jax.jit(total), jax.jit(jax.value_and_grad(total))
    return (
        median_seconds(lambda: forward(at), spend),
        median_seconds(lambda: gradient(at), spend),
    )


def gradient_memory(length: int) -> float:
    """What a gradient of `simulate` in reverse holds beside its arguments and results, MiB."""
    jax.config.update("jax_enable_x64", True)
    program, scale = _reverse(1024, length)
    analysis = program.lower(scale).compile().memory_analysis()
    if analysis is None:
        raise RuntimeError("this backend does not say how much memory a program takes")
    return analysis.temp_size_in_bytes / 2**20


def _reverse(lanes: int, length: int):
    frequency, tone, step, count = setting(lanes, 4, 1.0)

    def loss(scale):
        re, im = end(frequency, tone, step, count * length, 1.0, scale)
        return jnp.mean(re**2 + im**2)

    return jax.jit(jax.value_and_grad(loss)), jnp.ones((lanes, 4))
