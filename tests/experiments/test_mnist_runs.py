"""Runs of the experiments on MNIST, with networks as they are before training.

How networks train is tested elsewhere; here, what an experiment makes of them.
"""

import dataclasses

import numpy as np
import pytest

from rfjax import experiments
from rfjax.data import load_digits
from rfjax.experiments.digits import model_mismatch_networks, settings
from rfjax.experiments.mnist.training import MnistTraining, Trained
from rfjax.training import History, ensemble, evaluate, seed_keys
from tests.experiments.small_mnist import small_mnist


def untrained(recipe, seeds):
    starts, _ = seed_keys(range(seeds))
    return ensemble([recipe.create(key) for key in starts])


class Untrained(MnistTraining):
    def train(self, network, start=None, *, falling=False):
        model = untrained(network, self.seeds)
        test = evaluate(model, self.data.test_images, self.data.test_labels).accuracy
        return Trained(model, History(*4 * [test[None]]), test)


def found(name, out, **changes):
    settings = {"validating": 10, "seeds": 2, "epochs": 1, "batch_size": 5, "quick": True}
    training = Untrained(out, small_mnist(20, 20), **settings)
    result = experiments.load(name).run(dataclasses.replace(training, **changes))
    return {row.quantity: row for row in result.rows}


def test_tones_of_a_narrow_comb_are_close_and_weights_of_neighbours_alike(tmp_path):
    rows = found("mnist-range", tmp_path)
    for highest, name in ((0.1e9, "0.1 GHz"), (20e9, "20 GHz")):
        # Tones and resonances are 2µ/α apart, with (1+µ)/(1-µ) the ratio of neighbours (5.19).
        ratio = (highest / 50e6) ** (1 / 783)
        apart = 2 * (ratio - 1) / (ratio + 1) / 0.01
        np.testing.assert_allclose(rows[f"{name}: distance of tones"].rfjax, apart, rtol=1e-6)
    narrow, wide = (
        rows[f"{name}: correlation of neighbouring weights"].rfjax for name in ("0.1 GHz", "20 GHz")
    )
    assert wide < narrow
    assert narrow > 0.9


def test_published_accuracies_stand_beside_those_of_one_damping(tmp_path):
    rows = found("mnist-damping", tmp_path)
    assert rows["damping 0.0188: test accuracy"].published == 92.40
    assert rows["damping 0.3: test accuracy"].published is None
    ours, software = (rows[f"{name}: test accuracy"].rfjax for name in ("damping 0.3", "software"))
    np.testing.assert_allclose(rows["damping 0.3 - software"].rfjax, ours - software)


@pytest.mark.skip(reason="at 100 µW no fast evaluation is prepared: it would take minutes")
def test_weights_change_with_the_power_of_the_signal(tmp_path):
    rows = found("mnist-nonlinear", tmp_path)
    weak, strong = (
        rows[f"{power} µW: change of the weights from low to full power"].rfjax
        for power in (10, 100)
    )
    assert 0.1 < weak < strong
    # Its own detunings, evaluated without the nonlinearity and with it: small ones stay so.
    with_it = rows["10 µW, trained without, evaluated with the nonlinearity: test accuracy"].rfjax
    np.testing.assert_allclose(with_it, rows["linear: test accuracy"].rfjax, atol=20)


def test_counts_of_devices_stand_beside_accuracies_of_the_convolutional_network(tmp_path):
    rows = found("cnn", tmp_path, seeds=1)
    assert rows["software: test accuracy"].published == 99.16
    assert rows["oscillators"].rfjax == 7792
    assert 0 <= rows["resonators: test accuracy"].rfjax <= 100


def test_superposed_tones_stand_beside_own_tones(tmp_path):
    rows = found("mlp-superposed", tmp_path, seeds=1)
    names = ("field lines, linear", "shared lines, linear")
    apart, software = (rows[f"{name}: test accuracy"].rfjax for name in (names[0], "software"))
    np.testing.assert_allclose(rows[f"{names[0]} - software"].rfjax, apart - software)
    assert f"{names[1]} - software" in rows


def test_a_network_is_evaluated_on_the_model_of_its_training_and_on_the_true_one(
    tmp_path, monkeypatch
):
    def before_training(name, power, seeds, epochs):
        return untrained(model_mismatch_networks.network(name, power, tolerance=None), seeds)

    images, labels = load_digits()
    few = images[:100], labels[:100]
    monkeypatch.setattr(model_mismatch_networks, "load_digits", lambda: few)
    monkeypatch.setattr(model_mismatch_networks, "trained", before_training)
    rows = found("model-mismatch", tmp_path, seeds=1)
    true = rows["digits, 10 µW, trained on cross-coupled, evaluated there"].rfjax
    for name in ("linear", "independent"):
        what = f"digits, 10 µW, trained on {name}"
        there, own = (
            rows[f"{what}, evaluated {where}"].rfjax for where in ("on cross-coupled", "there")
        )
        # All have the same detunings: on the true model all are one network.
        np.testing.assert_allclose(there, true, atol=1e-9)
        gained = rows[f"{what}: gained by the change of model"].rfjax
        np.testing.assert_allclose(gained, there - own, atol=1e-9)


def test_settings_of_the_digits_are_validated_one_by_one(tmp_path, monkeypatch):
    def of_rates(network, seeds, epochs):
        return np.full(len(seeds), network.learning_rate)

    monkeypatch.setattr(settings, "validation_accuracies", of_rates)
    rows = {row.quantity: row.rfjax for row in settings.run(tmp_path).rows}
    assert len(rows) == 3 + 4 * 3
    assert rows["resonators, gain 30, rate 0.0008: validation accuracy"] == pytest.approx(0.08)
    assert rows["software, rate 0.02: validation accuracy"] == pytest.approx(2)
