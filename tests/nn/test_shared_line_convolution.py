"""Filters of resonators that see all tones of a patch."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Resonator
from rfjax.laws.frequency_comb import geometric_comb
from rfjax.nn import (
    ConvolutionalNetwork,
    FieldLineConv,
    OscillatorActivation,
    SharedLineConv,
    SoftwareConvolutionalNetwork,
    kernel_detuning,
    mapped,
    shared_line_detuning,
)
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from tests.arrays.convolutions import convolved
from tests.helpers import slope_at
from tests.rectifiers.lines import chained, relative_error

KERNEL = 2, 3, 2  # channels, high, wide
PEAK = 1e-4
RNG = np.random.default_rng(0)
DETUNING = 0.4 * RNG.standard_normal((2, *KERNEL))
POWERS = jnp.asarray(PEAK * RNG.random((2, 2, 5, 4)))
NEAR = np.asarray(geometric_comb(1e9, 1.3e9, 12)).reshape(KERNEL)
SMALL = {"image": (1, 6, 6), "filters": (3,), "kernel": (2, 2), "pool": (2, 2), "outputs": (3,)}

volts = eqx.filter_jit(SharedLineConv.__call__)


def layer_of(detuning=DETUNING, frequency=NEAR, power=PEAK, rectifier=None, **options):
    options = {"tolerance": 1e-8} | options
    return SharedLineConv(detuning, Resonator(frequency), power, rectifier, **options)


@pytest.mark.parametrize(
    ("rectifier", "tolerance"), [(Linear(), 1e-6), (Independent(), 1e-6), (CrossCoupled(), None)]
)
def test_each_patch_is_played_to_chains_on_one_line(rectifier, tolerance):
    layer = layer_of(rectifier=rectifier, stride=(2, 1), tolerance=tolerance)
    found = volts(layer, POWERS)
    chains = DETUNING.reshape(2, 12)
    for row, column in np.ndindex(2, 3):
        patch = POWERS[:, :, 2 * row : 2 * row + 3, column : column + 2].reshape(2, 12)
        expected = chained(rectifier, Resonator(NEAR.ravel()), chains, patch)
        assert relative_error(found[:, :, row, column], expected) <= 1e-5


def test_narrow_lines_are_those_of_field_lines():
    tones = np.asarray(geometric_comb(1e9, 1e11, 12)).reshape(KERNEL)
    differences = []
    for damping in (1e-3, 1e-4):
        device = Resonator(tones, damping=damping)
        shared = SharedLineConv(DETUNING, device, PEAK, Linear(), tolerance=1e-8)
        alone = FieldLineConv(DETUNING, device, PEAK, Linear())
        differences.append(relative_error(volts(shared, POWERS), alone(POWERS)))
    # Neighbours add in proportion to the linewidth over their distance.
    assert differences[0] <= 0.02
    assert differences[1] == pytest.approx(differences[0] / 10, rel=0.05)


def test_kernels_of_software_are_mapped_to_a_shared_line():
    kernels = RNG.standard_normal((2, *KERNEL))
    tones = np.asarray(geometric_comb(1e9, 3e9, 12)).reshape(KERNEL)
    found = kernel_detuning(kernels, Resonator(tones), PEAK, mapping=shared_line_detuning)
    assert found.residual <= 1e-3
    layer = layer_of(found.detuning, tones, rectifier=Linear(), padding="SAME")
    unturned = kernels * np.resize([1, -1], KERNEL)
    expected = convolved(unturned, POWERS / PEAK, stride=1, padding="SAME")
    assert relative_error(volts(layer, POWERS) / found.scale, expected) <= 1e-3


def test_derivatives_are_the_differences_of_the_voltages():
    layer = layer_of(padding="SAME")
    weights = jnp.cos(jnp.arange(volts(layer, POWERS).size))

    @eqx.filter_jit
    def total(detuning, powers):
        there = eqx.tree_at(lambda layer: layer.chains.detuning, layer, detuning)
        return jnp.sum(weights * there(powers).ravel())

    start, powers = layer.chains.detuning, 0.9 * POWERS
    by_detuning, by_powers = eqx.filter_jit(jax.grad(total, (0, 1)))(start, powers)
    along = jnp.asarray(RNG.standard_normal(start.shape))
    louder = powers * RNG.standard_normal(powers.shape)
    expected = slope_at(lambda step: total(start + step * along, powers + step * louder), 0.0, 1e-3)
    found = jnp.sum(by_detuning * along) + jnp.sum(by_powers * louder)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_detunings_that_moved_are_adapted_to():
    layer = layer_of()
    assert layer.adapted() is layer
    there = eqx.tree_at(lambda layer: layer.chains.detuning, layer, 3 * layer.chains.detuning)
    assert relative_error(volts(there.adapted(), POWERS), volts(there, POWERS)) <= 1e-6


def test_networks_take_it_as_their_convolution():
    key, activation = jax.random.key(0), OscillatorActivation()
    create = ConvolutionalNetwork.create
    options = {"convolution": SharedLineConv, "rectifier": Linear(), "tolerance": None}
    model = create(key, **SMALL, **options)
    (block,) = model.blocks
    assert block.line.resonators.shape == (1, 2, 2)
    assert model.trainable().blocks[0].line.chains.detuning
    rows = jax.random.uniform(jax.random.key(1), (3, 36))
    software = SoftwareConvolutionalNetwork.create(key, **SMALL, activation=activation)
    found, expected = mapped(model, software)(rows), software(rows)
    np.testing.assert_allclose(found, expected, atol=1e-2 * float(jnp.abs(expected).max()))


def test_what_does_not_fit_is_refused():
    with pytest.raises(InvalidInput, match="12 elements of a kernel .* have 2 tones; on a shared"):
        layer_of(frequency=np.array([1e9, 2e9])[:, None, None])
    with pytest.raises(InvalidInput, match=r"powers have shape \(2, 1, 5, 4\); give"):
        layer_of(rectifier=Linear())(POWERS[:, :1])
    shifting = OscillatorActivation(nonlinear_shift=0.1)
    with pytest.raises(InvalidInput, match="nonlinear_shift of 0.1; on a shared line"):
        ConvolutionalNetwork.create(
            jax.random.key(0), **SMALL, convolution=SharedLineConv, activation=shifting
        )
