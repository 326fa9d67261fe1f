"""What a fit leaves is told from noise where a curve or a jump is left in it."""

import numpy as np

from rfjax.fitting.significance import resembles_noise

NOISE = np.random.default_rng(0).normal(size=(400, 3, 120))


def test_noise_resembles_noise_with_samples_missing_too():
    # Beyond two deviations on one side lie 2.3 %; in one of a hundred a sample stands out.
    assert 0.93 < resembles_noise(NOISE).mean() < 1
    missing = np.where(np.random.default_rng(1).uniform(size=NOISE.shape) < 0.3, np.nan, NOISE)
    assert 0.93 < resembles_noise(missing).mean() < 1


def test_scale_is_no_matter():
    np.testing.assert_array_equal(resembles_noise(1e-6 * NOISE), resembles_noise(NOISE))


def test_a_smooth_curve_as_high_as_the_noise_is_none():
    curve = 1.2 * np.sin(np.linspace(0, 6 * np.pi, 120))
    assert resembles_noise(NOISE + curve).mean() < 0.01


def test_a_sample_that_stands_out_is_none():
    jump = NOISE.copy()
    jump[:, 1, 60] = 8.0
    assert not resembles_noise(jump).any()


def test_powers_do_not_follow_each_other():
    # Offsets of neighbours in different powers are no difference between samples.
    assert not resembles_noise(NOISE + np.array([-2.0, 0.0, 2.0])[:, None]).any()
