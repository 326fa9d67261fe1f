"""The PyTorch peer of the benchmarks against loops over every pair, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import operating_point
from rfjax.experiments.mnist import cnn, mlp_networks
from rfjax.rectifiers import Independent

torch = pytest.importorskip("torch")
peer = pytest.importorskip("benchmarks.torch_shared_line")

TAU = 2 * np.pi
ALPHA, SHIFT, GROWTH, BETA, GAMMA = 0.01, 0.1, 1.0, 6e7, 2e8


def one_pair(power, tone, resonance):
    """The smallest positive root of the cubic, from its polynomial, and the voltage there."""
    linewidth = ALPHA * TAU * resonance
    x, s, n = TAU * (tone - resonance) / linewidth, GAMMA**2 * power / linewidth**2, SHIFT / ALPHA
    roots = np.roots([GROWTH**2 + n**2, 2 * (GROWTH - n * x), 1 + x**2, -s])
    real = roots[np.abs(roots.imag) < 1e-9].real
    p = min(root for root in real if root >= 0)
    denominator = (1 + GROWTH * p) ** 2 + (x - n * p) ** 2
    return BETA * power / linewidth * (x - n * p) / denominator


def loops(frequencies, detuning, powers):
    volts = np.zeros((len(powers), len(detuning)))
    for b, image in enumerate(powers):
        for j, chain in enumerate(detuning):
            for k, own in enumerate(chain):
                resonance = frequencies[k] / (1 + ALPHA * own)
                for power, tone in zip(image, frequencies, strict=True):
                    volts[b, j] += (-1) ** k * one_pair(power, tone, resonance)
    return volts


@pytest.fixture
def case():
    random = np.random.default_rng(1)
    frequencies = np.geomspace(50e6, 1e9, 64)[:12]
    powers = 1e-5 * random.uniform(size=(3, 12)) * frequencies / frequencies[0]
    return frequencies, random.normal(0, 0.5, (2, 12)), powers


def test_voltages_equal_those_of_loops_over_every_pair(case, monkeypatch):
    monkeypatch.setattr(peer, "NEWTON_STEPS", 12)
    expected = loops(*case)
    frequencies, detuning, powers = map(torch.tensor, case)
    volts = peer.forward(peer.DirectSharedLine(frequencies, detuning), powers).numpy()
    np.testing.assert_allclose(volts, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_few_newton_steps_in_float32_lose_no_more_than_rounding_of_the_frequencies(case):
    # A rounded frequency is 6e-8 / damping = 6e-6 linewidths off.
    expected = loops(*case)
    single = (torch.tensor(array, dtype=torch.float32) for array in case)
    frequencies, detuning, powers = single
    volts = peer.forward(peer.DirectSharedLine(frequencies, detuning), powers).numpy()
    np.testing.assert_allclose(volts, expected, rtol=0, atol=3e-5 * np.abs(expected).max())


def test_gradient_in_parts_equals_that_of_the_whole_batch(case, monkeypatch):
    frequencies, detuning, powers = map(torch.tensor, case)
    layer = peer.DirectSharedLine(frequencies, detuning)
    whole, gradient = peer.forward_and_gradient(layer, powers)
    gradient = gradient.clone()
    monkeypatch.setattr(peer, "PAIRS_AT_ONCE", 1)
    parts, gradient_of_parts = peer.forward_and_gradient(layer, powers)
    assert parts == pytest.approx(whole, rel=1e-12)
    torch.testing.assert_close(gradient_of_parts, gradient, rtol=1e-9, atol=0)


def test_peer_and_our_layer_say_the_same():
    size = operating_point.Size(2, 64, 2)
    ours = operating_point.layer(size, Independent())
    powers = operating_point.pixels(size) * ours.peak_powers
    theirs = peer.DirectSharedLine.like(ours)
    images = torch.tensor(powers.tolist())
    for our_numbers, their_numbers in (
        (ours(powers), peer.forward(theirs, images)),
        (
            operating_point.forward_and_gradient(ours, powers)[1],
            peer.forward_and_gradient(theirs, images)[1],
        ),
    ):
        numbers = np.asarray(their_numbers)
        np.testing.assert_allclose(
            np.asarray(our_numbers), numbers, rtol=0, atol=3e-5 * np.abs(numbers).max()
        )


def agree_on_noise(network, theirs):
    inputs = np.random.default_rng(0).uniform(size=(3, 784)).astype(np.float32) ** 4
    with jax.enable_x64(False):
        ours = np.asarray(network(jnp.asarray(inputs)))
    with torch.no_grad():
        np.testing.assert_allclose(theirs(torch.tensor(inputs)), ours, rtol=2e-4, atol=2e-4)


def test_the_peers_of_field_lines_are_the_same_networks():
    field_line = pytest.importorskip("benchmarks.torch_field_line")
    with jax.enable_x64(False):
        perceptron = mlp_networks.resonators("").create(jax.random.key(0))
        convolutional = cnn.resonators().create(jax.random.key(0))
    agree_on_noise(perceptron, field_line.network(perceptron))
    agree_on_noise(convolutional, field_line.network(convolutional))
