"""Drones: what is compared, on a small file whose classes light a band of their own."""

import json

import jax
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.experiments.common.result import Result
from rfjax.experiments.radio import confusion, drone_networks, drones, drones_nonlinear
from rfjax.training import History, ensemble
from tests.data.test_drones import written

pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def optimised():
    """Nothing is computed for long."""
    return False


def small_file(path, train=60, test=20):
    random = np.random.default_rng(0)

    def spectra(rows):
        labels = np.arange(rows) % 10
        powers = 0.01 * random.uniform(0.5, 1.5, size=(rows, 256))
        for row, label in enumerate(labels):
            powers[row, 25 * label : 25 * label + 25] += 0.3
        return powers, labels

    (x, y), (u, v) = spectra(train), spectra(test)
    return written(path, X_train=x, Y_train=y, X_test=u, Y_test=v)


def test_rows_that_test_have_no_part_in_what_is_a_share_of_one(tmp_path):
    data = drone_networks.load_drones(small_file(tmp_path / "d.h5"))
    louder = data._replace(test_powers=100 * data.test_powers)
    (shares, labels), (others, _) = (drone_networks.shares(each) for each in (data, louder))
    np.testing.assert_array_equal(shares[:60], others[:60])
    assert shares[:60].max() == others[60:].max()
    assert labels.shape == (80,)


def test_networks_stand_beside_the_published_numbers(tmp_path, monkeypatch):
    rectifiers = drone_networks.RECTIFIERS
    monkeypatch.setitem(rectifiers, "independent", rectifiers["linear"])
    result = drones_nonlinear.run(tmp_path, data=small_file(tmp_path / "d.h5"), quick=True)
    rows = {row.quantity: row for row in result.rows}
    ours, theirs = (rows[f"{name}: test accuracy"] for name in ("resonators", "software"))
    assert (ours.published, theirs.published) == (99.1, 99.5)
    assert ours.rfjax > 50
    assert rows["logistic regression: test accuracy"].rfjax == 100
    difference = rows["resonators - software: paired difference"].rfjax
    np.testing.assert_allclose(difference, ours.rfjax - theirs.rfjax)
    sampled = "all networks: standard error of the accuracy from the sampling of 20 test rows"
    error = np.sqrt(ours.rfjax * (100 - ours.rfjax) / 20)
    np.testing.assert_allclose(rows[sampled].rfjax, error)
    assert rows["resonators: CPU time of a training"].published == 62
    # With and without the nonlinearity are the same model here.
    evaluated = rows["trained without, evaluated with the nonlinearity: test accuracy"].rfjax
    np.testing.assert_allclose(evaluated, ours.rfjax)
    assert json.loads((tmp_path / "result.json").read_text())["name"] == "drones-nonlinear"
    assert (tmp_path / "drones-nonlinear.png").exists()


def test_scales_are_compared_on_rows_that_train(tmp_path, monkeypatch):
    asked = []

    def compared(*_):
        return Result("drones", [], 0.0, {})

    def validation(network, rows, training, seeds, epochs):
        asked.append(np.asarray(rows[0][:training]).max(axis=0).min())
        return History(*4 * [np.ones((1, 2))])

    monkeypatch.setattr(drones, "compared", compared)
    monkeypatch.setattr(drones, "validation", validation)
    result = drones.run(tmp_path, data=small_file(tmp_path / "d.h5"))
    assert [row.rfjax for row in result.rows] == [100.0] * 5
    # Each tone on its own scale reaches its largest share; on a common one, some do not.
    assert [each > 0.999 for each in asked] == [each_tone for _, each_tone in drones.SCALES]


def test_a_trained_network_comes_with_its_rows(tmp_path, monkeypatch):
    def untrained(network, rows, seeds, **_):
        return ensemble([network.create(jax.random.key(seed)) for seed in seeds]), None

    monkeypatch.setattr(drone_networks, "train", untrained)
    path = small_file(tmp_path / "d.h5")
    network, train, (inputs, labels) = drone_networks.trained_network(path)
    assert network(inputs).shape == (20, 10)
    assert train[0].shape == (60, 256)
    assert labels.tolist() == [row % 10 for row in range(20)]
    with pytest.raises(InvalidInput, match="lacks RadioSpin"):
        drone_networks.trained_network(tmp_path)


def test_a_table_counts_what_is_taken_for_what():
    labels = np.array([0, 1, 1, 2])
    found = np.array([[0, 1, 2, 2], [0, 0, 1, 2]])
    table = confusion.confusion(labels, found, 3)
    assert table.tolist() == [[2, 0, 0], [1, 2, 1], [0, 0, 2]]
