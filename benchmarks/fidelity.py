"""What does the periodic state cost by harmonic balance, beside integration in time?"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import operating_point as at
from benchmarks.row import Row
from benchmarks.timing import compiled, medians
from rfjax.devices import Resonator
from rfjax.experiments.chain.mac import DAMPING, POWERS, TONES
from rfjax.rectifiers import Dynamic, HarmonicBalance

CHAINS, BATCH = 16, 16  # of four resonators, under so many rows of powers


def rows(quick: bool) -> Iterator[Row]:
    """Chains of four resonators under four tones; forward, and with gradients."""
    detuning, powers = _drawn()
    for what, step in STEPS.items():
        calls = [
            _compiled(step, model, detuning, powers) for model in (HarmonicBalance(), Dynamic())
        ]
        ours, theirs = medians(calls, at.seconds_to_spend(quick))
        yield Row(
            f"chains of four, {CHAINS} times {BATCH}", what, ours, theirs, "s", "rfjax Dynamic"
        )


def _drawn() -> tuple[jax.Array, jax.Array]:
    """Detunings of all resonators, in linewidths, and the powers of all rows, W."""
    random = np.random.default_rng(0)
    detuning = random.normal(size=(CHAINS, len(TONES)))
    powers = random.uniform(POWERS[0], POWERS[-1], size=(BATCH, len(TONES)))
    return jnp.asarray(detuning, jnp.float32), jnp.asarray(powers, jnp.float32)


def _volts(model: Any, detuning: jax.Array, powers: jax.Array) -> jax.Array:
    resonators = Resonator(jnp.asarray(TONES), DAMPING).detuned(detuning)
    return model(resonators, powers, jnp.asarray(TONES))


def _slopes(model: Any, detuning: jax.Array, powers: jax.Array) -> jax.Array:
    """Half the sum of squared volts, differentiated."""
    return jax.grad(lambda detuning: jnp.sum(_volts(model, detuning, powers) ** 2) / 2)(detuning)


STEPS = {"forward": _volts, "forward and gradient": _slopes}


def _compiled(step: Callable[..., Any], model: Any, *arguments: jax.Array) -> Callable[[], Any]:
    """One step, compiled, with a model that knows its tones."""
    scheduled = model.scheduled(Resonator(jnp.asarray(TONES), DAMPING), jnp.asarray(TONES))
    _, program = compiled(lambda *given: step(scheduled, *given), *arguments)
    return lambda: program(*arguments)
