import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rfjax.checks import InvalidInput
from rfjax.laws.frequency_comb import (
    common_spacing,
    geometric_comb,
    linear_comb,
    rounded_comb,
    scaled_powers,
    spacing,
)


@pytest.mark.parametrize("count", [2, 3, 64, 1000])
def test_neighbours_of_a_geometric_comb_are_at_a_constant_ratio(count):
    tones = np.asarray(geometric_comb(1e8, 2e10, count))
    mu = spacing(1e8, 2e10, count)
    assert tones.shape == (count,)
    assert tones[0] == 1e8
    assert tones[-1] == 2e10
    np.testing.assert_allclose(tones[1:] / tones[:-1], (1 + mu) / (1 - mu), rtol=1e-12)


def test_neighbours_are_as_many_linewidths_apart_all_along_the_comb():
    tones = np.asarray(geometric_comb(1e8, 1e9, 24))
    gap = np.diff(tones) / (tones[1:] + tones[:-1])
    np.testing.assert_allclose(gap, spacing(1e8, 1e9, 24), rtol=1e-12)


def test_the_geometric_comb_keeps_its_digits_in_single_precision():
    exact = np.asarray(geometric_comb(1.1e8, 2e10, 1000))
    single = geometric_comb(np.float32(1.1e8), np.float32(2e10), 1000)
    assert single.dtype == np.float32
    assert single[0] == np.float32(1.1e8)
    assert single[-1] == np.float32(2e10)
    np.testing.assert_allclose(single, exact, rtol=1e-6)
    gap = spacing(np.float32(1.1e8), np.float32(2e10), 1000)
    assert gap == pytest.approx(float(spacing(1.1e8, 2e10, 1000)), rel=1e-5)


def test_a_rounded_comb_lies_on_its_grid():
    tones = rounded_comb(2e8, 3e8, 16, 2e6)
    np.testing.assert_allclose(tones, geometric_comb(2e8, 3e8, 16), atol=1e6)
    assert np.all(tones % 2e6 == 0)
    for grid in (1e7, 0.0):
        with pytest.raises(InvalidInput, match="^grid is"):
            rounded_comb(2e8, 3e8, 16, grid)
    with pytest.raises(InvalidInput, match="a tone zero"):
        rounded_comb(1e6, 1e9, 2, 1e7)


def test_neighbours_of_a_linear_comb_are_at_a_constant_difference():
    tones = np.asarray(linear_comb(1e8, 5e8, 5))
    np.testing.assert_allclose(tones, [1e8, 2e8, 3e8, 4e8, 5e8], rtol=1e-15)


@pytest.mark.parametrize("comb", [geometric_comb, linear_comb])
def test_combs_are_batched_differentiated_and_compiled(comb):
    lowest = np.array([1e8, 2e8])
    tones = jax.jit(comb, static_argnums=2)(lowest, 1e9, 7)
    assert tones.shape == (2, 7)
    np.testing.assert_allclose(tones[1], comb(2e8, 1e9, 7), rtol=1e-14)
    by_lowest, by_highest = jax.jacobian(lambda *ends: comb(*ends, 7), argnums=(0, 1))(1e8, 1e9)
    np.testing.assert_allclose([by_lowest[0], by_lowest[-1]], [1, 0], atol=1e-12)
    np.testing.assert_allclose([by_highest[0], by_highest[-1]], [0, 1], atol=1e-12)
    assert np.isfinite(by_lowest).all()


def test_scaled_powers_undo_that_high_tones_rectify_less():
    tones = jnp.array([1e8, 2e8, 5e8])
    np.testing.assert_allclose(scaled_powers(1e-5, tones), [1e-5, 2e-5, 5e-5], rtol=1e-15)
    np.testing.assert_allclose(scaled_powers(np.ones((2, 3)), tones), [[1, 2, 5]] * 2, rtol=1e-15)


@pytest.mark.parametrize("build", [geometric_comb, linear_comb, spacing])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1e8, 1e9, 0), "count is 0"),
        ((1e8, 1e9, -3), "count is -3"),
        ((1e8, 1e8, 4), "highest - lowest is 0.0"),
        ((1e9, 1e8, 4), "highest - lowest"),
        ((0.0, 1e8, 4), "lowest is 0.0"),
        ((np.nan, 1e8, 4), "lowest is nan"),
        ((1e8, np.inf, 4), "highest is inf"),
    ],
)
def test_combs_that_cannot_be_are_refused(build, arguments, message):
    with pytest.raises(InvalidInput, match=message):
        build(*arguments)


@pytest.mark.parametrize("build", [linear_comb, spacing])
def test_one_tone_has_no_spacing(build):
    with pytest.raises(InvalidInput, match="two tones or more"):
        build(1e8, 1e9, 1)


def test_combs_are_the_reference_numbers(golden):
    for case in golden["comb"]:
        ends = case["lowest"], case["highest"], case["count"]
        assert spacing(*ends) == pytest.approx(case["spacing"], rel=1e-12)
        assert geometric_comb(*ends)[1] == pytest.approx(case["second"], rel=1e-12)


