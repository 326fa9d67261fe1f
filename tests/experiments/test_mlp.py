import json

import numpy as np
import pytest

from rfjax.experiments.mnist import mlp, mlp_networks
from tests.experiments.small_mnist import small_training

pytestmark = pytest.mark.slow

FEW = 60  # hidden neurons: on lines that all share, every one costs 784 times 784 pairs


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    out = tmp_path_factory.mktemp("mlp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlp_networks, "HIDDEN", FEW)
        patch.setattr(mlp_networks, "OUTPUTS", (FEW, 10))
        mlp.run(small_training(out, epochs=12))
    found = json.loads((out / "result.json").read_text())
    assert "quick" in found["settings"]
    return {row["quantity"]: row for row in found["rows"]}


def test_published_numbers_stand_beside_ours(rows):
    for name, published in mlp.PUBLISHED.items():
        assert rows[f"{name}: test accuracy"]["published"] == published


def test_a_mapped_network_is_as_good_as_the_software_that_it_stands_for(rows):
    software = rows["oscillators, software synapses: test accuracy"]["rfjax"]
    assert software > 80
    near = rows["mapped to resonators, near root, as mapped: test accuracy"]["rfjax"]
    np.testing.assert_allclose(near, software, atol=1e-9)
    np.testing.assert_allclose(rows["mapped to resonators: test accuracy"]["rfjax"], near)


def test_only_the_near_root_bears_neighbours_and_only_the_far_one_resonances_that_are_off(rows):
    def accuracy(root, what):
        return rows[f"mapped to resonators, {root} root, {what}: test accuracy"]["rfjax"]

    all_tones, off = (
        "every tone in every resonator, damping 0.001",
        "resonances off by 0.3 linewidths",
    )
    assert accuracy("near", all_tones) > accuracy("far", all_tones) + 20
    assert accuracy("far", off) > accuracy("near", off) + 20
