import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rfjax.checks import InvalidInput
from rfjax.data import FixedSplit, GivenSplit, RedrawnSplit, ValidationSplit

KEY = jax.random.key(3)
SPLITS = [FixedSplit(0.25), RedrawnSplit(0.25), GivenSplit(30)]


@pytest.mark.parametrize("split", SPLITS, ids=lambda split: type(split).__name__)
def test_every_row_stands_in_exactly_one_part(split):
    train, test = split(2, 40, key=KEY)
    assert train.shape == (30,)
    assert test.shape == (10,)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(40))


def test_fixed_is_the_same_in_every_epoch_and_differs_between_keys():
    split = FixedSplit(0.25)
    np.testing.assert_array_equal(split(0, 40, key=KEY)[1], split(7, 40, key=KEY)[1])
    assert set(split(0, 40, key=KEY)[1].tolist()) != set(
        split(0, 40, key=jax.random.key(4))[1].tolist()
    )


def test_redrawn_moves_test_rows_of_one_epoch_into_the_training_of_the_next():
    split = RedrawnSplit(0.25)
    first, again, second = (split(epoch, 400, key=KEY) for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first[0], again[0])
    shared = np.intersect1d(first[1], second[0]).size
    assert 50 <= shared <= 95  # three quarters of the hundred on average


def test_given_keeps_order():
    train, test = GivenSplit(3)(0, 5, key=KEY)
    np.testing.assert_array_equal(train, [0, 1, 2])
    np.testing.assert_array_equal(test, [3, 4])


@pytest.mark.parametrize("split", SPLITS, ids=lambda split: type(split).__name__)
def test_validation_rows_come_out_of_the_training_rows(split):
    train, test = split(2, 40, key=KEY)
    kept, held_back = ValidationSplit(split, 0.2)(2, 40, key=KEY)
    np.testing.assert_array_equal(np.concatenate([kept, held_back]), train)
    assert held_back.shape == (6,)
    assert not set(test.tolist()) & {*kept.tolist(), *held_back.tolist()}


@pytest.mark.parametrize(
    "split", [*SPLITS, ValidationSplit(FixedSplit(0.25))], ids=lambda split: type(split).__name__
)
def test_compiled_and_mapped_over_keys_gives_the_same_rows(split):
    keys = jax.random.split(KEY, 3)
    mapped = eqx.filter_jit(jax.vmap(lambda key, epoch: split(epoch, 40, key=key), (0, None)))
    train, test = mapped(keys, jnp.asarray(5))
    for index, key in enumerate(keys):
        np.testing.assert_array_equal(train[index], split(5, 40, key=key)[0])
        np.testing.assert_array_equal(test[index], split(5, 40, key=key)[1])


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(10, 40), fraction=st.floats(0.1, 0.9))
def test_the_test_part_has_the_nearest_number_of_rows(rows, fraction):
    _, test = FixedSplit(fraction)(0, rows, key=KEY)
    assert abs(len(test) - rows * fraction) <= 0.5


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
@pytest.mark.parametrize("family", [FixedSplit, RedrawnSplit])
def test_a_fraction_that_leaves_a_part_empty_is_refused(family, fraction):
    with pytest.raises(InvalidInput, match="test_fraction"):
        family(fraction)
    with pytest.raises(InvalidInput, match=f"fraction is {fraction}"):
        ValidationSplit(family(0.25), fraction)


@pytest.mark.parametrize(
    ("split", "rows"),
    [
        (FixedSplit(0.25), 1),
        (FixedSplit(0.01), 10),
        (GivenSplit(5), 5),
        (ValidationSplit(GivenSplit(5), 0.01), 10),
    ],
)
def test_too_few_rows_are_refused(split, rows):
    with pytest.raises(InvalidInput, match="rows would train"):
        split(0, rows, key=KEY)


@pytest.mark.parametrize("train", [0, -1, True])
def test_given_needs_a_count(train):
    with pytest.raises(InvalidInput, match="train"):
        GivenSplit(train)
