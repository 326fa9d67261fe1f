import numpy as np
import pytest

from rfjax.experiments.common.result import mean_row
from rfjax.experiments.common.statistics import (
    difference_row,
    interval,
    means_and_deviations,
    sampling_row,
)


def test_an_interval_that_holds_zero_says_that_nothing_is_decided():
    # MLP at n = 3: the power of such a test is small, and a table must not read as a finding.
    row = difference_row("a - b", "points", np.array([1.0, 3.0, 2.0]), np.array([1.1, 2.5, 1.7]))
    assert row.rfjax == pytest.approx(0.7 / 3)
    assert row.note.startswith("undecided at n = 3")
    sure = difference_row("a - b", "points", np.array([1.0, 1.1, 0.9]), np.zeros(3))
    assert sure.note is None
    assert "one repetition" in difference_row("a", "points", np.ones(1), np.zeros(1)).note


def test_the_interval_is_that_of_student_and_widens_for_splits_that_overlap():
    values = np.array([0.1, 0.3, 0.2, 0.6])
    low, high = interval(values)
    error = np.std(values, ddof=1) / 2
    # 3.18245 is the 97.5 % point of Student's t with three degrees of freedom
    np.testing.assert_allclose([low, high], 0.3 + 3.18245 * error * np.array([-1, 1]), rtol=1e-5)
    wide = interval(values, overlap=1 / 3)
    np.testing.assert_allclose(wide[1] - wide[0], (high - low) * np.sqrt((1 / 4 + 1 / 3) * 4))


def test_the_corrected_interval_covers_what_overlapping_splits_hide():
    # Nadeau and Bengio: means of a quarter drawn from one sample share most of its rows.
    random = np.random.default_rng(0)
    covered = {0.0: 0, 1 / 3: 0}
    for _ in range(300):
        sample = random.normal(size=80)
        drawn = np.array([random.permutation(sample)[:20].mean() for _ in range(20)])
        for overlap in covered:
            low, high = interval(drawn, overlap)
            covered[overlap] += low <= 0 <= high
    assert covered[0.0] < 0.65 * 300 < 0.9 * 300 < covered[1 / 3]


def test_the_sampling_of_test_rows_is_binomial():
    row = sampling_row("all", 0.926, 10_000)
    assert row.rfjax == pytest.approx(0.2618, abs=1e-4)


def test_bars_are_deviations_of_a_sample():
    means, deviations = means_and_deviations([np.array([1.0, 2.0, 3.0]), np.array([5.0])])
    np.testing.assert_allclose(means, [2, 5])
    np.testing.assert_allclose(deviations, [1, np.nan])


def test_rounding_is_no_scatter():
    ours, theirs = np.array([[435, 45], [425, 35]], np.float32) / np.float32(450) * 100
    assert np.ptp(ours.astype(float) - theirs) > 0
    row = difference_row("x", "points", ours, theirs)
    assert (row.error, row.deviation) == (0.0, 0.0)
    np.testing.assert_allclose(row.rfjax, 1000 / 450, rtol=1e-6)
    same = mean_row("x", "%", np.full(3, 0.1))
    assert same.error == same.deviation == 0.0
