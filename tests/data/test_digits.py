import sys

import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.data import load_digits


def test_pixels_and_labels_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits as original

    images, labels = load_digits()
    assert images.shape == (1797, 64)
    assert images.dtype == jnp.float32
    assert labels.dtype == jnp.int32
    assert float(images.min()) == 0.0
    assert float(images.max()) == 1.0
    np.testing.assert_array_equal(images * 16, original().data)
    np.testing.assert_array_equal(labels, original().target)


def test_missing_scikit_learn_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(InvalidInput, match=r"rfjax\[data\]") as raised:
        load_digits()
    assert "\n" not in str(raised.value)
