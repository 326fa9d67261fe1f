import dataclasses

import numpy as np

from rfjax.experiments.mnist import perceptron as mnist_perceptron
from rfjax.experiments.mnist import training as mnist_training
from rfjax.experiments.mnist.training import MnistTraining, accuracy_rows
from rfjax.training import accuracy, member
from tests.experiments.small_mnist import small_mnist, small_training


def test_a_network_is_evaluated_on_test_rows_that_it_never_saw(tmp_path):
    training = small_training(tmp_path, seeds=2, epochs=6)
    trained = training.train(mnist_perceptron.software())
    data = training.data
    for seed in range(2):
        logits = member(trained.model, seed)(data.test_images)
        np.testing.assert_allclose(trained.test[seed], accuracy(logits, data.test_labels))
    assert np.all(trained.test > 0.9)
    other = data._replace(test_images=0 * data.test_images)
    blind = dataclasses.replace(training, data=other, out=tmp_path / "blind")
    again = blind.train(mnist_perceptron.software())
    np.testing.assert_array_equal(trained.history.test_accuracy, again.history.test_accuracy)
    np.testing.assert_array_equal(
        trained.model.layers[0].linear.weight, again.model.layers[0].linear.weight
    )
    np.testing.assert_allclose(again.test, 0.1)


def test_the_last_training_rows_validate_and_do_not_train(tmp_path):
    training = small_training(tmp_path)
    data = training.data
    spoilt = data._replace(train_images=data.train_images.at[-100:].set(0))
    first = training.train(mnist_perceptron.software())
    second = small_training(tmp_path / "spoilt")
    second = dataclasses.replace(second, data=spoilt).train(mnist_perceptron.software())
    np.testing.assert_array_equal(
        first.model.layers[0].linear.weight, second.model.layers[0].linear.weight
    )
    assert np.all(first.history.test_loss[-1] < second.history.test_loss[-1])


def test_a_finished_training_is_taken_from_its_checkpoint(tmp_path):
    seen = []
    training = small_training(tmp_path, on_epoch=lambda *epoch: seen.append(epoch[:3]))
    first = training.train(mnist_perceptron.software())
    assert seen == [("software", 1, 2), ("software", 2, 2)]
    second = dataclasses.replace(training, resume=True).train(mnist_perceptron.software())
    assert len(seen) == 2
    np.testing.assert_array_equal(first.test, second.test)
    assert [row.quantity for row in accuracy_rows("x", second)] == [
        "x: test accuracy",
        "x: validation accuracy",
        "x: train accuracy",
    ]


def test_training_goes_on_from_the_parameters_of_another_network(tmp_path):
    training = small_training(tmp_path, epochs=4)
    first = training.train(mnist_perceptron.software())
    more = dataclasses.replace(training, epochs=1, out=tmp_path / "more")
    on = more.train(mnist_perceptron.software(1e-6), first)
    np.testing.assert_allclose(
        on.model.layers[0].linear.weight, first.model.layers[0].linear.weight, atol=1e-3
    )


def test_three_seeds_are_the_first_three_of_more(tmp_path):
    few, more = (
        small_training(tmp_path / str(seeds), seeds=seeds).train(mnist_perceptron.software())
        for seeds in (2, 3)
    )
    np.testing.assert_array_equal(
        few.model.layers[0].linear.weight, more.model.layers[0].linear.weight[:2]
    )
    np.testing.assert_array_equal(few.test, more.test[:2])


def test_trained_parameters_are_evaluated_in_another_network(tmp_path):
    training = small_training(tmp_path)
    trained = training.train(mnist_perceptron.software())
    np.testing.assert_array_equal(
        training.evaluated(trained, mnist_perceptron.software()), trained.test
    )


def test_quick_takes_few_rows(tmp_path, monkeypatch):
    whole = small_mnist(6000, 1200)
    monkeypatch.setattr(mnist_training, "load_mnist", {"here": whole}.__getitem__)
    sizes = {"seeds": 10, "epochs": 9, "batch_size": 500}
    quick = MnistTraining.create(tmp_path, "here", quick=True, **sizes)
    assert (quick.seeds, quick.epochs) == (2, 2)
    assert len(quick.data.train_labels) == sum(mnist_training.QUICK_ROWS[:2])
    assert "quick" in quick.settings
    full = MnistTraining.create(tmp_path, "here", **sizes)
    assert (full.seeds, full.epochs, full.batch_size) == (10, 9, 500)
    assert full.data is whole
    assert "quick" not in full.settings


def test_maps_of_weights_are_what_each_pixel_adds():
    model = member(_ensemble_of_one(), 0)
    added = mnist_training.added_by_pixels(model)
    np.testing.assert_allclose(added, model.layers[0].linear.weight, atol=1e-12)


def _ensemble_of_one():
    import jax

    from rfjax.training import ensemble

    network = mnist_perceptron.software()
    return ensemble([network.create(jax.random.key(3))])
