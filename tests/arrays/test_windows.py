import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from rfjax import InvalidInput
from rfjax.arrays import Windows
from tests.arrays.convolutions import convolutions


@given(convolutions())
@settings(max_examples=50, deadline=None)
def test_each_element_reads_its_pixel_or_padding(convolution):
    shape, space, options = convolution
    windows = Windows(shape[2:], **options)
    outputs, pads = windows.outputs(space), windows.pads(space)
    reads = windows.reads(space).reshape(*outputs, *windows.size)
    for index in np.ndindex(reads.shape):
        output, element = np.split(np.array(index), 2)
        pixel = output * windows.stride + element - [before for before, _ in pads]
        inside = (pixel >= 0).all() and (pixel < space).all()
        assert reads[index] == (np.ravel_multi_index(tuple(pixel), space) if inside else -1)


def test_as_many_windows_as_strides_where_padding_says_so():
    assert Windows((3, 2), padding="SAME").outputs((5, 7)) == (5, 7)
    assert Windows((3, 2), 2, "SAME").outputs((5, 7)) == (3, 4)
    assert Windows((3,), padding="SAME").pads((5,)) == ((1, 1),)


def test_padding_may_differ_along_the_axes_and_on_the_sides():
    assert Windows((3, 2), padding=("VALID", (0, 2))).pads((5, 7)) == ((0, 0), (0, 2))
    assert Windows((3, 2), padding=(1, 2)).pads((5, 7)) == ((1, 1), (2, 2))
    assert Windows((3, 2), padding=1).pads((5, 7)) == ((1, 1), (1, 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((),), "window is empty; give one or more whole numbers"),
        (((2, 2, 2),), r"window is \(2, 2, 2\); give a length along one or two axes"),
        (((2, 0),), "window is 0; it must be a whole number above zero"),
        (((2, 2), 0), "stride is 0; it must be a whole number above zero"),
        (((2, 2), (1, 1, 1)), r"stride is \(1, 1, 1\) for a window \(2, 2\)"),
        (((2, 2), 1, "FULL"), "padding is 'FULL'; it must be one of VALID, SAME"),
        (((2, 2), 1, -1), "padding is -1; it must be VALID, SAME, a number of pixels or the pair"),
        (((2, 2), 1, ((0, -1), 1)), r"padding is \(0, -1\)"),
        (((2, 2), 1, (1,)), r"padding is \(1,\) for a window \(2, 2\)"),
    ],
)
def test_windows_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        Windows(*arguments)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ((4, 4), r"space is \(4, 4\); a window \(3,\) needs 1 axes"),
        ((2,), r"a window \(3,\) does not fit into space \(2,\) with padding \('VALID',\)"),
        ((0,), "space is 0; it must be a whole number above zero"),
    ],
)
def test_space_without_room_for_a_window_is_refused(space, message):
    with pytest.raises(InvalidInput, match=message):
        Windows((3,)).outputs(space)


@given(convolutions())
@settings(max_examples=8)
def test_patches_hold_what_the_windows_read(convolution):
    (_, channels, *size), space, options = convolution
    windows = Windows(size, **options)
    pixels = np.random.default_rng(0).random((2, channels, *space))
    padded = np.append(pixels.reshape(2, channels, -1), np.zeros((2, channels, 1)), axis=-1)
    expected = padded[:, :, windows.reads(space)]  # (b, channels, windows, elements)
    found = windows.patches(jnp.asarray(pixels))
    assert found.shape == (channels * math.prod(size), 2, *windows.outputs(space))
    np.testing.assert_array_equal(
        found.reshape(channels, math.prod(size), 2, -1), np.moveaxis(expected, (1, 3), (0, 1))
    )
    filters = np.random.default_rng(1).standard_normal((3, len(found)))
    products = windows.products(jnp.asarray(pixels), jnp.asarray(filters))
    expected = np.moveaxis(np.tensordot(filters, found, 1), 0, 1)
    np.testing.assert_allclose(products, expected, atol=1e-14)


def test_filters_of_another_number_of_elements_are_refused():
    with pytest.raises(InvalidInput, match=r"filters have shape \(3, 5\); give \(filters, 6\)"):
        Windows((3,)).products(jnp.ones((2, 4)), jnp.ones((3, 5)))
