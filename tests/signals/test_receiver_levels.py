"""Powers become shares by what is known of the rows that train."""

import jax
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.signals import ReceiverLevels

POWERS = np.array([[1e-9, 4e-9], [2e-9, 1e-9], [4e-9, 1.6e-8]])


@pytest.mark.parametrize(
    ("scale", "law"),
    [("power", lambda p: p / 4e-9), ("amplitude", lambda p: np.sqrt(p / 4e-9))],
)
def test_shares_are_those_of_the_largest_power(scale, law):
    levels = ReceiverLevels.of(POWERS[:, :1], scale=scale)
    np.testing.assert_allclose(levels(POWERS[:, :1]), law(POWERS[:, :1]), rtol=1e-12)
    np.testing.assert_allclose(levels(np.array([[0.0], [1.0]])), [[0.0], [1.0]])  # limited beyond


@pytest.mark.parametrize("scale", ["power", "amplitude", "decibel"])
@pytest.mark.parametrize("unit", [1e-27, 1.5e46])
def test_shares_are_those_of_any_unit_that_single_precision_holds(scale, unit):
    shares, exact = (
        ReceiverLevels.of(powers, scale=scale)(powers)
        for powers in ((POWERS * unit).astype(np.float32), POWERS)
    )
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares, exact, atol=1e-5)


def test_decibels_lie_evenly_between_the_smallest_and_the_largest():
    levels = ReceiverLevels.of(POWERS, scale="decibel", each_tone=True)
    powers = np.array([[1e-9, 1e-9], [2e-9, 4e-9], [4e-9, 1.6e-8]])
    np.testing.assert_allclose(levels(powers), [[0, 0], [0.5, 0.5], [1, 1]], atol=1e-12)
    assert levels(np.zeros((1, 2))).tolist() == [[0.0, 0.0]]


def test_slopes_are_finite_everywhere_and_those_of_finite_differences_between():
    for scale in ("power", "amplitude", "decibel"):
        levels = ReceiverLevels.of(POWERS, scale=scale)
        slope = jax.grad(lambda p, levels=levels: levels(p).sum())
        point, step = np.array([2e-9, 3e-9]), 1e-13
        central = [
            (levels(point + step * unit) - levels(point - step * unit)).sum() / (2 * step)
            for unit in np.eye(2)
        ]
        np.testing.assert_allclose(slope(point), central, rtol=1e-5)
        assert np.isfinite(slope(np.array([0.0, 1.0]))).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ReceiverLevels.of(-POWERS), "finite and zero or above"),
        (lambda: ReceiverLevels.of(POWERS[0]), r"shape \(2,\); give \(rows, tones\)"),
        (lambda: ReceiverLevels.of(0 * POWERS), "powers are all 0 W"),
        (lambda: ReceiverLevels.of(0 * POWERS, scale="decibel"), "powers are all 0 W"),
        (lambda: ReceiverLevels.of(POWERS * [0, 1], each_tone=True), r"powers\[:, 0\] are all 0 W"),
        (lambda: ReceiverLevels.of(POWERS, scale="dB"), "one of power, amplitude, decibel"),
        (lambda: ReceiverLevels(2.0, 1.0), "one - zero is -1.0"),
        (lambda: ReceiverLevels(0.0, 1.0, "decibel"), "zero, on the scale decibel, is 0.0"),
        (lambda: ReceiverLevels.of(POWERS, each_tone=True)(np.ones((3, 3))), "do not broadcast"),
    ],
)
def test_what_makes_no_levels_is_refused(call, words):
    with pytest.raises(InvalidInput, match=words):
        call()
