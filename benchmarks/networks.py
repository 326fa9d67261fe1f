"""How long is an epoch of MNIST, beside software in JAX and beside PyTorch?"""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks import operating_point as at
from benchmarks.peers import NO_TORCH, direct_torch
from benchmarks.row import Row
from benchmarks.timing import median_seconds
from rfjax.experiments import cnn, mlp_networks, mnist_perceptron
from rfjax.nn import SharedLineDense
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from rfjax.training import cross_entropy

ROWS, PIXELS = 60000, 784
WHAT = "an epoch of training"
PERCEPTRON_BATCH, BATCH = 500, 100


def rows(quick: bool) -> Iterator[Row]:
    """Every network that learns MNIST; only those of field lines to try it."""
    software = _epoch(mlp_networks.software(), BATCH, quick)
    network = mlp_networks.resonators("")
    yield from _beside("784-300-10 on field lines, linear", network, BATCH, software, quick)
    software = _epoch(cnn.software(), BATCH, quick)
    yield from _beside("convolutions on field lines", cnn.resonators(), BATCH, software, quick)
    if quick:
        return
    software = _epoch(mnist_perceptron.software(), PERCEPTRON_BATCH, quick)
    rungs = {"linear": Linear(), "independent": Independent(), "cross-coupled": CrossCoupled()}
    for name, rung in rungs.items():
        network = mnist_perceptron.resonators("", rung)
        ours = _epoch(network, PERCEPTRON_BATCH, quick)
        case = f"784-10 on a shared line, {name}"
        yield Row(case, WHAT, ours, software, "s", "software in JAX")
    software = _epoch(mlp_networks.software(), PERCEPTRON_BATCH, quick)
    for name in ("linear", "independent"):
        network = mlp_networks.resonators("", rungs[name], line=SharedLineDense)
        ours = _epoch(network, PERCEPTRON_BATCH, quick)
        case = f"784-300-10 on shared lines, {name}"
        yield Row(case, WHAT, ours, software, "s", "software in JAX")


def _beside(case: str, network: Any, batch: int, software: float, quick: bool) -> Iterator[Row]:
    ours = _epoch(network, batch, quick)
    yield Row(f"{case}, batch {batch}", WHAT, ours, software, "s", "software in JAX")
    theirs, name = _torch_epoch(network.create(jax.random.key(0)), batch, quick)
    yield Row(f"{case}, batch {batch}", WHAT, ours, theirs, "s", name)


def _epoch(network: Any, batch: int, quick: bool) -> float:
    """Seconds of as many steps of Adam as an epoch has."""
    model = network.create(jax.random.key(0))
    parameters, rest = eqx.partition(model, model.trainable())
    optimiser = optax.adam(1e-4)
    inputs, labels = _batch(batch)

    def step(state):
        parameters, memory = state

        def loss(parameters):
            return cross_entropy(eqx.combine(parameters, rest)(inputs), labels)

        updates, memory = optimiser.update(jax.grad(loss)(parameters), memory, parameters)
        return eqx.apply_updates(parameters, updates), memory

    program = eqx.filter_jit(step)
    state = parameters, optimiser.init(parameters)
    return ROWS / batch * median_seconds(lambda: program(state), at.seconds_to_spend(quick))


def _torch_epoch(model: Any, batch: int, quick: bool) -> tuple[float | None, str]:
    """Seconds of as many steps of Adam in PyTorch."""
    if direct_torch() is None:
        return None, NO_TORCH
    import torch

    from benchmarks import torch_field_line

    kind = (
        torch_field_line.Convolutional if hasattr(model, "blocks") else torch_field_line.Perceptron
    )
    peer = kind(model)
    optimiser = torch.optim.Adam(peer.parameters(), 1e-4)
    inputs, labels = (torch.tensor(np.asarray(array)) for array in _batch(batch))

    def step() -> float:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(peer(inputs), labels.long())
        loss.backward()
        optimiser.step()
        return loss.item()

    return ROWS / batch * median_seconds(step, at.seconds_to_spend(quick)), "the same in PyTorch"


def _batch(rows: int):
    """Images of noise, dark for the most part, and labels."""
    random = np.random.default_rng(0)
    images = random.uniform(size=(rows, PIXELS)) ** 4
    return jnp.asarray(images, jnp.float32), jnp.asarray(random.integers(10, size=rows), jnp.int32)
