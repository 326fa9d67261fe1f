import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax import InvalidInput, Resonator
from rfjax.arrays import (
    AbstractConvolutionArray,
    CompactCrossbar,
    ParallelCrossbar,
    SequentialChain,
)
from rfjax.rectifiers import Linear
from tests.arrays.convolutions import FORMS, convolutions, convolved, drawn

forms = pytest.mark.parametrize("form", FORMS)
volts = eqx.filter_jit(AbstractConvolutionArray.volts)


@given(convolutions(), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_all_forms_give_the_same_voltages(convolution, seed):
    shape, space, options = convolution
    kernel, powers = drawn(shape, space, seed=seed)
    expected = convolved(kernel, powers, **options)
    for form in FORMS:
        found = volts(form(shape, space, **options), kernel, powers)
        assert found.dtype == np.float32
        # A window may lie on padding alone: voltages are measured against what a chain can give.
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@forms
def test_batches_come_before_filters_and_may_be_empty(form):
    array = form((2, 3, 2, 2), (4, 3))
    for batch in ((), (0,), (2, 2)):
        kernel, powers = drawn((2, 3, 2, 2), (4, 3), batch)
        found = volts(array, kernel, powers)
        assert found.shape == (*batch, 2, 3, 2)
        for index in np.ndindex(batch):
            one = volts(array, kernel, powers[index])
            np.testing.assert_allclose(found[index], one, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("height", "width", "size"), [(7, 6, 3), (4, 5, 1), (3, 3, 2)])
def test_counts_are_those_of_the_published_formulas(height, width, size):
    filters, channels, outputs = 3, 2, height * width
    shape, space = (filters, channels, size, size), (height, width)
    found = [form(shape, space, padding="SAME") for form in FORMS]
    weights = filters * channels * size**2
    expected = [weights, filters * channels * outputs**2, weights * outputs]
    assert [form.resonators for form in found] == expected
    assert [form.write_lines for form in found] == [weights] * 3
    assert [form.presentations for form in found] == [outputs, 1, 1]
    for form, count in zip(found, expected):
        assert form.area(2e-6) == pytest.approx(count * 4e-12)


def test_without_padding_there_is_a_chain_for_each_window():
    shape, space, stride = (2, 3, 3, 2), (7, 5), (2, 1)
    outputs, weights = 3 * 4, 2 * 3 * 6
    sequential, parallel, compact = (form(shape, space, stride=stride) for form in FORMS)
    assert (sequential.resonators, sequential.presentations) == (weights, outputs)
    assert (parallel.resonators, parallel.presentations) == (2 * 3 * 35 * outputs, 1)
    assert (compact.resonators, compact.presentations) == (weights * outputs, 1)


@given(convolutions())
@settings(max_examples=25, deadline=None)
def test_write_lines_join_resonators_of_one_weight(convolution):
    shape, space, options = convolution
    weights = math.prod(shape[1:])
    sequential, parallel, compact = (form(shape, space, **options) for form in FORMS)
    np.testing.assert_array_equal(sequential.weights_index, np.arange(weights)[None])
    # In the compact form each chain is the chain of the sequential form.
    assert (compact.weights_index == sequential.weights_index).all()
    assert compact.write_lines == sequential.write_lines == shape[0] * weights
    on_pixels = compact.weights_index[np.tile(compact.windows.reads(space) >= 0, shape[1])]
    held = parallel.weights_index[parallel.weights_index >= 0]
    np.testing.assert_array_equal(np.sort(held), np.sort(on_pixels))


def test_a_weight_outside_of_the_input_needs_no_write_line_in_the_parallel_form():
    shape, space = (1, 1, 3), (1,)
    parallel, compact = (
        form(shape, space, padding=1) for form in (ParallelCrossbar, CompactCrossbar)
    )
    assert parallel.weights_index.tolist() == [[1]]
    assert (parallel.write_lines, compact.write_lines) == (1, 3)


def test_resonators_left_on_their_own_tone_hold_a_weight_of_zero():
    """The voltages of a crossbar, of all its resonators where it is not written."""
    shape, space = (1, 2, 2, 2), (3, 3)
    index = ParallelCrossbar(shape, space, padding="SAME").weights_index
    draw = np.random.default_rng(0)
    detuning, powers = draw.standard_normal(math.prod(shape)), draw.random((2, *space))

    def weights(detuning):
        return np.asarray(Linear().conversion(Resonator(1e9), jnp.asarray(detuning), jnp.ones(())))

    crossbar = (-1.0) ** index * weights(np.where(index >= 0, detuning[index], 0.0))
    chain = SequentialChain(shape, space, padding="SAME")
    expected = chain.volts(weights(detuning).reshape(shape), powers)
    np.testing.assert_allclose(crossbar @ powers.ravel(), expected.ravel(), rtol=1e-12)


@forms
def test_voltages_go_through_transformations(form):
    array = form((2, 1, 2), (4,))
    kernel, powers = drawn((2, 1, 2), (4,), (3,))
    found = jax.jit(jax.vmap(array.volts, (None, 0)))(kernel, powers)
    np.testing.assert_allclose(found, array.volts(kernel, powers), rtol=1e-6, atol=1e-12)
    slope = jax.grad(lambda kernel: array.volts(kernel, powers)[0, 0, 1])(kernel)
    np.testing.assert_allclose(slope[0, 0], powers[0, 0, 1:3] * [1, -1], rtol=1e-6)
    np.testing.assert_array_equal(slope[1], 0)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InvalidInput, match="kernel_shape is 0"):
        CompactCrossbar((0, 1, 2), (4,))
    with pytest.raises(InvalidInput, match=r"kernel_shape is \(2, 3\); give \(filters, channels"):
        CompactCrossbar((2, 3), (4,))
    with pytest.raises(InvalidInput, match=r"space is \(4, 4\); a window \(2,\) needs 1 axes"):
        CompactCrossbar((1, 1, 2), (4, 4))
    array = SequentialChain((1, 2, 2), (4,))
    with pytest.raises(InvalidInput, match=r"kernel has shape \(1, 1, 2\); give \(1, 2, 2\)"):
        array.volts(np.zeros((1, 1, 2)), np.zeros((2, 4)))
    with pytest.raises(InvalidInput, match=r"powers have shape \(2, 5\); give \(..., 2, 4\)"):
        array.volts(np.zeros((1, 2, 2)), np.zeros((2, 5)))
    with pytest.raises(InvalidInput, match="powers.* is -1.0"):
        array.volts(np.zeros((1, 2, 2)), np.full((2, 4), -1.0))
    with pytest.raises(InvalidInput, match="pitch is 0.0"):
        array.area(0.0)
