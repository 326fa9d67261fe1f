import numpy as np

from rfjax.data import FixedSplit
from rfjax.experiments.common import accuracies
from rfjax.experiments.digits import networks as job
from rfjax.experiments.digits.accuracies import difference_rows
from rfjax.training import History


def a_history(test):
    test = np.asarray(test, float)
    return History(test, test, test, test)


def test_rows_of_accuracy_and_difference_are_those_computed_by_hand():
    ours = a_history([[0.1, 0.2, 0.3], [0.96, 0.98, 0.97]])
    theirs = a_history([[0.9, 0.9, 0.9], [0.95, 0.95, 0.96]])
    mean, train = accuracies.accuracy_rows("ours", ours, 99.0, 99.7)
    assert (mean.unit, mean.published, mean.count) == ("%", 99.0, 3)
    assert train.published == 99.7
    np.testing.assert_allclose([mean.rfjax, mean.deviation], [97.0, 1.0])
    (difference,) = difference_rows("ours - theirs", ours, theirs)
    # the differences are 1, 3 and 1; splits of 3:1 overlap
    error = (4 / 3 * (1 / 3 + 1 / 3)) ** 0.5
    np.testing.assert_allclose([difference.rfjax, difference.error], [5 / 3, error])


def test_one_seed_has_a_mean_but_no_error():
    one = a_history([[0.5]])
    for rows in (accuracies.accuracy_rows("one", one), difference_rows("one", one, one)):
        assert all(row.error is row.deviation is None for row in rows)


def test_software_learns_the_digits_and_a_seed_does_not_depend_on_the_others():
    split = FixedSplit(job.TEST_FRACTION)
    _, both = job.train(job.software(), [4, 7], split=split, epochs=10)
    _, alone = job.train(job.software(), [7], split=split, epochs=10)
    assert both.test_accuracy[-1].min() > 0.9
    np.testing.assert_allclose(both.test_accuracy[:, 1:], alone.test_accuracy, atol=0.005)


def test_linear_resonators_learn_the_digits():
    _, history = job.train(
        job.resonators("linear"), [0], split=FixedSplit(job.TEST_FRACTION), epochs=8, batch_size=50
    )
    assert history.test_accuracy[-1, 0] > 0.85


def test_validation_tells_learning_rates_apart():
    slow, fine = (job.validation_accuracies(job.software(rate), [0], 5) for rate in (1e-5, 0.02))
    assert slow < 0.5 < 0.85 < fine