@pytest.mark.parametrize("count", [2, 5, 40])
def test_differences_are_whole_multiples_of_the_common_spacing_and_of_no_larger_one(count):
    rng = np.random.default_rng(count)
    multiples = rng.choice(10_000, count, replace=False) * 6
    divisor = np.gcd.reduce(np.diff(np.sort(multiples)))
    found = common_spacing(2.0000001e10 + 1.25e4 * multiples)
    assert found == pytest.approx(1.25e4 * divisor, rel=1e-9)


def test_the_order_of_tones_and_tones_given_twice_do_not_matter():
    tones = np.array([[1.4e8, 1e8], [1.1e8, 1.4e8]])
    assert common_spacing(tones) == pytest.approx(1e7)
    assert common_spacing(np.array([3e8, 1e8])) == pytest.approx(2e8)


def test_remainders_below_the_resolution_are_rounding():
    tones = np.array([1e8, 1.1e8 + 0.1, 1.3e8 - 0.2, 1.7e8])
    assert common_spacing(tones) == pytest.approx(1e7, rel=1e-7)
    # Half a hertz matters where it can be seen.
    tones = np.array([1e8, 1e8 + 100, 1e8 + 200.5])
    assert common_spacing(tones, 1e-5) == pytest.approx(0.5)
    assert common_spacing(tones, 1.0) == pytest.approx(100.25)


def test_single_precision_tones_keep_their_spacing():
    tones = np.float32([1e8, 1.25e8, 1.5e8, 2e8])
    assert common_spacing(tones) == pytest.approx(2.5e7)


def rounding(tones):
    """By how much their differences may be rounded, and a little more, Hz."""
    return 1.5 * float(np.finfo(tones.dtype).eps) * float(tones.max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(deadline=None)
@given(
    st.sampled_from([1e3, 1e4, 1e5, 2.5e5, 1e6]),
    st.lists(st.integers(0, 200), min_size=2, max_size=12, unique=True),
    st.integers(100_000, 1_000_000),
)
def test_tones_on_a_grid_have_the_spacing_that_their_numbers_have(dtype, grid, numbers, first):
    tones = ((first + np.array(numbers)) * grid).astype(dtype)
    divisor = np.gcd.reduce(np.diff(np.sort(numbers)))
    resolution = rounding(tones)
    parts = np.ptp(numbers) / divisor
    assume(resolution < 0.1 * grid * divisor)
    # Beyond so many parts the search ends, as random numbers would fit too.
    chance = (2 * resolution / (grid * np.ptp(numbers))) ** (len(numbers) - 2)
    assume(len(numbers) == 2 or chance * parts ** (len(numbers) - 1) < 1e-3)
    found = common_spacing(tones, resolution)
    assert found is not None
    offsets = tones.astype(np.float64) - tones.min()
    period = offsets.max() / found
    # The fewest parts of which all tones are whole numbers, to within their rounding.
    assert period <= parts * (1 + 1e-12)
    assert np.abs(offsets - np.round(offsets / found) * found).max() <= resolution * (1 + 1e-9)
    # i/n and j/k with k < n are equal or 1/n² apart: no coarser grid can fit by rounding alone.
    if 2 * resolution * parts < grid * divisor:
        assert period == pytest.approx(parts, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tones_without_a_grid_are_seldom_given_one(dtype):
    rng = np.random.default_rng(0)
    found = []
    for count in (3, 4, 6, 12) * 100:
        tones = rng.uniform(2e8, 3e8, count).astype(dtype)
        found.append(common_spacing(tones, rounding(tones)))
    by_chance = np.mean([each is not None for each in found])
    assert by_chance < 0.1 if dtype == np.float32 else by_chance == 0


@settings(deadline=None)
@given(st.floats(1.05, 1.5), st.integers(4, 24), st.floats(1e8, 2e10))
def test_a_geometric_comb_has_no_spacing(ratio, count, lowest):
    ratio = ratio * (1 + np.pi * 1e-6)  # of no small numbers
    tones = np.asarray(geometric_comb(lowest, ratio * lowest, count))
    assert common_spacing(tones, rounding(tones)) is None


@pytest.mark.parametrize(
    ("tones", "resolution", "message"),
    [
        (np.array([1e8]), 1.0, "the frequencies do not differ"),
        (np.array([1e8, 1e8 + 0.5]), 1.0, "the frequencies do not differ"),
        (np.array([1e8, 0.0]), 1.0, "^frequencies.* is 0.0"),
        (np.array([1e8, np.nan]), 1.0, "^frequencies.* is nan"),
        (np.array([1e8, 2e8]), 0.0, "^resolution is 0.0"),
    ],
)
def test_without_differences_there_is_no_common_spacing(tones, resolution, message):
    with pytest.raises(InvalidInput, match=message):
        common_spacing(tones, resolution)
