"""Experiments compute for longer than they compile."""

import pytest


@pytest.fixture(scope="module")
def optimised():
    return True
