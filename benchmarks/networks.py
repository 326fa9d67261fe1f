"""How long is an epoch of MNIST, beside software in JAX and beside PyTorch?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks import operating_point as at
from benchmarks.peers import NO_TORCH, direct_torch
from benchmarks.row import Row
from benchmarks.timing import medians
from rfjax.arrays import SharedLine
from rfjax.experiments.common.recipe import Recipe
from rfjax.experiments.mnist import mlp_networks
from rfjax.experiments.mnist import perceptron as mnist_perceptron
from rfjax.numerics.parameters import trainable
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from rfjax.training import cross_entropy

ROWS, PIXELS = 60000, 784
WHAT = "an epoch of training"
PERCEPTRON_BATCH, BATCH = 500, 100
STEPS = 6  # of a program


def rows(quick: bool) -> Iterator[Row]:
    """Every network for MNIST; only those of field lines to try it."""
    case = "784-300-10 on field lines, linear"
    networks = {case: mlp_networks.resonators("")}
    yield from beside_software(networks, mlp_networks.software(), BATCH, quick)
    yield beside_torch(case, networks[case], BATCH, quick)
    if quick:
        return
    models = {"linear": Linear(), "independent": Independent(), "cross-coupled": CrossCoupled()}
    networks = {
        f"784-10 on a shared line, {name}": mnist_perceptron.resonators("", model)
        for name, model in models.items()
    }
    software = mnist_perceptron.software()
    yield from beside_software(networks, software, PERCEPTRON_BATCH, quick)
    networks = {
        f"784-300-10 on shared lines, {name}": mlp_networks.resonators(
            "", models[name], wiring=SharedLine()
        )
        for name in ("linear", "independent")
    }
    yield from beside_software(networks, mlp_networks.software(), PERCEPTRON_BATCH, quick)


def beside_software(
    networks: Mapping[str, Recipe], software: Recipe, batch: int, quick: bool
) -> Iterator[Row]:
    """An epoch of each network and of software, in turn."""
    steps = [_steps(network, batch) for network in (*networks.values(), software)]
    *ours, theirs = _epochs(steps, batch, quick)
    for case, seconds in zip(networks, ours, strict=True):
        yield Row(f"{case}, batch {batch}", WHAT, seconds, theirs, "s", "software in JAX")


def beside_torch(case: str, network: Recipe, batch: int, quick: bool) -> Row:
    """An epoch of a network and of the same one in PyTorch, in turn, if that is there."""
    steps, peer = [_steps(network, batch)], NO_TORCH
    if direct_torch() is not None:
        steps.append(_torch_steps(network.create(jax.random.key(0)), batch))
        peer = "the same in PyTorch"
    ours, *theirs = _epochs(steps, batch, quick)
    beside = theirs[0] if theirs else None
    return Row(f"{case}, batch {batch}", WHAT, ours, beside, "s", peer)


def _epochs(steps: Sequence[Callable[[], Any]], batch: int, quick: bool) -> list[float]:
    """The seconds of an epoch of each, from programs of `STEPS` steps."""
    programs = ROWS / batch / STEPS
    return [programs * each for each in medians(steps, at.seconds_to_spend(quick))]


def _steps(network: Recipe, batch: int) -> Callable[[], Any]:
    """`STEPS` steps of Adam in one program, as the training loop takes them."""
    model = network.create(jax.random.key(0))
    parameters, rest = eqx.partition(model, trainable(model))
    optimiser = optax.adam(1e-4)
    batches = _batches(batch)

    def step(rest, state, rows):
        (parameters, memory), (inputs, labels) = state, rows

        def loss(parameters):
            return cross_entropy(eqx.combine(parameters, rest)(inputs), labels)

        updates, memory = optimiser.update(jax.grad(loss)(parameters), memory, parameters)
        return (eqx.apply_updates(parameters, updates), memory), None

    # What does not train is an argument: constants would be folded, for seconds.
    program = eqx.filter_jit(
        lambda state, rest, batches: jax.lax.scan(partial(step, rest), state, batches)[0]
    )
    state = parameters, optimiser.init(parameters)
    return lambda: program(state, rest, batches)


def _torch_steps(model: Any, batch: int) -> Callable[[], Any]:
    """`STEPS` steps of Adam in PyTorch."""
    import torch

    from benchmarks import torch_field_line

    peer = torch_field_line.network(model)
    optimiser = torch.optim.Adam(peer.parameters(), 1e-4)
    images, labels = (torch.tensor(np.asarray(array)) for array in _batches(batch))
    batches = list(zip(images, labels.long(), strict=True))

    def steps() -> None:
        for inputs, wanted in batches:
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(peer(inputs), wanted).backward()
            optimiser.step()

    return steps


def _batches(rows: int):
    """`STEPS` batches: images of noise, dark for the most part, and labels."""
    random = np.random.default_rng(0)
    images = random.uniform(size=(STEPS, rows, PIXELS)) ** 4
    labels = random.integers(10, size=(STEPS, rows))
    return jnp.asarray(images, jnp.float32), jnp.asarray(labels, jnp.int32)
